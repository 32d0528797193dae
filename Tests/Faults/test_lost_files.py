"""The disk refuses to write small files, and the server that has them in its journal hears nothing of it: it was
killed, and another program was told, or the mark of its doubt could not be written either. The next one finds memory as
it was."""

import ctypes
import errno
import os

import pytest

from disks import KINDS, MEBIBYTE
from sluice import Sluice
from test_disk_faults import serving
from waiting import eventually
from wire import ask

SMALL = b"what the disk refuses " * 100
MARK = "the disk refuses"
FILES = 12
# Large enough for a journal.
DISK_BYTES = 704 * MEBIBYTE

libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def server(tmp_path, calls):
    sluice = Sluice(tmp_path)
    sluice.environment = calls.environment
    return sluice


def put(server) -> str:
    answer = ask(server.port, "PUT", "/files/file.txt", {}, SMALL)
    assert answer.status == 201
    return answer.location


def released(server) -> None:
    """Waits until the journal stands in for nothing: the heads of its segments name no page cache."""
    heads = [server.data / "journal" / str(number) for number in range(2)]
    eventually(lambda: all(head.read_bytes()[24:56] == bytes(32) for head in heads), "the journal's release")


def is_told_of_a_failure(root) -> bool:
    """What a program hears that has the file system synced."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        return libc.syncfs(descriptor) != 0 and ctypes.get_errno() == errno.EIO
    finally:
        os.close(descriptor)


def lose_power(server, device) -> None:
    server.kill()
    device.cut(1)


def check(server, locations) -> None:
    for location in locations:
        assert server.finished(location).read_bytes() == SMALL


@pytest.mark.seconds(120)
@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_that_another_program_was_told_of_loses_no_small_file(disk, server, calls, kind):
    device = disk(kind, DISK_BYTES)
    with serving(server, device):
        with calls.hold("syncfs"):
            stored = [put(server) for _ in range(FILES)]
            edited = put(server)
            server.finished(edited).write_bytes(b"edited by its owner")
            device.fail("write", matching=MARK)
            # In the server's time its own sync would have told it.
            server.strike()
            assert is_told_of_a_failure(device.root)
            server.kill()
        device.heal()
        server.start()
        released(server)
        assert "small files written again" in server.log.read_text()
        lose_power(server, device)
    with serving(server, device):
        check(server, stored)
        assert server.finished(edited).read_bytes() == b"edited by its owner"


@pytest.mark.seconds(120)
@pytest.mark.parametrize("kind", KINDS)
def test_a_doubt_that_could_not_be_written_down_loses_no_small_file(disk, server, calls, kind):
    device = disk(kind, DISK_BYTES)
    with serving(server, device):
        stored = [put(server) for _ in range(FILES)]
        device.fail("write", matching=MARK)
        with (calls.fail("pwrite", errno.EIO, path="/journal/") as doubt,
              calls.hold("openat", path="/uploads/") as again):
            eventually(lambda: doubt.struck > 0, "a doubt that cannot be written down")
            eventually(lambda: again.waiting > 0, "an attempt to write the files again")
            server.strike()
        server.kill()
        device.heal()
        server.start()
        released(server)
        lose_power(server, device)
    with serving(server, device):
        check(server, stored)
