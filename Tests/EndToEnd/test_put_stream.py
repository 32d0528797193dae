"""`sluice put -`: standard input, whose length nobody knows and which cannot be read again."""

import hashlib
import os
import signal
import subprocess
import threading

import pytest

from answering import Answering, Tus, head
from putting import binary, failure, put

MEBIBYTE = 1 << 20
DIALECTS = ["tus", "ietf"]


def content(size):
    return hashlib.shake_256(b"stream").digest(MEBIBYTE) * (size // MEBIBYTE) + b"x" * (size % MEBIBYTE)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("size", [0, 1, 8 * MEBIBYTE - 1, 8 * MEBIBYTE, 8 * MEBIBYTE + 1, 20_000_000])
def test_what_comes_in_is_what_is_stored(tmp_path, shared, dialect, size):
    result = put(tmp_path, "--dialect", dialect, "--name", "dump.sql", "-", shared.url, input=content(size))
    assert result.returncode == 0, result.stderr
    stored = shared.finished(result.stdout.decode().strip())
    assert stored.name == "dump.sql"
    assert stored.read_bytes() == content(size)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_connection_that_is_cut_costs_nothing(tmp_path, sluice, proxy, dialect):
    proxy.cut_after(5_000_000)
    result = put(
        tmp_path, "--dialect", dialect, "-", proxy.url, input=content(20_000_000))
    assert result.returncode == 0, result.stderr
    assert sluice.finished(result.stdout.decode().strip()).read_bytes() == content(20_000_000)


def test_checksums_and_small_pieces(tmp_path, shared):
    result = put(
        tmp_path, "--checksum", "sha1", "--chunk-size", "100000", "-", shared.url, input=content(1_234_567))
    assert result.returncode == 0, result.stderr
    assert shared.finished(result.stdout.decode().strip()).read_bytes() == content(1_234_567)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_comes_slowly_is_sent_on_before_the_end(tmp_path, shared, dialect):
    """Bytes that have waited for five seconds are sent: nobody knows when the next ones come."""
    process = subprocess.Popen(
        [binary(), "put", "--dialect", dialect, "-", shared.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, cwd=tmp_path)
    process.stdin.write(b"first")
    process.stdin.flush()
    is_stored = threading.Event()

    def look():
        while not any(path.read_bytes()[:5] == b"first" for path in (shared.data / "uploads").iterdir()):
            if process.poll() is not None:
                return
        is_stored.set()

    threading.Thread(target=look, daemon=True).start()
    assert is_stored.wait(20)
    output, _ = process.communicate(b"second")
    assert process.returncode == 0
    assert shared.finished(output.decode().strip()).read_bytes() == b"firstsecond"


def test_a_server_that_has_lost_what_cannot_be_read_again_is_told_of(tmp_path):
    tus = Tus()

    def answer(request):
        if request.method == "PATCH" and request.fields["upload-offset"] == "8192":
            tus.uploads.clear()
        return tus(request) if request.method != "PATCH" or request.target in tus.uploads else head("404 Not Found")

    server = Answering(answer)
    result = put(tmp_path, "--chunk-size", "4096", "-", server.url, input=content(20_000))
    assert result.returncode == 1
    assert "cannot be read again" in failure(result)
    server.close()


def test_a_server_that_falls_back_is_not_given_a_stream_with_a_hole(tmp_path):
    class Forgetful(Tus):
        def patch(self, request):
            if request.fields["upload-offset"] == "8192":
                self.uploads[request.target] = self.uploads[request.target][:1000]
                return None
            return super().patch(request)

    server = Answering(Forgetful())
    result = put(tmp_path, "--chunk-size", "4096", "-", server.url, input=content(20_000))
    assert result.returncode == 1
    assert "cannot be read again" in failure(result)
    server.close()


def test_while_the_first_piece_is_in_memory_a_lost_upload_begins_anew(tmp_path):
    class Amnesiac(Tus):
        def patch(self, request):
            if len(self.uploads) == 1:
                self.uploads["/files/1"] = None
                return head("404 Not Found")
            return super().patch(request)

    tus = Amnesiac()
    server = Answering(tus)
    result = put(tmp_path, "-", server.url, input=b"hello")
    assert result.returncode == 0, result.stderr
    assert tus.uploads["/files/2"] == b"hello"
    server.close()


@pytest.mark.parametrize("what, options, goes_on", [
    ("-", [], False), ("-", ["--dialect", "ietf"], False), ("a", [], True), ("a", ["--dialect", "file-id"], True),
    ("a", ["--dialect", "plain"], False), ("a", ["--no-resume"], False),
])
def test_who_stops_it_is_told_to_run_it_again_only_where_that_goes_on(tmp_path, what, options, goes_on):
    (tmp_path / "a").write_bytes(b"a")
    came, released = threading.Event(), threading.Event()

    def answer(request):
        came.set()
        released.wait(30)

    server = Answering(answer)
    with subprocess.Popen(
            [binary(), "put", *options, what, server.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=tmp_path, env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}) as process:
        process.stdin.write(b"a")
        process.stdin.close()
        assert came.wait(20)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        told = process.stderr.read().decode()
    assert "stopped" in told and ("run it again to go on" in told) == goes_on
    released.set()
    server.close()
