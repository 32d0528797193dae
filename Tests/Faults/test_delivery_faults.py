"""Giving a whole file its name fails behind the rename: the file stands there already, and nothing was told."""

import errno

import pytest

from wire import ask

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
BODY = b"whole" * 40_000


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES])
@pytest.mark.parametrize("kills", [False, True], ids=["asked", "killed"])
def test_a_file_whose_folder_could_not_be_synced_is_finished_when_it_is_asked_for(server, calls, error, kills):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": str(len(BODY))}).location
    with calls.fail("fsync", error, path="/complete/", times=1) as rule:
        refused = ask(server.port, "PATCH", location, PATCH, BODY)
        assert (refused.status, refused.code) == (500, "io-error") and rule.struck == 1
    if kills:
        server.restart_after_kill()
    told = ask(server.port, "HEAD", location, TUS)
    assert (told.status, told.offset) == (200, len(BODY))
    assert server.finished(location).read_bytes() == BODY
    assert "damaged" not in server.log_tail()
