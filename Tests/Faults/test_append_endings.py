"""An append ends while something goes wrong, or goes on, behind it: what was told stands, and what was refused is gone."""

import base64
import contextlib
import errno
import hashlib
import sqlite3

import pytest

from waiting import eventually
from wire import Line, ask

MEBIBYTE = 1 << 20
# After so much an append records its progress.
CHECKPOINT = 64 * MEBIBYTE
BLOCK = bytes(range(256)) * (MEBIBYTE // 256)
TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Upload-Offset": 0, "Content-Type": "application/offset+octet-stream"}
WRONG = f"sha-256=:{base64.b64encode(hashlib.sha256(b'something else').digest()).decode()}:"


def begin(line, method, target, fields, length, sent=CHECKPOINT):
    """A request whose body comes as far as its first checkpoint."""
    line.head(method, target, fields, length)
    for _ in range(sent // MEBIBYTE):
        line.send(BLOCK)


def rows(server):
    with contextlib.closing(sqlite3.connect(f"file:{server.data}/catalogue.sqlite?mode=ro", uri=True)) as catalogue:
        return catalogue.execute("SELECT state, \"offset\", cleanup FROM uploads").fetchall()


def left(server):
    return [path.name for path in (server.data / "uploads").iterdir()] + server.finished_files() + rows(server)


def assert_nothing_is_left(server):
    eventually(lambda: left(server) == [])
    server.restart_after_kill()
    assert left(server) == []
    assert "misused" not in server.log_tail()


@pytest.mark.parametrize("ends", [False, True], ids=["breaks off", "ends"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_later_sync_vouches_for_what_an_earlier_one_has_refused(server, calls, error, ends):
    """Thin volumes, quotas and network disks say that they are full when they are synced, and once."""
    length = CHECKPOINT + 2 * MEBIBYTE
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": length}).location
    with calls.fail("fdatasync", error, path=location.rpartition("/")[2], times=1) as rule, Line(server.port) as line:
        begin(line, "PATCH", location, PATCH, length)
        eventually(lambda: rule.struck == 1)
        with contextlib.suppress(OSError):
            line.send(BLOCK * (2 if ends else 1))
        if ends:
            assert line.answer().status in (413, 500, 507)
    assert ask(server.port, "HEAD", location, TUS).offset == 0
    assert ask(server.port, "PATCH", location, PATCH, BLOCK).offset == MEBIBYTE


def test_a_plain_upload_that_breaks_off_beside_a_checkpoint_leaves_nothing(server, calls):
    with calls.hold("fdatasync", path="/uploads/") as rule:
        with Line(server.port) as line:
            begin(line, "PUT", "/files/big", {}, 2 * CHECKPOINT)
            eventually(lambda: rule.waiting == 1)
        # The end of the connection is seen before the sync ends.
        assert ask(server.port, "GET", "/healthz").status == 200
    assert_nothing_is_left(server)


@pytest.mark.parametrize("ietf", [True, False], ids=["ietf", "plain"])
def test_bytes_that_differ_from_their_digest_are_gone_beside_a_checkpoint(server, calls, ietf):
    fields = {"Content-Digest": WRONG}
    method, target = "PUT", "/files/wrong"
    if ietf:
        method = "PATCH"
        target = ask(server.port, "POST", "/files", {"Upload-Complete": "?0", "Upload-Length": CHECKPOINT}, b"").location
        fields = {"Upload-Complete": "?1", "Upload-Offset": 0, "Content-Type": "application/partial-upload",
                  "Repr-Digest": WRONG}
    with Line(server.port) as line:
        with calls.hold("fdatasync", path="/uploads/") as rule:
            begin(line, method, target, fields, CHECKPOINT)
            eventually(lambda: rule.waiting == 1)
        answer = line.answer()
        assert (answer.status, answer.code) == (400, "repr-digest-mismatch" if ietf else "content-digest-mismatch")
    if ietf:
        assert ask(server.port, "HEAD", target).status == 404
    assert_nothing_is_left(server)


@pytest.mark.parametrize("call", ["mkdirat", "renameat", "fsync"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("size", [1000, 5 * MEBIBYTE], ids=["small", "large"])
def test_a_plain_file_that_cannot_get_its_name_leaves_nothing(server, calls, call, error, size):
    with calls.fail(call, error, path="/complete", times=1) as rule:
        answer = ask(server.port, "PUT", "/files/a", {}, bytes(size))
        if not rule.struck:
            # Small files are synced in bulk, some time after their answer.
            assert (call, size, answer.status) == ("fsync", 1000, 201)
            return
    assert answer.status == (507 if error == errno.ENOSPC else 500)
    assert_nothing_is_left(server)


@pytest.mark.parametrize("size", [1000, 5 * MEBIBYTE], ids=["small", "large"])
@pytest.mark.parametrize("name", ["one.txt", "two.txt", "three.txt"])
def test_a_form_is_all_or_nothing_whichever_file_cannot_get_its_name(server, calls, name, size):
    parts = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="' + part + b'"\r\n\r\n' + bytes(size) + b"\r\n"
        for part in (b"one.txt", b"two.txt", b"three.txt"))
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    with calls.fail("renameat", errno.ENOSPC, path=f"/{name}$", times=1) as rule:
        assert ask(server.port, "POST", "/files", form, parts + b"--b--\r\n").status == 507
        assert rule.struck == 1
    assert_nothing_is_left(server)
    assert ask(server.port, "POST", "/files", form, parts + b"--b--\r\n").status == 201
    assert sorted(path.name for path in server.finished_files()) == ["one.txt", "three.txt", "two.txt"]


def test_a_stop_ends_where_no_thread_can_be_had(server, calls):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": 2 * MEBIBYTE}).location
    with calls.fail("pthread_create", errno.EAGAIN) as rule, Line(server.port) as line:
        begin(line, "PATCH", location, PATCH, 2 * MEBIBYTE, MEBIBYTE)
        eventually(lambda: any(path.stat().st_size for path in (server.data / "uploads").iterdir()))
        server.terminate()
        assert server.wait() == 0
        assert rule.struck >= 1
    server.start()
    assert ask(server.port, "HEAD", location, TUS).offset == MEBIBYTE


def test_a_stop_that_could_not_settle_an_upload_says_so(server, calls):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": 2 * MEBIBYTE}).location
    with calls.fail("fdatasync", errno.EIO, path="/uploads/") as rule, Line(server.port) as line:
        begin(line, "PATCH", location, PATCH, 2 * MEBIBYTE, MEBIBYTE)
        eventually(lambda: any(path.stat().st_size for path in (server.data / "uploads").iterdir()))
        server.terminate()
        assert server.wait() == 1
        assert rule.struck >= 1


HUGE = 900 << 30


@pytest.mark.parametrize("fields", [{"X-File-Size": HUGE}, {"Content-Length": HUGE}], ids=["said", "sent"])
def test_a_restart_that_does_not_fit_drops_nothing(server, fields):
    """By the dialect's rule start 0 begins anew; who is refused finds what was stored."""
    begun = {"X-File-Id": "a.bin", "X-Start-Byte": 0}
    with Line(server.port) as line:
        # Its length is open.
        line.head("POST", "/upload", begun | {"Transfer-Encoding": "chunked"})
        line.chunk(BLOCK)
    stored = {"X-File-Id": "a.bin"}
    eventually(lambda: ask(server.port, "GET", "/status", stored).body == str(MEBIBYTE).encode())
    with Line(server.port) as line:
        head = {"Transfer-Encoding": "chunked"} if "X-File-Size" in fields else {}
        line.head("POST", "/upload", begun | head | fields)
        answer = line.answer()
        assert (answer.status, answer.code) == (507, "no-space")
    assert ask(server.port, "GET", "/status", stored).body == str(MEBIBYTE).encode()
    rest = {"X-File-Id": "a.bin", "X-Start-Byte": MEBIBYTE, "X-File-Size": 2 * MEBIBYTE}
    assert ask(server.port, "POST", "/upload", rest, BLOCK).status == 200


def test_a_length_that_was_said_with_what_is_refused_is_still_open(server):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Defer-Length": 1}).location
    assert ask(server.port, "PATCH", location, PATCH, b"hello").offset == 5
    on = PATCH | {"Upload-Offset": 5}
    assert ask(server.port, "PATCH", location, on | {"Upload-Length": HUGE}, b"!").status == 507
    wrong = {"Upload-Length": 7, "Upload-Checksum": f"sha1 {base64.b64encode(hashlib.sha1(b'other').digest()).decode()}"}
    assert ask(server.port, "PATCH", location, on | wrong, b"!!").status == 460
    assert "upload-length" not in ask(server.port, "HEAD", location, TUS).fields
    assert ask(server.port, "PATCH", location, on | {"Upload-Length": 6}, b"!").offset == 6
    assert server.finished(location).read_bytes() == b"hello!"


def test_who_is_told_that_the_disk_is_full_is_told_how_far_the_upload_is(server, calls):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Defer-Length": 1}).location
    assert ask(server.port, "PATCH", location, PATCH, b"hello").offset == 5
    on = PATCH | {"Upload-Offset": 5}
    beforehand = ask(server.port, "PATCH", location, on | {"Upload-Length": HUGE}, b"!")
    assert (beforehand.status, beforehand.code, beforehand.offset) == (507, "no-space", 5)
    with calls.fail("pwrite", errno.ENOSPC, path="/uploads/"):
        meanwhile = ask(server.port, "PATCH", location, on, b"!" * 200_000)
        assert (meanwhile.status, meanwhile.code, meanwhile.offset) == (507, "no-space", 5)
    assert ask(server.port, "PATCH", location, on, b"!").offset == 6


CREATION = {"Content-Type": "application/offset+octet-stream"}


@pytest.mark.parametrize("fields", [TUS | CREATION | {"Upload-Length": MEBIBYTE}, {"Upload-Complete": "?0"}],
                         ids=["tus", "ietf"])
def test_an_upload_of_which_its_client_was_never_told_is_gone(server, calls, fields):
    """All of the request came, and the connection broke before the answer: nobody knows the address."""
    with calls.hold("fdatasync", path="/uploads/") as rule:
        line = Line(server.port)
        line.head("POST", "/files", fields, 300_000)
        line.send(bytes(300_000))
        eventually(lambda: rule.waiting >= 1)
        assert left(server) != []
        line.reset()
    assert_nothing_is_left(server)
