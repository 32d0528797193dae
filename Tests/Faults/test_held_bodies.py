"""Bodies of HTTP/2 that come while the disk is slow, or hangs, or while somebody else has their uploads: they wait in
memory that is bounded, their connection is read all the same, and nothing of them is lost."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sluice import Sluice
from waiting import eventually
from wire import ask, pattern
from wire2 import Line2

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
MANY = 20
# What is answered in milliseconds; on a loaded machine later. Who is not read at all is never answered here.
SOON = 5


@pytest.fixture
def server(tmp_path, calls):
    sluice = Sluice(tmp_path, "--threads", "1", "--buffer-memory", "512M")
    sluice.environment = calls.environment
    sluice.start()
    yield sluice
    sluice.stop()
    print(sluice.log_tail())


def own_kib(server) -> int:
    return int(re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())[1])


def assert_is_heard(line) -> None:
    assert line.ping() < SOON
    begun = time.monotonic()
    assert line.answer(stream=line.head("GET", "/status", {"X-File-Id": "nothing-1-1"})).status == 200
    assert time.monotonic() - begun < SOON


def put(line, size: int, count: int) -> dict[int, bytes]:
    return {line.head("PUT", f"/files/{number}", {}, size): pattern(size, number) for number in range(count)}


def carry_on(line, server, sent: dict[int, bytes], left: dict[int, bytes]) -> None:
    """Sends the rest; all of it is stored."""
    while any(left.values()):
        line.fill(left)
    for stream, body in sent.items():
        answer = line.answer("PUT", stream)
        assert answer.status == 201
        assert server.finished(answer.location).read_bytes() == body


# One stream that may be sent far ahead, and many that may be together.
@pytest.mark.parametrize("count, size", [(1, 48 * MEBIBYTE), (MANY, 4 * MEBIBYTE)], ids=["one", "many"])
@pytest.mark.parametrize("how", ["slow", "hanging"])
def test_a_connection_is_read_whose_bodies_the_disk_does_not_take(server, calls, how, count, size):
    with Line2(server.port) as line:
        assert_is_heard(line)
        sent = put(line, size, count)
        left = dict(sent)
        rule = calls.delay("pwrite", 400, "/uploads/") if how == "slow" else calls.hold("pwrite", "/uploads/")
        with rule:
            before = own_kib(server)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                line.fill(left, rest=0.1, seconds=0.2)
                assert_is_heard(line)
            assert any(left.values()), "more is let be sent than can be held"
            # Two buffers of each that are on their way to the disk, and what waits behind them.
            assert own_kib(server) - before < (2 * count + 40) * KIBIBYTE
        carry_on(line, server, sent, left)
        assert_is_heard(line)


def test_a_connection_is_read_whose_uploads_somebody_else_has(server, calls):
    body = pattern(MEBIBYTE)
    creation = TUS | {"Upload-Length": str(MEBIBYTE)}
    places = [ask(server.port, "POST", "/files", creation, b"").location for _ in range(MANY)]

    def begin(place):
        return ask(server.port, "PATCH", place, PATCH | {"Upload-Offset": "0"}, body[:100_000])

    with ThreadPoolExecutor(MANY) as pool, Line2(server.port) as line:
        with calls.hold("fdatasync", "/uploads/") as held:
            firsts = [pool.submit(begin, place) for place in places]
            eventually(lambda: held.waiting >= 4, "appends that settle")
            left = {line.head("PATCH", place, PATCH | {"Upload-Offset": "100000"}, MEBIBYTE - 100_000): body[100_000:]
                    for place in places}
            streams = dict(zip(left, places))
            line.fill(left)
            assert_is_heard(line)
            # Their own bodies wait; those of others do not.
            small = line.head("PUT", "/files/small", {}, 50_000)
            line.send(body[:50_000], small)
            assert line.answer("PUT", small).status == 201
        while any(left.values()):
            line.fill(left)
        for stream, place in streams.items():
            assert line.answer("PATCH", stream).status == 204
            assert server.finished(place).read_bytes() == body
        assert {first.result().status for first in firsts} == {204}
