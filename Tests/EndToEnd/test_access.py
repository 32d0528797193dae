"""Who may: tokens of every make and in every place, owners that never meet, and what strangers cannot do."""

import base64
import json
import os
import signal
import sqlite3
import subprocess
import time
import uuid

import jwt
import pytest
from authlib.jose import JsonWebKey
from authlib.jose import jwt as authlib_jwt

from dialects import CLIENT, PATCH, TUS, WAYS
from sluice import Sluice
from tokens import SECRET, alice, bearer, bob, secret_file, token, tokens_file
from waiting import eventually
from wire import Line, ask, b64

# What is said, is said over both.
pytestmark = pytest.mark.usefixtures("protocol")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    tokens = tokens_file(folder, carol="carols-token", plus="pl+us", dora="doras-token:download", root="roots-token:download admin")
    server = Sluice(
        folder, "--jwt-secret", str(secret_file(folder)), "--tokens", str(tokens), "--auth-cookie", "session")
    server.start()
    yield server
    server.stop()


def lines(server) -> list[dict]:
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def create(server, owner, length=10, body=b"0123"):
    answer = ask(server.port, "POST", "/files", owner | PATCH | {"Upload-Length": str(length)}, body)
    assert answer.status == 201, answer
    return answer.location


# Places


@pytest.mark.parametrize("fields, query", [
    ({"Authorization": "Bearer carols-token"}, ""), ({"Authorization": "bearer carols-token"}, ""),
    ({"Authorization": "Basic " + b64("carol:carols-token")}, ""),
    ({"Authorization": "Basic " + b64(":carols-token")}, ""),
    ({"Cookie": "a=b; session=carols-token"}, ""), ({}, "?token=carols-token"), ({}, "?x=y&token=carols%2Dtoken"),
    ({}, "?token=pl+us"), ({}, "?token=pl%2Bus"),
], ids=["bearer", "folded", "basic", "nameless", "cookie", "query", "encoded", "plus", "encoded plus"])
def test_a_token_counts_in_each_of_its_places(guarded, fields, query):
    assert ask(guarded.port, "PUT", "/files/a" + query, fields, b"x").status == 201


@pytest.mark.parametrize("fields, query", [
    ({"Authorization": "carols-token"}, ""), ({"Authorization": "Digest carols-token"}, ""),
    ({"Cookie": "Session=carols-token"}, ""), ({"X-Token": "carols-token"}, ""), ({}, "?Token=carols-token"),
])
def test_elsewhere_it_is_none(guarded, fields, query):
    answer = ask(guarded.port, "PUT", "/files/a" + query, fields, b"x")
    assert (answer.status, answer.code) == (401, "no-token")


def test_who_comes_by_the_query_is_told_addresses_that_work(guarded):
    query = "?token=" + token("alice")
    location = create_by(guarded, "/files" + query)
    assert location.endswith(query)
    answer = ask(guarded.port, "PATCH", location, PATCH | {"Upload-Offset": "4"}, b"456789")
    assert answer.status == 204
    assert ask(guarded.port, "GET", location).body == b"0123456789"
    parts = " ".join(create_by(guarded, "/files" + query, {"Upload-Concat": "partial"}, 4) for _ in range(2))
    final = ask(guarded.port, "POST", "/files" + query, TUS | {"Upload-Concat": f"final;{parts}"}, b"")
    assert final.status == 201
    # What is kept of the parts' addresses is no token.
    told = ask(guarded.port, "HEAD", final.location, TUS).fields["upload-concat"]
    assert "token" not in told and told.startswith("final;")
    assert ask(guarded.port, "GET", final.location).body == b"01230123"


def create_by(server, target, fields={}, length=10):
    answer = ask(server.port, "POST", target, PATCH | {"Upload-Length": str(length)} | fields, b"0123")
    assert answer.status == 201, answer
    return answer.location


def test_the_log_says_who_and_why_and_never_a_credential(guarded):
    secret = token("alice", jti=uuid.uuid4().hex)
    location = create_by(guarded, f"/files?token={secret}")
    refused = ask(guarded.port, "GET", "/files/" + "0" * 32, bearer(secret[:-4] + "AAAA"))
    assert refused.status == 401
    scope = ask(guarded.port, "PUT", "/files/a", {"Authorization": "Bearer doras-token"}, b"x")
    assert scope.status == 403
    found = {}

    def told():
        for line in lines(guarded):
            found[line.get("request")] = line
        return refused.fields["x-request-id"] in found and scope.fields["x-request-id"] in found
    eventually(told)
    assert found[refused.fields["x-request-id"]]["rule"] == "signature"
    assert "owner" not in found[refused.fields["x-request-id"]]
    line = found[scope.fields["x-request-id"]]
    assert (line["rule"], line["owner"], line["note"]) == ("scope", "dora", "wrong-scope")
    upload = location.partition("?")[0].rpartition("/")[2]
    assert any(line.get("upload") == upload and line["owner"] == "alice" for line in found.values())
    text = guarded.log.read_text()
    assert secret not in text and secret.rpartition(".")[2] not in text and "doras-token" not in text


# Owners


def test_strangers_never_stop_an_upload(guarded):
    location = create(guarded, alice(), length=100)
    path = location.partition("?")[0]
    with Line(guarded.port) as line:
        line.head("PATCH", path, alice() | PATCH | {"Upload-Offset": "4"}, length=96)
        line.send(b"x" * 40)
        for method, fields, body in [
            ("HEAD", TUS, None), ("GET", {}, None), ("HEAD", {}, None), ("DELETE", TUS, None), ("DELETE", {}, None),
            ("PATCH", PATCH | {"Upload-Offset": "4"}, b"y" * 96),
            ("PATCH", {"Upload-Complete": "?1", "Content-Type": "application/partial-upload", "Upload-Offset": "4",
                       "Upload-Draft-Interop-Version": "8"}, b"y" * 96),
            ("POST", {"X-HTTP-Method-Override": "DELETE"} | TUS, b""),
        ]:
            assert ask(guarded.port, method, path, bob() | fields, body).status == 404, (method, fields)
        final = TUS | {"Upload-Concat": f"final;{path}"}
        assert ask(guarded.port, "POST", "/files", bob() | final, b"").status in (400, 404)
        line.send(b"x" * 56)
        assert line.answer("PATCH").status == 204


def test_one_client_made_id_of_two_owners_is_two_uploads(guarded):
    name = {"X-File-Id": uuid.uuid4().hex}
    for owner, text in [(alice(), b"of alice"), (bob(), b"bob's")]:
        assert ask(guarded.port, "GET", "/status", owner | name).body == b"0"
        answer = ask(guarded.port, "POST", "/upload", owner | name | {"X-Start-Byte": "0"}, text)
        assert answer.status == 200
        assert ask(guarded.port, "GET", "/status", owner | name).body == str(len(text)).encode()
    assert ask(guarded.port, "DELETE", "/upload", bob() | name).status == 204
    assert ask(guarded.port, "GET", "/status", alice() | name).body == b"8"


@pytest.mark.once
def test_an_owner_outlives_a_crash(tmp_path):
    server = Sluice(tmp_path, "--jwt-secret", str(secret_file(tmp_path)))
    server.start()
    open_one = create(server, alice())
    finished = ask(server.port, "PUT", "/files/a", alice(), b"small").location
    server.restart_after_kill()
    for location in (open_one, finished):
        assert ask(server.port, "HEAD", location, bob() | TUS).status == 404
        assert ask(server.port, "HEAD", location, alice() | TUS).status == 200
    server.stop()


def test_an_administrator_reaches_what_is_everybodys(guarded):
    location = ask(guarded.port, "PUT", "/files/a", alice(), b"text").location
    root = {"Authorization": "Bearer roots-token"}
    assert ask(guarded.port, "GET", location, root).body == b"text"
    assert ask(guarded.port, "DELETE", location, root).code == "wrong-scope"


@pytest.mark.once
def test_what_was_nobodys_stays_nobodys(tmp_path):
    server = Sluice(tmp_path)
    server.start()
    location = ask(server.port, "PUT", "/files/a", {}, b"text").location
    server.stop()
    server.options = ["--jwt-secret", str(secret_file(tmp_path))]
    server.start()
    assert ask(server.port, "GET", location, alice()).status == 404
    assert ask(server.port, "GET", location, alice(scope="download admin")).status == 200
    own = ask(server.port, "PUT", "/files/a", alice(), b"hers").location
    server.stop()
    server.options = []
    server.start()
    # Where nobody is asked, what has an owner is nobody's to fetch or remove.
    assert ask(server.port, "GET", location).body == b"text"
    unknown = ask(server.port, "GET", "/files/" + "0" * 32)
    for method in ("GET", "HEAD", "DELETE"):
        answer = ask(server.port, method, own)
        assert (answer.status, answer.code) == (404, unknown.code), method
    server.stop()
    server.options = ["--jwt-secret", str(secret_file(tmp_path))]
    server.start()
    assert ask(server.port, "GET", own, alice()).body == b"hers"
    server.stop()


@pytest.mark.once
def test_a_strangers_try_is_written_down_and_counted_and_the_client_learns_nothing(tmp_path, start):
    server = start("--jwt-secret", str(secret_file(tmp_path)), "--listen-admin", f"unix:{tmp_path}/admin.sock")
    location = create(server, alice())
    answers = [ask(server.port, "HEAD", path, bob() | TUS) for path in (location, "/files/" + "0" * 32)]
    assert [answer.status for answer in answers] == [404, 404]
    asked = [answer.fields["x-request-id"] for answer in answers]
    eventually(lambda: {line.get("request") for line in lines(server)} >= set(asked), "both lines")
    stranger, unknown = ([line for line in lines(server) if line.get("request") == one][0] for one in asked)
    assert (stranger["rule"], stranger["owner"], stranger["upload"]) == ("owner", "bob", location.rpartition("/")[2])
    assert "rule" not in unknown
    metrics = subprocess.run(["curl", "-sS", "--unix-socket", tmp_path / "admin.sock", "http://h/metrics"],
                             capture_output=True, text=True).stdout
    assert 'sluice_access_refusals_total{rule="owner"} 1' in metrics


@pytest.mark.once
@pytest.mark.parametrize("change, status", [("dialect = 'no-word-of-ours'", 503), ("state = -9", 500)])
def test_a_stranger_does_not_learn_of_a_record_that_cannot_be_read(tmp_path, change, status):
    server = Sluice(tmp_path, "--jwt-secret", str(secret_file(tmp_path)))
    server.start()
    location = ask(server.port, "PUT", "/files/a", alice(), b"text").location
    server.stop()
    with sqlite3.connect(server.data / "catalogue.sqlite") as catalogue:
        catalogue.execute(f"UPDATE uploads SET {change}")
    catalogue.close()
    server.start()
    for method, fields in [("GET", {}), ("HEAD", TUS), ("HEAD", {}), ("DELETE", TUS), ("DELETE", {}),
                           ("PATCH", PATCH | {"Upload-Offset": "4"})]:
        body = b"" if method == "PATCH" else None
        mine, theirs, unknown = (
            ask(server.port, method, path, fields | who, body)
            for path, who in [(location, alice()), (location, bob()), ("/files/" + "0" * 32, bob())])
        assert (theirs.status, theirs.code, theirs.body) == (unknown.status, unknown.code, unknown.body)
        assert (mine.status, unknown.status) == (status, 404), method
    server.stop()


def test_who_may_only_fetch_brings_nothing_to_its_end_by_asking(guarded):
    parts = []
    for _ in range(2):
        fields = alice() | PATCH | {"Upload-Length": "4", "Upload-Concat": "partial"}
        parts.append(ask(guarded.port, "POST", "/files", fields, b"01").location)
    final = alice() | TUS | {"Upload-Concat": f"final;{' '.join(parts)}"}
    location = ask(guarded.port, "POST", "/files", final, b"").location
    for part in parts:
        assert ask(guarded.port, "PATCH", part, alice() | PATCH | {"Upload-Offset": "2"}, b"23").status == 204
    reader = alice(scope="download") | TUS
    for _ in range(2):
        answer = ask(guarded.port, "HEAD", location, reader)
        assert answer.status == 200 and "upload-offset" not in answer.fields
    assert ask(guarded.port, "GET", location, reader).status != 200
    assert ask(guarded.port, "HEAD", location, alice(scope="upload") | TUS).fields["upload-offset"] == "8"
    assert ask(guarded.port, "GET", location, reader).body == b"01230123"


def test_an_uploader_learns_that_a_file_is_whole_and_cannot_fetch_it(guarded):
    location = ask(guarded.port, "PUT", "/files/a", alice(), b"text").location
    sender = alice(scope="upload")
    assert ask(guarded.port, "HEAD", location, sender | TUS).fields["upload-offset"] == "4"
    for fields in ({}, {"Upload-Draft-Interop-Version": "8"}):
        answer = ask(guarded.port, "HEAD", location, sender | fields)
        assert (answer.status, answer.fields["upload-offset"], answer.fields["upload-complete"]) == (204, "4", "?1")
    assert ask(guarded.port, "GET", location, sender).code == "wrong-scope"


# Before the body


def test_nobody_is_asked_for_a_body_that_is_refused(guarded):
    for fields, status in [({}, 401), ({"Authorization": "Bearer doras-token"}, 403), (bearer(token(seconds=-5)), 401)]:
        for path, more in [("/files/a", {}), ("/upload", {"Content-Type": "multipart/form-data; boundary=b"})]:
            method = "PUT" if path == "/files/a" else "POST"
            with Line(guarded.port) as line:
                line.head(method, path, fields | more | {"Expect": "100-continue"}, length=1000)
                answer = line.answer(method)
                assert (answer.status, answer.interim) == (status, [])


def test_a_token_is_asked_for_once_and_may_end_while_the_body_comes(guarded):
    location = create(guarded, alice())
    short = alice(seconds=3)
    with Line(guarded.port) as line:
        line.head("PATCH", location, short | PATCH | {"Upload-Offset": "4"}, length=6)
        line.send(b"456")
        eventually(lambda: ask(guarded.port, "GET", location, short).status == 401)
        line.send(b"789")
        assert line.answer("PATCH").status == 204
        answer = line.request("HEAD", location, short | TUS)
        assert (answer.status, answer.code) == (401, "token-expired")
        # The same connection, a new token.
        assert line.request("HEAD", location, alice() | TUS).status == 200


def test_a_token_bounds_a_file(guarded):
    small = alice(max_size=5)
    assert ask(guarded.port, "PUT", "/files/a", small, b"12345").status == 201
    assert ask(guarded.port, "PUT", "/files/a", small, b"123456").status == 413
    for way, made in WAYS.items():
        method, path, fields, content = made(6)
        answer = ask(guarded.port, method, path, small | fields, content)
        assert (answer.status, answer.code) == (413, "too-large"), way
    with Line(guarded.port) as line:
        line.head("PUT", "/files/a", small | {"Transfer-Encoding": "chunked"})
        line.chunk(b"123456")
        line.last_chunk()
        assert line.answer("PUT").status == 413


def test_a_token_bounds_a_file_whose_length_another_one_has_told(guarded):
    small = alice(max_size=10)
    location = create(guarded, alice(), length=20, body=b"")
    answer = ask(guarded.port, "PATCH", location, small | PATCH | {"Upload-Offset": "0"}, b"x" * 20)
    assert (answer.status, answer.code) == (413, "too-large")
    partial = {"Upload-Complete": "?1", "Content-Type": "application/partial-upload", "Upload-Offset": "0",
               "Upload-Draft-Interop-Version": "8"}
    assert ask(guarded.port, "PATCH", location, small | partial, b"x" * 20).status == 413
    name = {"X-File-Id": uuid.uuid4().hex, "X-Start-Byte": "0"}
    with Line(guarded.port) as line:
        line.head("POST", "/upload", alice() | name | {"X-File-Size": "20", "Transfer-Encoding": "chunked"})
        line.chunk(b"1234")
        line.last_chunk()
        assert line.answer("POST").code == "body-too-short"
    more = small | name | {"X-Start-Byte": "4"}
    assert ask(guarded.port, "POST", "/upload", more, b"x" * 6).status == 413
    assert ask(guarded.port, "HEAD", location, alice() | TUS).offset == 0


def test_a_token_bounds_a_file_whose_length_nobody_has_told(guarded):
    """What is there is longer than it may be already: not even its end may be said."""
    small, name = alice(max_size=3), {"X-File-Id": uuid.uuid4().hex}
    with Line(guarded.port) as line:
        line.head("POST", "/upload", alice() | name | {"X-Start-Byte": "0", "Transfer-Encoding": "chunked"})
        line.chunk(b"1234")
    eventually(lambda: ask(guarded.port, "GET", "/status", alice() | name).body == b"4")
    with Line(guarded.port) as line:
        line.head("POST", "/upload", small | name | {"X-Start-Byte": "4", "Transfer-Encoding": "chunked"})
        line.last_chunk()
        assert line.answer("POST").status == 413
    draft = {"Upload-Draft-Interop-Version": "8"}
    location = ask(guarded.port, "POST", "/files", alice() | draft | {"Upload-Complete": "?0"}, b"1234").location
    last = draft | {"Upload-Complete": "?1", "Content-Type": "application/partial-upload", "Upload-Offset": "4"}
    assert ask(guarded.port, "PATCH", location, small | last, b"").status == 413
    with Line(guarded.port) as line:
        line.head("PATCH", location, small | last | {"Transfer-Encoding": "chunked"})
        line.last_chunk()
        assert line.answer("PATCH").status == 413
    assert ask(guarded.port, "PATCH", location, alice() | last, b"").status == 201


def test_who_may_only_fetch_stops_no_upload(guarded):
    location = create(guarded, alice(), length=100)
    with Line(guarded.port) as line:
        line.head("PATCH", location, alice() | PATCH | {"Upload-Offset": "4"}, length=96)
        line.send(b"x" * 40)
        for fields in (TUS, {}, {"Upload-Draft-Interop-Version": "8"}):
            for owner in (alice(scope="download"), bearer("roots-token")):
                assert ask(guarded.port, "HEAD", location, owner | fields).status in (200, 204)
        line.send(b"x" * 56)
        assert line.answer("PATCH").status == 204


def test_a_token_for_one_upload_is_for_no_other(guarded):
    location = create(guarded, alice())
    one = alice(upload=location.rpartition("/")[2])
    assert ask(guarded.port, "HEAD", location, one | TUS).offset == 4
    assert ask(guarded.port, "PATCH", location, one | PATCH | {"Upload-Offset": "4"}, b"456789").status == 204
    assert ask(guarded.port, "HEAD", create(guarded, alice()), one | TUS).code == "wrong-upload"
    assert ask(guarded.port, "PUT", "/files/a", one, b"x").code == "wrong-upload"


# Makes


@pytest.mark.once
@pytest.mark.parametrize("algorithm, arguments", [
    ("RS256", ["RSA"]), ("RS512", ["RSA"]), ("PS256", ["RSA"]), ("PS384", ["RSA"]),
    ("ES256", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]), ("ES384", ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ("ES512", ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]), ("EdDSA", ["ED25519"]),
])
def test_keys_of_openssl_and_tokens_of_two_libraries(tmp_path, start, algorithm, arguments):
    key, public, jwks = tmp_path / "key.pem", tmp_path / "public.pem", tmp_path / "jwks.json"
    subprocess.run(["openssl", "genpkey", "-algorithm", *arguments, "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    named = JsonWebKey.import_key(public.read_text(), {"kid": "k1", "use": "sig"}).as_dict()
    jwks.write_text(json.dumps({"keys": [{"kty": "oct", "kid": "k0", "k": "AAAA"}, named]}))
    by_pem, by_set = start("--jwt-public-key", str(public)), start("--jwt-jwks", str(jwks))
    claims = {"sub": "alice", "exp": int(time.time()) + 60}
    texts = [
        jwt.encode(claims, key.read_text(), algorithm, headers={"kid": "k1"}),
        authlib_jwt.encode({"alg": algorithm, "kid": "k1"}, claims, key.read_text()).decode(),
    ]
    for text in texts:
        for server in (by_pem, by_set):
            assert ask(server.port, "PUT", "/files/a", bearer(text), b"x").status == 201
            # The public key is no secret.
            forged = jwt.api_jws.encode(json.dumps(claims).encode(), "x" * 64, "HS256")
            assert ask(server.port, "PUT", "/files/a", bearer(forged), b"x").status == 401
    other = jwt.encode(claims, key.read_text(), algorithm, headers={"kid": "k2"})
    assert ask(by_set.port, "PUT", "/files/a", bearer(other), b"x").status == 401


@pytest.mark.once
def test_a_token_made_by_openssl(guarded):
    def piece(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    claims = json.dumps({"sub": "alice", "exp": int(time.time()) + 60}).encode()
    signed = piece(b'{"alg":"HS256"}') + b"." + piece(claims)
    signature = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"key:{SECRET}", "-binary"], input=signed,
        capture_output=True, check=True).stdout
    text = (signed + b"." + piece(signature)).decode()
    assert ask(guarded.port, "PUT", "/files/a", bearer(text), b"x").status == 201


@pytest.mark.once
def test_issuer_and_audience(tmp_path, start):
    server = start("--jwt-secret", str(secret_file(tmp_path)), "--jwt-issuer", "app", "--jwt-audience", "files")
    assert ask(server.port, "PUT", "/files/a", alice(iss="app", aud=["x", "files"]), b"x").status == 201
    for claims in ({"aud": "files"}, {"iss": "app"}, {"iss": "b", "aud": "files"}, {"iss": "app", "aud": "b"}):
        assert ask(server.port, "PUT", "/files/a", alice(**claims), b"x").status == 401


@pytest.mark.once
def test_our_own_tokens(tmp_path, start):
    secret = secret_file(tmp_path)
    server = start("--jwt-secret", str(secret))

    def made(*arguments):
        command = [server.binary, "token", "--jwt-secret", str(secret), "--sub", "alice", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    location = ask(server.port, "PUT", "/files/a", bearer(made()), b"x").location
    assert ask(server.port, "GET", location, bearer(made("--scope", "download"))).body == b"x"
    assert ask(server.port, "PUT", "/files/a", bearer(made("--scope", "download")), b"x").code == "wrong-scope"
    assert ask(server.port, "PUT", "/files/a", bearer(made("--max-size", "1K")), b"x" * 1025).status == 413
    claims = jwt.decode(made("--expires", "2h", "--upload", location[-32:]), SECRET, ["HS256"])
    assert 7190 < claims["exp"] - time.time() <= 7200 and claims["upload"] == location[-32:]


# Options


@pytest.mark.once
@pytest.mark.parametrize("option, content, words", [
    ("--jwt-secret", "short", "32 bytes"), ("--jwt-public-key", "nothing", "PEM"), ("--jwt-jwks", "[]", "Key Set"),
    ("--tokens", "alice:abc\n", "line 1"), ("--tokens", f"alice:{'0' * 64}:short\n", "upload download"),
    ("--tokens", b"andr\xe9:" + b"0" * 64 + b"\n", "UTF-8"),
    ("--jwt-secret", "-----BEGIN PUBLIC KEY-----\n" + "A" * 64 + "\n", "--jwt-public-key"),
    ("--jwt-secret", '{"keys": [{"kty": "RSA", "n": "AAAA", "e": "AQAB"}]}', "--jwt-jwks"),
])
def test_a_file_of_keys_that_is_none_is_told(tmp_path, option, content, words):
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    binary = Sluice(tmp_path).binary
    told = subprocess.run([binary, "serve", option, str(path)], capture_output=True, text=True, timeout=20)
    assert told.returncode == 2
    assert option.lstrip("-") in told.stderr and words in told.stderr and "short" not in told.stderr
    told = subprocess.run([binary, "serve", option, str(path) + "x"], capture_output=True, text=True, timeout=20)
    assert told.returncode == 2 and "No such file" in told.stderr


@pytest.mark.once
@pytest.mark.parametrize("options, words", [
    (["--jwt-issuer", "a"], "jwt-secret"), (["--auth-cookie", "a"], "auth-cookie"),
])
def test_an_option_that_says_something_of_nothing_is_refused(tmp_path, options, words):
    told = subprocess.run(
        [Sluice(tmp_path).binary, "serve", *options], capture_output=True, text=True, timeout=20)
    assert told.returncode == 2 and words in told.stderr


@pytest.mark.once
@pytest.mark.parametrize("options, warned", [
    (["--listen-tls", ""], False), (["--listen", "0.0.0.0:0", "--listen-tls", ""], True),
    (["--listen", "0.0.0.0:0", "--listen-tls", "", "--tokens", "TOKENS"], False),
], ids=["loopback", "open", "asked"])
def test_a_start_that_is_open_to_others_says_so_once(tmp_path, options, warned):
    tokens = str(tokens_file(tmp_path, carol="carols-token"))
    options = [tokens if option == "TOKENS" else option for option in options]
    if "--listen" not in options:
        options += ["--listen", "127.0.0.1:0"]
    command = [Sluice(tmp_path).binary, "serve", "--data", str(tmp_path / "data"), "--log-format", "json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.terminate()
        told = [json.loads(line) for line in process.stderr.read().splitlines()]
    found = [line for line in told if "everybody" in line["message"]]
    assert len(found) == int(warned)


@pytest.mark.once
def test_keys_and_tokens_are_read_anew_while_it_runs(tmp_path, start):
    tokens = tokens_file(tmp_path, carol="carols-token", dora="doras-token")
    server = start("--tokens", str(tokens))

    def status(text):
        return ask(server.port, "PUT", "/files/a", bearer(text), b"x").status
    assert (status("carols-token"), status("doras-token"), status("new-token")) == (201, 201, 401)
    tokens_file(tmp_path, carol="new-token", dora="doras-token")
    os.kill(server.pid, signal.SIGHUP)
    eventually(lambda: status("new-token") == 201)
    assert (status("carols-token"), status("doras-token")) == (401, 201)
    tokens.write_text("nonsense")
    os.kill(server.pid, signal.SIGHUP)
    eventually(lambda: "the old one goes on" in server.log.read_text())
    assert (status("new-token"), status("doras-token")) == (201, 201)


@pytest.mark.once
def test_no_reload_lets_in_who_is_kept_out(tmp_path, start):
    """A file of options that was cut off must not open the server."""
    tokens = tokens_file(tmp_path, carol="carols-token")
    options = tmp_path / "sluice.yaml"
    options.write_text(f"tokens: {tokens}\n")
    server = start("--config", str(options))
    assert ask(server.port, "PUT", "/files/a", {}, b"x").status == 401
    options.write_text("")
    os.kill(server.pid, signal.SIGHUP)
    eventually(lambda: "takes a restart" in server.log.read_text())
    assert ask(server.port, "PUT", "/files/a", {}, b"x").status == 401
    assert ask(server.port, "PUT", "/files/a", bearer("carols-token"), b"x").status == 201


# Clients


@pytest.mark.once
def test_curl_with_everything_it_has(guarded, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("text")

    def curl(*arguments):
        return subprocess.run(
            ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *arguments], capture_output=True, text=True,
            check=True).stdout
    address = guarded.url + "files/"
    assert curl("-T", path, "-u", "carol:carols-token", address) == "201"
    assert curl("-T", path, "--oauth2-bearer", token("alice"), address) == "201"
    assert curl("-T", path, "-b", f"session={token('alice')}", address) == "201"
    assert curl("-T", path, f"{address}a.txt?token={token('alice')}") == "201"
    assert curl("-F", f"file=@{path}", "-u", ":carols-token", guarded.url + "upload") == "201"
    assert curl("-T", path, address) == "401"


@pytest.mark.once
def test_sluice_put_with_a_token_in_a_file_and_in_the_address(guarded, tmp_path):
    path, held = tmp_path / "a.txt", tmp_path / "token"
    path.write_text("text" * 1000)
    held.write_text(token("alice") + "\n")

    def put(*arguments):
        return subprocess.run(
            [guarded.binary, "put", "--quiet", "--no-resume", *arguments], capture_output=True, text=True, timeout=60)
    for dialect in CLIENT:
        sent = put("--dialect", dialect, "--token-file", held, path, guarded.url)
        assert sent.returncode == 0, sent.stderr
        assert ask(guarded.port, "HEAD", "/files/" + sent.stdout.strip()[-32:], alice() | TUS).status == 200
    sent = put(path, f"{guarded.url}files?token={token('alice')}")
    assert sent.returncode == 0, sent.stderr
    assert put(path, guarded.url).returncode == 3
    assert put("--token-file", tmp_path / "none", path, guarded.url).returncode == 2


@pytest.mark.once
def test_sluice_put_takes_a_token_from_a_pipe(guarded, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("text")
    reader, writer = os.pipe()
    os.write(writer, token("alice").encode() + b"\n")
    os.close(writer)
    done = subprocess.run(
        [guarded.binary, "put", "--quiet", "--no-resume", "--token-file", f"/dev/fd/{reader}", path, guarded.url],
        pass_fds=[reader], capture_output=True, text=True, timeout=60)
    os.close(reader)
    assert done.returncode == 0, done.stderr


@pytest.mark.once
def test_tus_clients_with_tokens(guarded, tmp_path):
    from tusclient.client import TusClient
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 100_000)
    client = TusClient(guarded.url + "files", headers=alice())
    uploader = client.uploader(str(path), chunk_size=30_000)
    uploader.upload()
    assert ask(guarded.port, "HEAD", "/files/" + uploader.url[-32:], alice() | TUS).offset == 100_000
    assert ask(guarded.port, "HEAD", "/files/" + uploader.url[-32:], bob() | TUS).status == 404
