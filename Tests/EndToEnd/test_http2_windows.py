"""HTTP/2: whatever the streams of a connection wait for, the connection is read: its frames and its other streams' are
heard at once, and what waits meanwhile is bounded."""

import re
import socket
import time
from pathlib import Path

import hpack
import pytest

from test_owner_limits import PATCH, TUS
from tokens import alice, bob, secret_file
from wire import ask, pattern
from wire2 import Line2

KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
MANY = 40
# What is answered in milliseconds; on a loaded machine later. Who is behind bytes of a slow body waits for minutes.
SOON = 5


def held_kib(server) -> int:
    """What memory of its own the process has, in KiB."""
    return int(re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())[1])


def seconds(work) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def assert_is_heard(line, fields=()) -> None:
    assert line.ping() < SOON

    def answered():
        asked = line.head("GET", "/status", {"X-File-Id": "nothing-1-1"} | dict(fields))
        assert line.answer(stream=asked).status == 200
    assert seconds(answered) < SOON


def begin_many(line, size: int, fields=(), count: int = MANY) -> dict[int, bytes]:
    return {line.head("PUT", f"/files/{number}", fields, size): pattern(size, number) for number in range(count)}


def begin_endless(line, count: int) -> dict[int, bytes]:
    content = memoryview(bytes(1 << 24))
    return {line.head("PUT", f"/files/{number}", {}, 1 << 30): content for number in range(count)}


@pytest.mark.parametrize("rate", ["16K", "20M"])
def test_uploads_that_a_rate_slows_down_keep_nobody_waiting_however_many_they_are(start, rate):
    server = start("--max-rate", rate, "--threads", "1")
    with Line2(server.port) as line:
        assert_is_heard(line)
        before = held_kib(server)
        # As many as a connection may have, but for the one that asks.
        bodies = begin_endless(line, 99)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            line.fill(bodies, rest=0.1)
            assert_is_heard(line)
        # What all may send ahead, in memory that grows in steps, and the buffers that it is written from.
        assert held_kib(server) - before < 64 * KIBIBYTE


def test_uploads_that_a_rate_slows_down_are_stored_as_sent(start):
    server = start("--max-rate", "4M", "--threads", "1")
    with Line2(server.port) as line:
        bodies = begin_many(line, 300 * KIBIBYTE)
        sent = dict(bodies)
        while any(bodies.values()):
            line.fill(bodies, rest=0.1)
            assert_is_heard(line)
        for stream, body in sent.items():
            answer = line.answer("PUT", stream)
            assert answer.status == 201
            assert server.finished(answer.location).read_bytes() == body


def test_an_owner_that_is_slowed_down_keeps_no_other_one_of_a_proxys_connection_waiting(start, tmp_path):
    server = start("--jwt-secret", str(secret_file(tmp_path)), "--owner-rate", "16K", "--threads", "1")
    with Line2(server.port) as line:
        bodies = begin_many(line, MEBIBYTE, alice())
        line.fill(bodies)
        data = pattern(16 * MEBIBYTE)
        stored = None

        def fast():
            nonlocal stored
            line.head("PUT", "/files/fast", bob(max_rate=1 << 40), len(data))
            line.send(data)
            stored = line.answer("PUT")
        assert seconds(fast) < 4 * SOON
        assert stored.status == 201
        assert server.finished(stored.location).read_bytes() == data
        assert_is_heard(line, bob())


def crowd(server, connections: int, count: int, size: int):
    """Lines, each with the contents of its uploads."""
    lines = [Line2(server.port) for _ in range(connections)]
    return [(line, begin_many(line, size, count=count)) for line in lines]


def stored(server) -> int:
    return sum(file.stat().st_size for file in (server.data / "uploads").iterdir())


def test_connections_are_read_also_where_there_is_no_memory_for_what_they_bring(start):
    server = start("--max-rate", "16K", "--buffer-memory", "8M", "--threads", "1")
    begun = time.monotonic()
    sent = crowd(server, 3, 30, MEBIBYTE)
    before = held_kib(server)
    for _ in range(3):
        for line, bodies in sent:
            line.fill(bodies, rest=0.1)
        for line, _ in sent:
            assert_is_heard(line)
    assert held_kib(server) - before < 32 * KIBIBYTE
    # What is in the way is written before its time, and nobody may send more for that.
    assert stored(server) <= 90 * 80 * KIBIBYTE + 16 * KIBIBYTE * (time.monotonic() - begun + 2)
    for line, _ in sent:
        line.close()


def test_who_is_written_before_the_time_is_answered_in_time(start):
    server = start("--max-rate", "2M", "--buffer-memory", "8M", "--threads", "1")
    size, begun = 200 * KIBIBYTE, time.monotonic()
    sent = [(line, dict(left), left) for line, left in crowd(server, 3, 20, size)]
    while any(any(left.values()) for _, _, left in sent):
        for line, _, left in sent:
            line.fill(left, rest=0.1, seconds=0.2)
    for line, bodies, _ in sent:
        for stream, body in bodies.items():
            answer = line.answer("PUT", stream)
            assert answer.status == 201
            assert server.finished(answer.location).read_bytes() == body
    assert time.monotonic() - begun > 0.8 * 60 * size / (2 * MEBIBYTE)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


@pytest.mark.parametrize("window", [0, 1])
@pytest.mark.parametrize("path", [b"/healthz", b"/"])
def test_who_gives_no_leave_for_an_answer_and_sends_nothing_more_is_not_waited_for(sluice, window, path):
    fields = [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"a"), (b":path", path)]
    head = frame(1, 0x05, 1, hpack.Encoder().encode(fields))
    settings = frame(4, 0, 0, (4).to_bytes(2, "big") + window.to_bytes(4, "big"))
    with socket.create_connection(("127.0.0.1", sluice.port), timeout=SOON) as line:
        line.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + head)
        line.shutdown(socket.SHUT_WR)
        while line.recv(65536):
            pass
