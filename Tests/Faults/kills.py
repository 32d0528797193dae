"""
One server on one data directory that is killed again and again while many clients upload to it.

Each life of the server has a plan, drawn from the seed: what to count until the kill, how to look at what is left, and
whether the next server is killed as well while it starts.
"""

import re
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Timer

import pytest

from serving import check
from sluice import Sluice
from tokens import secret_file
from uploads import IETF, KIBIBYTE, MEBIBYTE, Broken, FileID, Form, Plain, Tus, TusParallel
from workload import KEPT_UPLOADS, Workload

# What is counted until a kill, and up to how many of it.
MOMENTS = {"told": 40, "sent": 3 * MEBIBYTE, "request": 40, "last": 30, "finished": 25, "join": 2}
MOMENT_WEIGHTS = [4, 4, 3, 5, 3, 2]
# What comes whole, in one request, mostly.
WHOLE_MOSTLY = {Plain: 8, FileID: 6, Tus: 5, IETF: 4, Form: 3, TusParallel: 1}
LIFE_SECONDS = 1.5
START_STRIKES_MAX = 3
SWEEP_SECONDS = 30
LOG_LINES = 60


@dataclass
class Arena:
    """The plan of a run."""

    name: str
    seed: int
    kills: int
    clients: int = 12
    largest: int = 8 * MEBIBYTE
    options: list[str] = field(default_factory=list)
    expires_after: float | None = None
    weights: dict | None = None
    kept: int = KEPT_UPLOADS
    owners: int = 0
    shared: int | None = None
    seconds: float = 600

    def __str__(self) -> str:
        return f"{self.name} (SLUICE_SEED={self.seed}, {self.kills} kills)"


class Run:
    """An arena at work."""

    def __init__(self, arena: Arena, directory: Path, tamper=None):
        """`tamper` is called between each kill and the start after it: a control that must be found out."""
        self.arena, self.tamper = arena, tamper
        options = list(arena.options)
        if arena.expires_after is not None:
            options += ["--expire-after", str(int(arena.expires_after))]
        if arena.owners:
            options += ["--jwt-secret", str(secret_file(directory))]
        self.server = Sluice(directory, *options)
        self.workload = Workload(
            arena.seed, arena.clients, largest=arena.largest, expires_after=arena.expires_after, weights=arena.weights,
            kept=arena.kept, owners=arena.owners, shared=arena.shared)
        self.kills = 0

    def run(self) -> str:
        """Until all kills are done and every upload is whole. Answers what was done, or raises `Broken`."""
        begun = time.monotonic()
        try:
            self.server.start()
            while self.kills < self.arena.kills:
                if time.monotonic() - begun > self.arena.seconds:
                    raise Broken(f"only {self.kills} kills in {self.arena.seconds} s")
                self._life(Random(f"{self.arena.seed}/life/{self.kills}"))
            self._calm()
            self.workload.resume(self.server)
            self.server.kill()
            self.server.start()
            self.workload.verify(self.server, thorough=True)
            self._await_sweep()
            self.server.kill()
            check(self.server)
            if self.workload.pulse.counts["told"] < self.kills:
                raise Broken("hardly anything was told, so that nothing was tested")
        except Broken as error:
            raise Broken(f"{self.arena}, after {self.kills} kills: {error}\n{self._log_of(str(error))}") from None
        finally:
            self.workload.stop()
            self.server.stop()
        recovered = self.server.log.read_text(errors="replace").count("had been delivered before the crash")
        return (
            f"{self.arena.name}: {self.kills} kills in {time.monotonic() - begun:.0f} s, which left {recovered} files "
            f"renamed and not recorded; {self.workload.summary()}")

    def _life(self, dice: Random) -> None:
        moment = dice.choices(list(MOMENTS), MOMENT_WEIGHTS)[0]
        delay = dice.choice([0, 0, dice.uniform(0, 0.001), dice.uniform(0, 0.01)])
        is_stopping = dice.random() < 0.1

        def kill():
            if is_stopping:
                self.server.terminate()
            # The moment is counted, the way from there to a sync or a rename is not: hence the delay.
            time.sleep(delay)
            self.server.strike()

        workload = self.workload
        workload.pulse.arm(moment, dice.randint(1, MOMENTS[moment]), lambda: workload.crash(kill))
        workload.run(self.server)
        if not workload.await_crash(LIFE_SECONDS):
            if workload.pulse.disarm():
                workload.crash(kill)
            else:
                # It was reached just now.
                workload.await_crash(LIFE_SECONDS)
        self.server.wait()
        self.kills += 1
        looks = dice.random() < 0.7
        if looks:
            workload.park()
            workload.verify_files(self.server.data)
        if self.tamper:
            self.tamper(self, dice)
        self._start(dice)
        if looks and dice.random() < 0.7:
            workload.verify(self.server)

    def _start(self, dice: Random) -> None:
        """Starts the server, at times after killing it while it starts or right after that."""
        for _ in range(dice.choice([0, 0, 0, 1, START_STRIKES_MAX])):
            timer = Timer(dice.uniform(0.002, 0.08), self.server.strike)
            timer.start()
            try:
                self.server.start()
            except RuntimeError:
                pass
            timer.join()
            self.server.kill()
            self.kills += 1
        self.server.start()

    def _calm(self) -> None:
        """Before every upload is carried to its end."""

    def _await_sweep(self) -> None:
        """A server that was killed so often leaves no data files behind for which no upload stands."""
        catalogue = sqlite3.connect(f"file:{self.server.data}/catalogue.sqlite?mode=ro", uri=True)
        try:
            end = time.monotonic() + SWEEP_SECONDS
            while orphans := self._orphans(catalogue):
                if time.monotonic() > end:
                    raise Broken(f"data files that no upload stands for: {sorted(orphans)[:10]}")
                time.sleep(0.1)
        finally:
            catalogue.close()

    def _orphans(self, catalogue: sqlite3.Connection) -> set[str]:
        known = {row[0].lower() for row in catalogue.execute("SELECT hex(id) FROM uploads WHERE state = 0")}
        return {path.name for path in (self.server.data / "uploads").iterdir()} - known

    def _log_of(self, text: str) -> str:
        """What the server's log says of the uploads that a text speaks of, and all its own troubles."""
        ids = set(re.findall(r"/files/([0-9a-f]{32})", text))
        trouble = re.compile(r'"level":"(warning|error|critical)","message":"(?!request")')
        lines = self.server.log.read_text(errors="replace").splitlines()
        wanted = [line for line in lines if trouble.search(line) or any(one in line for one in ids)]
        return "\n".join(wanted[-LOG_LINES:])


def fight(arena: Arena, directory: str) -> str:
    """For a process of its own."""
    return Run(arena, Path(directory)).run()


def side_by_side(plans: list[Arena], directory: Path, fight, *arguments) -> None:
    """`fight(plan, folder, *arguments)` of each plan, in a process and a folder of its own; fails with what was broken."""
    with ProcessPoolExecutor(len(plans)) as pool:
        runs = []
        for number, plan in enumerate(plans):
            folder = directory / str(number)
            folder.mkdir()
            runs.append(pool.submit(fight, plan, str(folder), *arguments))
        failures = []
        for run in as_completed(runs):
            try:
                print(run.result())
            except Broken as error:
                failures.append(str(error))
    if failures:
        pytest.fail("\n\n".join(failures), pytrace=False)


def arenas(seed: int, kills: int) -> list[Arena]:
    """Servers that run side by side and share so many kills."""
    share = -(-kills // 5)
    return [
        Arena("everything", seed, share, owners=3),
        Arena("small uploads", seed + 1, share, clients=24, largest=64 * KIBIBYTE + 1, weights=WHOLE_MOSTLY,
              owners=5),
        Arena("streams of shared connections", seed + 4, share, clients=16, shared=2),
        Arena("durability process", seed + 2, share, options=["--durability", "process"]),
        Arena(
            "expiry", seed + 3, share, options=["--forget-after", "1"], expires_after=4, largest=MEBIBYTE, kept=40,
            owners=2),
    ]
