"""
A server that stood still, that has no memory, that nobody listens to, or that finds a pipe where a file should be: who
is honest loses nothing, and the process ends when it is told to.
"""

import fcntl
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from attackers import connect, start  # noqa: F401
from waiting import eventually
from wire import Line, ask

MEBIBYTE = 1 << 20
F_SETPIPE_SZ = 1031


def put(name: str, length: int) -> bytes:
    return f"PUT /files/{name} HTTP/1.1\r\nHost: upload.test\r\nContent-Length: {length}\r\n\r\n".encode()


def test_nobody_is_cut_for_the_time_in_which_the_server_was_stopped(start):
    """As a paused virtual machine is; all clients go on sending meanwhile, into the system's buffers."""
    server = start("--body-timeout", "5", "--threads", "1")
    # More than one turn of the loop takes notice of.
    clients = [connect(server.port) for _ in range(150)]
    for index, client in enumerate(clients):
        client.sendall(put(f"f{index}", 200_000) + b"x" * 100_000)
    eventually(lambda: len(list((server.data / "uploads").iterdir())) == len(clients))
    os.kill(server.pid, signal.SIGSTOP)
    try:
        for client in clients:
            client.sendall(b"y" * 50_000)
        # Longer than the time-out.
        time.sleep(7)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    # And they go on a moment later, as clients do whose machine has to notice first.
    time.sleep(0.5)
    for client in clients:
        client.sendall(b"z" * 50_000)
    for client in clients:
        assert client.recv(1 << 12).startswith(b"HTTP/1.1 201 ")
    assert server.logged("body-timeout") == 0
    # A client that says nothing is cut as ever.
    with connect(server.port) as silent:
        silent.sendall(put("silent", 1000))
        assert silent.recv(1 << 12).startswith(b"HTTP/1.1 408 ")


def test_an_upload_goes_on_when_the_system_has_memory_again(start):
    server = start("--threads", "1")
    ask(server.port, "PUT", "/files/warm", {}, b"x")
    limits = resource.prlimit(server.pid, resource.RLIMIT_AS)
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[0])
    with connect(server.port) as client:
        # Not enough for a buffer.
        resource.prlimit(server.pid, resource.RLIMIT_AS, (pages * 4096 + 512 * 1024, limits[1]))
        client.sendall(put("waits", 300_000) + b"w" * 300_000)
        client.settimeout(1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        # It is the memory that is waited for, not the client, and others are served.
        assert ask(server.port, "GET", "/healthz").status == 200
        resource.prlimit(server.pid, resource.RLIMIT_AS, limits)
        client.settimeout(20)
        assert client.recv(1 << 12).startswith(b"HTTP/1.1 201 ")


class Unheard:
    """A server whose log goes into a pipe that is full and that nobody reads."""

    def __init__(self, directory: Path):
        self.reading, writing = os.pipe()
        fcntl.fcntl(writing, F_SETPIPE_SZ, 4096)
        binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0", "--listen-tls", "", "--data", str(directory / "data"),
             "--durability", "process"], stdout=subprocess.PIPE, stderr=writing, text=True)
        os.close(writing)
        self.port = int(self.process.stdout.readline().strip().rstrip("/").rpartition(":")[2])
        for _ in range(100):
            assert ask(self.port, "GET", "/nothing" + "x" * 100).status == 404

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.reading)


@pytest.fixture
def unheard(tmp_path):
    server = Unheard(tmp_path)
    yield server
    server.close()


def test_a_log_that_nobody_reads_does_not_keep_the_process(unheard):
    unheard.process.terminate()
    assert unheard.process.wait(15) == 0


def test_a_second_signal_ends_the_process_at_once_also_while_it_closes(unheard):
    with connect(unheard.port) as client:
        # An upload that the first signal leaves a moment for.
        client.sendall(b"GET / HTTP/1.1\r\n")
        unheard.process.terminate()
        ended = []

        def insist():
            unheard.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            unheard.process.wait(15)
            ended.append(time.monotonic() - began)

        time.sleep(0.3)
        insist()
    assert ended[0] < 1


def test_a_pipe_in_the_place_of_a_certificate_stops_nothing(start, tmp_path):
    certificate, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    server = start("--tls-cert", str(certificate), "--tls-key", str(key))
    certificate.unlink()
    os.mkfifo(certificate)
    os.kill(server.pid, signal.SIGHUP)
    eventually(lambda: server.logged("not a regular file") >= 1)
    # The old one goes on, and the thread that looked goes on, too: it ends with the server.
    server.assert_healthy()
    server.terminate()
    assert server.wait() == 0


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_an_urgent_byte_in_a_body_hides_nothing_of_what_lies_behind_it(start, tls):
    """TCP lets a read stop at it, although more has come already, and tells of no more."""
    server = start("--threads", "1")
    body = bytes(range(250)) * 800
    with Line(server.tls_port if tls else server.port, tls, seconds=20) as line:
        line.head("PUT", "/files/urgent", {}, len(body))
        line.send(body[:100_000])
        eventually(lambda: [path.stat().st_size for path in (server.data / "uploads").iterdir()] == [100_000])
        server.suspend()
        line.send(body[100_000:150_000])
        # No byte of the stream: the system keeps it apart.
        socket.socket.send(line._socket, b"!", socket.MSG_OOB)
        line.send(body[150_000:])
        server.proceed()
        stored = line.answer("PUT")
    assert stored.status == 201
    assert ask(server.port, "GET", stored.location).body == body
