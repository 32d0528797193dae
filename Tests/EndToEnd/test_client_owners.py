"""Who a client is by its certificate, where it has no token."""

import datetime
import socket
import ssl
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from test_tls_names import Authority
from tokens import secret_file, token
from waiting import eventually
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


def test_a_certificate_counts_to_the_second_in_which_it_ends(site, tmp_path):
    """Neither a connection that goes on nor a ticket of it is worth more than the certificate."""
    started, clients = site
    server = started("cn")
    certificate, key = short_lived(clients, "alice", seconds=8)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(certificate, key)

    def dial(session=None):
        raw = socket.create_connection(("127.0.0.1", server.tls_port), SECONDS)
        return context.wrap_socket(raw, session=session)

    def owner(line):
        line.sendall(b"GET /usage HTTP/1.1\r\nHost: a.example\r\n\r\n")
        said = b""
        while b"\n}" not in said and not said.endswith((b"}", b"}\n", b".\n")):
            piece = line.recv(65536)
            if not piece:
                break
            said += piece
        return b'"owner":"alice"' in said, said

    line = dial()
    assert owner(line)[0]
    eventually(lambda: not owner(line)[0], "the end of the certificate")
    with pytest.raises(OSError):
        # In TLS 1.3 a client hears of it with the first answer.
        again = dial()
        again.sendall(b"GET /usage HTTP/1.1\r\nHost: a.example\r\n\r\n")
        if not again.recv(1):
            raise ConnectionError("closed")
    try:
        resumed, said = owner(dial(line.session))
    except OSError:
        resumed, said = False, b""
    assert not resumed, said


def short_lived(authority, name, seconds):
    """A certificate that ends soon, and its key."""
    issuer = x509.load_pem_x509_certificate(authority.file.read_bytes())
    signer = serialization.load_pem_private_key((authority.folder / "ca.key").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(seconds=seconds))
        .sign(signer, hashes.SHA256()))
    files = authority.folder / f"{name}-short.pem", authority.folder / f"{name}-short.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return files
