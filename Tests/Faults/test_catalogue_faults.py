"""The catalogue's log cannot be written, or not synced, for a while: what is refused then is refused, what was told
stands, and when it works again uploads go on without a restart."""

import errno

import pytest

from waiting import eventually
from wire import ask

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
SMALL = b"small" * 200
LARGE = b"large" * 40_000


def put(server, body: bytes, name: str = "file.bin"):
    return ask(server.port, "PUT", f"/files/{name}", {}, body)


def ready(server) -> int:
    return ask(server.port, "GET", "/readyz").status


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
def test_a_log_that_finds_no_room_for_a_moment_refuses_for_that_moment(server, calls, error, body):
    kept = put(server, body)
    assert kept.status == 201
    with calls.fail("pwrite", error, path="-wal") as rule:
        refused = put(server, body, "refused.bin")
        assert (refused.status, refused.code) == (507, "no-space")
        assert rule.struck > 0
        # Nothing of it can be in the log: what comes next decides for itself. Until then nobody need be sent here.
        assert ready(server) == 503
    assert put(server, body).status == 201
    assert ready(server) == 200
    server.restart_after_kill()
    assert server.finished(kept.location).read_bytes() == body
    assert ready(server) == 200 and put(server, body).status == 201


@pytest.mark.parametrize("call", ["pwrite", "fdatasync"])
def test_a_log_that_fails_takes_nothing_until_it_works_and_then_goes_on(server, calls, call):
    kept = put(server, SMALL)
    begun = ask(server.port, "POST", "/files", PATCH | {"Upload-Length": str(len(LARGE))}, LARGE[:100_000])
    assert kept.status == 201 and begun.offset == 100_000
    with calls.fail(call, errno.EIO, path="-wal") as rule:
        refused = put(server, LARGE, "refused.bin")
        assert (refused.status, refused.code) == (500, "catalogue-error") and rule.struck > 0
        assert ready(server) == 503
        assert put(server, SMALL).code == "catalogue-error"
        # It is tried again all the while, and stays shut.
        seen = rule.struck
        eventually(lambda: rule.struck > seen, "another attempt")
        assert ready(server) == 503
        told = ask(server.port, "HEAD", begun.location, TUS)
        assert (told.status, told.offset) == (200, 100_000)
    eventually(lambda: ready(server) == 200, "the catalogue's way back")
    assert put(server, SMALL).status == 201
    rest = ask(server.port, "PATCH", begun.location, PATCH | {"Upload-Offset": "100000"}, LARGE[100_000:])
    assert rest.status == 204
    eventually(lambda: "the catalogue takes changes again" in server.log.read_text(), "the log to tell of it")
    server.restart_after_kill()
    assert server.finished(kept.location).read_bytes() == SMALL
    assert server.finished(begun.location).read_bytes() == LARGE
    # What was refused has not come back.
    assert "refused.bin" not in [path.name for path in server.finished_files()]
    log = server.log.read_text()
    assert log.count("takes no changes until it can be written again") == 1
    assert log.count("the catalogue takes changes again") == 1
