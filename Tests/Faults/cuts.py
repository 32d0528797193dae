"""
One server on one disk whose power is cut again and again while many clients upload to it.

Each life of the server has a plan, drawn from the seed: with which write or flush the power goes, and which of the
unflushed writes are on the disk afterwards. After each cut the file system is mounted again, the server started on it,
and everything compared with what the clients were told; at the end every upload is carried to its end.
"""

import ctypes
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from disks import Disk
from serving import check
from sluice import Sluice
from tokens import secret_file
from uploads import MEBIBYTE, Broken
from workload import Workload

# Up to how many writes and flushes the power lasts; the same for a start that is cut.
OPERATIONS_MAX = 400
START_OPERATIONS_MAX = 12
FLUSH_MILLISECONDS = (0, 0, 1, 5)
LIFE_SECONDS = 3
PAUSE_SECONDS = 0.002
WRITE_OUT_SECONDS = 0.005
SYNC_FILE_RANGE_WRITE = 2
# What a server may answer whose disk is gone.
TOLERATED = ("stopping", "io-error", "catalogue-error")

libc = ctypes.CDLL(None, use_errno=True)
libc.sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)


@dataclass
class Plan:
    """What a run does."""

    seed: int
    cuts: int
    clients: int = 10
    largest: int = 3 * MEBIBYTE
    options: list[str] = field(default_factory=list)
    weights: dict | None = None
    owners: int = 0
    # Over so many connections of HTTP/2, which all clients share; else over connections of their own.
    shared: int | None = None
    # Another server than the one under test.
    binary: Path | None = None


class WriteOut:
    """The kernel's write-back, but hasty: starts writing any file of the data directory, without flushing the disk."""

    def __init__(self, root: Path, dice: Random):
        self._root, self._dice = root, dice
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ends.wait(self._dice.uniform(0, WRITE_OUT_SECONDS)):
            try:
                folder = self._root / self._dice.choice([".", "uploads", "uploads", "complete"])
                files = [entry.path for entry in os.scandir(folder) if entry.is_file()]
                if files:
                    self._start_writing(self._dice.choice(files))
            except OSError:
                # The file was renamed, or the power is gone.
                continue

    @staticmethod
    def _start_writing(path: str) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            libc.sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE)
        finally:
            os.close(descriptor)


class Run:
    """A plan at work."""

    def __init__(self, plan: Plan, disk: Disk, folder: Path):
        self.plan, self.disk = plan, disk
        guard = ["--jwt-secret", str(secret_file(folder))] if plan.owners else []
        self.server = Sluice(folder, *plan.options, *guard)
        self.server.data = disk.root / "data"
        self.server.binary = plan.binary or self.server.binary
        self.workload = Workload(
            plan.seed, plan.clients, largest=plan.largest, tolerated=TOLERATED, weights=plan.weights,
            owners=plan.owners, shared=plan.shared)
        self.cuts = 0
        self.notes: list[str] = []

    def run(self) -> str:
        """Until all cuts are done and every upload is whole. Answers what was done, or raises `Broken`."""
        begun = time.monotonic()
        try:
            self.disk.attach()
            self.server.start()
            while self.cuts < self.plan.cuts:
                self._life(Random(f"{self.plan.seed}/cut/{self.cuts}"))
            self.workload.resume(self.server)
            self._power_cycle(lambda: self.disk.cut(self.plan.seed))
            self.server.start()
            self.workload.verify(self.server, thorough=True)
            self._look()
            if self.plan.binary is None:
                self.server.kill()
                check(self.server)
        except (Broken, RuntimeError) as error:
            notes = "\n".join(self.notes)
            raise Broken(f"SLUICE_SEED={self.plan.seed}, after {self.cuts} cuts: {error}\n{notes}\n"
                         f"{self.server.log_tail()}") from None
        finally:
            self.workload.stop()
            if self.server.is_running:
                self.server.kill()
            self.disk.detach()
        return f"{self.cuts} cuts in {time.monotonic() - begun:.1f} s; {self.workload.summary()}"

    def _look(self) -> None:
        """At what else must be right in the end."""

    def _life(self, dice: Random) -> None:
        self.disk.cut(dice.getrandbits(32), dice.randint(1, OPERATIONS_MAX))
        # While a flush takes its time, the writes of others gather.
        self.disk.delay("flush", dice.choice(FLUSH_MILLISECONDS))
        with WriteOut(self.server.data, dice):
            self.workload.run(self.server)
            self._await_cut(LIFE_SECONDS)
            # Whoever is told something now is told it by a server that has lost its disk: that counts as well.
            time.sleep(dice.choice([0, 0, dice.uniform(0, 0.02)]))
        self._power_cycle(lambda: self.workload.crash(self.server.kill))
        self.workload.park()
        self._start(dice)
        self.workload.verify(self.server)

    def _await_cut(self, seconds: float) -> None:
        """Waits for the planned cut. A workload that writes less has it at the end."""
        end = time.monotonic() + seconds
        while not self.disk.state["cut"]:
            self.workload.raise_failure()
            if time.monotonic() > end:
                self.disk.cut(self.plan.seed)
            time.sleep(PAUSE_SECONDS)

    def _start(self, dice: Random) -> None:
        """Starts the server; at times the power goes once more meanwhile."""
        while dice.random() < 0.25:
            self.disk.cut(dice.getrandbits(32), dice.randint(1, START_OPERATIONS_MAX))
            try:
                self.server.start()
            except RuntimeError:
                # It found out.
                pass
            if not self.disk.state["cut"]:
                self.disk.cut(dice.getrandbits(32))
            self._power_cycle(self.server.kill)
        self.server.start()

    def _power_cycle(self, crash) -> None:
        crash()
        if self.server.is_running:
            self.server.kill()
        self.notes.append(str(self.disk.state))
        self.disk.detach()
        self.disk.attach()
        self.cuts += 1
