"""SIGHUP brings a new configuration into a running server: all of what can change, or nothing, and nothing is cut."""

import json
import os
import signal
import subprocess

import pytest

from file_id import begin, status
from sluice import Sluice
from tokens import secret_file, tokens_file
from waiting import eventually
from wire import Line, ask

UPLOADS = 200


@pytest.fixture
def site(tmp_path):
    """A server with a configuration file; what was logged, and a way to give it another file."""
    file = tmp_path / "sluice.yaml"
    file.write_text("max-size: 16K\n")
    server = Sluice(tmp_path, "--config", str(file))
    server.start()
    server.file = file
    yield server
    server.stop()
    print(server.log_tail())


def lines(server, message):
    return [line for line in map(json.loads, server.log.read_text().splitlines()) if line["message"] == message]


def reload(server, text, message="new configuration"):
    """Gives the server another file, waits for what it says, and answers the line."""
    before = len(lines(server, message))
    server.file.write_text(text)
    os.kill(server.pid, signal.SIGHUP)
    eventually(lambda: len(lines(server, message)) > before, message)
    return lines(server, message)[-1]


def size_max(server) -> int:
    return int(ask(server.port, "OPTIONS", "/files", {"Tus-Resumable": "1.0.0"}).fields["tus-max-size"])


def test_what_is_live_counts_from_the_next_request_on_and_the_rest_is_told(site):
    line = reload(site, "max-size: 4K\ncors-origin: https://app.example\npublic-url: /below\nthreads: 3\n")
    assert line["options"] == "max-size, public-url, cors-origin"
    assert lines(site, "new values of these options need a restart")[-1]["options"] == "threads"
    assert size_max(site) == 4096
    answer = ask(site.port, "PUT", "/files/name", {"Origin": "https://app.example"}, b"hello")
    assert answer.fields["access-control-allow-origin"] == "https://app.example"
    assert answer.location.startswith("/below/files/")
    # The key is gone: its default is back.
    assert reload(site, "max-size: 4K\n")["options"] == "public-url, cors-origin"
    assert ask(site.port, "PUT", "/files/name", {}, b"hello").location.startswith("/files/")


@pytest.mark.usefixtures("protocol")
def test_an_open_connection_is_served_by_the_new_configuration(site):
    with Line(site.port) as line:
        assert line.request("PUT", "/files/a", {}, b"x" * 5000).status == 201
        reload(site, "max-size: 4K\n")
        assert line.request("PUT", "/files/a", {}, b"x" * 5000).status == 413


@pytest.mark.usefixtures("protocol")
def test_no_upload_under_way_is_cut(site):
    clients = [Line(site.tls_port, tls=True) if index % 2 else Line(site.port) for index in range(UPLOADS)]
    reload(site, "max-size: 1M\n")
    for index, client in enumerate(clients):
        begin(client, f"f{index}", 0, 200_000)
        client.send(b"a" * 5000)
    uploads = site.data / "uploads"
    eventually(lambda: [path.stat().st_size for path in uploads.iterdir()] == [5000] * UPLOADS, "the first bytes")
    for size in ("1K", "2K", "3K"):
        reload(site, f"max-size: {size}\nmin-rate: 1\nmax-connections-per-address: 1\nreserve: 900T\n")
    for client in clients:
        client.send(b"b" * 195_000)
    for client in clients:
        assert client.answer().status == 200
        client.close()
    reload(site, "max-size: 4K\n")
    assert status(site.port, "f0") == 200_000
    assert len(site.finished_files()) == UPLOADS


@pytest.mark.parametrize("text, words", [
    ("max-size: 1K\nmax-sise: 2K\n", "sluice.yaml:2: 'max-sise' is no option"),
    ("max-size: 1K\nthreads: no\n", "sluice.yaml:2: threads takes"),
    ("max-size: 1K\ncors-credentials: true\n", "cors-credentials says something"),
    ("max-size: [1K\n", "not YAML"),
])
def test_of_a_file_with_anything_wrong_nothing_is_applied(site, text, words):
    line = reload(site, text, "new configuration refused, the old one goes on")
    assert words in line["error"]
    assert size_max(site) == 16384


def test_the_log_level_changes(site):
    assert reload(site, "max-size: 16K\nlog-level: notice\n")["options"] == "log-level"
    count = len(lines(site, "request"))
    assert ask(site.port, "GET", "/healthz").status == 200
    assert reload(site, "max-size: 16K\nlog-level: info\n")["options"] == "log-level"
    assert ask(site.port, "GET", "/healthz").status == 200
    eventually(lambda: len(lines(site, "request")) == count + 1, "the line of the second request")


def certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
        check=True, capture_output=True)
    return f"tls-cert: {folder / name}.pem\ntls-key: {folder / name}.key\n"


def shown(server) -> str:
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}"], input=b"",
                          capture_output=True, timeout=30)
    return done.stdout.decode().partition("CN = ")[2].partition("\n")[0]


def test_certificates_and_options_come_together_or_not_at_all(site, tmp_path):
    first = certificate(tmp_path, "first")
    reload(site, first + "max-size: 1K\n")
    assert (shown(site), size_max(site)) == ("first", 1024)
    refusal = "new configuration refused, the old one goes on"
    reload(site, first.replace("first", "missing") + "max-size: 2K\n", refusal)
    (tmp_path / "first.key").write_text("no key")
    reload(site, first + "max-size: 2K\n", refusal)
    assert (shown(site), size_max(site)) == ("first", 1024)
    reload(site, certificate(tmp_path, "second") + "max-size: 2K\n")
    assert (shown(site), size_max(site)) == ("second", 2048)


WARNING = "--trusted-proxy 0.0.0.0/0: anybody may say where a request comes from, and no address has a bound"


def test_what_a_start_warns_of_a_reload_warns_of_once(site):
    assert lines(site, WARNING) == []
    reload(site, "max-size: 1K\ntrusted-proxy: 0.0.0.0/0\n")
    eventually(lambda: len(lines(site, WARNING)) == 1, "the warning")
    reload(site, "max-size: 2K\ntrusted-proxy: 0.0.0.0/0\nhsts: 5\n")
    assert reload(site, "max-size: 3K\ntrusted-proxy: 0.0.0.0/0\nhsts: 5\n")["options"] == "max-size"
    assert len(lines(site, WARNING)) == 1


def test_a_file_that_contradicts_what_only_a_restart_changes_is_refused_and_that_is_told(tmp_path, start):
    file = tmp_path / "sluice.yaml"
    file.write_text("proxy-protocol: 127.0.0.1:0\ntrusted-proxy: 127.0.0.1\nthreads: 2\n")
    server = start("--config", str(file))
    server.file = file
    line = reload(server, "max-size: 5G\nthreads: 2\n", "new configuration refused, the old one goes on")
    assert "trusted-proxy" in line["error"]
    assert line["error"].endswith("It does not go with old values, which stay in force until a restart: proxy-protocol.")


def expired(folder):
    request = folder / "expired.csr"
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                    "/CN=expired", "-keyout", folder / "expired.key", "-out", request], check=True, capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-signkey", folder / "expired.key", "-days", "-1", "-out",
                    folder / "expired.pem"], check=True, capture_output=True)
    return f"tls-cert: {folder}/expired.pem\ntls-key: {folder}/expired.key\n"


def test_an_expired_certificate_in_force_keeps_no_new_options_out(tmp_path, start):
    own = expired(tmp_path)
    (tmp_path / "sluice.yaml").write_text(own)
    server = start("--config", str(tmp_path / "sluice.yaml"))
    server.file = tmp_path / "sluice.yaml"
    reload(server, own + "max-size: 1K\n")
    assert (shown(server), size_max(server)) == ("expired", 1024)


def test_no_path_leads_to_an_expired_certificate(site, tmp_path):
    good = certificate(tmp_path, "good")
    reload(site, good)
    line = reload(site, expired(tmp_path) + "max-size: 1K\n", "new configuration refused, the old one goes on")
    assert "has expired" in line["error"]
    assert (shown(site), size_max(site)) == ("good", 1 << 40)


def test_new_authorities_of_clients_are_told_and_count_though_the_certificate_is_the_same(site, tmp_path):
    certificate(tmp_path, "first")
    certificate(tmp_path, "second")
    authorities = tmp_path / "authorities.pem"
    authorities.write_text((tmp_path / "first.pem").read_text())
    text = certificate(tmp_path, "own") + f"tls-client-ca: {authorities}\n"
    reload(site, text)

    def served(name):
        return subprocess.run(
            ["curl", "-sk", "--cert", tmp_path / f"{name}.pem", "--key", tmp_path / f"{name}.key",
             f"{site.tls_url}healthz"], capture_output=True, timeout=30).stdout == b"ok\n"
    assert served("first") and not served("second")
    authorities.write_text((tmp_path / "second.pem").read_text())
    reload(site, text, "new certificates beside the server's own: of those who signed it, or of authorities")
    assert served("second") and not served("first")
    reload(site, text, "certificate read anew: it is the same")


def test_files_of_tokens_are_told_when_something_else_is_in_them_and_only_then(tmp_path):
    tokens_file(tmp_path, alice="one")
    server = Sluice(tmp_path, "--tokens", str(tmp_path / "tokens"), "--jwt-secret", str(secret_file(tmp_path)))
    server.start()
    server.file = tmp_path / "tokens"
    same = server.file.read_text()
    try:
        reload(server, same, "configuration read anew: nothing to apply")
        assert reload(server, same + f"bob:{'0' * 64}\n")["options"] == "tokens"
        reload(server, same + f"bob:{'0' * 64}\n", "configuration read anew: nothing to apply")
        assert len(lines(server, "new configuration")) == 1
    finally:
        server.stop()
