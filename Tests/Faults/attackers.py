"""What the tests of hostile clients share: a server whose vital signs can be read, and sockets without manners."""

import functools
import os
import resource
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest

from sluice import Sluice
from waiting import eventually
from wire import ask

ANSWER_SECONDS = 40
RESET = b"\x01\0\0\0\0\0\0\0"


@dataclass(frozen=True)
class Vitals:
    """What a process holds."""

    descriptors: int
    threads: int
    rss_kib: int


class Victim(Sluice):
    """The server under attack."""

    @property
    def pid(self) -> int:
        return self._process.pid

    def vitals(self) -> Vitals:
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines() if ":" in line)
        descriptors = len(os.listdir(f"/proc/{self.pid}/fd"))
        return Vitals(descriptors, int(status["Threads"]), int(status["VmRSS"].split()[0]))

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def logged(self, text: str) -> int:
        """How many lines of the log hold the text."""
        return self.log.read_text(errors="replace").count(text)

    def connections(self) -> int:
        """Open connections: sockets besides the two listeners."""
        count = -2
        for number in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                count += os.readlink(f"/proc/{self.pid}/fd/{number}").startswith("socket:")
            except FileNotFoundError:
                pass
        return count

    def quiet(self) -> Vitals:
        """Waits until no connection is left; answers what the server holds then."""
        eventually(lambda: self.connections() == 0)
        return self.vitals()

    def assert_healthy(self) -> None:
        """The next honest client is served, with and without encryption."""
        for port, tls in ((self.port, False), (self.tls_port, True)):
            answer = ask(port, "GET", "/healthz", tls=tls)
            assert (answer.status, answer.body) == (200, b"ok\n")


@pytest.fixture
def start(tmp_path):
    """Starts a server with options of the test's own: start("--body-timeout", "1")."""
    servers = []

    def start_server(*options, preparation=None) -> Victim:
        directory = tmp_path / f"server{len(servers)}"
        directory.mkdir()
        servers.append(Victim(directory, "--durability", "process", *options, preparation=preparation))
        servers[-1].start()
        return servers[-1]

    yield start_server
    for server in servers:
        server.stop()
        print(server.log_tail())


def room_for(connections: int) -> int:
    """So many connections, or as many as this process, and a server like it, may open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return connections if hard == resource.RLIM_INFINITY else min(connections, hard - 500)


def connect(port: int, source: str = "127.0.0.1", receive_bytes: int | None = None) -> socket.socket:
    """A connection from one of this machine's many addresses, with a receive buffer as small as wanted."""
    client = socket.socket()
    client.settimeout(ANSWER_SECONDS)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_bytes is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    client.bind((source, 0))
    client.connect(("127.0.0.1", port))
    return client


@functools.cache
def trusting(protocol: str | None = None) -> ssl.SSLContext:
    """For clients that believe every certificate; `protocol` is what they offer by ALPN."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if protocol:
        context.set_alpn_protocols([protocol])
    return context


def reset(client: socket.socket) -> None:
    """Ends a connection with RST."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.close()


def read_all(client: socket.socket) -> bytes:
    """Everything up to the end of the connection, whichever way it ends."""
    received = b""
    while True:
        try:
            data = client.recv(1 << 16)
        except (ConnectionError, ssl.SSLError):
            return received
        if not data:
            return received
        received += data
