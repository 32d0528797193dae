"""Certificates for several names, of several kinds, and certificates of clients, as openssl and curl see them."""

import json
import os
import signal
import ssl
import subprocess

import pytest

from sluice import Sluice
from waiting import eventually
from wire import Closed
from wire2 import Line2

SECONDS = 30
KEYS = {"ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["rsa:2048"]}


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, input=b"",
                          timeout=SECONDS).stdout.decode()


class Authority:
    """Signs certificates for servers and for clients."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.file = folder / "ca.pem"
        openssl("req", "-x509", "-newkey", *KEYS["ecdsa"], "-nodes", "-days", "2", "-subj", f"/CN={folder.name}",
                "-keyout", folder / "ca.key", "-out", self.file)

    def issue(self, file, names, kind="ecdsa", subject=None):
        """The files of a certificate and its key; the subject tells it from others of its name."""
        key, request, certificate = (self.folder / f"{file}.{suffix}" for suffix in ("key", "csr", "pem"))
        extension = self.folder / f"{file}.ext"
        extension.write_text(f"subjectAltName={','.join(names)}\n" if names else "basicConstraints=CA:FALSE\n")
        openssl("req", "-newkey", *KEYS[kind], "-nodes", "-subj", f"/CN={subject or file}", "-keyout", key, "-out",
                request)
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.folder / "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", extension, "-out", certificate)
        return certificate, key


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


def options(*pairs):
    return [str(word) for certificate, key in pairs
            for word in ("--tls-cert", certificate, "--tls-key", key)]


def shown(server, name=None, *more) -> str:
    """The common name of the certificate that a client gets who asks for a name."""
    asked = ["-servername", name] if name else ["-noservername"]
    text = openssl("s_client", "-connect", f"127.0.0.1:{server.tls_port}", *asked, *more)
    return text.partition("subject=")[2].partition("\n")[0].replace(" ", "").rpartition("CN=")[2]


def test_each_name_gets_its_certificate_and_all_others_the_first(authority, start):
    server = start(*options(
        authority.issue("first", ["DNS:first.example", "DNS:www.first.example"]),
        authority.issue("second", ["DNS:second.example"]), authority.issue("many", ["DNS:*.many.example"]),
        authority.issue("one", ["DNS:one.many.example"])))
    for name, certificate in [
        (None, "first"), ("first.example", "first"), ("www.first.example", "first"), ("second.example", "second"),
        ("SECOND.Example", "second"), ("a.many.example", "many"), ("one.many.example", "one"),
        ("many.example", "first"), ("a.b.many.example", "first"), ("other.example", "first"),
        ("www.second.example", "first"),
    ]:
        assert shown(server, name) == certificate, name
    done = subprocess.run(
        ["curl", "-sS", "--cacert", authority.file, "--resolve", f"second.example:{server.tls_port}:127.0.0.1",
         f"https://second.example:{server.tls_port}/healthz"], capture_output=True, timeout=SECONDS)
    assert done.stdout == b"ok\n", done.stderr


@pytest.mark.parametrize("order", [("ecdsa", "rsa"), ("rsa", "ecdsa")])
def test_one_name_has_a_certificate_for_each_kind_of_key(authority, start, order):
    server = start(*options(
        *[authority.issue(kind, ["DNS:a.example"], kind) for kind in order],
        authority.issue("other", ["DNS:b.example"], "rsa")))
    for name in ("a.example", None):
        assert shown(server, name, "-sigalgs", "ECDSA+SHA256") == "ecdsa"
        assert shown(server, name, "-sigalgs", "RSA-PSS+SHA256") == "rsa"
        assert shown(server, name, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256") == "rsa"
        assert shown(server, name, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256") == "ecdsa"
    assert shown(server, "b.example", "-sigalgs", "ECDSA+SHA256:RSA-PSS+SHA256") == "other"


def test_one_of_several_certificates_is_replaced(authority, start):
    first, second = authority.issue("first", ["DNS:a.example"]), authority.issue("second", ["DNS:b.example"])
    server = start(*options(first, second))
    assert (shown(server, "a.example"), shown(server, "b.example")) == ("first", "second")
    authority.issue("second", ["DNS:b.example"], subject="renewed")
    os.kill(server.pid, signal.SIGHUP)
    eventually(lambda: shown(server, "b.example") == "renewed", "the new certificate")
    assert shown(server, "a.example") == "first"


def curl(server, *more):
    return subprocess.run(
        ["curl", "-sS", "-k", *map(str, more), f"{server.tls_url}healthz"], capture_output=True, timeout=SECONDS)


def test_clients_must_show_a_certificate_that_is_believed(authority, tmp_path, start):
    clients, others = Authority(tmp_path / "clients"), Authority(tmp_path / "others")
    server = start(*options(authority.issue("first", ["DNS:a.example"])), "--tls-client-ca", str(clients.file))
    certificate, key = clients.issue("alice", [])
    assert curl(server, "--cert", certificate, "--key", key).stdout == b"ok\n"
    assert curl(server, "--cert", certificate, "--key", key, "--tls-max", "1.2").stdout == b"ok\n"
    assert curl(server).returncode != 0
    stranger, key = others.issue("mallory", [])
    assert curl(server, "--cert", stranger, "--key", key).returncode != 0
    # They are told whose certificates are wanted.
    told = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}", "-tls1_2"], input=b"",
                          capture_output=True, timeout=SECONDS).stdout.decode()
    assert "CN=clients" in told.replace(" ", "")
    # Who comes without TLS is asked for nothing; --listen '' is for those who want none of them.
    assert subprocess.run(["curl", "-sS", f"{server.url}healthz"], capture_output=True).stdout == b"ok\n"


def test_clients_of_http2_must_show_a_certificate_too(authority, tmp_path, start):
    clients = Authority(tmp_path / "clients")
    server = start(*options(authority.issue("first", ["DNS:a.example"])), "--tls-client-ca", str(clients.file))
    for shows in (True, False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        if shows:
            context.load_cert_chain(*clients.issue("alice", []))
        try:
            with Line2(server.tls_port, context) as line:
                assert line.request("GET", "/healthz").body == b"ok\n"
                assert shows
        except (Closed, OSError):
            assert not shows


def test_clients_may_show_a_certificate_but_none_that_is_not_believed(authority, tmp_path, start):
    clients, others = Authority(tmp_path / "clients"), Authority(tmp_path / "others")
    server = start(*options(authority.issue("first", ["DNS:a.example"]), authority.issue("b", ["DNS:b.example"])),
                   "--tls-client-ca", str(clients.file), "--tls-client-auth", "optional")
    certificate, key = clients.issue("alice", [])
    assert curl(server, "--cert", certificate, "--key", key).stdout == b"ok\n"
    assert curl(server).stdout == b"ok\n"
    stranger, key = others.issue("mallory", [])
    assert curl(server, "--cert", stranger, "--key", key).returncode != 0
    # Nor by another name.
    by_name = ["--connect-to", f"::127.0.0.1:{server.tls_port}"]
    done = subprocess.run(["curl", "-sS", "-k", "--cert", stranger, "--key", key, *by_name, "https://b.example/healthz"],
                          capture_output=True, timeout=SECONDS)
    assert done.returncode != 0


@pytest.mark.parametrize("more, words", [
    (["--tls-cert", "x"], "one key for each certificate"), (["--tls-client-auth", "optional"], "--tls-client-ca"),
    (["--tls-client-auth", "maybe"], "require, optional"),
])
def test_certificates_that_do_not_fit_together_are_refused(authority, tmp_path, more, words):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    first = options(authority.issue("first", ["DNS:a.example"]))
    done = subprocess.run([binary, "serve", "--data", tmp_path / "data", *first, *more], capture_output=True, text=True)
    assert done.returncode == 2 and words in done.stderr


def test_authorities_that_cannot_be_read_end_the_start(authority, tmp_path):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    first = options(authority.issue("first", ["DNS:a.example"]))
    (tmp_path / "empty").write_text("")
    done = subprocess.run([binary, "serve", "--data", tmp_path / "data", "--listen-tls", "127.0.0.1:0", "--listen", "",
                           *first, "--tls-client-ca", tmp_path / "empty"], capture_output=True, text=True)
    assert done.returncode == 2 and str(tmp_path / "empty") in done.stderr
