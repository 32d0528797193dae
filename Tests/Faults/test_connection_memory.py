"""
What a connection holds in the server's memory, of each kind and in each state that a client can leave it in: the README
has a table of that, which is read here. SLUICE_MEMORY_CONNECTIONS says how many are opened (500; with 10,000 the
figures are the table's own, but take minutes, and the first ones may be cut before the last are open).
"""

import os
import re
import time
from pathlib import Path

import pytest

import frames
from attackers import Victim, connect, room_for
from frames import begin, frame, hello, request
from test_hostile import append, established
from wire import ask

COUNT = int(os.environ.get("SLUICE_MEMORY_CONNECTIONS", "500"))
# How far a figure may be exceeded, and what few connections cost beyond theirs: the heap's own steps.
TOLERANCE = 1.1 if COUNT >= 3000 else 1.25
UNSHARED_KIB = 1024
# Memory is given back to the system when it has lain unused for a while: that of buffers after five to ten seconds.
CALM_SECONDS = 13
LIMITS = Path(__file__).parents[2] / "docs" / "limits.md"
MEBIBYTE = 1 << 20


def promised(row: str, tls: bool) -> float:
    """KiB a connection, as the table says."""
    found = re.search(rf"^\| {re.escape(row)} \| (–|\d+ KiB) \| (\d+ KiB) \|$", LIMITS.read_text(), re.MULTILINE)
    assert found, f"docs/limits.md has no row '{row}'"
    return float(found[2 if tls else 1].split()[0])


class Client:
    """A connection of either kind that sends without waiting for anything."""

    def __init__(self, server, tls: bool, protocol: str | None = None):
        if tls:
            self.socket, self.session, self.incoming, self.outgoing = established(server, protocol)
        else:
            self.socket, self.session = connect(server.port), None

    def send(self, data: bytes) -> None:
        if self.session is None:
            return self.socket.sendall(data)
        self.session.write(data)
        self.socket.sendall(self.outgoing.read())


def rest(server, clients):
    """Nobody says anything for longer than a connection keeps its task."""


def begin_heads(server, clients):
    for client in clients:
        client.send(b"GET / HTTP/1.1\r\nHost: upload.test\r\nX: ")


def drip(server, clients):
    for index, client in enumerate(clients):
        client.send(append(f"slow-{index}", MEBIBYTE))
    for _ in range(3):
        for client in clients:
            client.send(b"s" * 1024)
        time.sleep(0.5)


LONG_FIELDS = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 10_000) for number in range(3))


def begin_long_heads(server, clients):
    for client in clients:
        client.send(b"GET / HTTP/1.1\r\nHost: upload.test\r\n" + LONG_FIELDS)


def drip_behind_long_heads(server, clients):
    for index, client in enumerate(clients):
        client.send(append(f"behind-{index}", MEBIBYTE)[:-2] + LONG_FIELDS + b"\r\n")
    for client in clients:
        client.send(b"s" * 1024)


def begin_forms(server, clients):
    head = (b"POST /files HTTP/1.1\r\nHost: upload.test\r\nContent-Type: multipart/form-data; boundary=bound\r\n"
            b"Content-Length: 1000000\r\n\r\n")
    for client in clients:
        client.send(head)
    for client in clients:
        client.send(b'--bound\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n' + b"f" * 100_000)


def begin_downloads(server, clients):
    location = ask(server.port, "PUT", "/files/a", {}, bytes(16 * MEBIBYTE)).location
    for client in clients:
        client.send(f"GET {location} HTTP/1.1\r\nHost: upload.test\r\n\r\n".encode())
    for client in clients:
        assert client.socket.recv(100)


def cut_records(server, clients):
    """Bodies that stop in the middle of a record: what came of it has to be kept until the rest comes."""
    for index, client in enumerate(clients):
        client.send(append(f"record-{index}", MEBIBYTE) + b"r" * 1024)
        client.session.write(b"r" * 16_000)
        client.socket.sendall(client.outgoing.read()[:-100])


def rest_2(server, clients):
    """The same after a request: what the connection remembers of its fields is there."""
    agent = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0")
    head = request("GET", "/healthz", agent, ("accept", "*/*"))
    for client in clients:
        client.send(hello() + frame(frames.SETTINGS, frames.ACK) + begin(1, head, ends=True))


def drip_2(server, clients, streams=range(1, 2, 2)):
    for index, client in enumerate(clients):
        client.send(hello() + frame(frames.SETTINGS, frames.ACK) + b"".join(
            begin(stream, request("POST", "/upload", ("x-file-id", f"slow-{index}-{stream}"), ("x-start-byte", "0"),
                                  ("content-length", str(MEBIBYTE)))) for stream in streams))
    for _ in range(3):
        for client in clients:
            client.send(b"".join(frame(frames.DATA, 0, stream, b"s" * 1024) for stream in streams))
        time.sleep(0.5)


def drip_ten(server, clients):
    drip_2(server, clients, range(1, 21, 2))


STATES = [
    ("idle, over HTTP/2", rest_2, False), ("idle, over HTTP/2", rest_2, True),
    ("uploading slowly, over HTTP/2", drip_2, False), ("uploading slowly, over HTTP/2", drip_2, True),
    ("ten slow uploads over one connection of HTTP/2", drip_ten, False),
    ("ten slow uploads over one connection of HTTP/2", drip_ten, True),
    ("idle", rest, False), ("idle", rest, True),
    ("uploading slowly (1 KiB a second)", drip, False), ("uploading slowly (1 KiB a second)", drip, True),
    ("uploading slowly, behind a head of 30 kB", drip_behind_long_heads, False),
    ("uploading slowly, behind a head of 30 kB", drip_behind_long_heads, True),
    ("in the middle of a form that stalls", begin_forms, False),
    ("in the middle of a form that stalls", begin_forms, True),
    ("downloading, and not reading", begin_downloads, False), ("downloading, and not reading", begin_downloads, True),
    ("stalled inside a record of TLS", cut_records, True),
    # The last, since a head has 20 seconds only.
    ("in the middle of a request's head", begin_heads, False), ("in the middle of a request's head", begin_heads, True),
    ("in the middle of a head of 30 kB", begin_long_heads, False),
    ("in the middle of a head of 30 kB", begin_long_heads, True),
]


class Crowd:
    """So many connections in one state, at a server of their own."""

    def __init__(self, directory: Path, row: str, attack, tls: bool, count: int):
        # Ten streams count as ten. The time-outs are not what is looked at.
        self.server = Victim(directory, "--threads", "2", "--body-timeout", "600", "--log-level", "warning",
                             "--durability", "process", "--max-connections", str(count + 300))
        self.server.start()
        # What the first requests of each kind bring about once.
        protocol = "h2" if "HTTP/2" in row else None
        warm = [Client(self.server, tls, protocol) for _ in range(20)]
        attack(self.server, warm)
        time.sleep(0.5)
        for client in warm:
            client.socket.close()
        self.before = self.server.quiet().rss_kib
        # Each stream counts as a connection.
        self.clients = [Client(self.server, tls, protocol) for _ in range(count // 10 if attack is drip_ten else count)]
        attack(self.server, self.clients)

    def measured_kib(self) -> float:
        """What each holds."""
        left = self.server.connections()
        assert left >= len(self.clients) * (1 if COUNT <= 3000 else 0.4)
        return (self.server.vitals().rss_kib - self.before - UNSHARED_KIB) / left

    def close(self) -> None:
        for client in self.clients:
            client.socket.close()
        self.server.assert_healthy()
        self.server.stop()


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """KiB a connection, by row and kind. All crowds are there together, since it takes a while for them to calm down."""
    count = min(COUNT, room_for(COUNT + 500) - 500)
    found = {}
    for states in [STATES] if count <= 1000 else [[state] for state in STATES]:
        crowds = {(row, tls): Crowd(tmp_path_factory.mktemp("crowd"), row, attack, tls, count)
                  for row, attack, tls in states}
        time.sleep(CALM_SECONDS)
        found |= {state: crowd.measured_kib() for state, crowd in crowds.items()}
        for crowd in crowds.values():
            crowd.close()
    for (row, tls), kib in found.items():
        print(f"{row}, {'TLS' if tls else 'plain'}: {kib:.1f} KiB")
    return found


@pytest.mark.parametrize(("row", "tls"), [(row, tls) for row, _, tls in STATES])
def test_a_connection_costs_what_the_readme_says(measured, row, tls):
    assert measured[row, tls] <= promised(row, tls) * TOLERANCE
