"""The program from the outside: options, exit codes, signals, limits."""

import os
import re
import resource
import signal
import socket
import subprocess
import time

import pytest

from file_id import append, begin, status
from sluice import Sluice
from waiting import eventually
from wire import Line

SECONDS = 30


def run(*arguments):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    return subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS)


def serve(tmp_path, *arguments):
    return run("serve", "--listen", "127.0.0.1:0", "--listen-tls", "", "--data", tmp_path / "data", *arguments)


@pytest.mark.parametrize("arguments", [
    ["--listen", "nonsense"], ["--listen", "127.0.0.1"], ["--listen", "127.0.0.1:99999"], ["--listen", "example.org:80"],
    ["--listen", ""], ["--tls-cert", "x"], ["--tls-key", "x"], ["--threads", "0"], ["--threads", "many"],
    ["--max-size", "0"], ["--max-size", "-1"], ["--max-size", "9999999T"], ["--max-size", "1X"],
    ["--buffer-memory", "1K"], ["--body-timeout", "0"], ["--min-rate", "-1"], ["--forget-after", "-1"],
    ["--max-connections", "0"], ["--max-connections-per-address", "-1"], ["--durability", "none"], ["--data", ""],
    ["--log-level", "loud"], ["--log-format", "xml"], ["--no-such-option"], ["surplus"],
    ["--listen-tls", "0.0.0.0:0"],
])
def test_wrong_options_end_with_2_and_a_message(tmp_path, arguments):
    done = serve(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert arguments[0] in done.stderr
    assert not (tmp_path / "data").exists()


def test_an_unknown_command_ends_with_2():
    assert run("brew").returncode == 2


def test_help_and_version_end_with_0():
    for arguments in (["--help"], ["serve", "--help"], ["health", "--help"], ["--version"]):
        done = run(*arguments)
        assert done.returncode == 0
        assert done.stdout != "" and done.stderr == ""


@pytest.mark.parametrize("cert, key", [
    ("missing", "good"), ("good", "missing"), ("empty", "good"), ("good", "empty"), ("good", "other"), ("key", "cert"),
])
def test_a_bad_certificate_or_key_ends_with_2_and_one_line(tmp_path, cert, key):
    def make(name):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", "/CN=localhost", "-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem"],
            check=True, capture_output=True)

    make("good")
    make("other")
    (tmp_path / "empty").write_text("")
    paths = {"missing": tmp_path / "missing", "empty": tmp_path / "empty", "key": tmp_path / "good.key",
             "cert": tmp_path / "good.pem"}
    certificate = paths.get(cert, tmp_path / f"{cert}.pem")
    secret = paths.get(key, tmp_path / f"{key}.key")
    done = run("serve", "--listen", "", "--listen-tls", "127.0.0.1:0", "--data", tmp_path / "data",
               "--tls-cert", certificate, "--tls-key", secret)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert str(tmp_path) in done.stderr


def test_a_good_certificate_is_served(tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key", "-out",
         tmp_path / "cert"], check=True, capture_output=True)
    server = Sluice(tmp_path, "--tls-cert", str(tmp_path / "cert"), "--tls-key", str(tmp_path / "key"))
    server.start()
    try:
        done = subprocess.run(["curl", "-sS", "--cacert", tmp_path / "cert", f"{server.tls_url}healthz"],
                              capture_output=True, timeout=SECONDS)
        assert done.stdout == b"ok\n", done.stderr
    finally:
        server.stop()


def test_a_second_server_on_the_same_directory_ends_with_1_and_says_why(sluice):
    done = run("serve", "--listen", "127.0.0.1:0", "--listen-tls", "", "--data", sluice.data)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(sluice.data) in done.stderr and "in use" in done.stderr
    assert status(sluice.port, "a") == 0


def test_a_port_in_use_ends_with_1_and_says_which(sluice, tmp_path):
    done = run("serve", "--listen", f"127.0.0.1:{sluice.port}", "--listen-tls", "", "--data", tmp_path / "other")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "--listen" in done.stderr and str(sluice.port) in done.stderr


def test_a_directory_that_cannot_be_made_ends_with_1_and_says_which(tmp_path):
    (tmp_path / "file").write_text("")
    done = run("serve", "--listen", "127.0.0.1:0", "--listen-tls", "", "--data", tmp_path / "file" / "data")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(tmp_path / "file") in done.stderr


def test_health_tells_a_well_server_from_none(sluice):
    assert run("health", "--server", f"127.0.0.1:{sluice.port}").returncode == 0
    assert run("health", "--server", f"127.0.0.1:{sluice.tls_port}", "--tls").returncode == 0
    # Plain to the TLS port and the other way round: an answer, in time, that it is not well.
    assert run("health", "--server", f"127.0.0.1:{sluice.tls_port}", "--timeout", "2").returncode == 1
    assert run("health", "--server", f"127.0.0.1:{sluice.port}", "--tls", "--timeout", "2").returncode == 1
    sluice.stop()
    done = run("health", "--server", f"127.0.0.1:{sluice.port}")
    assert done.returncode == 1
    assert f"127.0.0.1:{sluice.port}" in done.stdout + done.stderr


def test_health_gives_a_silent_server_no_more_than_its_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        done = run("health", "--server", f"127.0.0.1:{silent.getsockname()[1]}", "--timeout", "1")
        assert done.returncode == 1
        assert time.monotonic() - start < 10


def test_health_wants_an_address():
    assert run("health", "--server", "nonsense").returncode == 2


def written(server):
    """Bytes in the data files of all open uploads, sorted."""
    return sorted(path.stat().st_size for path in (server.data / "uploads").rglob("*") if path.is_file())


@pytest.mark.parametrize("tls", [False, True])
def test_sigterm_settles_fifty_appends_and_ends_with_0(sluice, tls):
    port = sluice.tls_port if tls else sluice.port
    clients = [Line(port, tls) for _ in range(50)]
    for index, client in enumerate(clients):
        begin(client, f"f{index}", 0, 1_000_000)
        client.send(bytes([index]) * (1 + index * 1000))
    eventually(lambda: written(sluice) == [1 + index * 1000 for index in range(50)])
    sluice.terminate()
    for client in clients:
        answer = client.answer()
        assert answer.status == 503
        assert int(answer.fields["retry-after"]) >= 0
        client.close()
    assert sluice.wait() == 0
    sluice.start()
    for index in range(50):
        assert status(sluice.port, f"f{index}") == 1 + index * 1000


def test_a_second_sigterm_ends_at_once(sluice):
    with Line(sluice.port) as client:
        begin(client, "a", 0, 1_000_000)
        client.send(b"x" * 1000)
        eventually(lambda: written(sluice) == [1000])
        sluice.terminate()
        # The answer is there, so the stop has begun; the client keeps its connection, so the server waits for it.
        assert client.answer().status == 503
        assert sluice.is_running
        start = time.monotonic()
        sluice.terminate()
        assert sluice.wait() == 1
        assert time.monotonic() - start < 5
    sluice.start()
    assert status(sluice.port, "a") == 1000


def test_sigint_ends_like_sigterm_and_sighup_not_at_all(sluice):
    sluice._process.send_signal(signal.SIGHUP)
    assert status(sluice.port, "a") == 0
    sluice._process.send_signal(signal.SIGINT)
    assert sluice.wait() == 0


def test_a_port_is_free_again_at_once(sluice):
    for _ in range(5):
        assert append(sluice.port, "a", 0, b"hello").status == 200
        sluice.terminate()
        assert sluice.wait() == 0
        sluice.start()


def test_when_descriptors_run_out_connections_wait_and_are_served_later(tmp_path):
    limit = 96
    server = Sluice(
        tmp_path, "--max-connections", "1000",
        preparation=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
    server.start()
    try:
        # The kernel completes connections that the server cannot take; they wait in its queue.
        clients = [Line(server.port) for _ in range(limit + 20)]
        for client in clients:
            client.head("GET", "/healthz")
        eventually(lambda: "accepting pauses" in server.log.read_text())
        assert server.is_running
        first, *rest = clients
        assert first.answer().body == b"ok\n"
        for client in rest[: limit // 2]:
            client.close()
        for client in rest[limit // 2:]:
            assert client.answer().body == b"ok\n"
            client.close()
        first.close()
        assert append(server.port, "a", 0, b"hello").status == 200
        # Told at the beginning of each shortage, not ten times a second.
        assert len(re.findall("accepting pauses", server.log.read_text())) < 10
    finally:
        server.stop()


@pytest.mark.parametrize("arguments", [["--version"], ["serve", "--version"], ["check-config", "--version"]])
def test_the_version_is_told_wherever_it_is_asked_for(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "") and re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout)


def test_what_is_given_twice_is_told_whatever_the_files_are_called():
    done = run("put", "--name", "serve", "--name", "x", "a", "http://127.0.0.1:9/")
    assert done.returncode == 2 and "--name was given more than once" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_the_options_of_serve(shell):
    script = run("--generate-completion-script", shell)
    assert script.returncode == 0
    asked = run("---completion", "serve", "--", "words", "0", "0", "--max")
    assert "--max-size" in asked.stdout.splitlines() and "--no-download" in asked.stdout.splitlines()
