"""The journal of small files in trouble: syncs that are slow or fail, writes that are refused, disks that are full, and
owners who change their files. Nobody else waits, nothing told is lost, and it finds its way back without a restart."""

import contextlib
import errno
import os
import threading
import time
from pathlib import Path

import pytest

from disks import MEBIBYTE
from exposition import Exposition
from serving import watched
from sluice import Sluice
from waiting import eventually
from wire import Line, ask

SMALL = b"small" * 200
ANEW = b"anew!" * 200
# As many as hold a server's disk threads.
MANY = 9
SERVED_SECONDS = 5


@pytest.fixture
def server(tmp_path, calls):
    yield from watched(tmp_path, calls=calls)


def put(server, body: bytes = SMALL, name: str = "file.txt"):
    return ask(server.port, "PUT", f"/files/{name}", {}, body)


def begin(server, file_id: str, body: bytes = SMALL):
    """A whole file by the file-id dialect, from its first byte on."""
    return ask(server.port, "POST", "/upload", {"X-File-Id": file_id, "X-Start-Byte": "0"}, body)


def logged(server, text: str) -> int:
    return server.log.read_text(errors="replace").count(text)


def gauge(server, name: str) -> float:
    return Exposition(ask(server.admin_port, "GET", "/metrics").body.decode())[name]


def released(server) -> None:
    """Waits for a release of a segment: a head that says nothing of the page cache."""
    def is_released():
        heads = [path.read_bytes()[24:56] for path in (server.data / "journal").iterdir()]
        return all(head == bytes(32) for head in heads)

    eventually(is_released, "the journal's release")


@contextlib.contextmanager
def storm(server, clients: int = 2):
    """Small files, one after the other."""
    ends = threading.Event()
    counts = [0] * clients

    def run(index):
        with Line(server.port) as line:
            while not ends.is_set():
                assert line.request("PUT", "/files/storm.txt", {}, SMALL).status == 201
                counts[index] += 1

    threads = [threading.Thread(target=run, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: min(counts) > 2, "a storm of small files")
        yield counts
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def test_a_storm_of_small_files_delays_no_restart_of_an_upload(server, calls):
    names = [f"restarted-{number}.txt" for number in range(MANY)]
    for name in names:
        assert begin(server, name).status == 200
    with calls.delay("syncfs", 300), calls.delay("fdatasync", 3), storm(server) as counts:
        before, start = sum(counts), time.monotonic()
        answers = []
        clients = [
            threading.Thread(target=lambda name=name: answers.append(begin(server, name, ANEW))) for name in names]
        for client in clients:
            client.start()
        large = ask(server.port, "PUT", "/files/large.bin", {}, b"x" * (2 * MEBIBYTE))
        for client in clients:
            client.join()
        seconds = time.monotonic() - start
        assert large.status == 201 and [answer.status for answer in answers] == [200] * MANY
        assert seconds < SERVED_SECONDS, f"{seconds} s"
        eventually(lambda: sum(counts) > before, "the storm goes on")
    server.restart_after_kill()
    for name in names:
        assert [path.read_bytes() for path in server.finished_files() if path.name == name] == [ANEW]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EINVAL, errno.EIO], ids=["ENOSPC", "EINVAL", "EIO"])
def test_a_journal_that_cannot_be_written_for_a_while_is_used_again(server, calls, error):
    assert begin(server, "restarted.txt").status == 200
    with calls.fail("pwritev", error, path="/journal/") as rule:
        assert put(server, b"during").status == 201
        assert rule.struck > 0
        assert begin(server, "restarted.txt", ANEW).status == 200
        assert gauge(server, "sluice_journal_failing") == 1

    def works_again():
        assert put(server).status == 201
        return gauge(server, "sluice_journal_failing") == 0

    eventually(works_again, "the journal's way back")
    before = gauge(server, "sluice_journal_files_total")
    assert put(server).status == 201
    assert gauge(server, "sluice_journal_files_total") == before + 1
    for line in ("the journal failed and is tried again", "the journal is in order again"):
        eventually(lambda line=line: logged(server, line) == 1, line)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EINVAL, errno.EIO], ids=["ENOSPC", "EINVAL", "EIO"])
def test_files_whose_sync_failed_are_written_again_and_those_of_their_owner_are_not(server, calls, error):
    with calls.fail("syncfs", error, times=1) as rule:
        stored, edited, removed = put(server), put(server), put(server)
        assert begin(server, "restarted.txt").status == 200
        server.finished(edited.location).write_bytes(b"edited by its owner")
        server.finished(removed.location).unlink()
        first = server.finished(stored.location).stat().st_ino
        eventually(lambda: rule.struck == 1, "the sync of the small files")
    eventually(lambda: logged(server, "the journal is in order again") == 1, "the journal's way back")
    assert server.finished(stored.location).read_bytes() == SMALL
    assert server.finished(stored.location).stat().st_ino != first
    assert server.finished(edited.location).read_bytes() == b"edited by its owner"
    assert list((server.data / "complete" / removed.location.rpartition("/")[2]).iterdir()) == []
    assert begin(server, "restarted.txt", ANEW).status == 200
    assert gauge(server, "sluice_journal_failing") == 0


def test_what_the_owner_does_to_a_file_outlives_a_killed_server(server, calls):
    # The files are not synced, and the journal has them.
    with calls.hold("syncfs"):
        edited, removed, moved, kept = put(server), put(server), put(server), put(server)
        server.finished(edited.location).write_bytes(b"edited by its owner")
        server.finished(removed.location).unlink()
        server.finished(moved.location).rename(server.data / "moved.txt")
        server.kill()
    server.start()
    assert server.finished(kept.location).read_bytes() == SMALL
    assert server.finished(edited.location).read_bytes() == b"edited by its owner"
    for gone in (removed, moved):
        assert list((server.data / "complete" / gone.location.rpartition("/")[2]).iterdir()) == []
    assert logged(server, "small files written again") == 0
    released(server)


def test_a_small_file_is_in_the_journal_alone_for_seconds_only(server):
    assert put(server).status == 201
    start = time.monotonic()
    released(server)
    assert time.monotonic() - start < 15


def test_a_batch_that_hangs_costs_no_processor_time(server, calls):
    assert put(server).status == 201
    with calls.hold("openat", path="/uploads/") as rule:
        threads = [threading.Thread(target=put, args=(server,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        eventually(lambda: rule.waiting > 0, "a batch that hangs")
        # Longer than a segment is held.
        begun = thread_seconds(server, "journal")
        time.sleep(8)
        assert thread_seconds(server, "journal") - begun < 0.2
        rule.end()
        for thread in threads:
            thread.join()


def test_a_full_disk_behind_small_files_keeps_no_server_from_starting(disk, tmp_path, calls):
    # Large enough for a journal.
    with disk("ext4", 704 * MEBIBYTE) as place:
        server = Sluice(tmp_path)
        server.data = place.root / "data"
        server.environment = calls.environment
        server.start()
        try:
            stored = [put(server, name=f"{number}.txt") for number in range(20)]
            assert (server.data / "journal" / "0").exists()
            with calls.hold("syncfs"):
                server.strike()
                filler = fill(place.root / "filler")
                server.restart_after_kill()
                assert logged(server, "small files written again") == 0
                server.kill()
            # As after a loss of power: another run of the machine has written the journal, and the files are not whole.
            forget_cache(server.data / "journal")
            for answer in stored:
                server.finished(answer.location).write_bytes(b"")
            rest = fill(place.root / "rest")
            server.start()
            assert ask(server.port, "GET", "/healthz").status == 200
            assert [ask(server.port, "GET", answer.location).status for answer in stored] == [507] * 20
            # Who asks for room gets it, and what he removes does not come back.
            assert ask(server.port, "DELETE", stored[0].location).status in (204, 405)
            filler.unlink()
            rest.unlink()
            eventually(lambda: logged(server, "small files written again") == 1, "files written again")
            for answer in stored[1:]:
                assert server.finished(answer.location).read_bytes() == SMALL
                assert ask(server.port, "GET", answer.location).body == SMALL
            assert put(server).status == 201
            server.restart_after_kill()
            assert server.finished(stored[1].location).read_bytes() == SMALL
        finally:
            server.stop()
            print(server.log_tail())


def fill(path: Path) -> Path:
    """Takes every block that is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    end = 0
    for size in (64 * MEBIBYTE, MEBIBYTE, 4096):
        with contextlib.suppress(OSError):
            while True:
                os.posix_fallocate(descriptor, end, size)
                end += size
    os.fsync(descriptor)
    os.close(descriptor)
    return path


def forget_cache(journal: Path) -> None:
    for path in journal.iterdir():
        with path.open("r+b") as file:
            file.seek(24)
            file.write(bytes(32))


def thread_seconds(server, name: str) -> float:
    """The processor time of one thread."""
    for task in Path(f"/proc/{server.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            fields = (task / "stat").read_text().rpartition(") ")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    raise AssertionError(f"no thread {name}")
