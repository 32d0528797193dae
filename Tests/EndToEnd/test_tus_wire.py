"""tus 1.0.0 on the wire. The numbers in the names are those of Tests/TusDialectTests/REQUIREMENTS.md."""

import hashlib
import threading
import time
import zlib

import pytest

from conftest import MEBIBYTE
from dialects import TUS, WAYS, WHOLE
from waiting import eventually
from wire import Closed, Line, ask, b64, pattern

# What a dialect says, it says over both.
pytestmark = pytest.mark.usefixtures("protocol")

BYTES = {"Content-Type": "application/offset+octet-stream"}
FOLDER = "/files"


def crc32c(data: bytes) -> int:
    """Castagnoli's CRC, bit by bit: a second opinion need not be fast."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


DIGESTS = {
    "sha1": lambda data: hashlib.sha1(data).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
    "md5": lambda data: hashlib.md5(data).digest(),
    "crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "crc32c": lambda data: crc32c(data).to_bytes(4, "big"),
}


def checksum(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {b64(DIGESTS[algorithm](data))}"


class Tus:
    """A client that says one thing at a time."""

    def __init__(self, server):
        self.server = server

    def ask(self, method, target, fields=(), body=None):
        answer = ask(self.server.port, method, target, {**TUS, **dict(fields)}, body)
        assert answer.fields["tus-resumable"] == "1.0.0"
        return answer

    def create(self, length=None, body=None, **fields):
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        if length is not None:
            fields["Upload-Length"] = str(length)
        if body is not None:
            fields.update(BYTES)
        return self.ask("POST", FOLDER, fields, body if body is not None else b"")

    def made(self, length=None, body=None, **fields) -> str:
        answer = self.create(length, body, **fields)
        assert answer.status == 201, answer
        return answer.location

    def patch(self, location, offset, body, **fields):
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        return self.ask("PATCH", location, {**BYTES, "Upload-Offset": str(offset), **fields}, body)

    def head(self, location):
        return self.ask("HEAD", location)

    def offset(self, location) -> int:
        answer = self.head(location)
        assert answer.status == 200
        return answer.offset

    def begin(self, location, offset, length, body=b"", **fields) -> Line:
        """A PATCH that has sent its head and some of its body."""
        line = Line(self.server.port)
        line.head("PATCH", location, {**TUS, **BYTES, "Upload-Offset": str(offset), **fields}, length)
        line.send(body)
        return line


@pytest.fixture
def tus(shared):
    return Tus(shared)


def wait_stored(path, size):
    """Waits until the server has taken so many bytes off the network: what only a look at its disk can tell."""
    eventually(lambda: path.exists() and path.stat().st_size >= size, "the bytes")


def data_file(server, location):
    return server.data / "uploads" / location.rpartition("/")[2]


# Core


@pytest.mark.http1
def test_02_refusals_of_the_store_and_the_framing_carry_the_version(tus):
    location = tus.made(10)
    with Line(tus.server.port) as line:
        line.head("PATCH", location, {**TUS, **BYTES, "Upload-Offset": "0", "Transfer-Encoding": "chunked"})
        line.send(b"5\r\nhello\r\nno number\r\n")
        answer = line.answer()
        assert answer.status == 400
        assert answer.fields["tus-resumable"] == "1.0.0"
    assert tus.offset(location) in (0, 5)


def test_03_another_version_is_412_and_changes_nothing(tus):
    location = tus.made(10)
    for version in ({"Tus-Resumable": "0.2.2"}, {"Tus-Resumable": "2.0.0"}, {}):
        answer = ask(tus.server.port, "PATCH", location, {**version, **BYTES, "Upload-Offset": "0"}, b"hello")
        assert (answer.status, answer.fields["tus-version"]) == (412, "1.0.0")
        assert answer.fields["tus-resumable"] == "1.0.0"
    assert tus.offset(location) == 0


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_03_whoever_only_looks_needs_no_version(tus, method):
    location = tus.made(10, pattern(4))
    answer = ask(tus.server.port, method, location)
    assert (answer.status, answer.offset, answer.fields["upload-length"]) == (204, 4, "10")


@pytest.mark.parametrize("target", ["/", "/files", "/files/", "/files/0123", "/upload", "*"])
def test_04_05_06_08_38_options_tells_all_and_ignores_the_version(tus, target):
    for version in ({}, {"Tus-Resumable": "7.0.0"}):
        answer = ask(tus.server.port, "OPTIONS", target, version)
        assert answer.status == 204
        assert answer.fields["tus-version"] == "1.0.0"
        assert int(answer.fields["tus-max-size"]) == 1 << 40
        assert set(answer.fields["tus-extension"].split(",")) == {
            "creation", "creation-with-upload", "creation-defer-length", "expiration", "checksum", "checksum-trailer",
            "termination", "concatenation", "concatenation-unfinished",
        }
        assert set(answer.fields["tus-checksum-algorithm"].split(",")) == set(DIGESTS)


def test_07_java_client_patches_by_post(tus):
    """POST with the override, Expect: 100-continue, chunked."""
    data = pattern(100_000)
    location = tus.made(len(data))
    with Line(tus.server.port) as line:
        line.head(
            "POST", location,
            {**TUS, **BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH", "Expect": "100-continue",
             "Transfer-Encoding": "chunked"})
        assert line.message().status == 100
        for start in range(0, len(data), 9000):
            line.chunk(data[start : start + 9000])
        line.last_chunk()
        answer = line.answer()
    assert (answer.status, answer.offset) == (204, len(data))
    assert tus.server.finished(location).read_bytes() == data


def test_07_head_and_delete_by_post(tus):
    location = tus.made(10, pattern(3))
    answer = tus.ask("POST", location, {"X-HTTP-Method-Override": "HEAD"}, b"")
    assert (answer.status, answer.offset) == (200, 3)
    assert tus.ask("POST", location, {"X-HTTP-Method-Override": "DELETE"}, b"").status == 204
    assert tus.head(location).status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "POST", "FOO"])
def test_07_the_override_counts_whatever_the_method(tus, method):
    location = tus.made(10)
    answer = tus.ask(method, location, {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"} | BYTES, b"abc")
    assert (answer.status, answer.offset) == (204, 3)
    assert tus.ask(method, location, {"X-HTTP-Method-Override": "DELETE"}, b"").status == 204
    assert tus.head(location).status == 404


def test_09_10_11_head_of_empty_partial_and_complete(tus):
    location = tus.made(6)
    for done, piece in ((0, b"abc"), (3, b"def"), (6, None)):
        answer = tus.head(location)
        assert (answer.status, answer.offset, answer.fields["upload-length"]) == (200, done, "6")
        assert answer.fields["cache-control"] == "no-store"
        if piece:
            assert tus.patch(location, done, piece).offset == done + 3


@pytest.mark.parametrize("name", ["0" * 32, "f" * 32, "x", "..%2F..%2Fetc%2Fpasswd", "a" * 4000])
def test_12_17_42_unknown_uploads_are_404_without_offset(tus, name):
    for method in ("HEAD", "PATCH", "DELETE"):
        fields = {**BYTES, "Upload-Offset": "0"} if method == "PATCH" else {}
        answer = tus.ask(method, f"/files/{name}", fields, b"x" if fields else None)
        assert answer.status == 404
        assert "upload-offset" not in answer.fields


def test_13_16_pieces_of_all_sizes_make_the_file(tus):
    data = pattern(3 * MEBIBYTE + 17)
    location = tus.made(len(data))
    done = 0
    for size in (1, 4095, 1, 4096, 100_000, MEBIBYTE, 3, 0, len(data)):
        piece = data[done : done + size]
        answer = tus.patch(location, done, piece)
        done += len(piece)
        assert (answer.status, answer.offset) == (204, done)
        assert tus.offset(location) == done
    assert tus.server.finished(location).read_bytes() == data


def test_14_another_media_type_is_415_and_changes_nothing(tus):
    location = tus.made(10)
    for fields in ({"Content-Type": "application/octet-stream"}, {}, {"Content-Type": ""}):
        answer = tus.ask("PATCH", location, {"Upload-Offset": "0", **fields}, b"hello")
        assert answer.status == 415
    assert tus.offset(location) == 0


def test_15_wrong_offset_is_409_with_the_right_one_and_changes_nothing(tus):
    data = pattern(2000)
    location = tus.made(2000, data[:1000])
    for offset in (0, 1, 999, 1001, 2000, 10**15):
        answer = tus.patch(location, offset, b"z" * 500)
        assert (answer.status, answer.offset) == (409, 1000)
    assert tus.patch(location, 1000, data[1000:]).status == 204
    for offset in (0, 1000, 1999, 2001):
        assert tus.patch(location, offset, b"z").status == 409
    assert tus.patch(location, 2000, b"").status == 204
    assert tus.server.finished(location).read_bytes() == data


@pytest.mark.parametrize("offset", ["", "-1", "+1", "0 0", "0x0", "1.0", "9" * 19, "9" * 40, "0, 0", "?"])
def test_15_an_offset_that_is_none_is_400(tus, offset):
    location = tus.made(10)
    assert tus.ask("PATCH", location, {**BYTES, "Upload-Offset": offset}, b"x").status == 400
    assert tus.offset(location) == 0


def test_16_a_body_past_the_length_is_413_and_what_fits_is_kept(tus):
    location = tus.made(10, pattern(4))
    answer = tus.patch(location, 4, b"z" * 7)
    assert (answer.status, answer.offset) == (413, 4)
    with tus.begin(location, 4, None, **{"Transfer-Encoding": "chunked"}) as line:
        line.chunk(pattern(10)[4:])
        line.chunk(b"z")
        line.last_chunk()
        answer = line.answer()
        assert (answer.status, answer.offset) == (413, 10)
    assert tus.offset(location) == 10
    assert tus.server.finished(location).read_bytes() == pattern(10)


def test_18_a_body_that_stops_coming_ends_the_connection_and_is_kept(start):
    tus = Tus(start("--body-timeout", "1"))
    location = tus.made(100)
    with tus.begin(location, 0, 100, pattern(60)) as line:
        answer = line.answer()
        assert (answer.status, answer.offset) == (503, 60)
        # Of HTTP/2 it is the stream that ends.
        assert answer.fields.get("connection") in ("close", None)
        assert answer.fields["tus-resumable"] == "1.0.0"
        assert line.is_closed()
    assert tus.offset(location) == 60


@pytest.mark.parametrize("how", ["reset", "close"])
@pytest.mark.parametrize("size", [1, 4095, 70_000, 3 * MEBIBYTE + 5])
def test_19_an_interrupted_patch_leaves_its_prefix(tus, how, size):
    data = pattern(4 * MEBIBYTE)
    location = tus.made(len(data))
    line = tus.begin(location, 0, len(data), data[:size])
    # What a reset finds in the sockets is lost, and that is not the server's to keep.
    wait_stored(data_file(tus.server, location), 1)
    getattr(line, how)()
    offset = tus.offset(location)
    assert 0 < offset <= size
    assert tus.patch(location, offset, data[offset:]).status == 204
    assert tus.server.finished(location).read_bytes() == data


def test_19_what_was_told_survives_a_kill(start):
    server = start()
    tus = Tus(server)
    data = pattern(5 * MEBIBYTE)
    location = tus.made(len(data))
    assert tus.patch(location, 0, data[: MEBIBYTE + 3]).offset == MEBIBYTE + 3
    line = tus.begin(location, MEBIBYTE + 3, len(data) - MEBIBYTE - 3, data[MEBIBYTE + 3 : 4 * MEBIBYTE])
    told = tus.offset(location)
    server.restart_after_kill()
    line.close()
    assert tus.offset(location) == told >= MEBIBYTE + 3
    assert tus.patch(location, told, data[told:]).status == 204
    assert server.finished(location).read_bytes() == data


# Creation


@pytest.mark.parametrize(
    "fields",
    [{}, {"Upload-Length": "5", "Upload-Defer-Length": "1"}, {"Upload-Defer-Length": "0"},
     {"Upload-Defer-Length": "2"}, {"Upload-Length": "-5"}, {"Upload-Length": "5x"}, {"Upload-Length": "9" * 30}],
)
def test_21_a_creation_takes_a_length_or_its_deferral(tus, fields):
    answer = tus.ask("POST", FOLDER, fields, b"")
    assert answer.status in (400, 413) and "location" not in answer.fields


def test_22_a_file_of_no_bytes_is_complete_at_once(tus):
    location = tus.made(0, Upload_Metadata=f"filename {b64('empty.txt')}")
    assert tus.server.finished(location).name == "empty.txt"
    assert tus.server.finished(location).read_bytes() == b""
    assert tus.head(location).fields["upload-length"] == "0"
    assert tus.offset(location) == 0
    assert tus.patch(location, 0, b"").status == 204


def test_23_the_address_is_relative_and_works_on_any_host(tus):
    for target in ("/files", "/files/"):
        answer = tus.ask("POST", target, {"Upload-Length": "3", "Host": "other.example:99"}, b"")
        assert answer.status == 201
        assert answer.location.startswith("/files/")
        assert tus.offset(answer.location) == 0


def test_24_a_length_above_the_bound_is_413(start):
    tus = Tus(start("--max-size", "1K"))
    assert tus.create(1024).status == 201
    assert tus.create(1025).status == 413
    location = tus.made(Upload_Defer_Length="1")
    assert tus.patch(location, 0, b"z" * 1025).status == 413
    with tus.begin(location, 0, None, **{"Transfer-Encoding": "chunked"}) as line:
        line.chunk(b"z" * 1025)
        line.last_chunk()
        assert line.answer().status == 413
    assert tus.offset(location) == 1024


@pytest.mark.parametrize(
    "metadata",
    ["filename d29ybGQ=", "filename d29ybGQ=,is_confidential", "a ,b", "a YQ==, b Yg==",
     "k" * 100 + " " + b64(b"v" * 3000)],
)
def test_25_metadata_comes_back_as_it_came(tus, metadata):
    assert tus.head(tus.made(10, Upload_Metadata=metadata)).fields["upload-metadata"] == metadata


BAD_METADATA = ["a YQ==,a Yg==", "a Y", "a Y Q==", ",", "a YQ==,", "\u00e4 YQ==", "a \x01"]


@pytest.mark.parametrize("metadata", BAD_METADATA)
def test_25_bad_metadata_is_400(tus, metadata, protocol):
    with Line(tus.server.port) as line:
        if "\x01" in metadata and protocol == "HTTP/2":
            # No field of HTTP/2 at all: the stream is reset.
            with pytest.raises(Closed):
                line.request("POST", FOLDER, {**TUS, "Upload-Length": "1", "Upload-Metadata": metadata})
            return
        assert line.request("POST", FOLDER, {**TUS, "Upload-Length": "1", "Upload-Metadata": metadata}).status == 400


HOSTILE_NAMES = [
    "../../../etc/passwd", "..", ".", "/etc/passwd", "a/b\\c", "x\r\nSet-Cookie: a=b", "nul\x00byte", "\u202egpj.exe",
    "con", "-rf", "~", "." * 300, "\u00e4\u00f6\u00fc \u732b.png", "a" * 5000, " ", "\t", "file\x1b[31m", "%2e%2e%2f",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_26_hostile_names_become_harmless_ones(tus, name):
    metadata = f"filename {b64(name)}"
    location = tus.made(4, b"data", Upload_Metadata=metadata)
    stored = tus.server.finished(location)
    assert stored.read_bytes() == b"data"
    assert stored.parent.parent == tus.server.data / "complete"
    assert stored.name not in (".", "..") and "/" not in stored.name and stored.name.isprintable()
    assert len(stored.name.encode()) <= 255
    assert tus.head(location).fields["upload-metadata"] == metadata
    answer = ask(tus.server.port, "GET", location)
    assert answer.status == 200 and answer.body == b"data"
    assert "set-cookie" not in answer.fields


def test_26_a_hostile_type_does_not_reach_a_browser(tus):
    for kind in ("text/html", "text/html\r\nX: y", "image/svg+xml"):
        location = tus.made(4, b"data", Upload_Metadata=f"filename {b64('a.html')},filetype {b64(kind)}")
        answer = ask(tus.server.port, "GET", location)
        assert answer.fields["x-content-type-options"] == "nosniff"
        assert answer.fields["content-disposition"].startswith("attachment")
        assert "x" not in answer.fields


# Deferred length


def test_28_29_bytes_first_length_later(tus):
    data = pattern(300)
    location = tus.made(Upload_Defer_Length="1")
    for done in (0, 100, 200):
        answer = tus.head(location)
        assert (answer.offset, answer.fields["upload-defer-length"]) == (done, "1")
        assert "upload-length" not in answer.fields
        assert tus.patch(location, done, data[done : done + 100]).offset == done + 100
    assert tus.patch(location, 300, b"", Upload_Length="299").status == 400
    answer = tus.patch(location, 300, b"", Upload_Length="300")
    assert (answer.status, answer.offset) == (204, 300)
    answer = tus.head(location)
    assert answer.fields["upload-length"] == "300" and "upload-defer-length" not in answer.fields
    assert tus.server.finished(location).read_bytes() == data


def test_29_a_length_never_changes(tus):
    location = tus.made(Upload_Defer_Length="1")
    assert tus.patch(location, 0, b"hello", Upload_Length="10").status == 204
    for length in ("9", "11"):
        assert tus.patch(location, 5, b"w", Upload_Length=length).status == 400
    assert tus.head(location).fields["upload-length"] == "10"
    assert tus.patch(location, 5, b"world", Upload_Length="10").status == 204
    assert tus.server.finished(location).read_bytes() == b"helloworld"


def test_29_a_deferred_length_survives_a_kill(start):
    server = start()
    tus = Tus(server)
    location = tus.made(Upload_Defer_Length="1")
    assert tus.patch(location, 0, b"hello").status == 204
    server.restart_after_kill()
    assert tus.head(location).fields["upload-defer-length"] == "1"
    assert tus.patch(location, 5, b"", Upload_Length="7").status == 204
    server.restart_after_kill()
    answer = tus.head(location)
    assert (answer.offset, answer.fields["upload-length"]) == (5, "7")


# Creation with upload


def test_31_32_a_creation_brings_bytes(tus):
    data = pattern(200_000)
    answer = tus.create(len(data), data)
    assert (answer.status, answer.offset) == (201, len(data))
    assert tus.server.finished(answer.location).read_bytes() == data
    answer = tus.create(len(data), data[:7])
    assert (answer.status, answer.offset) == (201, 7)
    answer = tus.create(None, data[:9], Upload_Defer_Length="1")
    assert (answer.status, answer.offset) == (201, 9)
    assert tus.create(5, b"123456").status == 413
    assert tus.ask("POST", FOLDER, {"Upload-Length": "5", "Content-Type": "text/plain"}, b"12345").status == 415


def test_31_a_chunked_creation(tus):
    data = pattern(50_000)
    with Line(tus.server.port) as line:
        line.head(
            "POST", FOLDER, {**TUS, **BYTES, "Upload-Length": str(len(data)), "Transfer-Encoding": "chunked"})
        line.chunk(data)
        line.last_chunk()
        answer = line.answer()
    assert (answer.status, answer.offset) == (201, len(data))
    assert tus.server.finished(answer.location).read_bytes() == data


def test_33_refusals_come_before_the_100(tus):
    location = tus.made(10)
    refused = [
        ("PATCH", location, {**BYTES, "Upload-Offset": "5"}, 409),
        ("PATCH", location, {"Upload-Offset": "0"}, 415),
        ("PATCH", location, {**BYTES, "Upload-Offset": "0", "Upload-Checksum": "sha3 AAAA"}, 400),
        ("PATCH", "/files/" + "0" * 32, {**BYTES, "Upload-Offset": "0"}, 404),
        ("POST", FOLDER, {**BYTES, "Upload-Length": str(1 << 41)}, 413),
    ]
    for method, target, fields, status in refused:
        with Line(tus.server.port) as line:
            line.head(method, target, {**TUS, **fields, "Expect": "100-continue"}, 5)
            answer = line.answer()
            assert (answer.status, answer.interim) == (status, [])
    with Line(tus.server.port) as line:
        line.head("PATCH", location, {**TUS, **BYTES, "Upload-Offset": "0", "Expect": "100-continue"}, 10)
        assert line.message().status == 100
        line.send(pattern(10))
        assert line.answer().status == 204


# Expiration


@pytest.mark.once
def test_34_35_expiry_is_told_and_moves(start):
    tus = Tus(start("--expire-after", "100"))
    created = tus.create(100)
    first = seconds(created.fields["upload-expires"])
    assert abs(first - time.time() - 100) < 10
    time.sleep(1.1)
    answer = tus.patch(created.location, 0, b"x")
    assert seconds(answer.fields["upload-expires"]) > first
    assert tus.head(created.location).fields["upload-expires"] == answer.fields["upload-expires"]


def test_34_35_without_expiry_nothing_is_said_of_it(start):
    tus = Tus(start("--expire-after", "0"))
    created = tus.create(100)
    assert "upload-expires" not in created.fields
    assert "upload-expires" not in tus.patch(created.location, 0, b"x").fields
    assert "expiration" not in ask(tus.server.port, "OPTIONS", FOLDER).fields["tus-extension"]


@pytest.mark.once
def test_36_an_upload_past_its_time_is_410(start):
    tus = Tus(start("--expire-after", "1"))
    location = tus.made(100, pattern(10))
    finished = tus.made(10, pattern(10))
    time.sleep(2)
    for answer in (tus.head(location), tus.patch(location, 10, b"x"), tus.ask("DELETE", location)):
        assert answer.status == 410
        assert "upload-offset" not in answer.fields
    assert tus.offset(finished) == 10


def seconds(date: str) -> float:
    return time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone


# Checksum


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_39_40_checksums_in_the_head(tus, algorithm):
    data = pattern(20_001)
    location = tus.made(len(data))
    half = 10_000
    assert tus.patch(location, 0, data[:half], Upload_Checksum=checksum(algorithm, data[:half])).status == 204
    answer = tus.patch(location, half, data[half:], Upload_Checksum=checksum(algorithm, data[:half]))
    assert (answer.status, answer.offset) == (460, half)
    # HTTP/2 has no reason phrase.
    assert answer.reason in ("Checksum Mismatch", "")
    assert tus.offset(location) == half
    assert data_file(tus.server, location).read_bytes()[:half] == data[:half]
    assert tus.patch(location, half, data[half:], Upload_Checksum=checksum(algorithm, data[half:])).status == 204
    assert tus.server.finished(location).read_bytes() == data


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_41_checksums_in_the_trailer(tus, algorithm):
    data = pattern(20_001)
    location = tus.made(len(data))
    # Wrong, of an unknown algorithm, missing, and at last right.
    for trailer, status in (
        ({"Upload-Checksum": checksum(algorithm, data[1:])}, 460), ({"Upload-Checksum": "sha3 AAAA"}, 400),
        ({}, 400), ({"Upload-Checksum": checksum(algorithm, data)}, 204),
    ):
        fields = {"Transfer-Encoding": "chunked", "Trailer": "Upload-Checksum"}
        with tus.begin(location, 0, None, **fields) as line:
            for start in range(0, len(data), 1000):
                line.chunk(data[start : start + 1000])
            line.last_chunk(trailer)
            answer = line.answer()
            assert (answer.status, answer.fields["tus-resumable"]) == (status, "1.0.0")
        assert tus.offset(location) == (len(data) if status == 204 else 0)
    assert tus.server.finished(location).read_bytes() == data


def test_39_malformed_checksums_are_400_and_change_nothing(tus):
    location = tus.made(10)
    for value in ("sha1", "sha1 ", "sha1 !!!!", "sha1 AAAA", "SHA1 " + b64(bytes(20)), "sha3 AAAA", "", "sha1  AAAA"):
        assert tus.patch(location, 0, b"hello", Upload_Checksum=value).status == 400
    assert tus.offset(location) == 0


def test_40_large_checked_bodies_are_dropped_whole(tus):
    """Larger than every buffer, so that bytes are on the disk before the checksum is known."""
    data = pattern(24 * MEBIBYTE)
    location = tus.made(len(data) + 3, b"abc")
    assert tus.patch(location, 3, data, Upload_Checksum=checksum("sha1", b"")).status == 460
    assert tus.offset(location) == 3
    assert tus.patch(location, 3, data, Upload_Checksum=checksum("sha1", data)).status == 204
    assert tus.server.finished(location).read_bytes() == b"abc" + data


def test_40_a_checked_body_cut_in_the_middle_is_dropped(start):
    server = start()
    tus = Tus(server)
    data = pattern(12 * MEBIBYTE)
    location = tus.made(len(data), data[:5])
    promise = {"Upload-Checksum": checksum("sha1", data[5:])}
    line = tus.begin(location, 5, len(data) - 5, data[5 : 9 * MEBIBYTE], **promise)
    line.reset()
    assert tus.offset(location) == 5
    server.restart_after_kill()
    assert tus.offset(location) == 5
    assert tus.patch(location, 5, data[5:]).status == 204
    assert server.finished(location).read_bytes() == data


def test_40_a_mismatch_on_creation_leaves_an_empty_upload(tus):
    answer = tus.create(5, b"hello", Upload_Checksum=checksum("sha1", b"HELLO"))
    assert (answer.status, answer.offset) == (460, 0)
    assert tus.offset(answer.location) == 0
    assert tus.patch(answer.location, 0, b"hello").status == 204


# Termination


@pytest.mark.parametrize("size", [0, 5, 10])
def test_42_termination_frees_the_bytes(tus, size):
    location = tus.made(10, pattern(size) if size else None)
    assert tus.ask("DELETE", location).status == 204
    assert not data_file(tus.server, location).exists()
    assert not (tus.server.data / "complete" / location.rpartition("/")[2]).exists()
    for method, fields, body in (("HEAD", {}, None), ("DELETE", {}, None),
                                 ("PATCH", {**BYTES, "Upload-Offset": str(size)}, b"x")):
        assert tus.ask(method, location, fields, body).status in (404, 410)
    assert ask(tus.server.port, "GET", location).status == 404


def test_42_termination_of_an_append_in_flight(tus):
    location = tus.made(1000)
    with tus.begin(location, 0, 1000, pattern(500)) as line:
        wait_stored(data_file(tus.server, location), 1)
        started = time.monotonic()
        assert tus.ask("DELETE", location).status == 204
        assert time.monotonic() - started < 2
        try:
            assert line.answer().status in (404, 409, 410)
        except Closed:
            pass
    assert tus.head(location).status in (404, 410)
    assert not data_file(tus.server, location).exists()


# Concatenation


def part(tus, data, sent=None):
    return tus.made(len(data), data[:sent] if sent is not None else data, Upload_Concat="partial")


def final(tus, locations, **fields):
    return tus.create(Upload_Concat="final;" + " ".join(locations), **fields)


def test_44_45_50_parts_make_the_file_in_the_order_of_the_list(tus):
    pieces = [pattern(size, seed) for seed, size in enumerate((MEBIBYTE + 1, 1, 70_000))]
    locations = [part(tus, piece) for piece in pieces]
    for location in locations:
        assert not (tus.server.data / "complete" / location.rpartition("/")[2]).exists()
        answer = tus.head(location)
        assert answer.fields["upload-concat"] == "partial" and answer.offset == int(answer.fields["upload-length"])
    wanted = [2, 0, 1]
    answer = final(tus, [locations[index] for index in wanted], Upload_Metadata=f"filename {b64('whole.bin')}")
    assert answer.status == 201
    whole = b"".join(pieces[index] for index in wanted)
    assert tus.server.finished(answer.location).read_bytes() == whole
    assert tus.server.finished(answer.location).name == "whole.bin"
    told = tus.head(answer.location)
    assert told.offset == int(told.fields["upload-length"]) == len(whole)
    assert told.fields["upload-concat"] == "final;" + " ".join(locations[index] for index in wanted)


def test_45_parts_are_named_by_relative_and_absolute_urls(tus):
    one, two = part(tus, b"one"), part(tus, b"two")
    answer = final(tus, [f"https://upload.example{one}", two])
    assert answer.status == 201
    assert tus.server.finished(answer.location).read_bytes() == b"onetwo"


def test_45_a_final_upload_brings_nothing_itself(tus):
    one = part(tus, b"one")
    assert final(tus, [one], Upload_Length="3").status == 400
    assert tus.create(None, b"x", Upload_Concat=f"final;{one}").status == 400
    for value in ("final", "final;", "final; ", "partial;x", "Final;" + one, "half", "final;/files/nothing"):
        assert tus.create(3 if value == "half" else None, Upload_Concat=value).status == 400, value


def test_46_unfinished_parts_are_waited_for(tus):
    pieces = [b"hello ", b"wide ", b"world"]
    locations = [part(tus, piece, 2) for piece in pieces]
    answer = final(tus, locations)
    assert answer.status == 201
    told = tus.head(answer.location)
    assert (told.status, told.fields["upload-length"]) == (200, "16")
    assert "upload-offset" not in told.fields
    for location, piece in zip(reversed(locations), reversed(pieces)):
        assert tus.patch(location, 2, piece[2:]).status == 204
    told = tus.head(answer.location)
    assert (told.offset, told.fields["upload-length"]) == (16, "16")
    assert tus.server.finished(answer.location).read_bytes() == b"".join(pieces)


def test_46_52_a_length_known_later(tus):
    location = tus.made(Upload_Concat="partial", Upload_Defer_Length="1")
    answer = final(tus, [location])
    assert answer.status == 201
    assert "upload-length" not in tus.head(answer.location).fields
    assert tus.patch(location, 0, b"abc", Upload_Length="4").status == 204
    assert tus.head(answer.location).fields["upload-length"] == "4"
    assert tus.patch(location, 3, b"d").status == 204
    assert tus.offset(answer.location) == 4


def test_47_metadata_of_parts_stays_with_them(tus):
    location = tus.made(3, b"one", Upload_Concat="partial", Upload_Metadata="a YQ==")
    answer = final(tus, [location])
    assert "upload-metadata" not in tus.head(answer.location).fields
    assert tus.head(location).fields["upload-metadata"] == "a YQ=="


def test_48_the_same_part_comes_twice_and_in_two_lists(tus):
    one, two = part(tus, b"one"), part(tus, b"two")
    first = final(tus, [one, one, two])
    second = final(tus, [two, one])
    assert tus.server.finished(first.location).read_bytes() == b"oneonetwo"
    assert tus.server.finished(second.location).read_bytes() == b"twoone"
    assert tus.offset(one) == 3


def test_48_the_same_request_again_names_the_same_upload(tus):
    one, two = part(tus, b"one"), part(tus, b"two")
    first, again = final(tus, [one, two]), final(tus, [one, two])
    assert (first.status, again.status) == (201, 201)
    assert first.location == again.location
    assert tus.server.finished(again.location).read_bytes() == b"onetwo"


def test_49_a_final_upload_takes_no_bytes(tus):
    one, waiting = part(tus, b"one"), part(tus, b"two", 1)
    for location in (final(tus, [one]).location, final(tus, [one, waiting]).location):
        for offset in (0, 3):
            assert tus.patch(location, offset, b"x").status == 403
    assert tus.offset(one) == 3 and tus.offset(waiting) == 1


def test_concatenation_over_a_kill(start):
    server = start()
    tus = Tus(server)
    pieces = [pattern(2 * MEBIBYTE + seed, seed) for seed in range(3)]
    locations = [part(tus, piece, MEBIBYTE) for piece in pieces]
    answer = final(tus, locations)
    server.restart_after_kill()
    for location, piece in zip(locations, pieces):
        assert tus.offset(location) == MEBIBYTE
        assert tus.patch(location, MEBIBYTE, piece[MEBIBYTE:]).status == 204
    server.restart_after_kill()
    again = final(tus, locations)
    assert (again.status, again.location) == (201, answer.location)
    assert tus.offset(answer.location) == sum(map(len, pieces))
    server.restart_after_kill()
    assert tus.offset(answer.location) == sum(map(len, pieces))
    assert server.finished(answer.location).read_bytes() == b"".join(pieces)


# One writer, the newest wins


@pytest.mark.parametrize("newer", ["HEAD", "PATCH"])
def test_a_dead_connection_holds_nothing_up(tus, newer):
    data = pattern(3 * MEBIBYTE)
    location = tus.made(len(data))
    with tus.begin(location, 0, len(data), data[: 2 * MEBIBYTE]) as dead:
        wait_stored(data_file(tus.server, location), 1)
        started = time.monotonic()
        if newer == "HEAD":
            offset = tus.offset(location)
        else:
            answer = tus.patch(location, 1, b"z")
            assert answer.status == 409
            offset = answer.offset
        assert time.monotonic() - started < 2
        assert 0 < offset <= 2 * MEBIBYTE
        # The older one is ended; what it still sends counts for nothing.
        try:
            dead.send(data[2 * MEBIBYTE :])
            assert dead.answer().status == 409
        except (Closed, ConnectionError):
            pass
    assert tus.patch(location, offset, data[offset:]).status == 204
    assert tus.server.finished(location).read_bytes() == data


def test_many_at_once_and_every_offset_told_is_true(tus):
    data = pattern(256 * 1024)
    location = tus.made(len(data))
    faults = []

    def client(seed):
        try:
            while True:
                offset = tus.offset(location)
                if offset == len(data):
                    return
                answer = tus.patch(location, offset, data[offset : offset + 30_000 + seed])
                assert answer.status in (204, 409)
                # Whether it was refused, ended by a newer one or overtaken in the queue: it is told where to go on.
                assert answer.offset <= len(data)
        except Exception as fault:  # noqa: BLE001 - told to the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == [] or all(isinstance(fault, Closed) for fault in faults)
    offset = tus.offset(location)
    if offset < len(data):
        assert tus.patch(location, offset, data[offset:]).status == 204
    assert tus.server.finished(location).read_bytes() == data


# One upload, any address


def test_what_others_made_tus_can_look_at_and_delete_and_nothing_else(tus):
    port = tus.server.port
    made = [(5, WAYS[way](5)) for name, way in WHOLE.items() if name != "tus"] + [(1, WAYS["ietf length"](9))]
    for offset, (method, path, fields, content) in made:
        location = ask(port, method, path, fields, content).location
        assert tus.offset(location) == offset
        answer = tus.patch(location, offset, b"more")
        assert (answer.status, answer.code) == (403, "wrong-dialect")
        assert tus.offset(location) == offset
        assert tus.ask("DELETE", location).status == 204
        assert tus.head(location).status == 404


def test_what_tus_made_others_see(tus):
    port = tus.server.port
    location = tus.made(9, b"tus")
    for version in ({}, {"Upload-Draft-Interop-Version": "6"}):
        answer = ask(port, "HEAD", location, version)
        assert (answer.status, answer.offset, answer.fields["upload-complete"]) == (204, 3, "?0")
    fields = {"Content-Type": "application/partial-upload", "Upload-Offset": "3", "Upload-Complete": "?1"}
    answer = ask(port, "PATCH", location, fields, b"ietf!!")
    assert (answer.status, answer.code) == (400, "other-dialect")
    assert tus.offset(location) == 3
    tus.patch(location, 3, b"finish")
    assert ask(port, "GET", location).body == b"tusfinish"
    assert ask(port, "DELETE", location).status == 204
    assert ask(port, "GET", location).status == 404


@pytest.mark.parametrize("length", [10, 0], ids=["a file", "an empty one"])
def test_a_patch_to_a_whole_upload_is_asked_for_its_body_and_answered_at_its_end(tus, length):
    location = tus.made(length, pattern(length) if length else None)
    # As a client does that sends every body in chunks, and may not be answered before the body is asked for.
    fields = {"Transfer-Encoding": "chunked", "Expect": "100-continue", "X-HTTP-Method-Override": "PATCH"}
    for extra in (b"", b"x"):
        with Line(tus.server.port) as line:
            line.head("POST", location, {**TUS, **BYTES, "Upload-Offset": str(length), **fields}, None)
            assert line.message().status == 100
            if extra:
                line.chunk(extra)
            line.last_chunk()
            answer = line.answer()
            assert (answer.status, answer.offset) == ((413, length) if extra else (204, length))


def test_what_a_creation_brought_is_forgotten_when_it_is_cut(start):
    server = start()
    folder = server.data / "uploads"
    with Line(server.port) as line:
        line.head("POST", FOLDER, {**TUS, **BYTES, "Upload-Length": "1000000"}, 1000000)
        line.send(pattern(300000))
        eventually(lambda: list(folder.iterdir()))
    eventually(lambda: not list(folder.iterdir()))
