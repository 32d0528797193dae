"""A success answer means that every byte was stored as it was meant: what cannot be understood is refused, and leaves
nothing behind."""

import base64
import gzip
import hashlib
import json

import pytest

from dialects import WAYS, WHOLE
from waiting import eventually
from wire import Line, ask

# What a dialect says, it says over both.
pytestmark = pytest.mark.usefixtures("protocol")

BOUNDARY = "B"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(disposition, content=b"", *fields):
    lines = [f"Content-Disposition: {disposition}", *fields]
    return b"--B\r\n" + "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + content + b"\r\n"


def file_part(name="a.txt", content=b"data", *fields):
    return part(f'form-data; name="f"; filename="{name}"', content, *fields)


def field_part(name, value):
    return part(f'form-data; name="{name}"', value)


END = b"--B--\r\n"


@pytest.fixture
def site(start):
    return start()


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory):
    from sluice import Sluice

    server = Sluice(tmp_path_factory.mktemp("meant"))
    server.start()
    yield server
    server.stop()


def refused(server, answer, status, code):
    """Refused so, and nothing is there that was not there before."""
    assert (answer.status, answer.code) == (status, code), answer
    assert server.finished_files() == []
    assert list((server.data / "uploads").glob("*")) == []


def form(server, *parts, target="/files", fields=FORM, end=END):
    return ask(server.port, "POST", target, fields, b"".join(parts) + end)


# Forms


@pytest.mark.parametrize("disposition", [
    "form-data; name=f; filename=my report.txt",
    "form-data; name=f; filename=h2.txt,z.txt x",
    "form-data; name=f; filename*0=part; filename*1=.txt",
    "form-data; name=f; filename*0*=UTF-8''part",
    "form-data; name=f; filename*=koi8-r''%C1",
    "form-data; name=f; filename*=UTF-8''%ff",
    'form-data; name=f; filename=a; filename=b',
    'form-data; name=f; name=g; filename=b',
    'form-data; name=f; filename="no end',
    "form-data; name=f filename=a",
    "attachment",
    "",
])
def test_a_part_that_cannot_be_read_refuses_the_whole_form(shared_site, disposition):
    answer = form(shared_site, file_part(), part(disposition, b"the second file"))
    refused(shared_site, answer, 400, "bad-disposition")


def test_curls_name_with_a_comma_is_one_name(site):
    # curl -F 'files=@h2.txt,z.txt' quotes what it sends; unquoted a comma is part of the name, too.
    answer = form(site, part("form-data; name=f; filename=h2.txt,z.txt", b"x"))
    assert [file["name"] for file in json.loads(answer.body)] == ["h2.txt,z.txt"]


@pytest.mark.parametrize("head", [b"", b"X-Other: y\r\n", b"Content-Disposition: form-data; name=f; filename=a\r\n" * 2],
                         ids=["none", "another field", "two"])
def test_a_part_without_one_disposition_is_refused(shared_site, head):
    answer = form(shared_site, file_part(), b"--B\r\n" + head + b"\r\ncontent\r\n")
    refused(shared_site, answer, 400, "bad-disposition")


@pytest.mark.parametrize("second", [
    part('form-data; name="f"', b"\x89PNG", "Content-Type: image/png"),
    part('form-data; name="f"', b"x", "Content-Type: application/octet-stream"),
    part('form-data; name="f"', b"--C\r\n\r\n\r\n--C--", "Content-Type: multipart/mixed; boundary=C"),
    part('form-data; name="f"', b"x", "Content-Type: not a type"),
    part('form-data; name="f"', b"bytes \0 of a file"),
], ids=["image", "octets", "nested", "no type", "zeros"])
def test_a_file_without_a_name_is_refused(shared_site, second):
    refused(shared_site, form(shared_site, file_part(), second), 400, "nameless-file")


def test_fields_that_are_text_are_passed_over(site):
    answer = form(
        site, field_part("submit", "Größe".encode()), part("form-data; name=j", b"{}", "Content-Type: application/json"),
        part("form-data; name=_charset_", b"UTF-8"), part("form-data; name=t", b"x", "Content-Type: text/plain"),
        file_part())
    assert (answer.status, len(site.finished_files())) == (201, 1)


@pytest.mark.parametrize("fields", [
    [("Content-Type", "multipart/form-data; boundary=B")] * 2,
    [("Content-Type", "text/plain"), ("Content-Type", "multipart/form-data; boundary=B")],
])
def test_two_content_types_are_refused(shared_site, fields):
    for method, target in (("POST", "/files"), ("PUT", "/files/a"), ("POST", "/upload")):
        answer = ask(shared_site.port, method, target, fields, file_part() + END)
        refused(shared_site, answer, 400, "repeated-content-type")


@pytest.mark.parametrize("content_type,status,code", [
    ("multipart/form-data", 400, "no-boundary"),
    ("multipart/form-data; boundary=", 400, "no-boundary"),
    ('multipart/form-data; boundary=""', 400, "no-boundary"),
    ("multipart/form-data; boundary=B; boundary=B", 400, "no-boundary"),
    ("multipart/form-data; boundary=" + "B" * 71, 400, "no-boundary"),
    ("multipart/form-data, text/plain", 400, "no-boundary"),
    ("text/plain, multipart/form-data; boundary=B", 400, "no-boundary"),
    ("MULTIPART/FORM-DATA boundary=B", 400, "no-boundary"),
    ("multipart/mixed; boundary=B", 415, "not-a-form"),
    ("Multipart/Related; boundary=B", 415, "not-a-form"),
    ("application/x; y=" + "z" * 300, 431, "content-type-too-long"),
])
def test_no_multipart_type_that_is_no_form_becomes_a_file(shared_site, content_type, status, code):
    for method, target in (("POST", "/files"), ("PUT", "/files/a"), ("POST", "/upload")):
        answer = ask(shared_site.port, method, target, {"Content-Type": content_type}, file_part() + END)
        refused(shared_site, answer, status, code)


@pytest.mark.parametrize("body,code", [
    (b"--X\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nlost\r\n" + file_part() + END, "preamble-too-long"),
    (file_part() + END + file_part(), "epilogue-too-long"),
    (file_part() + END + b"x", "epilogue-too-long"),
    (file_part() + END + b"\r\n" * 3000, "epilogue-too-long"),
], ids=["before", "behind", "a byte behind", "blanks without end"])
def test_a_part_before_or_behind_the_form_is_not_lost_without_a_word(shared_site, body, code):
    refused(shared_site, ask(shared_site.port, "POST", "/files", FORM, body), 400, code)


COUNTS = ["dztotalchunkcount", "resumableTotalChunks", "flowTotalChunks", "chunks", "qqtotalparts", "totalChunks"]


@pytest.mark.parametrize("target", ["/files", "/upload", "/files/"])
@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("is_behind", [False, True])
def test_a_form_that_is_one_of_several_pieces_is_refused(shared_site, name, is_behind, target):
    parts = [field_part(name, b"3"), file_part("blob", b"the first piece")]
    answer = form(shared_site, *(reversed(parts) if is_behind else parts), target=target)
    refused(shared_site, answer, 400, "file-in-pieces")
    assert b"tus" in answer.body


@pytest.mark.parametrize("value", [
    (b'{"FileName":"a","Index":0,"TotalCount":4}', "chunkMetadata"), (b'{ "totalChunks" : 12 }', "metadata"),
    (b" 2 ", "chunks"), (b"99999999999999999999", "chunks"),
])
def test_other_ways_to_say_so_are_understood(shared_site, value):
    refused(shared_site, form(shared_site, file_part(), field_part(value[1], value[0])), 400, "file-in-pieces")


def test_pieces_named_behind_the_address_are_refused(shared_site):
    for name in COUNTS:
        target = f"/files?name=a&{name}=2"
        refused(shared_site, form(shared_site, file_part(), target=target), 400, "file-in-pieces")
        refused(shared_site, ask(shared_site.port, "POST", target, {}, b"octets"), 400, "file-in-pieces")


@pytest.mark.parametrize("value", [b"1", b"0", b"", b"none", b"all of them"])
def test_whole_files_of_such_libraries_are_welcome(site, value):
    for name in COUNTS:
        assert form(site, field_part(name, value), file_part()).status == 201


def test_a_form_with_content_range_is_refused(shared_site):
    answer = form(shared_site, file_part(), fields=FORM | {"Content-Range": "bytes 0-9/20"})
    refused(shared_site, answer, 400, "content-range")
    answer = form(shared_site, file_part("a", b"x", "Content-Range: bytes 0-9/20"))
    refused(shared_site, answer, 400, "content-range")


@pytest.mark.parametrize("field", ["Content-Transfer-Encoding: base64", "Content-Encoding: gzip",
                                   "Content-Transfer-Encoding: quoted-printable"])
def test_a_part_that_is_coded_is_refused(shared_site, field):
    refused(shared_site, form(shared_site, file_part(), file_part("b", b"eA==", field)), 415, "content-encoding")


def test_codings_that_leave_the_bytes_alone_are_taken(site):
    for field in ("Content-Transfer-Encoding: binary", "Content-Transfer-Encoding: 8BIT", "Content-Encoding: identity"):
        assert form(site, file_part("a", b"x", field)).status == 201
    assert ask(site.port, "PUT", "/files/a", {"Content-Encoding": "identity"}, b"x").status == 201


def test_a_form_that_breaks_off_leaves_nothing(site):
    with Line(site.port) as line:
        line.head("POST", "/files", FORM, 1000)
        line.send(file_part("first", b"whole") + file_part("second", b"whole, too")[:-5])
        line.half_close()
        assert line.answer().status == 400
    assert site.finished_files() == []


def test_the_files_of_a_form_keep_order_names_and_bytes(site):
    contents = {f"{index}.bin": bytes([index]) * (index * 50_000) for index in range(12)}
    answer = form(site, *(file_part(name, content) for name, content in contents.items()), field_part("last", b"x"))
    stored = json.loads(answer.body)
    assert [file["name"] for file in stored] == list(contents)
    for file in stored:
        assert site.finished(file["location"]).read_bytes() == contents[file["name"]]
    assert list((site.data / "uploads").glob("*")) == []


# What is no form


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", "aws-chunked"])
def test_a_coded_body_is_refused_in_every_dialect(shared_site, coding):
    body = gzip.compress(b"text")
    coded = {"Content-Encoding": coding}
    for way in WAYS.values():
        method, target, fields, content = way(len(body))
        if not content:
            continue
        answer = ask(shared_site.port, method, target, fields | coded, body)
        refused(shared_site, answer, 415, "content-encoding")
        assert answer.fields["accept-encoding"] == "identity"


@pytest.mark.parametrize("fields", [
    {"Upload-Length": "100", "Content-Type": "application/offset+octet-stream"},
    {"Upload-Length": "100"}, {"Upload-Defer-Length": "1"}, {"Upload-Metadata": "filename YQ=="},
    {"Upload-Concat": "partial"}, {"Content-Type": "application/offset+octet-stream"}, {"Upload-Checksum": "sha1 x"},
])
def test_what_can_only_be_tus_asks_for_its_version(shared_site, fields):
    for method, target in (("POST", "/files"), ("POST", "/files/"), ("PUT", "/files/a")):
        answer = ask(shared_site.port, method, target, fields, b"0123456789")
        refused(shared_site, answer, 412, "version-not-supported")
        assert answer.fields["tus-version"] == "1.0.0"


@pytest.mark.parametrize("field", [
    {"Upload-Offset": "5"}, {"Upload-Complete": "0"}, {"Upload-Complete": "?1, ?1"}, {"Upload-Incomplete": "?0"},
    {"X-Start-Byte": "5"}, {"X-File-Id": "a-1-2"}, {"X-File-Size": "9"},
])
def test_a_field_of_another_protocol_makes_no_whole_file(shared_site, field):
    for body, fields in ((b"tail", {}), (file_part() + END, FORM)):
        answer = ask(shared_site.port, "POST", "/files", fields | field, body)
        refused(shared_site, answer, 400, "stray-field")


def test_an_override_makes_no_file(shared_site):
    for override in ("PATCH", "POST", "PUT", "FOO"):
        for method, target in (("POST", "/files"), ("PUT", "/files/a"), ("POST", "/upload"), ("PUT", "/files")):
            for fields in ({}, FORM, {"X-File-Id": "a"}, {"Upload-Complete": "?1"}):
                answer = ask(
                    shared_site.port, method, target, fields | {"X-HTTP-Method-Override": override}, file_part() + END)
                assert answer.status in (400, 404, 405), (override, method, target, fields)
    for name, way in WAYS.items():
        for override in ("PATCH", "POST", "PUT", "FOO"):
            method, target, fields, content = way(10)
            answer = ask(shared_site.port, method, target, fields | {"X-HTTP-Method-Override": override}, content)
            assert answer.status in (400, 404, 405), (override, name, answer)
    assert shared_site.finished_files() == []
    for bad in ("", "P UT", "PATCH, PATCH"):
        answer = ask(shared_site.port, "POST", "/files", {"X-HTTP-Method-Override": bad}, b"x")
        refused(shared_site, answer, 400, "bad-method-override")


def refused_as_strange(answer):
    assert (answer.status, answer.code) == (400, "bad-method-override")


def test_the_override_counts_beside_a_post_and_is_in_the_log(site):
    made = ask(site.port, "PUT", "/files/a", {}, b"whole")
    answer = ask(site.port, "POST", made.location, {"X-HTTP-Method-Override": "GET"}, b"")
    assert (answer.status, answer.body) == (200, b"whole")
    answer = ask(site.port, "POST", made.location, {"X-HTTP-Method-Override": "HEAD"}, b"")
    assert (answer.status, answer.body) == (200, b"")
    for method in ("PUT", "GET", "PATCH"):
        answer = ask(site.port, method, made.location, {"X-HTTP-Method-Override": "HEAD"}, b"")
        refused_as_strange(answer)
    with Line(site.port) as line:
        # A HEAD stays framed as one, whatever is said of it.
        assert line.request("HEAD", made.location, {"X-HTTP-Method-Override": "GET"}).status == 400
        assert line.request("GET", made.location).body == b"whole"
    tus = {"Tus-Resumable": "1.0.0"}
    upload = ask(site.port, "POST", "/files", tus | {"Upload-Length": "5"}, b"").location
    assert ask(site.port, "POST", upload, tus | {"X-HTTP-Method-Override": "DELETE"}, b"").status == 204

    def logged():
        lines = [json.loads(line) for line in site.log.read_text().splitlines()]
        return [(line["method"], line.get("override")) for line in lines if line.get("path") == upload]

    eventually(logged, "the line in the log")
    assert logged() == [("POST", "DELETE")]


def test_a_form_with_a_file_id_is_refused(shared_site):
    answer = ask(shared_site.port, "POST", "/upload", FORM | {"X-File-Id": "a-1-2"}, file_part() + END)
    refused(shared_site, answer, 400, "form-with-file-id")


@pytest.mark.parametrize("name", sorted(WAYS.keys() - {"tus"}))
def test_a_form_is_a_files_bytes_in_no_dialect_but_the_drafts(site, name):
    body = file_part() + END
    method, target, fields, _ = WAYS[name](len(body))
    answer = ask(site.port, method, target, fields | FORM, body)
    stored = [path.read_bytes() for path in site.finished_files()]
    if name.startswith("plain"):
        assert (answer.status, stored) == (201, [b"data"])
    elif name.startswith("ietf"):
        assert answer.status in (201, 400) and stored in ([], [body])
    else:
        assert answer.status in (400, 412, 415) and stored == [], answer


@pytest.mark.parametrize("name", WHOLE.values())
def test_the_logs_line_of_an_upload_names_it(site, name):
    method, target, fields, content = WAYS[name](10)
    answer = ask(site.port, method, target, fields, content)

    def line():
        lines = map(json.loads, site.log.read_text().splitlines())
        return next((line for line in lines if line.get("received") == 10), None)
    eventually(line, "the line in the log")
    assert line()["upload"] == site.finished_files()[0].parent.name, answer


@pytest.mark.parametrize("complete", ["?0", "?1"])
def test_the_drafts_field_decides_about_a_multipart_body(site, complete):
    body = file_part() + END
    fields = FORM | {"Upload-Complete": complete, "Upload-Draft-Interop-Version": "6"}
    answer = ask(site.port, "POST", "/files", fields, body)
    assert answer.status == 201 and answer.interim and answer.offset == len(body)
    if complete == "?1":
        assert site.finished(answer.location).read_bytes() == body


def test_a_name_that_cannot_be_read_is_refused(shared_site):
    for disposition in ("attachment; filename=my report.txt", 'attachment; filename="no end', "attachment; filename*0=a"):
        named = {"Content-Disposition": disposition}
        for target, fields in (("/files", {}), ("/upload", {"X-File-Id": "a"}), ("/files", {"Upload-Complete": "?1"})):
            answer = ask(shared_site.port, "POST", target, fields | named, b"x")
            refused(shared_site, answer, 400, "bad-disposition")


@pytest.mark.parametrize("trailer", ["Content-Encoding", "Content-Type", "Content-Range", "Content-Disposition"])
def test_trailers_do_not_say_what_the_body_was(shared_site, trailer):
    with Line(shared_site.port) as line:
        line.head("PUT", "/files/a", {"Transfer-Encoding": "chunked"})
        line.chunk(b"data")
        line.last_chunk({trailer: "gzip"})
        refused(shared_site, line.answer(), 400, "forbidden-trailer")


def test_a_stream_that_ends_with_its_fields_is_an_empty_file(site, protocol):
    if protocol == "HTTP/2":
        answer = ask(site.port, "PUT", "/files/empty.txt")
        assert answer.status == 201, answer
        assert [path.stat().st_size for path in site.finished_files()] == [0]
    else:
        refused(site, ask(site.port, "PUT", "/files/empty.txt"), 411, "length-required")


def unmeasured(way) -> bytes:
    """A request in the words of HTTP/1.0, which ends where the connection does."""
    method, path, fields, _ = WAYS[way](4)
    return "".join([f"{method} {path} HTTP/1.0\r\n", *(f"{name}: {value}\r\n" for name, value in fields.items())]).encode() \
        + b"\r\nbody"


UNMEASURED = {f"{name} 1.0": unmeasured(way) for name, way in WHOLE.items()} | {
    "post 1.0": b"POST /files HTTP/1.0\r\nHost: a\r\n\r\nbody", "put": b"PUT /files/a HTTP/1.1\r\nHost: a\r\n\r\n",
    "form": b"POST /files HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n"}


@pytest.mark.http1
@pytest.mark.parametrize("head", UNMEASURED.values(), ids=UNMEASURED)
def test_a_file_whose_length_nobody_tells_is_411(shared_site, head):
    with Line(shared_site.port) as line:
        line.send(head)
        refused(shared_site, line.answer(), 411, "length-required")


def test_if_match_on_a_new_file_is_412(shared_site):
    for value in ("*", '"x"'):
        answer = ask(shared_site.port, "PUT", "/files/a", {"If-Match": value}, b"x")
        refused(shared_site, answer, 412, "precondition-failed")


def test_a_plain_upload_that_stalls_is_told_that_nothing_is_kept(start):
    server = start("--body-timeout", "1")
    for fields, body in (({}, b"ab"), (FORM, file_part()[:-1])):
        with Line(server.port) as line:
            line.head("POST", "/files", fields, 1000)
            line.send(body)
            answer = line.answer()
        refused(server, answer, 408, "body-timeout")
        assert b"Nothing of it is kept" in answer.body


# Digests


def digests(data):
    for key, name in (("sha-256", "sha256"), ("sha-512", "sha512"), ("sha", "sha1"), ("md5", "md5")):
        yield f"{key}=:{base64.b64encode(hashlib.new(name, data).digest()).decode()}:"


@pytest.mark.parametrize("field,code", [
    ("Content-Digest", "content-digest-mismatch"), ("Repr-Digest", "repr-digest-mismatch")])
@pytest.mark.parametrize("method,target", [("PUT", "/files/a"), ("POST", "/files")])
def test_a_whole_file_is_what_its_digest_says(start, method, target, field, code):
    server = start()
    for value in digests(b"other"):
        refused(server, ask(server.port, method, target, {field: value}, b"bytes"), 400, code)
        with Line(server.port) as line:
            line.head(method, target, {field: value, "Transfer-Encoding": "chunked"})
            line.chunk(b"bytes")
            line.last_chunk()
            refused(server, line.answer(), 400, code)
    refused(server, ask(server.port, method, target, {field: "sha-256=:AAAA:"}, b"bytes"), 400, "bad-digest")
    right = list(digests(b"bytes"))
    # An algorithm that nobody knows says nothing, and of several the best is compared.
    for value in [*right, f"unknown=:AA==:, {right[0]}", "unknown=:AA==:"]:
        assert ask(server.port, method, target, {field: value}, b"bytes").status == 201
    assert [path.read_bytes() for path in server.finished_files()] == [b"bytes"] * (len(right) + 2)
