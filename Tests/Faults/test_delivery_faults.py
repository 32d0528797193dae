"""Giving a whole file its name fails behind the rename: the file stands there already, and nothing was told."""

import base64
import errno
from concurrent.futures import ThreadPoolExecutor

import pytest

from waiting import eventually
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


def begin(server, body: bytes):
    return ask(server.port, "POST", "/upload", {"X-File-Id": "again.bin", "X-Start-Byte": "0"}, body)


@pytest.mark.parametrize("kills", [False, True], ids=["running", "killed"])
@pytest.mark.parametrize("body", [b"small", BODY], ids=["small", "large"])
def test_a_name_whose_file_cannot_be_removed_yet_is_free_as_soon_as_it_can(server, calls, body, kills):
    assert begin(server, b"the first one").status == 200
    with calls.fail("unlinkat", errno.EACCES, path="/complete/"):
        assert ask(server.port, "DELETE", "/upload", {"X-File-Id": "again.bin"}).status == 204
        assert ask(server.port, "GET", "/status", {"X-File-Id": "again.bin"}).body == b"0"
        if kills:
            server.restart_after_kill()
        for _ in range(2):
            refused = begin(server, body)
            assert (refused.status, refused.code) == (500, "io-error")
    assert begin(server, body).status == 200
    assert [path.read_bytes() for path in server.finished_files()] == [body]
    server.restart_after_kill()
    assert [path.read_bytes() for path in server.finished_files()] == [body]


def send(server, name: str, body: bytes):
    fields = {"X-File-Id": "doc", "X-Start-Byte": "0", "Content-Disposition": f'attachment; filename="{name}"'}
    return ask(server.port, "POST", "/upload", fields, body)


@pytest.mark.parametrize("kills", [False, True], ids=["running", "killed"])
def test_what_the_owner_keeps_beside_a_file_stays_when_it_is_sent_anew_under_another_name(server, calls, kills):
    assert send(server, "a.txt", b"first").status == 200
    (folder,) = (server.data / "complete").iterdir()
    (folder / "notes.txt").write_text("the owner's")
    (folder / "a.txt").rename(folder / "approved.txt")
    (folder / "a.txt").write_text("the name of the older delivery")
    if kills:
        with ThreadPoolExecutor(1) as pool, calls.hold("unlinkat", path="a.txt") as held:
            pool.submit(send, server, "b.txt", b"again")
            eventually(lambda: held.waiting == 1)
            server.kill()
        server.start()
    else:
        with calls.fail("unlinkat", errno.EIO, path="a.txt", times=1) as rule:
            assert send(server, "b.txt", b"again").status == 200 and rule.struck == 1
    eventually(lambda: not (folder / "a.txt").exists())
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "approved.txt": "first", "notes.txt": "the owner's", "b.txt": "again"}


@pytest.mark.parametrize("then", ["asked", "deleted"])
def test_a_joined_file_whose_folder_could_not_be_synced_is_known_for_what_it_is(server, calls, then):
    parts = [ask(server.port, "POST", "/files", TUS | {"Upload-Concat": "partial", "Upload-Length": str(len(BODY))})
             .location for _ in range(2)]
    for part in parts:
        assert ask(server.port, "PATCH", part, PATCH, BODY).status == 204
    name = base64.b64encode(b"whole.bin").decode()
    final = TUS | {"Upload-Concat": "final;" + " ".join(parts), "Upload-Metadata": f"filename {name}"}
    with calls.fail("fsync", errno.EIO, path="complete/", times=1) as rule:
        refused = ask(server.port, "POST", "/files", final)
        assert (refused.status, refused.code) == (500, "io-error") and rule.struck == 1
    (file,) = server.finished_files()
    location = f"/files/{file.parent.name}"
    if then == "deleted":
        assert ask(server.port, "DELETE", location, TUS).status == 204
        assert not list((server.data / "complete").iterdir())
        return
    told = ask(server.port, "HEAD", location, TUS)
    assert (told.status, told.offset) == (200, 2 * len(BODY))
    assert file.read_bytes() == 2 * BODY
