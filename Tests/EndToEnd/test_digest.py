"""SHA-256 in passing: of every file, whatever brought it and however often it was interrupted, without reading it again."""

import base64
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from activator import Activator, listening
from dialects import TUS, WAYS, WHOLE
from receiver import Receiver
from sluice import Sluice
from waiting import eventually
from wire import Line, ask, pattern

MEBIBYTE = 1 << 20
LARGE = pattern(3 * MEBIBYTE + 12_345)


def patch(offset: int) -> dict:
    return TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Sluice(tmp_path_factory.mktemp("digest"), "--digest", "sha256")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own(tmp_path):
    server = Sluice(tmp_path, "--digest", "sha256")
    server.start()
    yield server
    server.stop()


def told(server, location: str, method: str = "HEAD") -> str | None:
    """The digest that the server tells with a file, as hexadecimal digits."""
    field = ask(server.port, method, location).fields.get("repr-digest")
    if field is None:
        return None
    assert field.startswith("sha-256=:") and field.endswith(":")
    return base64.b64decode(field[9:-1]).hex()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def create(server, length: int) -> str:
    return ask(server.port, "POST", "/files", TUS | {"Upload-Length": str(length)}).location


def send(server, location: str, data: bytes, start: int, end: int) -> None:
    assert ask(server.port, "PATCH", location, patch(start), data[start:end]).status == 204


def offset(server, location: str) -> int:
    return ask(server.port, "HEAD", location, TUS).offset


SIZES = [0, 1, 63, 64, 65_536, 65_537, len(LARGE)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", [*WHOLE, "chunked", "tus in pieces", "form"])
def test_every_file_has_its_digest_whatever_brings_it(server, way, size):
    data = LARGE[:size]
    if way in WHOLE:
        method, path, fields, _ = WAYS[WHOLE[way]](size)
        location = ask(server.port, method, path, fields, data).location
    elif way == "chunked":
        with Line(server.port) as line:
            line.head("PUT", "/files/a.bin", {"Transfer-Encoding": "chunked"})
            for start in range(0, size, 100_000):
                line.chunk(data[start:start + 100_000])
            line.last_chunk()
            location = line.answer("PUT").location
    elif way == "tus in pieces":
        location = create(server, size)
        if size:
            send(server, location, data, 0, size)
    else:
        part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
        answer = ask(server.port, "POST", "/upload", {"Content-Type": "multipart/form-data; boundary=b"},
                     part + data + b"\r\n--b--\r\n")
        location = json.loads(answer.body)[0]["location"]
    assert told(server, location) == told(server, location, "GET") == sha256(data)


def test_a_range_has_the_digest_of_the_whole_file(server):
    location = ask(server.port, "PUT", "/files/a.bin", {}, LARGE).location
    answer = ask(server.port, "GET", location, {"Range": "bytes=5-9"})
    assert answer.status == 206 and answer.body == LARGE[5:10]
    assert base64.b64decode(answer.fields["repr-digest"][9:-1]).hex() == sha256(LARGE)


def test_the_digest_goes_on_with_an_upload_of_any_number_of_pieces_and_kills(own):
    location = create(own, len(LARGE))
    at, pieces = 0, [1, 62, 2, 63, 64, 65, 4096, 70_000, MEBIBYTE + 1, 3 * MEBIBYTE]
    for number, piece in enumerate(pieces):
        end = min(len(LARGE), at + piece)
        send(own, location, LARGE, at, end)
        at = end
        if number % 3 == 2:
            own.restart_after_kill()
            assert offset(own, location) == at
    assert at == len(LARGE) and told(own, location) == sha256(LARGE)


def test_what_was_recorded_on_the_way_of_a_body_that_a_kill_has_cut_is_gone_on_with(own):
    data = pattern(80 * MEBIBYTE)
    location = create(own, len(data))
    with Line(own.port) as line:
        line.head("PATCH", location, patch(0), len(data))
        line.send(data[: 72 * MEBIBYTE])
        eventually(lambda: (own.data / "uploads" / location.rpartition("/")[2]).stat().st_blocks * 512 > 70 * MEBIBYTE)
        # A progress record, the file's first 64 MiB or so, comes behind them.
        eventually(lambda: recorded(own) >= 60 * MEBIBYTE, "a checkpoint")
        own.restart_after_kill()
    start = offset(own, location)
    assert 60 * MEBIBYTE <= start < len(data)
    send(own, location, data, start, len(data))
    assert told(own, location) == sha256(data)


def recorded(server) -> int:
    """The offset in the catalogue, as another program reads it."""
    done = subprocess.run(
        ["sqlite3", "-readonly", server.data / "catalogue.sqlite", 'SELECT max("offset") FROM uploads'],
        capture_output=True, text=True, timeout=60)
    return int(done.stdout or 0)


def test_a_cut_body_and_one_that_begins_anew_leave_the_right_digest(own):
    fields = {"X-File-Id": "f", "X-Start-Byte": "0", "X-File-Size": str(len(LARGE))}
    with Line(own.port) as line:
        line.head("POST", "/upload", fields, len(LARGE))
        line.send(LARGE[:MEBIBYTE])
    def count():
        return int(ask(own.port, "GET", "/status", {"X-File-Id": "f"}).body)
    eventually(lambda: count() == MEBIBYTE, "what came")
    rest = fields | {"X-Start-Byte": str(MEBIBYTE)}
    location = ask(own.port, "POST", "/upload", rest, LARGE[MEBIBYTE:]).location
    assert told(own, location) == sha256(LARGE)
    other = bytes(reversed(LARGE))
    again = ask(own.port, "POST", "/upload", fields, other)
    assert again.status == 200 and told(own, again.location) == sha256(other)


def test_what_began_without_a_digest_has_none(tmp_path):
    server = Sluice(tmp_path)
    server.start()
    location = create(server, 10)
    send(server, location, b"0123456789", 0, 5)
    whole = ask(server.port, "PUT", "/files/a.bin", {}, b"hello").location
    assert told(server, whole) is None
    server.stop()
    server.options += ["--digest", "sha256"]
    server.start()
    send(server, location, b"0123456789", 5, 10)
    assert told(server, location) is None and told(server, whole) is None
    other = ask(server.port, "PUT", "/files/a.bin", {}, b"hello").location
    server.stop()
    server.options = []
    server.start()
    assert told(server, other) == sha256(b"hello"), "what is known is told by whoever knows it"
    server.stop()


def test_a_file_that_was_changed_has_no_digest_any_more(own):
    location = ask(own.port, "PUT", "/files/a.bin", {}, b"hello").location
    [path] = list((own.data / "complete").glob("*/a.bin"))
    assert told(own, location) == sha256(b"hello")
    path.write_bytes(b"longer than it was")
    assert told(own, location) is None
    path.write_bytes(b"HELLO")
    later = path.stat().st_mtime + 60
    os.utime(path, (later, later))
    assert told(own, location) is None


def test_a_file_that_was_put_together_has_none(own):
    partial = TUS | {"Upload-Concat": "partial", "Upload-Length": "5"}
    parts = [ask(own.port, "POST", "/files", partial).location for _ in range(2)]
    for part in parts:
        send(own, part, b"hello", 0, 5)
    final = ask(own.port, "POST", "/files", TUS | {"Upload-Concat": "final;" + " ".join(parts)})
    assert final.status == 201 and told(own, final.location) is None


def test_the_digest_is_told_in_events_and_to_who_looks_after_the_server(tmp_path):
    receiver = Receiver()
    site = Activator(tmp_path, {"http": listening(), "admin": listening()}, "--digest", "sha256", "--webhook",
                     receiver.url)
    site.start()
    try:
        ids = [ask(site.port("http"), "PUT", "/files/a.bin", {}, data).location.rpartition("/")[2]
               for data in (b"hello", LARGE)]
        eventually(lambda: len(receiver.taken) == 4, "all events")
        digests = {(one.upload, one.kind): one.json["data"]["digest"] for one in receiver.taken}
        assert digests[ids[0], "created"] is None
        assert digests[ids[0], "finished"] == "sha256:" + sha256(b"hello")
        assert digests[ids[1], "finished"] == "sha256:" + sha256(LARGE)
        shown = ask(site.port("admin"), "GET", f"/uploads/{ids[1]}", {"Host": "127.0.0.1"})
        assert json.loads(shown.body)["file"]["digest"] == "sha256:" + sha256(LARGE)
    finally:
        site.close()
        receiver.close()


def test_no_file_is_read_again_for_its_digest(own):
    data = pattern(40 * MEBIBYTE)
    before = read_bytes(own)
    location = ask(own.port, "PUT", "/files/a.bin", {}, data).location
    assert read_bytes(own) - before < 4 * MEBIBYTE
    assert told(own, location) == sha256(data)


def read_bytes(server) -> int:
    """What the process has read by read(2) and the like; what comes from sockets is not among it."""
    text = Path(f"/proc/{server.pid}/io").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("rchar")))
