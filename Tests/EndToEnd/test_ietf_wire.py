"""
"Resumable Uploads for HTTP" on the wire, version by version. The numbers in the names are those of
Tests/IETFDialectTests/REQUIREMENTS.md.
"""

import hashlib
import json
import threading
import time

import pytest

from conftest import MEBIBYTE
from dialects import WAYS, WHOLE
from sluice import sha256
from waiting import eventually
from wire import Line, ask, b64, pattern

# What a dialect says, it says over both.
pytestmark = pytest.mark.usefixtures("protocol")

VERSIONS = [3, 4, 5, 6, 7, 8, 9, 10]
# No number: what the RFC will be. 11 and 2 are numbers that the server does not know.
ALL = [*VERSIONS, None]
FOLDER = "/files"


def version_field(version):
    return {} if version is None else {"Upload-Draft-Interop-Version": str(version)}


def completeness(version, complete):
    if version == 3:
        return {"Upload-Incomplete": "?0" if complete else "?1"}
    return {"Upload-Complete": "?1" if complete else "?0"}


def is_complete(version, answer) -> bool:
    field, yes = ("upload-incomplete", "?0") if version == 3 else ("upload-complete", "?1")
    assert answer.fields[field] in ("?0", "?1")
    return answer.fields[field] == yes


class Ietf:
    """A client of one version."""

    def __init__(self, server, version=9, tls=False):
        self.server, self.version, self.tls = server, version, tls

    def line(self) -> Line:
        return Line(self.server.tls_port if self.tls else self.server.port, self.tls)

    def fields(self, complete=None, **more):
        fields = version_field(self.version)
        if complete is not None:
            fields |= completeness(self.version, complete)
        return fields | {name.replace("_", "-"): value for name, value in more.items()}

    def ask(self, method, target, fields=(), body=None):
        with self.line() as line:
            return line.request(method, target, fields, body)

    def create(self, body=b"", complete=False, target=FOLDER, method="POST", **more):
        return self.ask(method, target, self.fields(complete, **more), body)

    def made(self, body=b"", **more) -> str:
        answer = self.create(body, **more)
        assert answer.status == 201 and not is_complete(self.version, answer)
        return answer.location

    def append_fields(self, offset, complete, **more):
        fields = self.fields(complete, Upload_Offset=str(offset))
        if self.version is None or self.version >= 6:
            fields["Content-Type"] = "application/partial-upload"
        return fields | {name.replace("_", "-"): value for name, value in more.items()}

    def append(self, location, offset, body, complete=True, **more):
        return self.ask("PATCH", location, self.append_fields(offset, complete, **more), body)

    def head(self, location, **more):
        return self.ask("HEAD", location, self.fields(**more))

    def offset(self, location) -> int:
        answer = self.head(location)
        assert answer.status == 204 or self.version is None and answer.status == 200
        return answer.offset


@pytest.fixture
def ietf(shared):
    return Ietf(shared)


@pytest.fixture(params=ALL)
def each(request, shared):
    """A client of each version."""
    return Ietf(shared, request.param)


def wait_taken(ietf, location, size=1):
    """Waits until the server has so many bytes on its disk."""
    path = ietf.server.data / "uploads" / location.rpartition("/")[2]
    eventually(lambda: path.exists() and path.stat().st_size >= size, "the bytes")


def problem(answer) -> dict:
    assert answer.fields["content-type"] == "application/problem+json"
    return json.loads(answer.body)


# Creation


@pytest.mark.parametrize("method, target", [("POST", FOLDER), ("PUT", "/files/a.txt"), ("POST", "/upload")])
def test_01_07_a_complete_creation_is_answered_as_a_plain_upload(each, method, target):
    data = pattern(5000)
    answer = each.create(data, True, target, method)
    assert answer.status == 201 and is_complete(each.version, answer) and answer.offset == len(data)
    assert each.server.finished(answer.location).read_bytes() == data
    body = json.loads(answer.body)
    assert body["size"] == len(data)


@pytest.mark.parametrize("value", ["?2", "1", "true", "?1, ?1", '"?1"', ""])
def test_01_an_invalid_field_makes_no_upload_and_no_file(ietf, value):
    # Of this protocol it is as good as none. But what was meant with it nobody knows, so it is no plain upload either.
    before = ietf.server.finished_files()
    answer = ietf.ask("POST", FOLDER, {"Upload-Complete": value}, b"plain")
    assert (answer.status, answer.code) == (400, "stray-field")
    assert "upload-complete" not in answer.fields
    assert ietf.server.finished_files() == before


def test_01_parameters_are_ignored(ietf):
    answer = ietf.ask("POST", FOLDER, {"Upload-Complete": "?0;a=b", "Upload-Length": "9;x"}, b"more")
    assert (answer.status, answer.fields["upload-complete"]) == (201, "?0")
    assert ietf.head(answer.location).fields["upload-length"] == "9"


@pytest.mark.parametrize("version", [2, 11, 99, "x", "-3", "3.0"])
def test_an_unknown_version_uploads_without_104(shared, version):
    answer = ask(
        shared.port, "POST", FOLDER,
        {"Upload-Draft-Interop-Version": str(version), "Upload-Complete": "?1"}, b"data")
    assert (answer.status, answer.interim) == (201, [])
    assert shared.finished(answer.location).read_bytes() == b"data"


def test_03_addresses_are_unique_and_long(ietf):
    names = {ietf.made().rpartition("/")[2] for _ in range(50)}
    assert len(names) == 50 and all(len(name) >= 32 for name in names)


def test_04_a_complete_upload_is_kept_to_be_asked_for(each):
    location = each.create(b"data", True).location
    answer = each.head(location)
    assert answer.offset == 4 and is_complete(each.version, answer)
    assert answer.fields["upload-length"] == "4"


def test_05_06_a_104_tells_the_address_that_the_answer_repeats(each):
    answer = each.create(b"data")
    if each.version is None:
        assert answer.interim == []
        return
    [interim] = answer.interim
    assert interim.status == 104
    assert interim.fields["upload-draft-interop-version"] == str(each.version)
    assert interim.location == answer.location
    key = "expires" if each.version == 6 else "max-age"
    for message in (interim, answer):
        if each.version >= 6:
            limits = dict(member.split("=") for member in message.fields["upload-limit"].split(", "))
            assert int(limits["max-size"]) == 1 << 40 and 0 < int(limits[key]) <= 7 * 86_400
        else:
            assert "upload-limit" not in message.fields


def test_05_the_104_comes_before_the_content(each):
    if each.version is None:
        pytest.skip("no 104 without a version")
    with each.line() as line:
        line.head("POST", FOLDER, each.fields(True), 10)
        interim = line.message()
        assert interim.status == 104
        assert each.offset(interim.location) == 0
        assert line.is_closed(), "the question has fenced the creation"
    answer = each.append(interim.location, 0, pattern(10))
    assert answer.status == 201 and is_complete(each.version, answer)


def test_08_an_incomplete_creation_is_201_with_the_offset(each):
    answer = each.create(b"data")
    assert (answer.status, answer.offset) == (201, 4)
    assert not is_complete(each.version, answer)
    assert answer.location.startswith("/files/")


def test_09_empty_content(each):
    location = each.made()
    assert each.offset(location) == 0
    answer = each.create(b"", True)
    assert answer.status == 201 and is_complete(each.version, answer)
    assert each.server.finished(answer.location).read_bytes() == b""


def test_10_the_length_is_recorded(each):
    assert "upload-length" not in each.head(each.made(b"x")).fields
    location = each.made(b"x", Upload_Length="3")
    assert each.head(location).fields["upload-length"] == "3"
    with each.line() as line:
        line.head("POST", FOLDER, each.fields(True), 30)
        if each.version is None:
            return
        location = line.message().location
    assert each.head(location).fields["upload-length"] == "30"


def test_13_an_interrupted_creation_is_kept_and_not_complete(each):
    if each.version is None:
        pytest.skip("nobody knows the address")
    data = pattern(200_000)
    line = each.line()
    line.head("POST", FOLDER, each.fields(True), len(data))
    location = line.message().location
    line.send(data[:100_000])
    wait_taken(each, location)
    line.reset()
    answer = each.head(location)
    assert 0 < answer.offset <= 100_000 and not is_complete(each.version, answer)
    answer = each.append(location, answer.offset, data[answer.offset :])
    assert answer.status == 201 and is_complete(each.version, answer)
    assert each.server.finished(location).read_bytes() == data


def test_13_without_104_nothing_is_left_of_an_interrupted_creation(start):
    server = start()
    line = Line(server.port)
    line.head("POST", FOLDER, {"Upload-Complete": "?1"}, 1000)
    line.send(pattern(500))
    end = time.monotonic() + 20
    while not list((server.data / "uploads").glob("*")) and time.monotonic() < end:
        time.sleep(0.01)
    line.reset()
    while list((server.data / "uploads").glob("*")):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_14_too_much_is_413_with_the_limits(start):
    server = start("--max-size", "1K")
    for version in (6, 9, None):
        ietf = Ietf(server, version)
        for more in ({"body": bytes(1025), "complete": True}, {"Upload_Length": "1025"}, {"body": bytes(1025)}):
            answer = ietf.create(**more)
            assert answer.status == 413 and "max-size=1024" in answer.fields["upload-limit"]
        with ietf.line() as line:
            line.head("POST", FOLDER, ietf.fields(True, Transfer_Encoding="chunked"))
            line.chunk(bytes(1025))
            line.last_chunk()
            assert line.answer().status == 413
    assert server.finished_files() == []


def test_15_the_creations_fields_describe_the_file(ietf):
    location = ietf.made(
        b"da", Content_Type="image/png", Content_Disposition="inline; filename=\"b.png\"; filename*=UTF-8''%C3%A4.png")
    answer = ietf.append(location, 2, b"ta", Content_Disposition='inline; filename="evil.exe"')
    assert answer.status == 201
    assert ietf.server.finished(location).name == "ä.png"
    answer = ask(ietf.server.port, "GET", location)
    assert (answer.status, answer.fields["content-type"], answer.body) == (200, "image/png", b"data")


@pytest.mark.parametrize("name", ["../../x", "..", "/etc/passwd", "a\\..\\b", "\u202ea", "." * 300, "con"])
def test_15_hostile_names(ietf, name):
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    location = ietf.create(b"data", True, Content_Disposition=f"inline; filename*=UTF-8''{quoted}").location
    stored = ietf.server.finished(location)
    assert stored.parent.parent == ietf.server.data / "complete" and stored.name.isprintable()


# Length


def test_16_lengths_that_disagree_are_400(each):
    told = [
        each.create(b"12345", True, Upload_Length="6"),
        each.create(b"12345", False, Upload_Length="4"),
    ]
    location = each.made(b"123", Upload_Length="10")
    told += [
        each.append(location, 3, b"4567890", True, Upload_Length="11"),
        each.append(location, 3, b"45", True),
        each.append(location, 3, b"45", False, Upload_Length="9"),
    ]
    for answer in told:
        assert answer.status == 400 and not is_complete(each.version, answer)
        assert problem(answer)["type"].endswith("#inconsistent-upload-length")
    assert each.offset(location) == 3
    assert each.append(location, 3, b"4567890").status == 201


def test_17_content_past_the_length(each):
    """Up to version 7 the request alone is refused, later the upload is lost; nothing past the length is stored."""
    location = each.made(b"123", Upload_Length="6")
    with each.line() as line:
        line.head("PATCH", location, each.append_fields(3, False, Transfer_Encoding="chunked"))
        line.chunk(b"456")
        line.chunk(b"789")
        line.last_chunk()
        answer = line.answer()
    assert answer.status == 400 and not is_complete(each.version, answer)
    if each.version is None or each.version >= 8:
        assert each.head(location).status == 404
        assert each.append(location, 3, b"456").status == 404
        assert not (each.server.data / "uploads" / location.rpartition("/")[2]).exists()
    else:
        offset = each.offset(location)
        assert 3 <= offset <= 6
        assert each.append(location, offset, b"123456"[offset:]).status == 201
        assert each.server.finished(location).read_bytes() == b"123456"


def test_17_a_declared_overrun(each):
    location = each.made(b"123", Upload_Length="6")
    answer = each.append(location, 3, b"4567", False)
    assert answer.status == 400
    lost = each.version is None or each.version >= 8
    assert each.head(location).status == (404 if lost else 204)


# Offset


def test_18_19_head_and_get_tell_everything(each):
    location = each.made(b"data", Upload_Length="9")
    for method in ("HEAD", "GET"):
        answer = each.ask(method, location, each.fields())
        assert (answer.status, answer.offset, answer.body) == (204, 4, b"")
        assert not is_complete(each.version, answer)
        assert (answer.fields["upload-length"], answer.fields["cache-control"]) == ("9", "no-store")
        assert ("upload-limit" in answer.fields) == (each.version is None or each.version >= 6)


def test_18_stray_fields_are_400(each):
    location = each.made(b"data")
    for method in ("HEAD", "DELETE"):
        for more in ({"Upload-Offset": "4"}, completeness(each.version, True)):
            assert each.ask(method, location, each.fields() | more).status == 400
    assert each.offset(location) == 4


def test_18_unknown_uploads_are_404(each):
    for name in ("0" * 32, "x"):
        for method, fields in (("HEAD", each.fields()), ("DELETE", each.fields()), ("GET", each.fields()),
                               ("PATCH", each.append_fields(0, True))):
            assert each.ask(method, f"/files/{name}", fields, b"x" if method == "PATCH" else None).status == 404


# Append


@pytest.mark.parametrize("kind", ["text/plain", "application/json", None])
def test_20_a_patch_of_no_dialect_learns_which_type_is_taken(shared, kind):
    location = Ietf(shared, None).made(b"data")
    fields = {"Content-Type": kind} if kind else {}
    answer = ask(shared.port, "PATCH", location, fields, b"x")
    assert (answer.status, answer.fields["accept-patch"]) == (415, "application/partial-upload")
    assert ask(shared.port, "HEAD", location).offset == 4


def test_20_an_append_needs_its_fields(each):
    location = each.made(b"da")
    whole = each.append_fields(2, True)
    without_offset = {name: value for name, value in whole.items() if name != "Upload-Offset"}
    assert each.ask("PATCH", location, without_offset, b"ta").status == 400
    assert each.ask("PATCH", location, whole | {"Upload-Offset": "-2"}, b"ta").status == 400
    if each.version is None or each.version >= 6:
        assert each.ask("PATCH", location, whole | {"Content-Type": "text/plain"}, b"ta").status == 415
    assert each.offset(location) == 2
    field = next(iter(completeness(each.version, True)))
    silent = {name: value for name, value in whole.items() if name != field}
    answer = each.ask("PATCH", location, silent, b"ta")
    if each.version is not None and each.version <= 6:
        assert answer.status == 201 and is_complete(each.version, answer)
    else:
        assert answer.status == 400
        assert each.offset(location) == 2


def test_21_a_wrong_offset_is_409_with_the_right_one(each):
    location = each.made(b"data")
    for offset in (0, 3, 5, 10**15 - 1):
        answer = each.append(location, offset, b"x")
        assert (answer.status, answer.offset) == (409, 4) and not is_complete(each.version, answer)
        document = problem(answer)
        assert document["type"].endswith("#mismatching-upload-offset")
        assert (document["expected-offset"], document["provided-offset"]) == (4, offset)
    assert each.append(location, 4, b"").status == 201
    assert each.server.finished(location).read_bytes() == b"data"


def test_22_23_partial_and_last_appends(each):
    location = each.made(b"1")
    answer = each.append(location, 1, b"23", False)
    assert answer.status == (201 if each.version is not None and each.version <= 6 else 204)
    assert answer.offset == 3 and not is_complete(each.version, answer)
    answer = each.append(location, 3, b"45")
    assert (answer.status, answer.offset) == (201, 5) and is_complete(each.version, answer)
    assert each.server.finished(location).read_bytes() == b"12345"


def test_22_a_completion_without_bytes(each):
    location = each.made(b"data", Upload_Length="4")
    assert not is_complete(each.version, each.head(location))
    answer = each.append(location, 4, b"")
    assert answer.status == 201 and is_complete(each.version, answer)


def test_24_an_interrupted_append_keeps_its_prefix(each):
    data = pattern(200_000)
    location = each.made(data[:10])
    line = each.line()
    line.head("PATCH", location, each.append_fields(10, True), len(data) - 10)
    line.send(data[10:100_000])
    wait_taken(each, location, 11)
    line.reset()
    offset = each.offset(location)
    assert 10 < offset <= 100_000
    assert each.append(location, offset, data[offset:]).status == 201
    assert each.server.finished(location).read_bytes() == data


def test_26_append_to_a_complete_upload(each):
    location = each.create(b"data", True).location
    answer = each.append(location, 4, b"")
    if each.version in (6, 7, 8):
        assert answer.status == 400 and problem(answer)["type"].endswith("#completed-upload")
    else:
        assert answer.status == 201
    assert is_complete(each.version, answer)
    for offset, body in ((0, b"data"), (4, b"x"), (2, b"ta")):
        assert each.append(location, offset, body).status in (400, 409)
    assert each.server.finished(location).read_bytes() == b"data"


# Cancellation


def test_28_cancellation(each):
    location = each.made(b"data")
    assert each.ask("DELETE", location, each.fields()).status == 204
    assert each.head(location).status == 404
    assert each.append(location, 4, b"x").status == 404
    assert not (each.server.data / "uploads" / location.rpartition("/")[2]).exists()


def test_28_a_complete_upload_is_cancelled_as_well(each):
    location = each.create(b"data", True).location
    assert each.ask("DELETE", location, each.fields()).status == 204
    assert each.head(location).status == 404
    assert not (each.server.data / "complete" / location.rpartition("/")[2]).exists()


def test_28_32_cancellation_in_flight(each):
    location = each.made()
    with each.line() as line:
        line.head("PATCH", location, each.append_fields(0, True), 1000)
        line.send(pattern(500))
        wait_taken(each, location)
        started = time.monotonic()
        assert each.ask("DELETE", location, each.fields()).status == 204
        assert time.monotonic() - started < 2
        assert line.is_closed(), "abrupt means that the connection is closed without an answer"
    assert each.head(location).status == 404


# Concurrency


@pytest.mark.parametrize("newer", ["HEAD", "GET", "PATCH"])
def test_29_30_31_32_the_newest_request_wins(each, newer):
    if newer == "GET" and each.version is None:
        pytest.skip("a GET of nobody's fences nobody")
    data = pattern(2 * MEBIBYTE)
    location = each.made()
    with each.line() as line:
        line.head("PATCH", location, each.append_fields(0, True), len(data))
        line.send(data[:MEBIBYTE])
        wait_taken(each, location)
        started = time.monotonic()
        if newer == "PATCH":
            answer = each.append(location, 1, b"")
            assert answer.status == 409
        else:
            answer = each.ask(newer, location, each.fields())
            assert answer.status == 204
        assert time.monotonic() - started < 2
        assert 0 < answer.offset <= MEBIBYTE
        assert line.is_closed()
    assert each.append(location, answer.offset, data[answer.offset :]).status == 201
    assert each.server.finished(location).read_bytes() == data


def test_a_get_of_a_person_does_not_fence(ietf):
    location = ietf.made()
    with ietf.line() as line:
        line.head("PATCH", location, ietf.append_fields(0, True), 10)
        line.send(b"12345")
        wait_taken(ietf, location)
        assert ask(ietf.server.port, "GET", location).offset == 0
        line.send(b"67890")
        assert line.answer().status == 201


# Discovery, interim answers


@pytest.mark.parametrize("target", ["*", "/files", "/upload", "/files/x"])
def test_33_options_tells_the_limits(each, target):
    answer = each.ask("OPTIONS", target, each.fields())
    assert answer.status == 204 and f"max-size={1 << 40}" in answer.fields["upload-limit"]


def test_35_104_first_then_100(each):
    with each.line() as line:
        line.head("POST", FOLDER, each.fields(True, Expect="100-continue"), 4)
        first = line.message()
        if each.version is not None:
            assert first.status == 104
            first = line.message()
        assert first.status == 100
        line.send(b"data")
        assert line.answer().status == 201


def test_35_a_refusal_comes_without_100(ietf):
    location = ietf.made(b"data")
    with ietf.line() as line:
        line.head("PATCH", location, ietf.append_fields(2, True, Expect="100-continue"), 4)
        answer = line.answer()
        assert (answer.status, answer.interim) == (409, [])


def test_without_informational_there_is_no_104(start):
    server = start("--informational", "off")
    for version in VERSIONS:
        answer = Ietf(server, version).create(b"data", True)
        assert (answer.status, answer.interim) == (201, [])


@pytest.mark.http1
def test_http_1_0_gets_no_104(ietf):
    with ietf.line() as line:
        line.send(
            b"POST /files HTTP/1.0\r\nHost: a\r\nUpload-Draft-Interop-Version: 6\r\nUpload-Complete: ?1\r\n"
            b"Content-Length: 4\r\n\r\ndata")
        assert line.message().status == 201


# What the 104s tell is durable


@pytest.mark.seconds(240)
@pytest.mark.sampled
@pytest.mark.parametrize("version", [5, 6, 9])
@pytest.mark.parametrize("is_append", [False, True])
def test_02_11_25_told_progress_survives_a_kill(start, tmp_path, files, version, is_append):
    server = start()
    # Plain: one thread sends while another reads, which a TLS connection of Python does not take.
    ietf = Ietf(server, version)
    path = files("big.bin", 208 * MEBIBYTE)
    location = ietf.made() if is_append else None
    told = []
    with ietf.line() as line:
        if is_append:
            line.head("PATCH", location, ietf.append_fields(0, True), path.stat().st_size)
        else:
            line.head("POST", FOLDER, ietf.fields(True), path.stat().st_size)
            location = line.message().location

        def send():
            try:
                with path.open("rb") as file:
                    while piece := file.read(MEBIBYTE):
                        line.send(piece)
            except OSError:
                pass

        sender = threading.Thread(target=send)
        sender.start()
        while len(told) < 2:
            interim = line.message()
            assert interim.status == 104, "the file was to be larger than what is sent before the second 104"
            assert "location" not in interim.fields
            told.append(interim.offset)
        server.kill()
        sender.join()
    assert 0 < told[0] < told[1]
    server.start()
    offset = ietf.offset(location)
    assert told[1] <= offset < path.stat().st_size
    with path.open("rb") as file:
        file.seek(offset)
        rest = file.read()
    answer = ietf.append(location, offset, rest)
    assert answer.status == 201 and is_complete(version, answer)
    assert sha256(server.finished(location)) == sha256(path)


@pytest.mark.once
def test_versions_3_and_4_get_no_progress(start):
    server = start()
    for version in (3, 4):
        answer = Ietf(server, version).create(bytes(140 * MEBIBYTE), True)
        assert answer.status == 201 and len(answer.interim) == 1


# Apple's URLSession, as captured


APP = {
    "Host": "ingest.example", "Authorization": "Bearer t0ken", "Accept": "*/*", "Accept-Language": "en-US,en;q=0.9",
    "Accept-Encoding": "gzip, deflate, br", "User-Agent": "Camera/7 CFNetwork/1568.300.101 Darwin/24.2.0",
    "Priority": "u=3, i",
}


@pytest.mark.parametrize("version", [3, 5, 6])
@pytest.mark.parametrize("method, target", [("POST", FOLDER), ("PUT", "/files/IMG_0001.HEIC"), ("POST", "/upload")])
@pytest.mark.parametrize("sent", [0, 1, 700_000, None], ids=["after the 104", "a byte", "the middle", "the last byte"])
def test_urlsession_loses_its_connection(shared, version, method, target, sent):
    data = pattern(MEBIBYTE + 11)
    ietf = Ietf(shared, version, tls=True)
    line = ietf.line()
    line.head(
        method, target, APP | ietf.fields(True) | {"Content-Type": "image/heic"}, len(data))
    interim = line.message()
    assert (interim.status, interim.fields["upload-draft-interop-version"]) == (104, str(version))
    location = interim.location
    line.send(data[: len(data) - 1 if sent is None else sent])
    if sent != 0:
        wait_taken(ietf, location)
    line.reset()

    head = APP | version_field(version) | ({"Content-Length": "0"} if version >= 6 else {})
    answer = ietf.ask("HEAD", location, head)
    assert answer.status == 204 and not is_complete(version, answer)
    assert answer.fields["upload-draft-interop-version"] == str(version)
    offset = answer.offset
    assert offset <= len(data)
    kind = "application/partial-upload" if version >= 6 else "image/heic"
    fields = APP | ietf.fields(True, Upload_Offset=str(offset)) | {"Content-Type": kind}
    answer = ietf.ask("PATCH", location, fields, data[offset:])
    assert answer.status == 201 and is_complete(version, answer)
    assert shared.finished(location).read_bytes() == data


@pytest.mark.parametrize("version", [3, 5, 6])
def test_urlsession_meets_a_killed_server(start, version):
    server = start()
    data = pattern(3 * MEBIBYTE)
    ietf = Ietf(server, version, tls=True)
    line = ietf.line()
    line.head("POST", FOLDER, APP | ietf.fields(True), len(data))
    location = line.message().location
    line.send(data[: 2 * MEBIBYTE])
    wait_taken(ietf, location)
    server.restart_after_kill()
    line.close()
    offset = ietf.offset(location)
    answer = ietf.append(location, offset, data[offset:])
    assert answer.status == 201 and is_complete(version, answer)
    assert server.finished(location).read_bytes() == data


@pytest.mark.parametrize("version", [3, 5, 6])
def test_urlsession_posts_json_of_an_app_that_knows_nothing(shared, version):
    """Every upload task of every app has these fields; a whole file of a few bytes must just be taken."""
    ietf = Ietf(shared, version, tls=True)
    answer = ietf.ask(
        "POST", FOLDER, APP | ietf.fields(True) | {"Content-Type": "application/json"}, b'{"a":1}')
    assert answer.status == 201 and is_complete(version, answer)


def test_urlsession_sends_a_form_as_an_upload(shared):
    # The field says that the body is an upload: its bytes are the file, whatever their type.
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\ndata\r\n--b--\r\n'
    fields = APP | version_field(6) | completeness(6, True) | {"Content-Type": "multipart/form-data; boundary=b"}
    answer = ask(shared.tls_port, "POST", "/upload", fields, body, tls=True)
    assert answer.status == 201 and answer.interim != []
    assert shared.finished(answer.location).read_bytes() == body


# Digests


def digest(data: bytes, name="sha-256") -> str:
    algorithm = {"sha-256": "sha256", "sha-512": "sha512", "sha": "sha1", "md5": "md5"}[name]
    return f"{name}=:{b64(hashlib.new(algorithm, data).digest())}:"


@pytest.mark.parametrize("name", ["sha-256", "sha-512", "sha", "md5"])
def test_content_digest(ietf, name):
    data = pattern(3 * MEBIBYTE)
    location = ietf.made(data[:10], Content_Digest=digest(data[:10], name))
    answer = ietf.append(location, 10, data[10:], Content_Digest=digest(data, name))
    assert (answer.status, answer.offset) == (400, 10) and not is_complete(9, answer)
    assert ietf.offset(location) == 10
    answer = ietf.append(location, 10, data[10:], Content_Digest=digest(data[10:], name))
    assert answer.status == 201
    assert ietf.server.finished(location).read_bytes() == data


def test_content_digest_of_a_creation_that_is_wrong(ietf):
    answer = ietf.create(b"data", False, Content_Digest=digest(b"other"))
    assert answer.status == 400
    [interim] = answer.interim
    assert ietf.offset(interim.location) == 0


def test_content_digest_of_a_cut_append_drops_it(ietf):
    data = pattern(500_000)
    location = ietf.made(data[:10])
    line = ietf.line()
    line.head("PATCH", location, ietf.append_fields(10, True, Content_Digest=digest(data[10:])), len(data) - 10)
    line.send(data[10:300_000])
    wait_taken(ietf, location, 11)
    line.reset()
    assert ietf.offset(location) == 10


@pytest.mark.parametrize("name", ["sha-256", "sha-512"])
def test_repr_digest_over_requests_and_a_kill(start, name):
    server = start()
    ietf = Ietf(server)
    data = pattern(5 * MEBIBYTE)
    location = ietf.made(data[:MEBIBYTE], Repr_Digest=digest(data, name), Want_Repr_Digest=f"{name}=5")
    assert ietf.append(location, MEBIBYTE, data[MEBIBYTE : 2 * MEBIBYTE], False).status == 204
    server.restart_after_kill()
    offset = ietf.offset(location)
    assert offset == 2 * MEBIBYTE
    answer = ietf.append(location, offset, data[offset:])
    assert answer.status == 201 and answer.fields["repr-digest"] == digest(data, name)
    assert server.finished(location).read_bytes() == data


def test_repr_digest_that_is_wrong_ends_the_upload(ietf):
    for pieces in ([b"data"], [b"da", b"ta"]):
        if len(pieces) == 1:
            answer = ietf.create(pieces[0], True, Repr_Digest=digest(b"other"))
            location = answer.interim[0].location
        else:
            location = ietf.made(pieces[0], Repr_Digest=digest(b"other"))
            answer = ietf.append(location, 2, pieces[1])
        assert answer.status == 400 and is_complete(9, answer)
        assert ietf.head(location).status == 404


def test_want_repr_digest(ietf):
    answer = ietf.create(b"data", True, Want_Repr_Digest="sha-512=3, sha-256=9, md5=10")
    assert answer.fields["repr-digest"] == digest(b"data")
    assert "repr-digest" not in ietf.create(b"data", True, Want_Repr_Digest="md5=10").fields


# One upload, any address


def test_what_others_made_is_looked_at_or_cancelled_and_nothing_else(each):
    port = each.server.port
    made = [(5, WAYS[way](5)) for name, way in WHOLE.items() if name != "ietf"] + [(0, WAYS["tus"](5))]
    for offset, (method, path, fields, content) in made:
        location = ask(port, method, path, fields, content).location
        answer = each.head(location)
        assert answer.offset == offset
        answer = each.append(location, offset, b"more")
        assert (answer.status, answer.code) == (400, "other-dialect")
        assert each.offset(location) == offset
        assert each.ask("DELETE", location, each.fields()).status == 204
        assert each.head(location).status == 404


@pytest.mark.once
def test_expired_uploads_are_404(start):
    server = start("--expire-after", "1")
    ietf = Ietf(server)
    location = ietf.made(b"data")
    time.sleep(2)
    assert ietf.head(location).status == 404
    assert ietf.append(location, 4, b"x").status == 404


@pytest.mark.once
def test_the_time_left_runs_down_and_an_append_renews_it(start):
    ietf = Ietf(start("--expire-after", "3"))
    location = ietf.made(b"data")
    time.sleep(1.5)
    assert ietf.append(location, 4, b"more", False).status == 204
    time.sleep(2)
    answer = ietf.head(location)
    assert (answer.status, answer.offset) == (204, 8)
    limits = dict(member.split("=") for member in answer.fields["upload-limit"].split(", "))
    assert 0 < int(limits["max-age"]) <= 2
