"""SQLite's log is carried over into the catalogue's database, and the disk fails there: once, or for somebody else.

The log starts over only when the database is on the disk, so whatever happens between the two takes nothing told.
"""

import contextlib
import errno
import os
import sqlite3
import threading

import pytest

from disks import KINDS
from sluice import Sluice
from test_disk_faults import FAILURES, TUS, serving
from waiting import eventually
from wire import Line, ask, b64

MARK = "the-record-that-the-disk-refuses"
DATABASE = "catalogue.sqlite"
# Records of so many bytes: a few hundred of them fill the log.
PADDING = "p" * 4500
CLIENTS = 4


@pytest.fixture
def server(tmp_path, calls):
    sluice = Sluice(tmp_path, "--max-uploads", "100000")
    sluice.environment = calls.environment
    return sluice


def create(port: int, name: str, line=None):
    fields = {**TUS, "Upload-Length": 1, "Upload-Metadata": f"filename {b64(name)},padding {b64(PADDING)}"}
    return line.request("POST", "/files", fields, b"") if line else ask(port, "POST", "/files", fields, b"")


def marked(server) -> list[str]:
    """A record whose bytes a disk's rule knows, and as many others as fill its page: the log has what it gets of it."""
    fields = {**TUS, "Upload-Length": 1, "Upload-Metadata": f"{MARK} {b64(PADDING)}"}
    answers = [ask(server.port, "POST", "/files", fields, b"")]
    answers += [create(server.port, f"beside-{number}") for number in range(20)]
    assert {answer.status for answer in answers} == {201}
    return [answer.location for answer in answers]


def round_of_log(server) -> int:
    """How often the log has begun anew; SQLite keeps it in the log's head."""
    with open(server.data / f"{DATABASE}-wal", "rb") as log:
        return int.from_bytes(log.read(16)[12:], "big")


def log_pages(server) -> int:
    return (server.data / f"{DATABASE}-wal").stat().st_size // 4120


@contextlib.contextmanager
def creating(server, told: list[str]):
    """Clients create uploads all the while; what fails is not told."""
    ends = threading.Event()

    def run(number):
        count = 0
        with contextlib.suppress(OSError, EOFError):
            while not ends.is_set():
                with Line(server.port) as line:
                    while not ends.is_set():
                        count += 1
                        answer = create(server.port, f"{number}-{count}", line)
                        if answer.status == 201:
                            told.append(answer.location)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join()


def begins_anew(server) -> None:
    """Waits until the log has begun anew."""
    before = round_of_log(server)
    eventually(lambda: round_of_log(server) > before, "the log's next round")


def tells_of_both(server) -> None:
    """The log says once that something was wrong, and that it is not any more."""
    for text in ("cannot be carried over into its database", "is carried over into its database again"):
        eventually(lambda text=text: server.log.read_text().count(text) == 1, text)


def lose_power(server, device) -> None:
    server.kill()
    device.cut(1)


def check(server, told) -> None:
    """All of them are there, without what memory may have kept of them."""
    with Line(server.port) as line:
        lost = [location for location in told if line.request("HEAD", location, TUS).status != 200]
    assert not lost, f"{len(lost)} of {len(told)} lost"
    assert "damaged" not in server.log.read_text()


@pytest.mark.seconds(180)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_could_not_be_written_once_is_written_before_the_log_begins_anew(disk, server, kind):
    device, told = disk(kind), []
    with serving(server, device):
        told += marked(server)
        device.fail("write", times=1, matching=MARK)
        with creating(server, told):
            eventually(lambda: device.state["failed"]["write"] == 1, "a page that is refused")
            begins_anew(server)
        tells_of_both(server)
        lose_power(server, device)
    with serving(server, device):
        check(server, told)


@pytest.mark.seconds(180)
@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_that_another_program_was_told_of_costs_nothing(disk, server, kind):
    device, told = disk(kind), []
    with serving(server, device):
        told += marked(server)
        with contextlib.closing(sqlite3.connect(f"file:{server.data / DATABASE}?mode=ro", uri=True)) as reader:
            # A look at the catalogue as it is now, which lasts.
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM uploads").fetchone() == (21,)
            with creating(server, told):
                eventually(lambda: log_pages(server) > 2100, "more than the log is to hold")
            device.fail("write", times=1, matching=MARK)
            with contextlib.suppress(OSError):
                sync_for_itself(server.data / DATABASE)
        with creating(server, told):
            begins_anew(server)
            begins_anew(server)
        assert device.state["failed"]["write"] == 1
        lose_power(server, device)
    with serving(server, device):
        check(server, told)


def sync_for_itself(path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.seconds(180)
@pytest.mark.parametrize("kind", KINDS)
def test_a_sync_of_the_database_that_fails_once_leaves_the_log_as_it_is(disk, server, calls, kind):
    device, told = disk(kind), []
    with serving(server, device):
        told += marked(server)
        with calls.fail("fdatasync", errno.EIO, path=f"/{DATABASE}$", times=1) as rule:
            with creating(server, told):
                eventually(lambda: rule.struck == 1, "a sync that fails")
                begins_anew(server)
        tells_of_both(server)
        lose_power(server, device)
    with serving(server, device):
        check(server, told)


LOG_BYTES_MAX = 64 << 20
# What one change adds to the log.
SWOLLEN = 2_000_000


def swell(server) -> None:
    """From now on each new record brings bytes of its own with it."""
    with contextlib.closing(sqlite3.connect(server.data / DATABASE)) as owner:
        owner.executescript(f"""
            CREATE TABLE ballast (bytes);
            CREATE TRIGGER swell AFTER INSERT ON uploads
            BEGIN DELETE FROM ballast; INSERT INTO ballast VALUES (zeroblob({SWOLLEN})); END;
            """)


def log_bytes(server) -> int:
    return (server.data / f"{DATABASE}-wal").stat().st_size


def test_a_log_that_cannot_be_carried_over_grows_up_to_a_bound_and_is_carried_over_later(server, calls):
    server.start()
    try:
        swell(server)
        told = []
        with calls.fail("fdatasync", errno.EIO, path=f"/{DATABASE}$"):
            while (answer := create(server.port, "swollen")).status == 201:
                told.append(answer.location)
                assert len(told) * SWOLLEN < 2 * LOG_BYTES_MAX
            assert (answer.status, answer.code) in FAILURES and ask(server.port, "GET", "/readyz").status == 503
            assert LOG_BYTES_MAX <= log_bytes(server) < LOG_BYTES_MAX + 2 * SWOLLEN
            check(server, told)
        eventually(lambda: ask(server.port, "GET", "/readyz").status == 200, "the catalogue's way back")
        told.append(create(server.port, "later").location)
        tells_of_both(server)
        server.restart_after_kill()
        check(server, told)
    finally:
        server.stop()


def test_a_log_that_somebody_keeps_from_being_carried_over_is_told_of_and_refuses_nobody(server):
    server.start()
    try:
        swell(server)
        with contextlib.closing(sqlite3.connect(f"file:{server.data / DATABASE}?mode=ro", uri=True)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM uploads").fetchone()
            told = [create(server.port, "swollen").location for _ in range(LOG_BYTES_MAX // SWOLLEN + 2)]
            eventually(lambda: server.log.read_text().count("reads one state of the catalogue") == 1, "a word on that")
        told.append(create(server.port, "later").location)
        begins = log_bytes(server)
        eventually(
            lambda: create(server.port, "more").status == 201 and round_of_log(server) > 0, "the log's next round")
        assert log_bytes(server) <= begins
        server.terminate()
        assert server.wait() == 0
        # Nothing is left of it.
        assert not (server.data / f"{DATABASE}-wal").exists()
        server.start()
        check(server, told)
    finally:
        server.stop()
