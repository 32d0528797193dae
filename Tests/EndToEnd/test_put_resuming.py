"""`sluice put`, run again after it was broken off: it goes on, and never mixes two states of a file."""

import os

import pytest

from dialects import CLIENT_RESUMES
from putting import put
from sluice import make_file

SIZE = 9_000_000
# A record of the past is in the way of resuming nobody: file-id finds its uploads by an id made from the file.
DIALECTS = CLIENT_RESUMES


def broken_off(tmp_path, proxy, dialect, file):
    """A run that ends with a part of the file at the server."""
    proxy.cut_after(5_000_000)
    result = put(tmp_path, "--dialect", dialect, "--retries", "0", file.name, proxy.url)
    assert result.returncode == 1, result.stderr


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_file_that_changed_with_its_times_kept_is_never_mixed(tmp_path, sluice, proxy, dialect):
    file = make_file(tmp_path / "a.bin", SIZE, seed=1)
    times = file.stat()
    broken_off(tmp_path, proxy, dialect, file)
    make_file(file, SIZE, seed=2)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file.stat().st_mtime_ns == times.st_mtime_ns
    result = put(tmp_path, "--dialect", dialect, file.name, proxy.url)
    assert result.returncode == 0, result.stderr
    assert sluice.finished(result.stdout.decode().strip()).read_bytes() == file.read_bytes()
    if dialect != "file-id":
        assert b"a.bin: has changed since an earlier run; beginning anew" in result.stderr


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_file_that_is_the_same_goes_on(tmp_path, sluice, proxy, dialect):
    file = make_file(tmp_path / "a.bin", SIZE)
    broken_off(tmp_path, proxy, dialect, file)
    before = sum(exchange.body_bytes for exchange in proxy.exchanges)
    result = put(tmp_path, "--dialect", dialect, file.name, proxy.url)
    assert result.returncode == 0, result.stderr
    assert sluice.finished(result.stdout.decode().strip()).read_bytes() == file.read_bytes()
    assert sum(exchange.body_bytes for exchange in proxy.exchanges) - before < SIZE - 1_000_000
    assert not list((tmp_path / "cache").rglob("*")) or dialect == "file-id" or not any(
        path.is_file() for path in (tmp_path / "cache").rglob("*"))


def test_two_files_of_one_name_size_and_time_are_two_uploads(tmp_path, sluice):
    """What archives make: by file-id the second one once took the place of the first."""
    files = [tmp_path / "one/a.bin", tmp_path / "two/a.bin"]
    for seed, file in enumerate(files):
        file.parent.mkdir()
        make_file(file, 100_000, seed)
        os.utime(file, ns=(10**18, 10**18))
    result = put(tmp_path, "--dialect", "file-id", *map(str, files), sluice.url)
    assert result.returncode == 0, result.stderr
    stored = [sluice.finished(line).read_bytes() for line in result.stdout.decode().splitlines()]
    assert stored == [file.read_bytes() for file in files]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_file_of_a_far_year_is_sent(tmp_path, sluice, dialect):
    """No 64 bits of nanoseconds reach the year 2400, which file systems know."""
    file = make_file(tmp_path / "a.bin", 1000)
    os.utime(file, (13_569_465_600, 13_569_465_600))
    result = put(tmp_path, "--dialect", dialect, file.name, sluice.url)
    assert result.returncode == 0, result.stderr
    assert sluice.finished(result.stdout.decode().strip()).read_bytes() == file.read_bytes()
