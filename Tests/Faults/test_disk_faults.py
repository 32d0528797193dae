"""Disks that fail, are full, or slow. A failure is answered and logged as what it is, and takes back nothing told."""

import hashlib
import json
import os
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from disks import KINDS, MEBIBYTE
from file_id import append, status
from sluice import Sluice
from waiting import eventually
from wire import Answer, Closed, Line, ask, b64, pattern

TUS = {"Tus-Resumable": "1.0.0"}
SMALL = 3_000
FIRST = 200_000
LENGTH = 500_000
# What a failure of the server's own may be called, and with which status.
FAILURES = {(500, "io-error"), (500, "catalogue-error"), (507, "no-space")}
# What the system and SQLite call the faults of these tests: the first failure, and what the file system makes of it.
CAUSES = ("Input/output error", "Read-only file system", "Structure needs cleaning", "disk I/O error",
          "database disk image is malformed")
# What fails from some moment on fails alike from the next one on.
LASTING_STEP = 4
FULL = (507, "no-space")
FULL_DISK_BYTES = 24 * MEBIBYTE
# More than the buffers between a socket and the disk hold.
LARGE = 6 * MEBIBYTE
# More requests than a last block has room for.
MANY = 200
DATA = pattern(LENGTH)


class TusUpload:
    """A tus upload and what the server told of it."""

    def __init__(self, server, name: str, data: bytes = DATA, is_known: bool = True):
        """`is_known`: whether the length is told at the beginning, or with the last bytes."""
        self.server, self.name, self.data, self.is_known = server, name, data, is_known
        self.location, self.told = None, 0

    @property
    def id(self) -> str:
        return self.location.rpartition("/")[2]

    def create(self) -> Answer:
        fields = {**TUS, "Upload-Metadata": f"filename {b64(self.name)}"}
        fields |= {"Upload-Length": len(self.data)} if self.is_known else {"Upload-Defer-Length": 1}
        answer = ask(self.server.port, "POST", "/files", fields, b"")
        if answer.status == 201:
            self.location = answer.location
        return answer

    def append(self, end: int | None = None) -> Answer:
        """Sends what is missing up to a position, or all."""
        fields = {**TUS, "Upload-Offset": self.told, "Content-Type": "application/offset+octet-stream"}
        if end is None and not self.is_known:
            fields["Upload-Length"] = len(self.data)
        answer = ask(self.server.port, "PATCH", self.location, fields, self.data[self.told : end])
        if answer.status == 204:
            self.tell(answer.offset)
        return answer

    def ask(self) -> int:
        answer = ask(self.server.port, "HEAD", self.location, TUS)
        assert answer.status == 200, (answer.status, answer.code)
        self.tell(answer.offset)
        return answer.offset

    def tell(self, offset: int) -> None:
        assert self.told <= offset <= len(self.data), f"told {self.told} before, now {offset}"
        self.told = offset

    def complete(self) -> None:
        """Asks, sends the rest, and compares the file."""
        self.ask()
        assert self.append().status == 204
        assert self.told == len(self.data)
        assert self.server.finished(self.location).read_bytes() == self.data


def failed(answer: Answer, *expected) -> bool:
    """Whether an answer says that the server failed; then it must say so in one of the ways there are."""
    if answer.status < 400:
        return False
    assert (answer.status, answer.code) in (expected or FAILURES), (answer.status, answer.code, answer.body)
    return True


def log_lines(server) -> list[dict]:
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def unexplained(server) -> list[dict]:
    """Requests that the server failed without a line that has their upload's id and the system's words."""
    lines = log_lines(server)
    told = [json.dumps(line) for line in lines if line["message"] != "request"]
    return [
        line for line in lines
        if line["message"] == "request" and line["status"] >= 500
        and not any(line["upload"] in text and any(cause in text for cause in CAUSES) for text in told)
    ]


def assert_explained(server) -> None:
    """The log is written by a thread of its own, so it may come a little later."""
    try:
        eventually(lambda: not unexplained(server), "an explanation in the log")
    except TimeoutError:
        pytest.fail(f"{unexplained(server)} in\n{server.log.read_text()}")


@contextmanager
def serving(server, disk):
    """Mounts the disk and runs the server on it; a kill ends it if nothing else does."""
    with disk:
        server.data = disk.root / "data"
        server.start()
        try:
            yield server
        finally:
            if server.is_running:
                server.kill()


def work(server, number: int) -> tuple[list[TusUpload], dict[str, bytes]]:
    """A small upload, and one in three steps, of which any may fail. Answers what was begun, and what was stored."""
    uploads, stored = [], {}
    small = DATA[: SMALL + number]
    if not failed(append(server.port, f"small{number}", 0, small)):
        stored[f"small{number}"] = small
    upload = TusUpload(server, f"tus{number}", DATA[number:])
    if not failed(upload.create()):
        uploads.append(upload)
        if not failed(upload.append(FIRST)):
            failed(upload.append())
    return uploads, stored


def check(uploads, stored, server) -> None:
    """Nothing that was told is lost, and everything can be completed."""
    for file_id, data in stored.items():
        assert status(server.port, file_id) == len(data)
        assert server.sha256(file_id) == hashlib.sha256(data).hexdigest()
    for upload in uploads:
        upload.complete()


@pytest.fixture
def server(tmp_path):
    return Sluice(tmp_path)


@pytest.mark.seconds(300)
@pytest.mark.parametrize("lasting", [False, True], ids=["one", "all-from-then-on"])
@pytest.mark.parametrize("operation", ["write", "flush"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_write_and_every_flush_may_fail(disk, server, kind, operation, lasting):
    """Fails the first operation of the disk, then the second one, and so on to the last one that the work takes."""
    device, number, struck = disk(kind), 0, True
    with serving(server, device):
        pass
    while struck:
        server.log.unlink()
        with serving(server, device):
            device.fail(operation, after=number, times=None if lasting else 1)
            uploads, stored = work(server, number)
            struck = device.state["failed"][operation] > 0
            device.heal()
            assert server.is_running
            assert_explained(server)
            if number % 2:
                server.terminate()
                assert server.wait() == 0
        with serving(server, device):
            check(uploads, stored, server)
        number += LASTING_STEP if lasting else 1
    print(f"{kind}: {number} places to fail")
    assert number > 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["retry", "restart"])
def test_a_commit_that_the_disk_refused_takes_nothing_of_later_ones_with_it(disk, server, kind, way):
    """What was to be written stays in the page cache and looks as if it were on the disk; it is not to be built on."""
    device, count = disk(kind), 4
    with serving(server, device):
        # Below the log are blocks that were never written, and the last block before them is shared.
        for number in range(count):
            assert append(server.port, f"before-{number}", 0, DATA[: SMALL + number]).status == 200
        device.fail("write", times=1, matching="refused-by-the-disk")
        assert TusUpload(server, "refused-by-the-disk").create().status == 500
        assert device.state["failed"]["write"] == 1
        device.heal()
        if way == "restart":
            server.restart_after_kill()
        eventually(lambda: ask(server.port, "POST", "/files", {**TUS, "Upload-Length": 1}).status == 201, "the catalogue's way back")
        for number in range(count):
            assert append(server.port, f"after-{number}", 0, DATA[: SMALL + number]).status == 200
        uploads = [TusUpload(server, f"after-{number}.tus") for number in range(count)]
        for upload in uploads:
            assert (upload.create().status, upload.append(FIRST).status) == (201, 204)
    with serving(server, device):
        stored = {f"{when}-{number}": DATA[: SMALL + number] for when in ("before", "after") for number in range(count)}
        check(uploads, stored, server)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_cannot_be_read_is_cut_off_and_is_whole_later(disk, server, kind):
    device = disk(kind)
    with serving(server, device):
        upload = TusUpload(server, "tus.bin")
        assert (upload.create().status, upload.append().status) == (201, 204)
    with serving(server, device):
        # The head of the answer is out when the first byte is read, if not earlier.
        assert upload.ask() == LENGTH
        device.fail("read")
        try:
            answer = ask(server.port, "GET", upload.location)
            assert answer.status == 500 and answer.code == "io-error"
        except Closed:
            pass
        device.heal()
        assert ask(server.port, "GET", upload.location).body == DATA
        eventually(lambda: any("Input/output error" in str(line) and upload.id in str(line)
                               for line in log_lines(server)), "the reason in the log")


@pytest.mark.parametrize("kind", KINDS)
def test_a_catalogue_that_cannot_be_read_is_a_reason_not_to_start(disk, server, kind):
    device = disk(kind)
    with serving(server, device):
        assert append(server.port, "small-x", 0, DATA[:SMALL]).status == 200
        server.terminate()
        assert server.wait() == 0
    with device:
        device.fail("read")
        with pytest.raises(RuntimeError):
            server.start()
        assert server.wait() == 1
        assert "Input/output error" in server.log_tail()
        device.heal()
        server.start()
        assert status(server.port, "small-x") == SMALL
        server.kill()


@pytest.mark.parametrize("kind", KINDS)
def test_uploads_that_settle_together_share_the_flushes_of_a_slow_disk(disk, server, kind):
    device, clients = disk(kind), 48
    with serving(server, device):
        device.delay("flush", 50)
        before = device.state["flushes"]
        assert append(server.port, "alone-x", 0, DATA[:SMALL]).status == 200
        alone = device.state["flushes"] - before
        answers = []
        threads = [
            threading.Thread(target=lambda name=f"f{number}-x": answers.append(
                append(server.port, name, 0, DATA[:SMALL]).status))
            for number in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        together = device.state["flushes"] - before - alone
        print(f"{kind}: {alone} flushes for one upload, {together} for {clients}")
        assert answers == [200] * clients
        assert together < clients * alone / 2


# A full disk


class Ballast:
    """A file that takes up what is left of a file system."""

    def __init__(self, root: Path):
        self._root, self._path = root, root / "ballast"

    @property
    def free(self) -> int:
        found = os.statvfs(self._root)
        return found.f_bavail * found.f_frsize

    def fill(self, but: int = 0) -> None:
        """Leaves so many bytes, or a little less."""
        with self._path.open("ab") as file:
            size = file.tell()
            for step in (MEBIBYTE, 1 << 16, 1 << 12, 1 << 10):
                while self.free >= but + step:
                    try:
                        os.posix_fallocate(file.fileno(), size, step)
                    except OSError:
                        break
                    size += step
            os.fsync(file.fileno())

    def empty(self) -> None:
        self._path.unlink()


@pytest.fixture
def ballast(disk, server):
    """A server on a small ext4, and the means to fill that."""
    device = disk("ext4", FULL_DISK_BYTES)
    with serving(server, device):
        yield Ballast(device.root)
        assert server.is_running
        # Whoever was sent away is in the log, by name and with the reason.
        eventually(lambda: refusals(server), "the refusal in the log")
        assert all(line["note"] == "no-space" and len(line["upload"]) == 32 for line in refusals(server))


def refusals(server) -> list[dict]:
    return [line for line in log_lines(server) if line.get("status") == 507]


def restart(server) -> None:
    """A full disk does not keep the server from stopping and starting."""
    server.terminate()
    assert server.wait() == 0
    server.start()


def bytes_stored(server, upload) -> bytes:
    return (server.data / "uploads" / upload.id).read_bytes()


def test_a_disk_that_is_full_takes_no_new_uploads(ballast, server):
    ballast.fill()
    created = []
    while not failed((upload := TusUpload(server, f"tus{len(created)}")).create(), FULL):
        created.append(upload)
        assert len(created) < MANY
    ballast.empty()
    assert upload.create().status == 201
    for upload in [*created[:3], upload]:
        upload.complete()


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("room", [0, LARGE // 2, LARGE - 30_000], ids=["head", "middle", "tail"])
def test_a_disk_that_fills_up_within_a_body_keeps_what_came(ballast, server, room, is_known):
    upload = TusUpload(server, "large", pattern(LARGE), is_known=is_known)
    assert upload.create().status == 201
    assert upload.append(10_000).status == 204
    ballast.fill(but=room)
    assert failed(upload.append(None if is_known else LARGE - 1), FULL)
    kept = upload.ask()
    assert bytes_stored(server, upload)[:kept] == upload.data[:kept]
    assert kept >= 10_000
    # Another one, who is refused too, and a start on the full disk change nothing.
    assert failed(append(server.port, "other", 0, upload.data), FULL)
    restart(server)
    assert upload.ask() == kept
    ballast.empty()
    upload.complete()


def test_a_length_that_does_not_fit_is_refused_before_the_body(ballast, server):
    upload = TusUpload(server, "large", pattern(LARGE))
    assert upload.create().status == 201
    ballast.fill(but=LARGE // 2)
    with Line(server.port) as line:
        line.head("PATCH", upload.location, {
            **TUS, "Upload-Offset": 0, "Content-Type": "application/offset+octet-stream"}, LARGE)
        assert failed(line.answer(), FULL)
    assert upload.ask() == 0
    ballast.empty()
    upload.complete()


def test_a_disk_that_is_full_at_the_end_delivers_later(ballast, server):
    upload = TusUpload(server, "tus")
    assert upload.create().status == 201
    assert upload.append(LENGTH - 1).status == 204
    ballast.fill()
    assert failed(upload.append(), FULL)
    assert bytes_stored(server, upload)[: LENGTH - 1] == DATA[:-1]
    assert not list((server.data / "complete").glob("*/*"))
    restart(server)
    assert upload.ask() >= LENGTH - 1
    ballast.empty()
    upload.complete()


def test_a_disk_without_space_for_the_catalogue_keeps_the_last_offset(ballast, server):
    upload = TusUpload(server, "tus")
    assert upload.create().status == 201
    assert upload.append(1).status == 204
    ballast.fill()
    for _ in range(MANY):
        # The data fits into the block that is there; the record of it needs a new one.
        if failed(upload.append(upload.told + 1), FULL):
            break
    assert upload.told < MANY
    kept = upload.told
    assert upload.ask() == kept
    restart(server)
    assert upload.ask() == kept
    ballast.empty()
    upload.complete()


@pytest.mark.parametrize("method, target", [("PUT", "/files/plain.bin"), ("POST", "/files")])
def test_a_disk_without_space_for_a_plain_file_leaves_nothing_of_it(ballast, server, method, target):
    data = pattern(LARGE)
    ballast.fill(but=LARGE // 2)
    assert failed(ask(server.port, method, target, {}, data), FULL)
    eventually(lambda: not list((server.data / "uploads").iterdir()), "the removal of what came")
    ballast.empty()
    answer = ask(server.port, method, target, {}, data)
    assert answer.status == 201
    assert server.finished(answer.location).read_bytes() == data
