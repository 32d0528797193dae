"""A system whose policy has a digest switched off, as FIPS has MD5: what it is good for is not offered, and ends nothing."""

import errno
import hashlib

import pytest

from sluice import Sluice
from wire import ask, b64

DATA = b"hello"
IETF = {"Upload-Draft-Interop-Version": "8", "Upload-Complete": "?1"}
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def strict(tmp_path, calls):
    server = Sluice(tmp_path)
    server.environment = calls.environment
    with calls.fail("EVP_MD_fetch", errno.EPERM, "MD5") as rule:
        server.start()
        yield server
        assert rule.struck > 0
    server.stop()
    print(server.log_tail())


@pytest.mark.parametrize("field", ["Content-Digest", "Repr-Digest"])
@pytest.mark.parametrize("fields", [{}, IETF], ids=["plain", "ietf"])
def test_a_digest_that_is_switched_off_is_as_one_that_nobody_knows(strict, field, fields):
    method, path = ("POST", "/files") if fields else ("PUT", "/files/a")
    # A wrong one: it is not compared, and nobody is told that it was.
    for value in (b64(hashlib.md5(DATA).digest()), b64(bytes(16))):
        answer = ask(strict.port, method, path, fields | {field: f"md5=:{value}:"}, DATA)
        assert answer.status in (200, 201), answer
    assert [file.read_bytes() for file in strict.finished_files()] == [DATA, DATA]
    # Beside it another one counts.
    both = f"md5=:{b64(bytes(16))}:, sha-256=:{b64(bytes(32))}:"
    assert ask(strict.port, method, path, fields | {field: both}, DATA).status == 400


def test_tus_does_not_offer_what_is_switched_off(strict):
    offered = ask(strict.port, "OPTIONS", "/files", TUS).fields["tus-checksum-algorithm"].split(",")
    assert "md5" not in offered and "sha256" in offered
    location = ask(strict.port, "POST", "/files", TUS | {"Upload-Length": "5"}, b"").location
    patch = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    promised = {"Upload-Checksum": f"md5 {b64(hashlib.md5(DATA).digest())}"}
    assert ask(strict.port, "PATCH", location, patch | promised, DATA).code == "checksum-algorithm"
    assert ask(strict.port, "PATCH", location, patch, DATA).status == 204
