"""
Clients that mean harm, or behave as if: many at once, slow, silent, rude. The server keeps to its bounds, gives
everything back when they are gone, and serves the next honest client.
"""

import ctypes
import random
import resource
import socket
import ssl
import subprocess
import threading
import time

import pytest

from attackers import Victim, connect, read_all, reset, room_for, start, trusting  # noqa: F401
from waiting import eventually
from wire import Line, ask

CROWD = 10_000
MEBIBYTE = 1 << 20
# Growth of memory that is not taken for a leak, after a warm-up by the same attack.
RSS_GROWTH = 1.05
ROUNDS = 3
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: upload.test\r\n\r\n"
SLOW_SECONDS = 60


def append(name: str, length: int) -> bytes:
    """The head of an append at offset 0."""
    return (f"POST /upload HTTP/1.1\r\nHost: upload.test\r\nX-File-Id: {name}\r\nX-Start-Byte: 0\r\n"
            f"Content-Length: {length}\r\n\r\n").encode()


def stored(server: Victim, name: str) -> int:
    return int(ask(server.port, "GET", "/status", {"X-File-Id": name}).body)


def assert_withstood(server: Victim, attack) -> None:
    """
    Attacks to warm the server up, then again: what it holds afterwards is what it held before. Memory may take more
    than one round to find its shape; a leak grows in every round.
    """
    attack(server)
    server.assert_healthy()
    after = server.quiet()
    for _ in range(ROUNDS):
        before = after
        attack(server)
        server.assert_healthy()
        after = server.quiet()
        assert (after.descriptors, after.threads) == (before.descriptors, before.threads)
        if after.rss_kib <= before.rss_kib * RSS_GROWTH:
            return
    raise AssertionError(f"memory grows with every attack: {before}, {after}")


# Crowds


def is_silent(client: socket.socket) -> bool:
    """Whether the server says nothing to a client that says nothing."""
    client.settimeout(0.2)
    try:
        client.recv(1)
        return False
    except TimeoutError:
        return True


def test_one_address_gets_its_share_and_no_more(start):
    count = room_for(CROWD)
    share = count // 4
    server = start("--max-connections", str(2 * count), "--max-connections-per-address", str(share))

    def crowd(server):
        clients = [connect(server.port) for _ in range(count)]
        eventually(lambda: server.connections() == share)
        told = read_all(clients[-1])
        assert told.startswith(b"HTTP/1.1 503 ") and b"X-Error-Code: too-many-connections\r\n" in told
        assert b"Retry-After: " in told
        # The share is the first ones'; others, of other addresses, are served as if nothing were.
        assert is_silent(clients[0])
        with connect(server.port, "127.0.0.2") as other:
            other.sendall(HEALTH)
            assert other.recv(1 << 12).startswith(b"HTTP/1.1 200 ")
        with pytest.raises((ConnectionError, ssl.SSLError)):
            trusting().wrap_socket(connect(server.tls_port))
        for client in clients:
            reset(client)
        eventually(lambda: server.connections() == 0)

    assert_withstood(server, crowd)
    # One line for many.
    assert 1 <= server.logged("connections are refused") <= 20


def test_the_total_is_bounded_over_all_addresses(start):
    total = 900
    server = start("--max-connections", str(total), "--max-connections-per-address", str(total // 3))

    def crowd(server):
        clients = {
            source: [connect(server.port, f"127.0.0.{source}") for _ in range(total // 3)] for source in (1, 2, 3)}
        eventually(lambda: server.connections() == total)
        with connect(server.port, "127.0.0.4") as late:
            assert read_all(late).startswith(b"HTTP/1.1 503 ")
        for client in clients.pop(2):
            client.close()
        eventually(lambda: server.connections() == total * 2 // 3)
        with connect(server.port, "127.0.0.4") as late:
            late.sendall(HEALTH)
            assert late.recv(1 << 12).startswith(b"HTTP/1.1 200 ")
        for client in sum(clients.values(), []):
            client.close()
        eventually(lambda: server.connections() == 0)

    assert_withstood(server, crowd)


def test_a_crowd_that_is_let_in_leaves_nothing_behind(start):
    count = room_for(CROWD)
    server = start("--max-connections", str(count + 100), "--max-connections-per-address", "0")

    def crowd(server):
        clients = [connect(server.port, f"127.0.0.{1 + index % 9}") for index in range(count)]
        eventually(lambda: server.connections() == count)
        # Each is at a different point of its request.
        for index, client in enumerate(clients):
            client.sendall(HEALTH[: index % len(HEALTH)])
        server.assert_healthy()
        for index, client in enumerate(clients):
            reset(client) if index % 2 else client.close()
        eventually(lambda: server.connections() == 0)

    assert_withstood(server, crowd)


def test_a_server_out_of_descriptors_waits_and_comes_back(start):
    limit = 200

    def few_descriptors():
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    server = start("--max-connections", "100000", preparation=few_descriptors)
    quiet = server.quiet().descriptors
    clients = [connect(server.port) for _ in range(limit + 50)]
    eventually(lambda: server.vitals().descriptors == limit)
    eventually(lambda: server.logged("accepting pauses") == 1)
    spent = server.cpu_seconds()
    time.sleep(1)
    # It does not spin meanwhile: a second of that would be a second.
    assert server.cpu_seconds() - spent < 0.5
    assert server.logged("accepting pauses") == 1
    for client in clients[:100]:
        client.close()
    # Who waited in the queue is served now.
    clients[-1].sendall(HEALTH)
    assert clients[-1].recv(1 << 12).startswith(b"HTTP/1.1 200 ")
    for client in clients:
        client.close()
    eventually(lambda: server.connections() == 0)
    server.assert_healthy()
    assert server.quiet().descriptors == quiet


# Slowness


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """
    Bodies of two kinds, on a server of their own from the first test to the last: of a kilobyte a second, and of a byte
    a second.
    """
    server = Victim(tmp_path_factory.mktemp("slow"), "--durability", "process")
    server.start()
    alive, dying = {}, {}
    for index in range(40):
        for kind, clients in (("alive", alive), ("dying", dying)):
            client = connect(server.port)
            client.sendall(append(f"{kind}-{index}", MEBIBYTE))
            clients[f"{kind}-{index}"] = client
    ends = threading.Event()

    def drip():
        while not ends.wait(1):
            for clients, piece in ((alive, b"a" * 1024), (dying, b"d")):
                for client in clients.values():
                    try:
                        client.sendall(piece)
                    except ConnectionError:
                        pass

    started = time.monotonic()
    dripping = threading.Thread(target=drip)
    dripping.start()
    yield server, alive, dying, started
    ends.set()
    dripping.join()
    for client in [*alive.values(), *dying.values()]:
        client.close()
    server.stop()


@pytest.fixture(autouse=True)
def slow_from_the_first_test(slow):
    """So that the minute which it takes passes beside the other tests."""


def test_heads_and_handshakes_that_never_end_are_cut(start):
    server = start()
    heads = [connect(server.port) for _ in range(300)]
    handshakes = [connect(server.tls_port) for _ in range(100)]
    for client in heads:
        client.sendall(b"GET / HTTP/1.1\r\nHost: upload.test\r\nX: ")
    for client in handshakes:
        client.sendall(b"\x16\x03\x01\x02\x00\x01")
    end = time.monotonic() + 60
    while server.connections() > 0:
        # Every byte comes long before an idle connection would be closed; the head as a whole does not.
        for client in heads + handshakes:
            try:
                client.sendall(b"x")
            except ConnectionError:
                pass
        assert time.monotonic() < end
        time.sleep(0.5)
    told = [read_all(client) for client in heads]
    assert sum(b"X-Error-Code: head-timeout" in answer for answer in told) >= len(told) // 2
    for client in heads + handshakes:
        client.close()
    server.assert_healthy()


def test_bodies_that_stop_are_cut_and_kept(start):
    server = start("--body-timeout", "1")

    def stop_in_the_middle(server):
        clients = [connect(server.port) for _ in range(200)]
        for index, client in enumerate(clients):
            client.sendall(append(f"stops-{index}", 100_000) + b"s" * index)
        for index, client in enumerate(clients):
            answer = read_all(client)
            assert answer.startswith(b"HTTP/1.1 503 ") and b"X-Error-Code: body-timeout\r\n" in answer
            assert stored(server, f"stops-{index}") == index
            client.close()

    assert_withstood(server, stop_in_the_middle)


# Answers that nobody reads


def test_a_flood_of_requests_whose_answers_are_not_read(start):
    """Requests are answered one after the other: what waits to be sent is never more than one answer."""
    server = start()
    server.assert_healthy()

    def flood(server):
        before = server.quiet()
        clients = [connect(server.port, receive_bytes=2048) for _ in range(3)]
        for client in clients:
            client.setblocking(False)
        stalled, end = 0, time.monotonic() + 20
        while stalled < 20 and time.monotonic() < end:
            moved = 0
            for client in clients:
                try:
                    moved += client.send(HEALTH * 1000)
                except BlockingIOError:
                    pass
            # When nothing moves for a while the server has stopped reading.
            stalled = 0 if moved else stalled + 1
            time.sleep(0.01)
        assert stalled == 20
        assert server.vitals().rss_kib < before.rss_kib + 32 * 1024
        server.assert_healthy()
        for client in clients:
            reset(client)

    assert_withstood(server, flood)


def test_a_flood_of_requests_is_answered_in_order(start):
    server = start()
    count = 20_000
    with connect(server.port) as client:
        threading.Thread(target=client.sendall, args=(HEALTH * count,)).start()
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < count:
            data = client.recv(1 << 20)
            assert data
            received += data
    assert received.count(b"HTTP/1.1 ") == count
    server.assert_healthy()


def test_downloads_that_nobody_reads(start):
    server = start()
    location = ask(server.port, "PUT", "/files/a", {}, bytes(16 * MEBIBYTE)).location

    def ask_and_not_read(server):
        before = server.quiet()
        clients = [connect(server.port, receive_bytes=2048) for _ in range(60)]
        for client in clients:
            client.sendall(f"GET {location} HTTP/1.1\r\nHost: upload.test\r\n\r\n".encode())
        for client in clients:
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
        server.assert_healthy()
        # A read's worth of memory each, whatever the file's size.
        assert server.vitals().rss_kib < before.rss_kib + 60 * 256
        for client in clients:
            reset(client)

    assert_withstood(server, ask_and_not_read)


# Rudeness at every point


def conversation(tls: bool) -> list[bytes]:
    """An upload, cut into the pieces between which a client may vanish: bytes of the head one by one."""
    head = append("rude", 300_000)
    chunks = (b"POST /upload HTTP/1.1\r\nHost: upload.test\r\nX-File-Id: chunks\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"5\r\nhello\r\n10;a=b\r\n0123456789abcdef\r\n0\r\nX: y\r\n\r\n")
    every = 7 if tls else 1
    heads = [head[index : index + every] for index in range(0, len(head), every)]
    body = [b"r" * 1, b"r" * 70_000, b"r" * 229_999]
    return [*heads, *body, *(chunks[index : index + every] for index in range(0, len(chunks), every))]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("end", ["reset", "half-closed", "closed"])
def test_a_client_that_vanishes_at_any_point(start, tls, end):
    server = start()
    pieces = conversation(tls)
    context = trusting()

    def vanish(server):
        for count in range(len(pieces) + 1):
            client = connect(server.tls_port if tls else server.port)
            if tls:
                client = context.wrap_socket(client)
            try:
                client.sendall(b"".join(pieces[:count]))
                if end == "half-closed":
                    client.shutdown(socket.SHUT_WR)
                    read_all(client)
            except (ConnectionError, ssl.SSLError):
                pass
            if end == "reset":
                reset(client)
            client.close()
        assert stored(server, "chunks") <= 21

        def go_on(have):
            start = {"X-File-Id": "rude", "X-Start-Byte": str(have)}
            return ask(server.port, "POST", "/upload", start, b"r" * (300_000 - have))

        answer = go_on(stored(server, "rude"))
        # What somebody had sent before he went may have come to its end meanwhile.
        if answer.status == 409:
            answer = go_on(int(answer.body))
        assert (answer.status, answer.body) == (200, b"300000")
        assert server.finished(answer.location).read_bytes() == b"r" * 300_000

    assert_withstood(server, vanish)


# TLS


def established(
    server: Victim, protocol: str | None = None,
) -> tuple[socket.socket, ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    """A handshake made by hand, so that anything may be sent afterwards. `protocol` is asked for by ALPN."""
    client = connect(server.tls_port)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = trusting(protocol).wrap_bio(incoming, outgoing, server_hostname="localhost")
    while True:
        try:
            session.do_handshake()
            client.sendall(outgoing.read())
            return client, session, incoming, outgoing
        except ssl.SSLWantReadError:
            client.sendall(outgoing.read())
            incoming.write(client.recv(1 << 16))


def test_what_is_no_tls_is_cut(start):
    server = start()
    noise = random.Random(1)
    hello = b"\x16\x03\x01\x00\xf0\x01\x00\x00\xec\x03\x03"
    garbage = [
        b"\0", b"\xff" * 5, HEALTH, b"\x16\x03\x01\xff\xff" + bytes(70_000), b"\x16\x03\x01\x00\x00" * 1000,
        b"\x15\x03\x01\x00\x02\x01\x00" * 1000, b"\x17\x03\x03\x40\x00" + bytes(0x4000), hello + bytes(0xe9),
        b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10" + bytes(0x25), b"\x16\x03\x03\x00\x04\x01\xff\xff\xff" * 100,
        *(noise.randbytes(1 << index) for index in range(17)),
        *(hello + noise.randbytes(0xe9) for _ in range(20)),
        *(hello[:index] for index in range(len(hello))),
    ]

    def talk(server):
        for piece in garbage:
            with connect(server.tls_port) as client:
                try:
                    client.sendall(piece)
                    client.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                read_all(client)

    assert_withstood(server, talk)


@pytest.mark.parametrize("record", [
    b"\x17\x03\x03\xff\xff" + bytes(0xffff), b"\x17\x03\x03\x42\x00" + bytes(0x4200),
    b"\x17\x03\x03\x00\x10" + bytes(16), b"\x17\x03\x03\x00\x00" * 1000,
    b"\x16\x03\x03\x00\x04\x01\x00\x00\x00", b"\x15\x03\x03\x00\x02\x01\x00" * 100,
    b"\x14\x03\x03\x00\x01\x01" * 1000, b"GET / HTTP/1.1\r\n\r\n",
], ids=["oversized", "a little oversized", "forged", "empty", "hello", "warnings", "change cipher", "plain"])
def test_a_broken_record_ends_the_connection_and_keeps_what_came(start, record):
    server = start()

    def attack(server):
        client, session, _, outgoing = established(server)
        session.write(append("kept", 100_000) + b"k" * 20_000)
        client.sendall(outgoing.read())
        eventually(lambda: (server.data / "uploads").exists() and any(
            path.stat().st_size >= 20_000 for path in (server.data / "uploads").iterdir()))
        try:
            client.sendall(record)
        except ConnectionError:
            pass
        read_all(client)
        client.close()
        assert stored(server, "kept") == 20_000

    assert_withstood(server, attack)


def s_client(server: Victim, *options: str, says: bytes) -> str:
    """What openssl's own client tells of a connection on which it says lines that command it."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.tls_port}", "-servername", "localhost", *options],
        input=says, capture_output=True, timeout=60)
    return (done.stdout + done.stderr).decode(errors="replace")


def test_renegotiation_is_refused(start):
    server = start()
    told = s_client(server, "-tls1_2", says=b"R\nR\nR\n")
    assert "RENEGOTIATING" in told
    assert "no renegotiation" in told
    assert server.quiet().threads == server.vitals().threads
    server.assert_healthy()


def test_early_data_is_not_taken(start, tmp_path):
    server = start()
    ticket, early = tmp_path / "ticket", tmp_path / "early"
    early.write_bytes(append("early", 5) + b"early")
    told = s_client(server, "-tls1_3", "-sess_out", str(ticket), "-ign_eof",
                    says=HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert "HTTP/1.1 200" in told and ticket.exists()
    told = s_client(server, "-tls1_3", "-sess_in", str(ticket), "-early_data", str(early), says=b"")
    assert "Early data was accepted" not in told
    assert "Reused" in told
    assert stored(server, "early") == 0
    server.assert_healthy()


class KeyUpdates:
    """A client that renews its keys as often as it likes: OpenSSL's library itself, since no wrapper offers that."""

    openssl = ctypes.CDLL("libssl.so.3")
    for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
        getattr(openssl, name).restype = ctypes.c_void_p

    def __init__(self, server: Victim):
        self.socket = connect(server.tls_port)
        self.socket.settimeout(None)
        self.context = ctypes.c_void_p(self.openssl.SSL_CTX_new(ctypes.c_void_p(self.openssl.TLS_client_method())))
        self.session = ctypes.c_void_p(self.openssl.SSL_new(self.context))
        self.openssl.SSL_set_fd(self.session, self.socket.fileno())
        assert self.openssl.SSL_connect(self.session) == 1

    def send(self, wants_answer: bool) -> bool:
        """False once the server has ended the connection."""
        return (self.openssl.SSL_key_update(self.session, int(wants_answer)) == 1
                and self.openssl.SSL_do_handshake(self.session) == 1)

    def close(self) -> None:
        self.openssl.SSL_free(self.session)
        self.openssl.SSL_CTX_free(self.context)
        self.socket.close()


@pytest.mark.parametrize("wants_answer", [False, True], ids=["silent", "answered"])
def test_some_key_updates_are_taken_and_a_flood_is_cut(start, wants_answer):
    # One loop: were it kept busy, nobody else would be served.
    server = start("--threads", "1")

    def flood(server):
        client = KeyUpdates(server)
        for _ in range(20):
            assert client.send(wants_answer)
        sent = client.openssl.SSL_write(client.session, HEALTH, len(HEALTH))
        assert sent == len(HEALTH)
        answer = ctypes.create_string_buffer(1 << 12)
        assert client.openssl.SSL_read(client.session, answer, len(answer)) > 0
        assert answer.value.startswith(b"HTTP/1.1 200 ")
        count = 0
        while client.send(wants_answer):
            count += 1
            assert count < 1_000_000
        client.close()

    assert_withstood(server, flood)


def test_a_flood_of_nothing_in_the_middle_of_a_handshake_is_cut(start):
    """Records that change no keys, which TLS 1.3 wants ignored: others are served meanwhile, and it is cut."""
    server = start("--threads", "1")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        trusting().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    client = connect(server.tls_port)
    client.sendall(outgoing.read())
    with pytest.raises(ConnectionError):
        while True:
            client.sendall(b"\x14\x03\x03\x00\x01\x01" * 1000)
            server.assert_healthy()


# The last test: a minute has passed, or nearly.


def test_a_slow_body_goes_on_and_a_dripping_one_is_cut_and_kept(slow):
    server, alive, dying, started = slow
    for name, client in dying.items():
        answer = read_all(client)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"X-Error-Code: body-too-slow\r\n" in answer, name
        assert stored(server, name) > 0
    assert time.monotonic() - started > SLOW_SECONDS
    # A kilobyte a second is slow, and welcome.
    eventually(lambda: server.connections() == len(alive))
    for name in alive:
        # Asking leaves an append alone that moves, and may end one that is between two pieces.
        assert stored(server, name) >= (SLOW_SECONDS // 2) * 1024
    server.assert_healthy()
