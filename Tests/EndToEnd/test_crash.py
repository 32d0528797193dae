"""
A kill, lost bytes and a disk that fills up, one at a time. Hundreds of kills in the middle of everything are in
Tests/Faults/test_kills.py.
"""

import hashlib
import os
import subprocess

import pytest

from conftest import MEBIBYTE
from file_id import append, begin, status
from sluice import Sluice, make_file, sha256
from wire import Line, ask

# What is said, is said over both.
pytestmark = pytest.mark.usefixtures("protocol")


@pytest.mark.parametrize("is_whole", [False, True])
def test_a_new_beginning_without_a_byte_leaves_what_is_stored(sluice, is_whole):
    brought = 100000 if is_whole else 60000
    for count in (brought, 0):
        with Line(sluice.port) as line:
            begin(line, "again-100000-1", 0, 100000 + (count == 0))
            line.send(b"x" * count)
            line.half_close()
            assert (line.answer().status == 200) == (count == 100000)
    answer = ask(sluice.port, "GET", "/status", {"X-File-Id": "again-100000-1"})
    assert (answer.status, answer.body.strip()) == (200, str(brought).encode())


def test_bytes_that_vanished_are_told_of_loudly_and_never_resumed(sluice):
    """A data file shorter than its record: the disk, or somebody, lost what was promised."""
    with Line(sluice.port) as line:
        begin(line, "lost-100000-1", 0, 100000)
        line.send(b"x" * 60000)
        line.half_close()
        assert line.answer().code == "body-cut-short"
    sluice.kill()
    (data,) = (sluice.data / "uploads").iterdir()
    os.truncate(data, 10000)
    sluice.start()
    answer = ask(sluice.port, "GET", "/status", {"X-File-Id": "lost-100000-1"})
    assert (answer.status, answer.code) == (500, "upload-damaged")
    assert append(sluice.port, "lost-100000-1", 60000, b"x" * 40000).status == 500
    assert append(sluice.port, "lost-100000-1", 0, b"y" * 100000).status == 200
    sluice.terminate()
    assert sluice.wait() == 0
    assert "is damaged: 60000 bytes recorded, 10000 found" in sluice.log.read_text()


def test_an_answered_upload_is_there_after_a_kill(sluice):
    for number in range(20):
        data = bytes([number]) * (1 + number * 30_000)
        assert append(sluice.port, f"f{number}-x", 0, data).status == 200
        sluice.restart_after_kill()
        assert status(sluice.port, f"f{number}-x") == len(data)
        assert sluice.sha256(f"f{number}-x") == hashlib.sha256(data).hexdigest()


@pytest.fixture
def small_disk(tmp_path):
    """An ext4 file system of 64 MiB of its own."""
    image, mount = tmp_path / "image", tmp_path / "mount"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(64 * MEBIBYTE)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", image, mount], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a loop-mounted file system needs root and a loop device: {error}")
    yield mount
    subprocess.run(["umount", mount], check=True)


@pytest.mark.parametrize("tls", [False, True])
def test_a_full_disk_is_said_and_what_came_is_kept(small_disk, tmp_path, tls):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(24 * MEBIBYTE))
    path = make_file(tmp_path / "in", 40 * MEBIBYTE)
    data = path.read_bytes()
    server = Sluice(small_disk)
    server.start()
    port = server.tls_port if tls else server.port
    try:
        answer = append(port, "big-x", 0, data, tls)
        assert answer.status == 507
        # HTTP/2 has no reason phrase.
        assert answer.reason in ("No space left", "")
        assert "retry-after" in answer.fields
        count = status(port, "big-x", tls)
        assert 0 <= count < len(data)
        # Others are told the same, and nobody is lost.
        again = append(port, "big-x", count, data[count:], tls)
        assert again.status == 507
        later = status(port, "big-x", tls)
        assert count <= later < len(data)
        ballast.unlink()
        assert append(port, "big-x", later, data[later:], tls).status == 200
        assert server.sha256("big-x") == sha256(path)
        assert server.is_running
    finally:
        server.stop()
