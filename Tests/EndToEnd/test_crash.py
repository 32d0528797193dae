"""kill -9 in the middle of everything, and a disk that fills up. What was told before is still there afterwards."""

import hashlib
import os
import random
import subprocess
import threading
import time

import pytest

from conftest import MEBIBYTE
from file_id import append, begin, status
from sluice import Sluice, make_file, sha256
from wire import Closed, Line

UPLOADS = 8
UPLOAD_BYTES = 12 * MEBIBYTE
KILLS = int(os.environ.get("SLUICE_KILLS", "12"))
PIECE_BYTES = 64 * 1024


class Uploader(threading.Thread):
    """One client that does not give up. What the server told it may never shrink."""

    def __init__(self, server, file_id, data, tls):
        super().__init__(daemon=True)
        self.server, self.file_id, self.data, self.tls = server, file_id, data, tls
        self.told = 0
        self.sent = 0
        self.failure = None

    @property
    def port(self):
        return self.server.tls_port if self.tls else self.server.port

    def run(self):
        try:
            while not self.attempt():
                pass
        except AssertionError as error:
            self.failure = error

    def attempt(self) -> bool:
        try:
            count = status(self.port, self.file_id, self.tls)
            assert count >= self.told, f"{self.file_id}: told {self.told}, now {count}"
            self.told = count
            with Line(self.port, self.tls) as client:
                begin(client, self.file_id, count, len(self.data) - count)
                for position in range(count, len(self.data), PIECE_BYTES):
                    client.send(self.data[position : position + PIECE_BYTES])
                    self.sent += PIECE_BYTES
                answer = client.answer()
            if answer.status == 200:
                self.told = len(self.data)
                return True
            # The server was told to stop, or this client's own last connection was still being settled.
            assert answer.status in (409, 503), (answer.status, answer.reason)
            return False
        except (OSError, Closed):
            # Down; the port is free until the server is back.
            time.sleep(0.01)
            return False


@pytest.mark.seconds(300)
@pytest.mark.parametrize("seed", [1, 2])
def test_no_kill_takes_back_what_was_told(tmp_path, seed):
    dice = random.Random(seed)
    server = Sluice(tmp_path)
    server.start()
    contents = [make_file(tmp_path / f"in{number}", UPLOAD_BYTES - number * 999, number) for number in range(UPLOADS)]
    clients = [
        Uploader(server, f"out{number}-{path.stat().st_size}-1", path.read_bytes(), tls=number % 2 == 1)
        for number, path in enumerate(contents)
    ]
    try:
        for client in clients:
            client.start()
        for _ in range(KILLS):
            # A moment that is random in what has been sent, not in time.
            mark = sum(client.sent for client in clients) + dice.randrange(1, 16 * MEBIBYTE)
            while sum(client.sent for client in clients) < mark and any(client.is_alive() for client in clients):
                time.sleep(0.0005)
            server.kill()
            server.start()
        for client in clients:
            client.join()
        assert [client.failure for client in clients] == [None] * UPLOADS
        for number, path in enumerate(contents):
            assert server.sha256(f"out{number}") == sha256(path)
            assert status(server.port, clients[number].file_id) == path.stat().st_size
        server.restart_after_kill()
        for number, path in enumerate(contents):
            assert server.sha256(f"out{number}") == sha256(path)
    finally:
        server.stop()


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
        assert answer.reason == "No space left"
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
