"""Every kind of answer, read by httplint, which knows the RFCs of HTTP: nothing in it is bad."""

import time

import pytest
from httplint import HttpRequestLinter, HttpResponseLinter
from httplint.note import levels

from activator import Activator, listening
from wire import Line, ask, b64

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
PARTIAL = {"Content-Type": "application/partial-upload"}
FORM = {"Content-Type": "multipart/form-data; boundary=XX"}
PART = b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx\r\n--XX--\r\n'
UNKNOWN = "/files/" + "0" * 32

# What httplint says that is no fault here: status and note, and why.
EXCEPTED = {
    (200, "LOCATION_UNDEFINED"): "file-id answers an upload with 200; the field tells where the file is",
    (412, "STATUS_412_WITHOUT_PRECONDITION"): "tus wants 412 for a version that is not spoken",
    (400, "STATUS_BAD_REQUEST"): "the request is bad",
    (414, "STATUS_URI_TOO_LONG"): "the address is too long",
    (415, "REQUEST_HDR_IN_RESPONSE"): "Accept-Encoding on a 415 tells what is taken (RFC 9110 section 12.5.3)",
}


def lint(method, target, fields, body, answer):
    """The names of the notes that are bad or warn."""
    request = HttpRequestLinter()
    request.process_request_topline(method.encode(), target.encode(), b"1.1")
    request.process_headers([(name.encode(), value.encode()) for name, value in ({"Host": "h"} | fields).items()])
    request.feed_content(body or b"")
    request.finish_content(True)
    response = HttpResponseLinter(start_time=time.time(), _related=request)
    response.is_head_response = method == "HEAD"
    response.process_response_topline(b"HTTP/1.1", str(answer.status).encode(), answer.reason.encode())
    response.process_headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.fields])
    response.feed_content(answer.body)
    response.finish_content(True)
    return {
        type(note).__name__: f"{note.subject}: {note.summary}" for note in response.notes
        if note.level in (levels.BAD, levels.WARN)
    }


def assert_clean(method, target, fields, body, answer):
    notes = lint(method, target, fields, body, answer)
    bad = {name: text for name, text in notes.items() if (answer.status, name) not in EXCEPTED}
    assert bad == {}, answer.fields


@pytest.fixture(scope="module")
def addresses(shared):
    """A finished file, an open tus upload, an open IETF upload; the finished file's tag."""
    with Line(shared.port) as line:
        finished = line.request("PUT", "/files/a.txt", {}, b"0123456789").location
        tus = line.request("POST", "/files", TUS | {"Upload-Length": "10"}, b"").location
        ietf = line.request("POST", "/files", {"Upload-Complete": "?0"}, b"abc").location
        tag = line.request("HEAD", finished).fields["etag"]
    return {"finished": finished, "tus": tus, "ietf": ietf, "tag": tag}


KINDS = [
    (200, "GET", "/", {}, None), (200, "GET", "/", {"Accept-Encoding": "gzip"}, None), (200, "HEAD", "/", {}, None),
    (200, "HEAD", "/", {"Accept-Encoding": "gzip"}, None),
    (200, "GET", "/status", {"X-File-Id": "lint"}, None), (200, "HEAD", "/status", {"X-File-Id": "lint"}, None),
    (200, "POST", "/upload", {"X-File-Id": "lint-1", "X-Start-Byte": "0", "X-File-Size": "3"}, b"abc"),
    (409, "POST", "/upload", {"X-File-Id": "lint-2", "X-Start-Byte": "7"}, b"abc"),
    (201, "PUT", "/files/b.txt", {}, b"b"), (201, "POST", "/files", {}, b"b"),
    (201, "POST", "/files", FORM, PART),
    (201, "POST", "/files", FORM | {"Accept": "text/html"}, PART),
    (201, "POST", "/files", TUS | {"Upload-Length": "3", "Upload-Metadata": "filename " + b64("a")}, b""),
    (200, "HEAD", "{tus}", TUS, None), (409, "PATCH", "{tus}", PATCH | {"Upload-Offset": "5"}, b"x"),
    (415, "PATCH", "{tus}", TUS | {"Upload-Offset": "0"}, b"x"), (404, "HEAD", UNKNOWN, TUS, None),
    (412, "PATCH", "{tus}", {"Tus-Resumable": "0.2.2"}, b""),
    (204, "PATCH", "{tus}", PATCH | {"Upload-Offset": "0"}, b"0123456789"),
    (201, "POST", "/files", {"Upload-Complete": "?0"}, b"abc"), (204, "HEAD", "{ietf}", {}, None),
    (409, "PATCH", "{ietf}", PARTIAL | {"Upload-Offset": "7", "Upload-Complete": "?1"}, b"abc"),
    (204, "PATCH", "{ietf}", PARTIAL | {"Upload-Offset": "3", "Upload-Complete": "?0"}, b"abc"),
    (200, "GET", "{finished}", {}, None), (200, "HEAD", "{finished}", {}, None),
    (206, "GET", "{finished}", {"Range": "bytes=2-4"}, None), (416, "GET", "{finished}", {"Range": "bytes=20-"}, None),
    (304, "GET", "{finished}", {"If-None-Match": "{tag}"}, None), (412, "GET", "{finished}", {"If-Match": '"x"'}, None),
    (404, "GET", "/nothing", {}, None), (404, "HEAD", "/nothing", {}, None), (404, "GET", UNKNOWN, {}, None),
    (405, "DELETE", "/status", {}, None), (405, "POST", "/", {}, b""), (400, "PUT", "/files/%zz", {}, b"x"),
    (403, "POST", "/files", {"Origin": "https://evil.example"}, b"x"), (414, "GET", "/" + "a" * 9000, {}, None),
    (417, "HEAD", "/", {"Expect": "x"}, None), (417, "GET", "/", {"Expect": "x"}, None),
    (415, "PUT", "/files/b.txt", {"Content-Encoding": "gzip"}, b"x"),
    (501, "PUT", "/files/a", {"Transfer-Encoding": "gzip, chunked"}, None),
    (204, "OPTIONS", "*", {}, None), (204, "OPTIONS", "/files", {}, None), (204, "OPTIONS", "/status", {}, None),
    (200, "OPTIONS", "/files", {"Origin": "https://a.example", "Access-Control-Request-Method": "PATCH"}, None),
    (200, "GET", "/healthz", {}, None), (200, "GET", "/readyz", {}, None), (204, "DELETE", "{ietf}", {}, None),
]


@pytest.mark.parametrize("status, method, target, fields, body", KINDS, ids=[
    f"{index}-{kind[0]}-{kind[1]}-{kind[2][:12]}" for index, kind in enumerate(KINDS)])
def test_an_answer_has_nothing_bad(shared, addresses, status, method, target, fields, body):
    target = target.format(**addresses)
    fields = {name: value.format(**addresses) if value == "{tag}" else value for name, value in fields.items()}
    with Line(shared.port) as line:
        answer = line.request(method, target, fields, body)
    assert answer.status == status, answer
    assert_clean(method, target, fields, body, answer)


def test_a_preflight_and_what_it_allows_have_nothing_bad(start):
    server = start("--cors-origin", "https://a.example")
    for method, fields in [
        ("OPTIONS", {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "tus-resumable"}),
        ("GET", {"X-File-Id": "lint"}),
    ]:
        fields |= {"Origin": "https://a.example"}
        answer = ask(server.port, method, "/status", fields)
        assert answer.fields["access-control-allow-origin"] == "https://a.example"
        assert_clean(method, "/status", fields, None, answer)


def test_the_numbers_have_nothing_bad(tmp_path):
    site = Activator(tmp_path, {"http": listening(), "admin": listening()})
    site.start()
    try:
        for method in ["GET", "HEAD"]:
            answer = ask(site.port("admin"), method, "/metrics")
            assert answer.status == 200
            assert_clean(method, "/metrics", {}, None, answer)
    finally:
        site.close()
