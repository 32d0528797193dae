"""Directories for servers to run in, made fresh and cleaned up behind them."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.servers import Workplace

# Files up to this size stay, emptied, until the end of a sitting.
SMALL_BYTES = 1 << 20


class Workbench:
    """Places to run in, `disk` and `memory`. Use it in a `with`, which removes everything."""

    def __init__(self, disk: Path, memory: Path):
        self.folders = {place: Path(tempfile.mkdtemp(prefix="sluice-bench-", dir=directory))
                        for place, directory in (("disk", disk), ("memory", memory))}
        self._run = self.folders["disk"] / "run"
        self._run.mkdir()
        self.certificate, self.key = Workplace.make_certificate(self.folders["disk"])
        self._old = 0

    def __enter__(self) -> Workbench:
        # To be ended from outside is no reason to leave servers and gigabytes behind.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_: object) -> None:
        for folder in self.folders.values():
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def workplace(self, place: str) -> Iterator[Workplace]:
        """An empty data directory, for one server's one run."""
        data = self.folders[place] / "data"
        data.mkdir()
        try:
            yield Workplace(data, self._run, self.certificate, self.key)
        finally:
            self._clear(place, data)
            for file in self._run.iterdir():
                shutil.rmtree(file) if file.is_dir() else file.unlink()

    def _clear(self, place: str, data: Path) -> None:
        """Large files go at once. Small ones on a disk are emptied but stay: ext4 steps around the inodes of files
        that were deleted lately, one by one, and the next run would pay for that."""
        if place == "memory":
            return shutil.rmtree(data)
        for file in files_below(data):
            if file.stat().st_size > SMALL_BYTES:
                file.unlink()
            else:
                os.truncate(file, 0)
        self._old += 1
        data.rename(self.folders[place] / f"old-{self._old}")
        # What this run has left to be written back is not the next one's affair.
        os.sync()


def files_below(directory: Path) -> list[Path]:
    """Plain files at any depth. One that is renamed meanwhile may be missed."""
    return [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
