"""A request that is refused has changed nothing, in no dialect, whatever its head had said beside its bytes."""

import base64
import hashlib

import pytest

from sluice import Sluice
from waiting import eventually
from wire import Line, ask

# What is said, is said over both.
pytestmark = pytest.mark.usefixtures("protocol")

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "5"}
DRAFT = {"Upload-Draft-Interop-Version": "8"}
APPEND = DRAFT | {"Content-Type": "application/partial-upload", "Upload-Offset": "5", "Upload-Complete": "?0"}
NUMBER = str(10**18)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    sluice = Sluice(tmp_path_factory.mktemp("refused"))
    sluice.start()
    yield sluice
    sluice.stop()


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


WRONG = {"Content-Digest": digest(b"something else")}
TUS_WRONG = {"Upload-Checksum": f"sha1 {base64.b64encode(hashlib.sha1(b'something else').digest()).decode()}"}


@pytest.mark.parametrize("fields", [
    TUS_WRONG | {"Upload-Length": "11"}, {"Upload-Length": "11", "Upload-Checksum": "none AAAA"},
    {"Upload-Length": "3"},
    {"Upload-Length": "7", "Upload-Offset": "4"}, {"Upload-Length": "7", "Content-Type": "text/plain"},
    {"Upload-Length": NUMBER}, {"Upload-Length": "seven"},
])
def test_of_tus(server, fields):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Defer-Length": "1"}, b"").location
    assert ask(server.port, "PATCH", location, PATCH | {"Upload-Offset": "0"}, b"hello").offset == 5
    before = ask(server.port, "HEAD", location, TUS).fields
    assert ask(server.port, "PATCH", location, PATCH | fields, b" world").status >= 400
    after = ask(server.port, "HEAD", location, TUS).fields
    for name in ("upload-offset", "upload-length", "upload-defer-length", "upload-expires"):
        assert after.get(name) == before.get(name), name
    assert ask(server.port, "PATCH", location, PATCH | {"Upload-Length": "11"}, b" world").offset == 11
    assert server.finished(location).read_bytes() == b"hello world"


@pytest.mark.parametrize("fields", [
    WRONG, WRONG | {"Upload-Length": "11"}, WRONG | {"Upload-Complete": "?1"}, {"Upload-Length": "3"},
    {"Upload-Length": "11", "Upload-Offset": "4"}, {"Upload-Length": "7", "Upload-Complete": "?1"},
    {"Upload-Length": NUMBER}, {"Upload-Length": "11", "Upload-Complete": "1"},
    {"Upload-Length": "11", "Content-Type": "text/plain"},
])
def test_of_the_draft(server, fields):
    made = ask(server.port, "POST", "/files", DRAFT | {"Upload-Complete": "?0"}, b"hello")
    before = ask(server.port, "HEAD", made.location, DRAFT).fields
    assert ask(server.port, "PATCH", made.location, APPEND | fields, b" world").status >= 400
    after = ask(server.port, "HEAD", made.location, DRAFT).fields
    for name in ("upload-offset", "upload-length", "upload-complete"):
        assert after.get(name) == before.get(name), name
    assert ask(server.port, "PATCH", made.location, APPEND | {"Upload-Complete": "?1"}, b" world").status == 201
    assert server.finished(made.location).read_bytes() == b"hello world"


@pytest.mark.parametrize("fields", [
    {"X-Start-Byte": "4"}, {"X-File-Size": "12"}, {"X-Start-Byte": "five"}, {"X-Start-Byte": NUMBER},
    {"Content-Type": "multipart/form-data; boundary=b"}, {"X-File-Size": NUMBER},
])
def test_of_a_file_id(server, fields):
    name = {"X-File-Id": f"refused {fields}"}
    with Line(server.port) as line:
        line.head("POST", "/upload", name | {"X-Start-Byte": "0", "X-File-Size": "11", "Transfer-Encoding": "chunked"})
        line.chunk(b"hello")
        line.last_chunk()
        assert line.answer("POST").code == "body-too-short"
    assert ask(server.port, "POST", "/upload", name | {"X-Start-Byte": "5"} | fields, b" world").status >= 400
    assert ask(server.port, "GET", "/status", name).body == b"5"
    stored = ask(server.port, "POST", "/upload", name | {"X-Start-Byte": "5"}, b" world")
    assert stored.status == 200
    assert b"hello world" in [path.read_bytes() for path in server.finished_files()]


FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhello\r\n'


@pytest.mark.parametrize("fields, body", [
    (WRONG, b"hello"), ({"Repr-Digest": digest(b"something else")}, b"hello"),
    (FORM, PART + PART.replace(b"filename", b"filename*0") + b"--b--\r\n"), (FORM, PART + PART),
    (TUS | {"Upload-Length": "5", "Content-Type": "application/offset+octet-stream", "Upload-Checksum": "none AAAA"},
     b"hello"),
    ({"Upload-Complete": "?1"} | WRONG, b"hello"), ({"Upload-Complete": "?0", "Upload-Length": "3"}, b"hello"),
    (DRAFT | {"Upload-Complete": "?1", "Repr-Digest": digest(b"something else")}, b"hello"),
], ids=["content", "representation", "form", "open form", "tus", "draft", "draft's length", "draft's representation"])
def test_of_what_would_be_new(start, fields, body):
    server = start()
    assert ask(server.port, "POST", "/files", fields, body).status >= 400
    eventually(lambda: list((server.data / "uploads").iterdir()) == [] and server.finished_files() == [])
    assert list((server.data / "complete").iterdir()) == []
