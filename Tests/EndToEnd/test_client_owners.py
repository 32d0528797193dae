"""Who a client is by its certificate, where it has no token."""

import subprocess

import pytest

from test_tls_names import Authority
from tokens import secret_file, token
from wire import ask

SECONDS = 30


@pytest.fixture
def site(start, tmp_path):
    """Starts a server that believes clients' certificates: site("cn")."""
    authority, clients = Authority(tmp_path / "site"), Authority(tmp_path / "clients")
    certificate, key = authority.issue("first", ["DNS:a.example"])

    def started(kind, *more):
        return start("--tls-cert", str(certificate), "--tls-key", str(key), "--tls-client-ca", str(clients.file),
                     "--tls-client-owner", kind, *more)
    return started, clients


def curl(server, path, *more):
    command = ["curl", "-sS", "-k", "-w", "\n%{http_code}", *map(str, more), f"{server.tls_url}{path}"]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, text=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def shown(pair):
    return ["--cert", pair[0], "--key", pair[1]]


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_certificate_is_its_owners_and_nobody_elses(site, version, tmp_path):
    started, clients = site
    server = started("cn")
    alice, bob = shown(clients.issue("alice", [])), shown(clients.issue("bob", []))
    (tmp_path / "file").write_bytes(b"alice's")
    status, _ = curl(server, "files/a.txt", *alice, version, "-T", tmp_path / "file")
    assert status == 201
    assert '"owner":"alice","bytes":7' in curl(server, "usage", *alice, version)[1]
    assert '"owner":"bob","bytes":0' in curl(server, "usage", *bob, version)[1]
    path = next((server.data / "complete").iterdir()).name
    assert curl(server, f"files/{path}", *alice, version) == (200, "alice's")
    assert curl(server, f"files/{path}", *bob, version)[0] == 404
    # Without TLS nobody has shown one.
    answer = ask(server.port, "PUT", "/files/a", {}, b"x")
    assert (answer.status, answer.code) == (401, "no-token")


@pytest.mark.parametrize("kind, names, owner", [
    ("dns", ["DNS:a.example", "DNS:b.example"], "a.example"), ("email", ["email:alice@a.example"], "alice@a.example"),
    ("uri", ["URI:spiffe://a.example/alice"], "spiffe://a.example/alice"), ("email", ["DNS:a.example"], None),
])
def test_another_name_of_it_may_be_the_owners(site, kind, names, owner):
    started, clients = site
    status, body = curl(started(kind), "usage", *shown(clients.issue("client", names)))
    assert status == (401 if owner is None else 200)
    assert owner is None or f'"owner":"{owner}"' in body


def test_a_token_says_more_than_a_certificate(site, tmp_path):
    started, clients = site
    server = started("cn", "--tls-client-auth", "optional", "--jwt-secret", str(secret_file(tmp_path)))
    alice = shown(clients.issue("alice", []))
    assert '"owner":"bob"' in curl(server, "usage", *alice, "--oauth2-bearer", token("bob"))[1]
    assert '"owner":"alice"' in curl(server, "usage", *alice)[1]
    # A token that counts for nothing is no reason to look for something else.
    assert curl(server, "usage", *alice, "--oauth2-bearer", token("bob", key="x" * 64))[0] == 401
    assert curl(server, "usage")[0] == 401
