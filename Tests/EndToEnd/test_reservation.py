"""What an upload takes of the disk, and what it is told, while it runs: seen from outside, as the one who owns the disk sees it."""

import os

import pytest

from waiting import eventually
from wire import Line, ask

# What is said, is said over both.
pytestmark = pytest.mark.usefixtures("protocol")

MEBIBYTE = 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}


def create(server, length) -> str:
    return ask(server.port, "POST", "/files", TUS | {"Upload-Length": str(length)}, b"").location


def data_file(server, location) -> os.stat_result:
    return (server.data / "uploads" / location.rpartition("/")[2]).stat()


def taken(server, location) -> int:
    """Bytes of the disk, those that are only reserved included."""
    return data_file(server, location).st_blocks * 512


def has(server, location, count) -> None:
    """Waits until the file has so many bytes."""

    def is_there():
        try:
            return data_file(server, location).st_size >= count
        except FileNotFoundError:
            return False

    eventually(is_there)


def offset(server, location) -> int:
    """As a GET tells it, which disturbs no append."""
    return ask(server.port, "GET", location).offset


def test_requests_that_announce_a_thousand_bytes_reserve_no_more(sluice):
    """They once held 64 MiB each."""
    lines, locations = [], [create(sluice, 80 * MEBIBYTE) for _ in range(20)]
    for location in locations:
        line = Line(sluice.port)
        lines.append(line)
        line.head("PATCH", location, PATCH, length=1000)
        line.send(b"x")
    for location in locations:
        has(sluice, location, 1)
        assert taken(sluice, location) <= 64 << 10
    for line in lines:
        line.close()


@pytest.mark.parametrize("ends", ["cut", "whole"])
def test_a_large_request_reserves_as_much_again_as_it_has_brought(sluice, ends):
    """Whoever announces much holds little: no more than the double, and a buffer, of what came."""
    total, brought = 200 * MEBIBYTE, 10 * MEBIBYTE
    location = create(sluice, total)
    with Line(sluice.port) as line:
        line.head("PATCH", location, PATCH, length=total if ends == "cut" else brought)
        line.send(b"x" * brought)
        if ends == "whole":
            assert line.answer().offset == brought
        else:
            has(sluice, location, brought - 64 * 1024)
            assert taken(sluice, location) <= 2 * brought + 2 * MEBIBYTE
            line.reset()
    eventually(lambda: ask(sluice.port, "HEAD", location, TUS).offset == brought)
    eventually(lambda: taken(sluice, location) <= brought + 64 * 1024)


def test_a_checkpoint_that_was_told_stands_after_an_overflow(sluice):
    total = 80 * MEBIBYTE
    location = create(sluice, total)
    with Line(sluice.port) as line:
        line.head("PATCH", location, PATCH | {"Transfer-Encoding": "chunked"})
        for _ in range(70):
            line.chunk(bytes(MEBIBYTE))
        eventually(lambda: offset(sluice, location) > 0)
        told = offset(sluice, location)
        assert 0 < told <= 70 * MEBIBYTE
        try:
            for _ in range(11):
                line.chunk(bytes(MEBIBYTE))
        except OSError:
            pass
        answer = line.answer("PATCH")
        assert (answer.status, answer.code) == (413, "body-too-long")
    # What fits is kept, and nothing that was told is taken back; a crash changes nothing of that.
    assert ask(sluice.port, "HEAD", location, TUS).offset == total
    sluice.restart_after_kill()
    assert ask(sluice.port, "HEAD", location, TUS).offset >= told
