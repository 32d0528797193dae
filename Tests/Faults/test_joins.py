"""Files that are put together while the disk is slow or hangs: what ends them, and what they keep nobody from."""

import base64
import contextlib
import sqlite3
import threading

import pytest

from serving import watched
from sluice import Sluice
from waiting import eventually
from wire import Closed, Line1, ask

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
MIB = 1 << 20


@pytest.fixture
def server(tmp_path, calls):
    yield from watched(tmp_path, "--threads", "1", "--max-connections", "12", calls=calls)


def part(server, count: int) -> str:
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": str(count), "Upload-Concat": "partial"}).location
    assert ask(server.port, "PATCH", location, PATCH, b"p" * count).status == 204
    return location


def ids(server) -> set[str]:
    with sqlite3.connect(f"file:{server.data}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
        return {row[0].hex() for row in catalogue.execute("SELECT id FROM uploads")}


class Whole:
    """A final upload that is asked for; `answer` comes when its file is put together, or will not be."""

    def __init__(self, server, parts: list[str], name: str = "whole"):
        known = ids(server)
        self.answer = None
        metadata = "filename " + base64.b64encode(name.encode()).decode()
        fields = TUS | {"Upload-Concat": "final;" + " ".join(parts), "Upload-Metadata": metadata}
        self._client = threading.Thread(target=self._ask, args=(server.port, fields), daemon=True)
        self._client.start()
        eventually(lambda: len(ids(server) - known) == 1, "its record")
        self.id = (ids(server) - known).pop()

    def _ask(self, port, fields):
        # A stop may leave it without an answer.
        with contextlib.suppress(Closed):
            self.answer = ask(port, "POST", "/files", fields)

    def answered(self):
        self._client.join(30)
        return self.answer


def size(server, id: str) -> int:
    path = server.data / "uploads" / id
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize("what", ["whole", "part"])
def test_a_deletion_ends_a_join_at_its_next_piece(server, calls, what):
    parts = [part(server, 48 * MIB) for _ in range(2)]
    with calls.delay("pwrite", 300, path="uploads/"):
        whole = Whole(server, parts)
        eventually(lambda: size(server, whole.id) > 0, "bytes of it")
        deleted = parts[0] if what == "part" else f"/files/{whole.id}"
        assert ask(server.port, "DELETE", deleted, TUS).status == 204
        answer = whole.answered()
    assert answer.status == 409 and answer.code == "superseded"
    assert size(server, whole.id) == 0, "it gives back what it had"
    assert ask(server.port, "HEAD", parts[1], TUS).offset == 48 * MIB


def test_a_deletion_ends_a_join_that_waits_in_line_while_the_disk_hangs(server, calls):
    common, own = part(server, 2 * MIB), part(server, 2 * MIB)
    with calls.hold("pwrite", path="uploads/") as held:
        running = [Whole(server, [common], str(number)) for number in range(2)]
        eventually(lambda: held.waiting == 2, "all that run at a time")
        whole = Whole(server, [own], "third")
        assert ask(server.port, "DELETE", own, TUS).status == 204
        assert whole.answered().code == "superseded"
    assert [one.answered().status for one in running] == [201, 201]


def test_whoever_asks_for_the_same_file_again_does_not_end_it(server, calls):
    parts = [part(server, 8 * MIB)]
    with calls.delay("pwrite", 300, path="uploads/"):
        first = Whole(server, parts)
        fields = TUS | {"Upload-Concat": f"final;{parts[0]}", "Upload-Metadata": "filename d2hvbGU="}
        again = ask(server.port, "POST", "/files", fields)
        assert again.status == first.answered().status == 201
    assert again.location == first.answer.location == f"/files/{first.id}"


def test_a_stop_and_a_second_one_are_heard_while_the_disk_hangs_under_joins(server, calls):
    common = part(server, 160 * MIB)
    with calls.delay("pwrite", 30, path="uploads/"):
        wholes = [Whole(server, [common], str(number)) for number in range(3)]
        # Each has had a step: one of them waits for its next, with space that it holds.
        eventually(lambda: all(size(server, whole.id) > 0 for whole in wholes), "all of them on their way")
        with calls.hold("openat", path="uploads/") as held:
            eventually(lambda: held.waiting == 2, "all that run at a time")
            server.terminate()
            eventually(lambda: '"stopping"' in server.log.read_text(), "the stop")
            assert ask(server.admin_port, "GET", "/healthz").status == 200
            server.terminate()
            assert server.wait(10) == 1


def test_whoever_goes_while_an_upload_hangs_leaves_its_place(server, calls):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": "1000000"}).location
    with calls.hold("pwrite", path=location.rpartition("/")[2]) as held:
        with Line1(server.port) as holder:
            holder.head("PATCH", location, PATCH, 1_000_000)
            holder.send(b"x" * 300_000)
            eventually(lambda: held.waiting == 1, "the write that hangs")
            lines = [Line1(server.port) for _ in range(11)]
            for line in lines:
                line.head("HEAD", location, TUS)
            eventually(lambda: ask(server.port, "GET", "/healthz").code == "too-many-connections", "a full server")
            for line in lines:
                line.close()
            eventually(lambda: ask(server.port, "GET", "/healthz").status == 200, "room")
            assert held.waiting == 1


def test_whoever_only_sends_nothing_more_is_told_that_the_upload_is_busy(server, calls):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": "1000000"}).location
    with calls.hold("pwrite", path=location.rpartition("/")[2]) as held, Line1(server.port) as holder:
        holder.head("PATCH", location, PATCH, 1_000_000)
        holder.send(b"x" * 300_000)
        eventually(lambda: held.waiting == 1, "the write that hangs")
        with Line1(server.port) as line:
            line.head("DELETE", location, TUS)
            line.half_close()
            answer = line.answer()
    assert answer.status == 503 and answer.code == "upload-busy" and answer.fields["retry-after"]
    # Its wait is over: it does not take the upload when that is free.
    assert ask(server.port, "HEAD", location, TUS).status == 200


def test_status_does_not_keep_the_place_of_a_client_that_has_gone(server, calls):
    fields = {"X-File-Id": "a", "X-Start-Byte": "0", "X-File-Size": "9000000"}
    with calls.hold("fdatasync", path="uploads/") as held, Line1(server.port) as holder:
        holder.head("POST", "/upload", fields, 9_000_000)
        holder.send(b"x" * 3_000_000)
        eventually(lambda: any(size(server, id) > 1_000_000 for id in ids(server)), "bytes on the disk")
        lines = [Line1(server.port) for _ in range(11)]
        for line in lines:
            line.head("GET", "/status", {"X-File-Id": "a"})
        eventually(lambda: held.waiting >= 1, "the sync that hangs")
        eventually(lambda: ask(server.port, "GET", "/healthz").code == "too-many-connections", "a full server")
        for line in lines:
            line.close()
        eventually(lambda: ask(server.port, "GET", "/healthz").status == 200, "room")


def test_an_expired_upload_that_hangs_keeps_no_other_from_its_end(tmp_path, calls, request):
    server = Sluice(tmp_path, "--expire-after", "2")
    server.environment = calls.environment
    request.addfinalizer(server.stop)
    server.start()
    made = [ask(server.port, "POST", "/files", TUS | {"Upload-Length": "1000"}).location for _ in range(4)]
    for location in made:
        assert ask(server.port, "PATCH", location, PATCH, b"x" * 10).status == 204
    eventually(lambda: all(ask(server.port, "HEAD", location, TUS).status == 410 for location in made), "their end")
    server.stop()
    first, *others = [location.rpartition("/")[2] for location in made]
    assert size(server, first) == 10, "the sweep has not come by yet"
    with calls.hold("fstatat", path=first) as held:
        server.start()
        eventually(lambda: held.waiting >= 1, "the look that hangs")
        eventually(lambda: sum(size(server, other) for other in others) == 0, "the end of the others")
        assert size(server, first) == 10
    eventually(lambda: size(server, first) == 0, "its own end")
