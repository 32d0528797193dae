"""What the system does to a running server: directories that go, file systems that turn read-only, damaged catalogues,
memory that runs out. Each time the server says what happened, answers what it can, and loses nothing that it told."""

import json
import os
import resource
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving import serving
from sluice import Sluice, make_file, sha256
from waiting import eventually
from wire import Line, ask

PAGE_BYTES = 4096
TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def server(tmp_path):
    yield from serving(tmp_path)


def wait_for_log(server: Sluice, *texts: str):
    """Until a line worth an operator's attention holds one of these texts; the server writes its log a little later."""
    def is_there():
        lines = server.log.read_text().splitlines()
        return any(text in line for line in lines for text in texts if '"error"' in line or '"critical"' in line)

    eventually(is_there, f"a log line with {texts}")


def begin(server: Sluice, length: int, body: bytes) -> str:
    """An open upload of so many bytes, of which these are there. Answers its address."""
    fields = PATCH | {"Upload-Length": str(length)}
    answer = ask(server.port, "POST", "/files", fields, body)
    assert answer.status == 201 and answer.offset == len(body)
    return answer.location


def offset(server: Sluice, location: str) -> int | None:
    answer = ask(server.port, "HEAD", location, TUS)
    return answer.offset if answer.status == 200 else None


def put(server: Sluice, name: str, body: bytes):
    return ask(server.port, "PUT", f"/files/{name}", {}, body)


def check(server: Sluice, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [server.binary, "check", "--data", str(server.data), *options], capture_output=True, text=True, timeout=60)


# The data directory


def test_a_data_directory_that_is_renamed_is_still_the_same_directory(server, tmp_path):
    location = begin(server, 2000, b"x" * 1000)
    server.data.rename(tmp_path / "elsewhere")
    answer = put(server, "after.txt", b"after")
    assert answer.status == 201
    identity = json.loads(answer.body)["location"].rpartition("/")[2]
    assert (tmp_path / "elsewhere" / "complete" / identity / "after.txt").read_bytes() == b"after"
    assert ask(server.port, "PATCH", location, PATCH | {"Upload-Offset": "1000"}, b"y" * 1000).offset == 2000


def test_a_data_directory_that_vanishes_costs_its_uploads_and_not_the_server(server):
    location = begin(server, 2000, b"x" * 1000)
    shutil.rmtree(server.data)
    answer = put(server, "lost.txt", b"lost")
    assert answer.status >= 500 and answer.code, (answer.status, answer.code)
    wait_for_log(server, "No such file or directory")
    assert ask(server.port, "GET", "/", {}).status == 200
    # Started again it is a new, empty directory, and says so to whoever asks.
    server.restart_after_kill()
    assert offset(server, location) is None
    assert put(server, "again.txt", b"again").status == 201


@pytest.mark.parametrize("way", ["another file system", "another mount of this one", "link", "dangling link", "file"])
def test_a_place_for_finished_files_to_which_none_can_be_moved_is_told_of_at_the_start(tmp_path, way):
    server = Sluice(tmp_path)
    complete, elsewhere = server.data / "complete", tmp_path / "elsewhere"
    elsewhere.mkdir()
    server.data.mkdir()
    is_mount = way.endswith(("file system", "this one"))
    if is_mount:
        if os.geteuid() != 0:
            pytest.skip("only root can mount")
        complete.mkdir()
        words = ["-t", "tmpfs", "none"] if way == "another file system" else ["--bind", elsewhere]
        subprocess.run(["mount", *words, complete], check=True)
    elif way == "file":
        complete.touch()
    else:
        complete.symlink_to(elsewhere if way == "link" else tmp_path / "nowhere")
    try:
        with pytest.raises(RuntimeError):
            server.start()
        assert server.wait() == 1
        said = server.log_tail()
        assert str(complete) in said
        assert ("both must be one file system" if is_mount else "it must be a directory, not a link to one") in said
    finally:
        if is_mount:
            subprocess.run(["umount", complete], check=True)
    # Put in order it is a directory like any other.
    if not is_mount:
        complete.unlink()
    server.start()
    try:
        assert put(server, "file.txt", b"here").status == 201
    finally:
        server.stop()


@contextmanager
def small_disk(directory: Path):
    """An ext4 of its own, that turns read-only when it meets an error."""
    image = directory.with_suffix(".img")
    directory.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-E", "nodiscard", image], check=True)
    subprocess.run(["mount", "-o", "loop,errors=remount-ro", image, directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


def meet_an_error(disk: Path):
    """What a failing disk does to its file system, files open for writing or not."""
    device = os.stat(disk).st_dev
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("a test")


@pytest.mark.skipif(os.environ.get("SLUICE_NO_LOOP") == "1", reason="SLUICE_NO_LOOP=1: no mounts here")
def test_a_file_system_that_turns_read_only_loses_nothing_that_was_told(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        server = Sluice(disk)
        server.log = tmp_path / "server.log"
        server.start()
        try:
            body = os.urandom(300_000)
            created = ask(server.port, "POST", "/files", TUS | {"Upload-Length": str(len(body))})
            first = ask(server.port, "PATCH", created.location, PATCH | {"Upload-Offset": "0"}, body[:200_000])
            assert first.status == 204 and first.offset == 200_000
            meet_an_error(disk)
            refused = ask(server.port, "PATCH", created.location, PATCH | {"Upload-Offset": "200000"}, body[200_000:])
            assert refused.status >= 500 and refused.code, (refused.status, refused.code)
            assert put(server, "new.txt", b"new").status >= 500
            wait_for_log(server, "Read-only file system")
            told = ask(server.port, "HEAD", created.location, TUS)
            assert told.status == 200 and told.offset == 200_000
            server.kill()
            subprocess.run(["umount", disk], check=True)
            subprocess.run(["fsck.ext4", "-fp", disk.with_suffix(".img")], stdout=subprocess.DEVNULL)
            subprocess.run(["mount", "-o", "loop", disk.with_suffix(".img"), disk], check=True)
            server.start()
            last = ask(server.port, "PATCH", created.location, PATCH | {"Upload-Offset": "200000"}, body[200_000:])
            assert last.status == 204 and last.offset == len(body)
            assert server.finished(created.location).read_bytes() == body
        finally:
            server.stop()
            print(server.log_tail())


# The catalogue


def test_a_catalogue_that_is_none_stops_the_start_and_a_repair_brings_the_finished_files_back(server, tmp_path):
    file = make_file(tmp_path / "whole.bin", 1 << 20)
    answer = put(server, "whole.bin", file.read_bytes())
    assert answer.status == 201
    server.stop()
    with (server.data / "catalogue.sqlite").open("r+b") as catalogue:
        catalogue.write(os.urandom(PAGE_BYTES))
    with pytest.raises(RuntimeError, match="sluice check"):
        server.start()
    assert server.wait() == 1
    assert check(server).returncode == 3
    repaired = check(server, "--repair")
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert "recorded it as a finished upload" in repaired.stdout
    assert check(server).returncode == 0
    server.start()
    location = json.loads(answer.body)["location"]
    assert sha256(server.finished(location)) == sha256(file)
    assert ask(server.port, "GET", location, {}).body == file.read_bytes()


def test_a_damaged_page_is_noticed_after_the_start_and_a_repair_keeps_the_other_records(server):
    offsets = {begin(server, 1000, b"x" * number): number for number in range(1, 201)}
    server.stop()
    path = server.data / "catalogue.sqlite"
    with path.open("r+b") as catalogue:
        catalogue.seek(5 * PAGE_BYTES)
        catalogue.write(os.urandom(PAGE_BYTES))
    server.start()
    wait_for_log(server, "sluice check")
    assert put(server, "new.txt", b"new").status >= 500
    assert ask(server.port, "GET", "/", {}).status == 200
    server.stop()
    assert check(server).returncode == 3
    assert check(server, "--repair").returncode == 0
    server.start()
    kept = 0
    for location, told in offsets.items():
        found = offset(server, location)
        assert found in (None, told)
        kept += found == told
    # One page of the table holds a few dozen records; one of an index none at all.
    assert kept >= 100
    assert put(server, "new.txt", b"new").status == 201


def test_check_says_what_is_wrong_and_changes_nothing(server):
    begin(server, 10_000, b"x" * 5000)
    server.stop()
    [data] = (server.data / "uploads").iterdir()
    os.truncate(data, 4000)
    before = {path: path.read_bytes() for path in server.data.rglob("*") if path.is_file() and path.suffix != ".sqlite"}
    result = check(server)
    assert result.returncode == 3
    assert f"damage: upload {data.name}: 5000 bytes were acknowledged, 4000 are there" in result.stdout
    assert before == {
        path: path.read_bytes() for path in server.data.rglob("*") if path.is_file() and path.suffix != ".sqlite"}


def test_check_keeps_off_a_directory_in_use(server):
    result = check(server, "--repair")
    assert result.returncode == 1 and "in use" in result.stderr


# Memory


def test_when_memory_runs_out_bodies_wait_or_are_refused_and_the_server_goes_on(tmp_path):
    """Addresses for a few ingest buffers more than the server has, and more uploads at once than those. (What is smaller
    than a buffer comes from arenas that have their addresses already.)"""
    server = Sluice(tmp_path, "--buffer-memory", "4G")
    server.start()
    try:
        body = os.urandom(4 << 20)
        assert put(server, "before.bin", body).status == 201
        size = next(line for line in Path(f"/proc/{server.pid}/status").open() if line.startswith("VmSize"))
        limit = (int(size.split()[1]) << 10) + (10 << 20)
        resource.prlimit(server.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda number: put(server, f"{number}.bin", body), range(128)))
        assert {answer.status for answer in answers} <= {201, 503}
        assert any(answer.status == 201 for answer in answers)
        resource.prlimit(server.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert put(server, "after.bin", body).status == 201
    finally:
        server.stop()
        print(server.log_tail())


# Bounds and mounts


def test_a_file_beyond_the_longest_one_allowed_is_refused_and_what_was_written_is_kept(server):
    """As `ulimit -f` or `LimitFSIZE=` of a unit do it; the signal that goes with it ends nobody."""
    limit = 3 << 20
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    answer = put(server, "large.bin", os.urandom(8 << 20))
    assert (answer.status, answer.code) == (413, "file-too-large")
    location = begin(server, 8 << 20, b"x" * (1 << 20))
    fields = PATCH | {"Upload-Offset": str(1 << 20)}
    answer = ask(server.port, "PATCH", location, fields, b"x" * (7 << 20))
    assert (answer.status, answer.code) == (413, "file-too-large")
    assert 1 << 20 <= offset(server, location) <= limit
    assert put(server, "small.bin", b"small").status == 201
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    stored = offset(server, location)
    rest = ask(server.port, "PATCH", location, PATCH | {"Upload-Offset": str(stored)}, b"x" * ((8 << 20) - stored))
    assert rest.offset == 8 << 20


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize("kind", ["another file system", "another mount of the same one"])
def test_finished_files_elsewhere_are_refused_at_the_start(tmp_path, kind):
    """Nothing can be renamed from one to the other: every upload would fail after its last byte."""
    server = Sluice(tmp_path)
    complete = server.data / "complete"
    complete.mkdir(parents=True)
    if kind == "another file system":
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", complete], check=True)
    else:
        (tmp_path / "there").mkdir()
        subprocess.run(["mount", "--bind", tmp_path / "there", complete], check=True)
    try:
        with pytest.raises(RuntimeError, match="must be one file system"):
            server.start()
    finally:
        subprocess.run(["umount", complete], check=True)
    server.start()
    assert put(server, "after.txt", b"after").status == 201
    server.stop()


def test_as_many_uploads_as_are_let_in_have_descriptors(tmp_path):
    """Each is written by two, past the page cache and through it, besides its socket."""
    server = Sluice(tmp_path, preparation=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)))
    server.start()
    lines = []
    try:
        size = 4 << 20
        count = (200 - 64) // 3
        for number in range(count - 1):
            location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": size}).location
            lines.append((Line(server.port), location))
            lines[-1][0].head("PATCH", location, PATCH | {"Upload-Offset": 0}, size)
            lines[-1][0].send(bytes(size - 1))
        # The one place that is left is good for everybody in turn.
        assert ask(server.port, "GET", "/readyz").status == 200
        for line, location in lines:
            line.send(b"x")
            assert line.answer().status == 204
            assert server.finished(location).stat().st_size == size
        assert "Too many open files" not in server.log.read_text()
    finally:
        for line, _ in lines:
            line.close()
        server.stop()
