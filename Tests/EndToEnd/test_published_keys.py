"""Keys that somebody publishes: read at the start, again when they change, and never lost to a publisher in trouble."""

import json
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from authlib.jose import JsonWebKey
from authlib.jose import jwt as authlib_jwt

from application import Application, Mute, Said
from sluice import Sluice
from tokens import bearer, tokens_file
from waiting import eventually
from wire import Line, ask


class Publisher(Application):
    """Publishes the public keys of its names."""

    def __init__(self, *names: str, **options):
        self.keys = {name: JsonWebKey.generate_key("EC", "P-256", {"kid": name}, is_private=True)
                     for name in ("k1", "k2", "k3")}
        self.names = names
        super().__init__(lambda _: self.said(), **options)

    def said(self) -> Said:
        keys = [self.keys[name].as_dict(is_private=False) for name in self.names]
        return Said(200, [("Content-Type", "application/json")], json.dumps({"keys": keys}).encode())

    def token(self, name: str, kid: str | None = None) -> dict[str, str]:
        head = {"alg": "ES256", "kid": kid or name}
        claims = {"sub": "alice", "exp": int(time.time()) + 600}
        return bearer(authlib_jwt.encode(head, claims, self.keys[name]).decode())


@pytest.fixture
def publisher():
    with Publisher("k1") as publisher:
        yield publisher


@pytest.fixture
def reading(start):
    """Starts a server that reads a publisher's keys: reading(publisher, *further options)."""
    return lambda publisher, *options: start("--jwt-jwks", publisher.url, *options)


def put(server, fields):
    answer = ask(server.port, "PUT", "/files/a", fields, b"x")
    return answer.status if answer.status == 201 else (answer.status, answer.code)


def hang_up(server):
    os.kill(server.pid, signal.SIGHUP)


def told(server, text: str) -> bool:
    return any(text in json.loads(line)["message"] for line in server.log.read_text().splitlines())


def test_keys_are_read_at_the_start_and_again_for_a_key_that_is_not_known(publisher, reading):
    server = reading(publisher)
    assert put(server, publisher.token("k1")) == 201
    known = publisher.token("k1")
    assert put(server, known) == 201 and len(publisher.questions) == 1
    # A rotation. Within ten seconds of the last reading nobody asks again; then one token is enough.
    publisher.names = ["k2"]
    eventually(lambda: put(server, publisher.token("k2")) == 201)
    assert len(publisher.questions) == 2
    # What was taken back counts for nothing, though it was believed a moment ago.
    assert put(server, known) == (401, "bad-token")


def test_strangers_do_not_have_keys_read(publisher, reading):
    server = reading(publisher)
    assert put(server, publisher.token("k1")) == 201
    start = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(lambda number: put(server, publisher.token("k2", f"kid-{number}")), range(300)))
    assert answers == {(401, "bad-token")}
    assert len(publisher.questions) <= 2 + (time.monotonic() - start) / 10


def test_a_reload_reads_them_again_and_goes_on_with_the_old_ones_meanwhile(publisher, reading, tmp_path):
    server = reading(publisher)
    assert put(server, publisher.token("k1")) == 201
    hold = threading.Event()
    publisher.names = ["k1", "k2"]
    normal = publisher.answers

    def held(question):
        hold.wait(30)
        return normal(question)
    publisher.answers = held
    hang_up(server)
    eventually(lambda: len(publisher.questions) == 2)
    assert put(server, publisher.token("k1")) == 201
    hold.set()
    eventually(lambda: put(server, publisher.token("k2")) == 201)
    assert put(server, publisher.token("k1")) == 201


@pytest.mark.parametrize("said", [
    Said(500), Said(404), Said(204), Said(200, [], b""), Said(200, [], b"[]"), Said(200, [], b'{"keys":{}}'),
    Said(200, [], b"x" * 300_000), b"garbage\r\n\r\n", b"",
    b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n" + b"x" * (1 << 20),
    Said(301, [("Location", "/elsewhere")]),
], ids=lambda said: str(said)[:50])
def test_a_reading_that_fails_leaves_the_keys_as_they_are(publisher, reading, said):
    server = reading(publisher)
    assert put(server, publisher.token("k1")) == 201
    publisher.answers = lambda _: said
    hang_up(server)
    eventually(lambda: told(server, "those of before go on"))
    assert put(server, publisher.token("k1")) == 201
    assert put(server, publisher.token("k2")) == (401, "bad-token")


WEAK = {"kty": "EC", "crv": "P-256", "kid": "weak", "x": "AAAA", "y": "AAAA"}


@pytest.mark.parametrize("members", [[], [WEAK], [{"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}], [{"kty": "new"}, 1]])
def test_a_set_without_keys_lets_nobody_pass(publisher, reading, members):
    server = reading(publisher, "--ready-free", "0")
    known = publisher.token("k1")
    assert put(server, known) == 201
    normal, publisher.answers = publisher.answers, lambda _: Said(200, [], json.dumps({"keys": members}).encode())
    hang_up(server)
    eventually(lambda: told(server, "keys were read, and there are none"))
    assert put(server, known) == put(server, publisher.token("k1")) == (401, "bad-token")
    # That is an answer, and no trouble.
    assert ask(server.port, "GET", "/readyz").status == 200
    publisher.answers = normal
    hang_up(server)
    eventually(lambda: put(server, known) == 201)


@pytest.mark.parametrize("unusable", [
    WEAK, {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": "wA" * 85}, {"kty": "OKP", "crv": "Ed25519", "kid": "weak"},
], ids=lambda unusable: unusable["kty"])
def test_a_key_that_cannot_be_used_holds_up_no_other(publisher, reading, unusable):
    server = reading(publisher)
    assert put(server, publisher.token("k1")) == 201
    good = publisher.keys["k2"].as_dict(is_private=False)
    publisher.answers = lambda _: Said(200, [], json.dumps({"keys": [good, unusable]}).encode())
    hang_up(server)
    eventually(lambda: told(server, "keys of a set cannot be used and are passed by"))
    eventually(lambda: put(server, publisher.token("k2")) == 201)
    assert put(server, publisher.token("k1")) == (401, "bad-token")
    assert any("its key weak cannot be used" in json.loads(line).get("error", "")
               for line in server.log.read_text().splitlines())


@pytest.mark.parametrize("framing", ["length", "chunks", "end"])
def test_a_set_that_is_longer_than_is_read_is_called_so(publisher, reading, framing):
    server = reading(publisher)
    assert put(server, publisher.token("k1")) == 201

    def answer(length: int) -> bytes:
        body = publisher.said().body.ljust(length)
        if framing == "chunks":
            pieces = b"".join(b"1000\r\n%s\r\n" % body[at:at + 4096].ljust(4096) for at in range(0, length, 4096))
            return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"
        field = b"Content-Length: %d" % length if framing == "length" else b"Connection: close"
        return b"HTTP/1.1 200 OK\r\n" + field + b"\r\n\r\n" + body
    publisher.names = ["k2"]
    publisher.answers = lambda _: answer(65537)
    hang_up(server)
    eventually(lambda: told(server, "those of before go on"))
    assert '"error":"it is longer than 65536 bytes"' in server.log.read_text().replace('": "', '":"')
    assert put(server, publisher.token("k1")) == 201
    publisher.answers = lambda _: answer(65536)
    hang_up(server)
    eventually(lambda: put(server, publisher.token("k2")) == 201)


def test_the_query_of_an_address_is_not_told(publisher, reading):
    server = reading(publisher)
    assert put(server, publisher.token("k1")) == 201
    # Two failures and a reading.
    for said, words in [(Said(500), "answers 500"), (Said(308, [("Location", "ftp://x/?from=sluice")]), "not followed"),
                        (Said(308, [("Location", "/may?from=sluice")]), "more than 5 redirects")]:
        publisher.answers = lambda _, said=said: said
        hang_up(server)
        eventually(lambda: words in server.log.read_text())
    text = server.log.read_text()
    assert f"http://127.0.0.1:{publisher.port}/may" in text.replace("\\/", "/") and "from=sluice" not in text


def test_more_keys_than_may_be_are_not_taken(publisher, reading):
    server = reading(publisher)
    assert put(server, publisher.token("k1")) == 201
    key = publisher.keys["k1"].as_dict(is_private=False)
    many = [key | {"kid": f"k{number}"} for number in range(65)]
    publisher.answers = lambda _: Said(200, [], json.dumps({"keys": many}).encode())
    hang_up(server)
    eventually(lambda: told(server, "those of before go on"))
    assert put(server, publisher.token("k1")) == 201


def test_a_start_without_keys_serves_and_says_so(publisher, reading, tmp_path):
    publisher.stop()
    tokens = tokens_file(tmp_path, carol="carols-token")
    server = reading(publisher, "--tokens", str(tokens), "--ready-free", "0")
    eventually(lambda: told(server, "keys cannot be read: their tokens are refused"))
    assert put(server, publisher.token("k1")) == (503, "keys-unavailable")
    assert put(server, bearer("carols-token")) == 201
    ready = ask(server.port, "GET", "/readyz")
    assert ready.status == 503 and b"keys" in ready.body
    publisher.start()
    eventually(lambda: put(server, publisher.token("k1")) == 201)
    assert ask(server.port, "GET", "/readyz").status == 200


def test_the_first_requests_wait_for_the_first_keys(publisher, reading):
    hold = threading.Event()
    normal = publisher.answers

    def held(question):
        hold.wait(30)
        return normal(question)
    publisher.answers = held
    server = reading(publisher)
    eventually(lambda: publisher.questions)
    with Line(server.port) as line:
        line.head("GET", "/usage", publisher.token("k1"))
        # Others do not wait.
        assert ask(server.port, "GET", "/healthz").status == 200
        assert put(server, {}) == (401, "no-token")
        hold.set()
        assert line.answer().status == 200


def test_a_publisher_that_says_nothing_is_given_up(reading):
    with Mute() as mute, Publisher() as keys:
        server = reading(mute)
        assert put(server, keys.token("k1")) == (503, "keys-unavailable")
        eventually(lambda: told(server, "keys cannot be read"))


def test_https_is_read_by_the_authorities_that_are_named(tmp_path, reading):
    paths = tmp_path / "issuer.pem", tmp_path / "issuer.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=issuer", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", paths[1], "-out", paths[0]],
        check=True, capture_output=True)
    with Publisher("k1", certificate=paths) as publisher:
        assert put(reading(publisher, "--jwt-jwks-ca", str(paths[0])), publisher.token("k1")) == 201
        untrusting = reading(publisher)
        eventually(lambda: told(untrusting, "keys cannot be read"))
        assert put(untrusting, publisher.token("k1")) == (503, "keys-unavailable")


@pytest.mark.parametrize("options, words", [
    (["--jwt-jwks", "ftp://x/keys"], "takes a file"), (["--jwt-jwks-ca", __file__], "names none"),
    (["--jwt-jwks", "http://127.0.0.1/", "--jwt-jwks-ca", __file__], "names none"),
    (["--jwt-jwks", "https://x/", "--jwt-jwks-ca", "/nowhere"], "/nowhere"),
])
def test_what_cannot_be_meant_is_refused(options, words):
    binary = os.environ["SLUICE_BINARY"]
    done = subprocess.run([binary, "check-config", *options], capture_output=True, text=True)
    assert done.returncode == 2 and words in done.stderr, done.stderr


@pytest.mark.parametrize("options, warns", [
    (["--jwt-jwks", "http://issuer.example/keys"], True), (["--jwt-jwks", "http://127.0.0.1:1/keys"], False),
    (["--jwt-jwks", "http://localhost:1/keys"], False), (["--jwt-jwks", "https://issuer.example/keys"], False),
    (["--auth-url", "http://app.example/may"], True), (["--auth-url", "http://[::1]:1/may"], False),
])
def test_keys_that_anybody_may_replace_are_warned_of(options, warns):
    binary = os.environ["SLUICE_BINARY"]
    done = subprocess.run([binary, "check-config", *options], capture_output=True, text=True)
    assert done.returncode == 0 and ("without TLS whoever is on the way" in done.stderr) == warns, done.stderr
