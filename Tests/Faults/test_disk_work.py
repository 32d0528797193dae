"""Disk work of several kinds at once: what takes long, or hangs, is alone in it; a stop waits for none of it."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sluice import Sluice
from test_system_faults import small_disk
from waiting import eventually
from wire import Closed, ask, b64

TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Upload-Concat": "partial", "Content-Type": "application/offset+octet-stream"}
MEBIBYTE = 1 << 20
# More than there are disk threads.
MANY = 16


@pytest.fixture
def server(tmp_path, calls):
    sluice = Sluice(tmp_path, "--threads", "1")
    sluice.environment = calls.environment
    sluice.start()
    yield sluice
    sluice.stop()
    print(sluice.log_tail())


def put(server, body: bytes, name: str = "file.bin"):
    return ask(server.port, "PUT", f"/files/{name}", {}, body)


def part(server, body: bytes) -> str:
    answer = ask(server.port, "POST", "/files", PART | {"Upload-Length": str(len(body))}, body)
    assert answer.status == 201 and answer.offset == len(body)
    return answer.location


def whole(server, parts: list[str], name: str):
    fields = TUS | {"Upload-Concat": "final;" + " ".join(parts), "Upload-Metadata": f"filename {b64(name)}"}
    try:
        return ask(server.port, "POST", "/files", fields, b"")
    except (Closed, OSError):
        return None


def test_uploads_whose_sync_hangs_stop_neither_downloads_nor_small_files(server, calls):
    stored = put(server, b"s" * 300_000)
    with ThreadPoolExecutor(MANY) as pool:
        with calls.hold("fdatasync", "/uploads/") as held:
            waiting = [pool.submit(put, server, b"x" * 300_000, f"{number}.bin") for number in range(MANY)]
            eventually(lambda: held.waiting >= 4, "syncs that hang")
            for _ in range(10):
                started = time.monotonic()
                assert ask(server.port, "GET", stored.location, {}).body == b"s" * 300_000
                assert put(server, b"small").status == 201
                assert time.monotonic() - started < 5
        assert {answer.result().status for answer in waiting} == {201}


def test_files_put_together_stop_nobody_and_their_number_does_not_matter(server, calls):
    """Each copy takes seconds: a disk that is slow to write them."""
    one = part(server, os.urandom(33 * MEBIBYTE))
    stored = put(server, b"s" * 300_000)
    with ThreadPoolExecutor(MANY) as pool, calls.delay("pwrite", 60, "/uploads/") as slow:
        made = [pool.submit(whole, server, [one, one], f"{number}.bin") for number in range(MANY)]
        eventually(lambda: slow.struck > 4, "copies under way")
        for _ in range(5):
            started = time.monotonic()
            assert ask(server.port, "GET", "/healthz").status == 200
            assert ask(server.port, "GET", stored.location, {}).status == 200
            assert put(server, b"x" * 300_000).status == 201
            assert time.monotonic() - started < 3
        assert not all(one.done() for one in made), "the copies were there all the while"
        slow.end()
        assert {answer.result().status for answer in made} == {201}


def test_a_stop_does_not_wait_for_files_that_are_put_together(server, calls):
    one = part(server, os.urandom(33 * MEBIBYTE))
    with ThreadPoolExecutor(4) as pool, calls.delay("pwrite", 500, "/uploads/") as slow:
        made = [pool.submit(whole, server, [one, one], f"{number}.bin") for number in range(4)]
        eventually(lambda: slow.struck > 2, "copies under way")
        started = time.monotonic()
        server.terminate()
        assert server.wait() == 0
        assert time.monotonic() - started < 10
        assert all(answer is None or answer.status == 503 for answer in (one.result() for one in made))
    server.start()
    again = whole(server, [one, one], "0.bin")
    assert again.status == 201 and server.finished(again.location).stat().st_size == 66 * MEBIBYTE


def test_a_stop_ends_also_where_the_disk_hangs(server, calls):
    with ThreadPoolExecutor(1) as pool, calls.hold("fdatasync", "/uploads/") as held:
        pool.submit(put, server, b"x" * 300_000)
        eventually(lambda: held.waiting > 0, "a sync that hangs")
        started = time.monotonic()
        server.terminate()
        assert server._process.wait(40) == 1
        assert time.monotonic() - started < 33


def test_a_file_system_that_is_slow_to_say_what_is_free_stops_no_loop(server, calls):
    with calls.delay("fstatvfs", 1500), ThreadPoolExecutor(MANY) as pool:
        time.sleep(1.1)  # An answer is good for a second.
        asked = [pool.submit(ask, server.port, "GET", "/readyz") for _ in range(MANY)]
        for _ in range(20):
            started = time.monotonic()
            assert ask(server.port, "GET", "/healthz").status == 200
            assert time.monotonic() - started < 0.5
        assert {answer.result().status for answer in asked} == {200}


def test_a_file_that_finds_no_room_leaves_nothing_and_tells_its_address(tmp_path, calls):
    """Each of two would fit, and did when it was begun."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    with small_disk(tmp_path / "disk") as disk:
        server = Sluice(disk)
        server.environment = calls.environment
        server.start()
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        one = part(server, os.urandom(free * 28 // 100))
        with ThreadPoolExecutor(2) as pool, calls.hold("fallocate", "/uploads/") as held:
            made = [pool.submit(whole, server, [one, one], f"{number}.bin") for number in range(2)]
            eventually(lambda: held.waiting == 1, "one at its reservation, which the other one has to wait for")
            held.end()
            done, refused = sorted((answer.result() for answer in made), key=lambda answer: answer.status)
        assert (done.status, refused.status, refused.code) == (201, 507, "no-space")
        left = server.data / "uploads" / refused.location.rpartition("/")[2]
        for _ in range(2):
            assert left.stat().st_size == 0 and left.stat().st_blocks == 0
            assert ask(server.port, "HEAD", refused.location, TUS).status == 507
            server.restart_after_kill()
        server.finished(done.location).unlink()
        assert ask(server.port, "HEAD", refused.location, TUS).status == 200
        assert server.finished(refused.location).stat().st_size == 2 * (free * 28 // 100)
        server.stop()
