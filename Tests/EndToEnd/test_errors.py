"""The words in `X-Error-Code`: the ones that no other test provokes. test_promises.py sees to it that none is left out."""

import base64
import hashlib
import os

import pytest

from file_id import append
from wire import Line, Line1, ask

# What is said, is said over both.
pytestmark = pytest.mark.usefixtures("protocol")

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
PARTIAL = {"Content-Type": "application/partial-upload"}
FORM = {"Content-Type": "multipart/form-data; boundary=XX"}
UNKNOWN = "/files/" + "0" * 32


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def tus(port, length=10, **fields):
    answer = ask(port, "POST", "/files", TUS | {"Upload-Length": str(length)} | fields, b"")
    assert answer.status == 201
    return answer.location


def ietf(port, body=b"abc", length=None):
    fields = {"Upload-Complete": "?0"} | ({"Upload-Length": str(length)} if length else {})
    answer = ask(port, "POST", "/files", fields, body)
    assert answer.status == 201
    return answer.location


def raw(port, text: bytes):
    """What only HTTP/1.1 has words for."""
    with Line1(port) as line:
        line.send(text)
        return line.answer()


def chunked(port, after_size: bytes):
    return raw(port, b"POST /files HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + after_size)


def part(head: bytes, before: bytes = b"") -> bytes:
    return before + b"--XX\r\n" + head + b"\r\n\r\nx\r\n--XX--\r\n"


FILE = b'Content-Disposition: form-data; name="f"; filename="a"'


# ---- addresses and heads --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status, code, ask_for", [
    (404, "not-found", lambda port: ask(port, "GET", "/nothing")),
    (404, "unknown-upload", lambda port: ask(port, "HEAD", UNKNOWN, TUS)),
    (404, "unknown-upload", lambda port: ask(port, "PATCH", UNKNOWN, PATCH | {"Upload-Offset": "0"}, b"x")),
    (405, "method-not-allowed", lambda port: ask(port, "DELETE", "/status")),
    (400, "bad-path", lambda port: ask(port, "PUT", "/files/%zz", {}, b"x")),
    (414, "target-too-long", lambda port: ask(port, "GET", "/" + "a" * 9000)),
    (431, "head-too-long", lambda port: ask(port, "GET", "/", {"A": "a" * 40_000})),
    (431, "too-many-fields", lambda port: ask(port, "GET", "/", [(f"A{n}", "b") for n in range(200)])),
    (400, "bad-chunk-end", lambda port: chunked(port, b"1\r\nxy\r\n0\r\n\r\n")),
    (400, "chunk-extension-too-long", lambda port: chunked(port, b"1;" + b"a" * 20_000 + b"\r\nx\r\n0\r\n\r\n")),
    (400, "forbidden-trailer", lambda port: chunked(port, b"1\r\nx\r\n0\r\nContent-Length: 1\r\n\r\n")),
    (431, "trailers-too-long", lambda port: chunked(port, b"1\r\nx\r\n0\r\nA: " + b"a" * 40_000 + b"\r\n\r\n")),
    (400, "content-range", lambda port: ask(port, "PUT", "/files/a", {"Content-Range": "bytes 0-0/2"}, b"x")),
    (400, "no-file-id", lambda port: ask(port, "GET", "/status")),
    (400, "bad-file-id", lambda port: ask(port, "GET", "/status", {"X-File-Id": "a" * 2000})),
    (400, "bad-number", lambda port: ask(port, "POST", "/upload", {"X-File-Id": "a", "X-Start-Byte": "-1"}, b"x")),
])
def test_a_head_is_refused_with_its_word(shared, status, code, ask_for):
    answer = ask_for(shared.port)
    assert answer.status == status and answer.code == code


# ---- forms ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status, code, fields, body", [
    (400, "no-boundary", {"Content-Type": "multipart/form-data"}, part(FILE)),
    (400, "no-file", FORM, part(b'Content-Disposition: form-data; name="f"')),
    (400, "preamble-too-long", FORM, part(FILE, before=b"a" * 100_000 + b"\r\n")),
    (431, "part-head-too-long", FORM, part(FILE + b"\r\nA: " + b"a" * 40_000)),
], ids=["no boundary", "no file", "preamble", "part head"])
def test_a_form_is_refused_with_its_word(shared, status, code, fields, body):
    answer = ask(shared.port, "POST", "/files", fields, body)
    assert (answer.status, answer.code) == (status, code)


# ---- tus ------------------------------------------------------------------------------------------------------------

def test_tus_refuses_with_its_words(shared):
    port = shared.port
    answer = ask(port, "POST", "/files", {"Tus-Resumable": "0.2.2", "Upload-Length": "1"}, b"")
    assert (answer.status, answer.code) == (412, "version-not-supported")
    upload = tus(port)
    answer = ask(port, "PATCH", upload, TUS | {"Upload-Offset": "0", "Content-Type": "text/plain"}, b"x")
    assert (answer.status, answer.code) == (415, "wrong-media-type")
    wrong = base64.b64encode(hashlib.sha1(b"y").digest()).decode()
    answer = ask(port, "PATCH", upload, PATCH | {"Upload-Offset": "0", "Upload-Checksum": f"sha1 {wrong}"}, b"x")
    assert (answer.status, answer.code) == (460, "checksum-mismatch")
    with Line(port) as line:
        line.head("PATCH", upload, PATCH | {
            "Upload-Offset": "0", "Transfer-Encoding": "chunked", "Trailer": "Upload-Checksum"})
        line.chunk(b"x")
        line.last_chunk()
        answer = line.answer()
    assert (answer.status, answer.code) == (400, "checksum-missing")
    first = tus(port, 1, **{"Upload-Concat": "partial"})
    assert ask(port, "PATCH", first, PATCH | {"Upload-Offset": "0"}, b"x").status == 204
    answer = ask(port, "POST", "/files", TUS | {"Upload-Concat": f"final;{first}", "Upload-Length": "1"}, b"")
    assert (answer.status, answer.code) == (400, "final-takes-nothing")


def test_parts_that_cannot_be_joined_are_told_with_their_words(shared):
    port = shared.port
    final = lambda *parts: ask(port, "POST", "/files", TUS | {"Upload-Concat": "final;" + " ".join(parts)}, b"")
    for part, code in ((UNKNOWN, "part-not-found"), (tus(port, 1), "part-not-partial")):
        answer = final(part)
        assert (answer.status, answer.code) == (400, code)
    # What is wrong only after the whole was created cannot be put right by another request.
    part = tus(port, 1, **{"Upload-Concat": "partial"})
    whole = final(part)
    assert whole.status == 201 and ask(port, "DELETE", part, TUS).status == 204
    answer = ask(port, "HEAD", whole.location, TUS)
    assert (answer.status, answer.code) == (410, "part-not-found")


# ---- IETF -----------------------------------------------------------------------------------------------------------

def test_the_ietf_dialect_refuses_with_its_words(shared):
    port = shared.port
    upload = ietf(port, length=10)
    answer = ask(port, "HEAD", upload, {"Upload-Offset": "3"})
    assert (answer.status, answer.code) == (400, "stray-field")
    answer = ask(port, "PATCH", upload, {"Upload-Offset": "3", "Upload-Complete": "?0"}, b"x")
    assert (answer.status, answer.code) == (415, "not-partial-upload")
    step = PARTIAL | {"Upload-Complete": "?0"}
    answer = ask(port, "PATCH", upload, step | {"Upload-Offset": "1"}, b"x")
    assert (answer.status, answer.code, answer.offset) == (409, "mismatching-upload-offset", 3)
    answer = ask(port, "PATCH", upload, step | {"Upload-Offset": "3", "Upload-Length": "11"}, b"x")
    assert (answer.status, answer.code) == (400, "inconsistent-upload-length")
    answer = ask(port, "PATCH", upload, step | {"Upload-Offset": "3", "Content-Digest": digest(b"y")}, b"x")
    assert (answer.status, answer.code) == (400, "content-digest-mismatch")
    with Line(port) as line:
        line.head("PATCH", upload, step | {"Upload-Offset": "3", "Transfer-Encoding": "chunked"})
        line.chunk(b"x" * 20)
        line.last_chunk()
        answer = line.answer()
    assert (answer.status, answer.code) == (400, "upload-overrun")
    answer = ask(port, "POST", "/files", {"Upload-Complete": "?1", "Repr-Digest": digest(b"y")}, b"x")
    assert (answer.status, answer.code) == (400, "repr-digest-mismatch")


# ---- downloads, and what takes a while ------------------------------------------------------------------------------

def test_a_range_beyond_the_file_is_refused_with_its_word(shared):
    location = ask(shared.port, "PUT", "/files/a", {}, b"hello").location
    answer = ask(shared.port, "GET", location, {"Range": "bytes=9-"})
    assert (answer.status, answer.code) == (416, "range-not-satisfiable")


def test_a_damaged_upload_says_so_to_who_goes_on_with_it(sluice):
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    location = ask(sluice.port, "POST", "/files/", tus | {"Upload-Length": "10"}).location
    assert ask(sluice.port, "PATCH", location, tus | {"Upload-Offset": "0"}, b"hello").status == 204
    [path] = (sluice.data / "uploads").iterdir()
    os.truncate(path, 2)
    answer = ask(sluice.port, "PATCH", location, tus | {"Upload-Offset": "5"}, b"world")
    assert (answer.status, answer.code) == (500, "damaged")
