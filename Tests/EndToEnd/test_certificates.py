"""Certificates that are replaced while the server runs, in the ways in which people replace them."""

import json
import os
import signal
import socket
import ssl
import subprocess
import time

import pytest

from file_id import append, begin, status
from sluice import Sluice
from wire import Line, ask

SECONDS = 30


class Issuer:
    """Makes self-signed certificates, each with a key and a name of its own."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def issue(self, name, days=2):
        """The texts of certificate and key."""
        key, request, certificate = (self.folder / f"{name}.{suffix}" for suffix in ("key", "csr", "pem"))
        subprocess.run(
            ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
             f"/CN={name}", "-keyout", key, "-out", request], check=True, capture_output=True)
        # In two steps, since only this one makes certificates that are over already.
        subprocess.run(
            ["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", str(days), "-out", certificate],
            check=True, capture_output=True)
        return certificate.read_text(), key.read_text()


@pytest.fixture
def issuer(tmp_path):
    return Issuer(tmp_path / "issuer")


@pytest.fixture
def site(tmp_path, issuer):
    """A server with the certificate `first` in a folder that is the server's own."""
    folder = tmp_path / "tls"
    folder.mkdir()
    server = Sluice(tmp_path, "--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem"),
                    "--listen-admin", "127.0.0.1:0")
    server.folder = folder
    write(folder, *issuer.issue("first"))
    server.start()
    yield server
    server.stop()
    print(server.log_tail())


def write(folder, certificate, key):
    (folder / "cert.pem").write_text(certificate)
    (folder / "key.pem").write_text(key)


def name_shown(port, verify=None) -> str:
    """The common name of the certificate that a new connection is shown, as `openssl s_client` sees it."""
    options = ["-CAfile", verify, "-verify_return_error"] if verify else []
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *options], input=b"", capture_output=True,
        timeout=SECONDS, check=True)
    subject = subprocess.run(["openssl", "x509", "-noout", "-subject", "-nameopt", "multiline"], input=shown.stdout,
                             capture_output=True, check=True).stdout.decode()
    return subject.split("=")[-1].strip()


def until_shown(server, name):
    """Waits until new connections are shown that certificate; bounded by the test's own time limit."""
    while name_shown(server.tls_port) != name:
        time.sleep(0.05)


def logged(server, message):
    return [line for line in map(json.loads, server.log.read_text().splitlines()) if line["message"] == message]


def hang_up(server):
    server._process.send_signal(signal.SIGHUP)


def test_sighup_brings_the_new_certificate_and_drops_no_connection(site, issuer):
    assert name_shown(site.tls_port) == "first"
    with Line(site.tls_port, tls=True) as upload, Line(site.tls_port, tls=True) as idle:
        begin(upload, "a", 0, 10)
        upload.send(b"hello")
        assert idle.request("GET", "/healthz").status == 200
        shown = upload._socket.getpeercert(binary_form=True)
        write(site.folder, *issuer.issue("second"))
        hang_up(site)
        until_shown(site, "second")
        assert upload._socket.getpeercert(binary_form=True) == shown
        upload.send(b"world")
        assert upload.answer().status == 200
        assert idle.request("GET", "/healthz").status == 200
    assert name_shown(site.tls_port, verify=issuer.folder / "second.pem") == "second"
    assert status(site.tls_port, "a", tls=True) == 10
    assert len(logged(site, "new certificate")) == 1


def test_replaced_files_are_seen_without_a_signal(site, issuer):
    write(site.folder, *issuer.issue("second"))
    until_shown(site, "second")


def test_symbolic_links_that_are_swapped_are_seen(tmp_path, issuer):
    """As a Secret in Kubernetes: key.pem -> ..data/key.pem, ..data -> a folder that is replaced as a whole."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def publish(version, pair):
        (folder / version).mkdir()
        write(folder / version, *pair)
        os.symlink(version, folder / "..data_new")
        os.replace(folder / "..data_new", folder / "..data")

    publish("..v1", issuer.issue("first"))
    for name in ("cert.pem", "key.pem"):
        os.symlink(f"..data/{name}", folder / name)
    server = Sluice(tmp_path, "--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem"))
    server.start()
    try:
        assert name_shown(server.tls_port) == "first"
        publish("..v2", issuer.issue("second"))
        until_shown(server, "second")
        # As certbot does it: a link to one more version of the file, one after the other.
        certificate, key = issuer.issue("third")
        for name, text in (("cert.pem", certificate), ("key.pem", key)):
            (folder / f"3-{name}").write_text(text)
            os.symlink(f"3-{name}", folder / "new")
            os.replace(folder / "new", folder / name)
        until_shown(server, "third")
    finally:
        server.stop()


def test_a_certificate_whose_key_comes_later_waits_for_it(site, issuer):
    certificate, key = issuer.issue("second")
    (site.folder / "cert.pem").write_text(certificate)
    hang_up(site)
    while not logged(site, "new certificate refused, the old one goes on"):
        time.sleep(0.01)
    assert name_shown(site.tls_port) == "first"
    (site.folder / "key.pem").write_text(key)
    until_shown(site, "second")


@pytest.mark.parametrize("bad, words", [
    ("noise", "holds no certificate"), ("other key", "does not belong"), ("gone", "No such file"),
    ("expired", "has expired"),
])
def test_a_bad_new_certificate_is_refused_loudly_and_the_old_one_stays(site, issuer, bad, words):
    certificate, key = issuer.issue("second", days=-1 if bad == "expired" else 2)
    if bad == "noise":
        certificate = "nothing\n"
    if bad == "other key":
        key = issuer.issue("other")[1]
    write(site.folder, certificate, key)
    if bad == "gone":
        (site.folder / "key.pem").unlink()
    hang_up(site)
    while not logged(site, "new certificate refused, the old one goes on"):
        time.sleep(0.01)
    [line] = logged(site, "new certificate refused, the old one goes on")
    assert words in line["error"] and line["level"] == "error"
    assert name_shown(site.tls_port) == "first"
    assert append(site.tls_port, "a", 0, b"hello", tls=True).status == 200
    assert ask(site.port, "GET", "/readyz").status == 200
    write(site.folder, *issuer.issue("third"))
    hang_up(site)
    until_shown(site, "third")


def test_a_client_that_resumes_its_session_after_the_change_is_served(site, issuer):
    """The ticket is worthless then: the handshake is a whole one, and nothing breaks."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def talk(session):
        with context.wrap_socket(socket.create_connection(("127.0.0.1", site.tls_port)), session=session) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := line.recv(4096):
                answer += piece
            assert answer.endswith(b"ok\n")
            return line.session, line.session_reused

    session, _ = talk(None)
    session, reused = talk(session)
    assert reused
    write(site.folder, *issuer.issue("second"))
    hang_up(site)
    until_shown(site, "second")
    _, reused = talk(session)
    assert not reused
