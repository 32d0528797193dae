"""
Clients of HTTP/2 that mean harm: whatever they say, others on the very loop that has to listen to it are answered as if
nothing were (`others_are_served`), the server's memory stays as it is, and what honest clients have sent meanwhile is
stored.
"""

import itertools
import socket
import threading
import time

import pytest

import frames
from attackers import connect, start  # noqa: F401
from frames import begin, frame, hello, request
from exposition import Exposition
from ports import free_port
from test_isolation import others_are_served
from waiting import eventually
from wire import ask, pattern

SECONDS = 1.5
CLIENTS = 4
MEBIBYTE = 1 << 20
# What a server may need beyond what it held before, for all of them together.
GROWTH_KIB = 48 * 1024
HEALTH = request("GET", "/healthz")
STREAMS = range(1, 1 << 31, 2)


def rapid_reset():
    return (begin(stream, HEALTH, ends=True) + frame(frames.RST_STREAM, 0, stream, bytes([0, 0, 0, 8]))
            for stream in STREAMS)


def made_to_reset():
    """The server is to reset streams itself: each is given a window past all bounds."""
    return (begin(stream, HEALTH) + frame(frames.WINDOW_UPDATE, 0, stream, frames.MOST.to_bytes(4))
            for stream in STREAMS)


def made_to_refuse():
    """The same by streams past the number that was agreed."""
    return (begin(stream, request("PUT", "/files/a")) for stream in STREAMS)


def continuation():
    yield frame(frames.HEADERS, 0, 1, HEALTH)
    yield from itertools.repeat(frame(frames.CONTINUATION, 0, 1, b"\0\1x\1y" * 1000))


def empty_continuation():
    yield frame(frames.HEADERS, 0, 1, HEALTH)
    yield from itertools.repeat(frame(frames.CONTINUATION, 0, 1))


def settings():
    return itertools.repeat(frame(frames.SETTINGS, 0, 0, bytes.fromhex("000400010000")))


def large_settings():
    return itertools.repeat(frame(frames.SETTINGS, 0, 0, bytes.fromhex("000400010000") * 2000))


def ping():
    return itertools.repeat(frame(frames.PING, 0, 0, bytes(8)))


def window_update():
    return itertools.repeat(frame(frames.WINDOW_UPDATE, 0, 0, bytes([0, 0, 0, 1])))


def priority():
    return (frame(frames.PRIORITY, 0, stream, bytes(5)) for stream in STREAMS)


def priority_update():
    return (frame(frames.PRIORITY_UPDATE, 0, 0, stream.to_bytes(4) + b"u=1") for stream in STREAMS)


def unknown():
    return itertools.repeat(frame(0xFA, 0, 1))


def empty_data():
    yield begin(1, request("PUT", "/files/a"))
    yield from itertools.repeat(frame(frames.DATA, 0, 1))


def padded_data():
    """Nothing but padding."""
    yield begin(1, request("PUT", "/files/a"))
    yield from itertools.repeat(frame(frames.DATA, 8, 1, b"\xff" + bytes(255)))


def bomb():
    """A byte of each of these stands for a field of four kilobytes."""
    first = frames.block((":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/healthz"))
    insert = b"\x40\x01x\x7f" + bytes([0x80 | (3900 - 127) & 0x7F, (3900 - 127) >> 7]) + b"v" * 3900
    for stream in STREAMS:
        yield begin(stream, first + (insert if stream == 1 else b"") + b"\xbe" * 8000, ends=True)


def crumbs_of_cookies():
    head = request("GET", "/healthz", *[("cookie", f"a={number}") for number in range(2000)])
    return (begin(stream, head[:16_384], ends=True) for stream in STREAMS)


def over():
    """What comes for a stream that is over."""
    yield begin(1, HEALTH, ends=True)
    yield from itertools.cycle([frame(frames.DATA, 0, 1), frame(frames.DATA, 0, 1, b"x"), begin(1, HEALTH, ends=True)])


def repeated():
    """A field of four kilobytes, which each head names eight times by a byte."""
    first = frames.block((":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/healthz"))
    insert = b"\x40\x01x\x7f" + bytes([0x80 | (3900 - 127) & 0x7F, (3900 - 127) >> 7]) + b"v" * 3900
    return (begin(stream, first + (insert if stream == 1 else b"") + b"\xbe" * 7, ends=True) for stream in STREAMS)


FLOODS = [rapid_reset, over, repeated, made_to_reset, made_to_refuse, continuation, empty_continuation, settings, large_settings, ping,
          window_update, priority, priority_update, unknown, empty_data, padded_data, bomb, crumbs_of_cookies]


def flood(server, kind, end: float) -> None:
    """Says it, on one connection after the other as each is ended, and does not listen."""
    while time.monotonic() < end:
        with connect(server.port) as client:
            client.settimeout(0.2)
            source = kind()
            left = hello()
            while time.monotonic() < end:
                if len(left) < 1 << 14:
                    left += b"".join(itertools.islice(source, 200))
                try:
                    left = left[client.send(left):]
                except TimeoutError:
                    continue
                except OSError:
                    break


@pytest.mark.parametrize("kind", FLOODS, ids=lambda kind: kind.__name__)
def test_a_flood_is_nobody_elses_affair(start, kind):
    server = start("--threads", "1")
    server.assert_healthy()
    before = server.vitals().rss_kib
    data = pattern(MEBIBYTE)
    with others_are_served(server):
        end = time.monotonic() + SECONDS
        threads = [threading.Thread(target=flood, args=(server, kind, end)) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        location = ask(server.port, "PUT", "/files/a", {}, data).location
        for thread in threads:
            thread.join()
        assert server.vitals().rss_kib - before < GROWTH_KIB
    assert ask(server.port, "GET", location).body == data
    server.quiet()


def stalled_answers(server) -> list[socket.socket]:
    """A hundred downloads on each connection, none of which may send a byte of content."""
    location = ask(server.port, "PUT", "/files/a", {}, bytes(4 * MEBIBYTE)).location
    return crowd(server, hello(window=0) + b"".join(
        begin(stream, request("GET", location), ends=True) for stream in STREAMS[:100]))


def endless_streams(server) -> list[socket.socket]:
    return crowd(server, hello() + b"".join(
        begin(stream, request("PUT", f"/files/{stream}")) + frame(frames.DATA, 0, stream, b"e")
        for stream in STREAMS[:100]))


def half_closed(server) -> list[socket.socket]:
    """Each has said all that it will say, and reads nothing."""
    return crowd(server, hello() + b"".join(begin(stream, HEALTH, ends=True) for stream in STREAMS[:100]))


def crowd(server, said: bytes) -> list[socket.socket]:
    clients = [connect(server.port, receive_bytes=2048) for _ in range(10)]
    for client in clients:
        client.sendall(said)
    return clients


@pytest.mark.parametrize("kind", [stalled_answers, endless_streams, half_closed], ids=lambda kind: kind.__name__)
def test_streams_that_wait_are_nobody_elses_affair(start, kind):
    server = start("--threads", "1")
    server.assert_healthy()
    before = server.vitals().rss_kib
    with others_are_served(server):
        clients = kind(server)
        time.sleep(SECONDS)
        # A thousand streams: a task each, and what they have said.
        assert server.vitals().rss_kib - before < GROWTH_KIB + 1000 * 30
    for client in clients:
        client.close()
    eventually(lambda: server.connections() == 0)
    server.assert_healthy()


def test_a_hundred_streams_of_a_byte_a_minute_are_nobody_elses_affair(start):
    """Their minute takes a second here: each brings something before it would be cut for silence, and all are cut for
    being too slow."""
    server = start("--threads", "1", "--body-timeout", "2")
    with others_are_served(server):
        clients = endless_streams(server)
        said = b"".join(frame(frames.DATA, 0, stream, b"b") for stream in STREAMS[:100])
        for _ in range(3):
            time.sleep(1)
            for client in clients:
                client.sendall(said)
        # All are still there, on a loop that has next to nothing to do.
        assert server.connections() >= len(clients)
        spent = server.cpu_seconds()
        time.sleep(1)
        assert server.cpu_seconds() - spent < 0.5
    # Then they fall silent.
    for client in clients:
        client.close()
    server.quiet()


def test_a_client_that_never_pauses_does_not_put_off_the_stop(start):
    server = start("--threads", "1")
    ended = threading.Event()

    def go_on():
        while not ended.is_set():
            try:
                with connect(server.port) as client:
                    client.settimeout(1)
                    client.sendall(hello() + begin(1, HEALTH, ends=True))
                    while not ended.is_set():
                        client.sendall(begin(1, HEALTH, ends=True) * 200)
            except OSError:
                pass

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        server.assert_healthy()
        server.terminate()
        assert server.wait(10) == 0
    finally:
        ended.set()
        thread.join()


def test_what_streams_hold_stays_within_the_memory_for_it(start):
    """While an application is asked about each of them, nobody takes what they bring."""
    count, bound = 300, 16 * MEBIBYTE
    with socket.create_server(("127.0.0.1", 0), backlog=count) as silent:
        # Its queue takes connections, and nothing is ever answered.
        admin = free_port()
        server = start("--threads", "1", "--buffer-memory", "16M", "--listen-admin", f"127.0.0.1:{admin}",
                       "--auth-url", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        said = hello() + frame(frames.SETTINGS, frames.ACK) + begin(1, request("PUT", "/files/a", ("authorization", "b")))
        clients = [connect(server.port) for _ in range(count)]
        for client in clients:
            client.sendall(said)
        for client in clients:
            client.sendall(b"".join(frame(frames.DATA, 0, 1, bytes(15_000)) for _ in range(4)))
        with others_are_served(server):
            time.sleep(SECONDS)
        held = Exposition(ask(admin, "GET", "/metrics").body.decode())["sluice_buffer_bytes", {}]
        # An eighth is for that, and each may have read a little more by itself.
        assert bound // 8 <= held <= bound // 8 + count * 4096 + MEBIBYTE
        for client in clients:
            client.close()
