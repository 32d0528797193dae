#!/usr/bin/env python3
"""
Everything at once for a long time: clients of every dialect, slow ones and fast ones, broken connections, take-overs,
downloads, deletions, expiry and garbage, with a kill or a restart now and then. Every file is compared all along, and
what the server holds (descriptors, memory, threads, disk) must stay level.

    SLUICE_SOAK_SECONDS=3600 SLUICE_SEED=7 make soak

Writes bench/results/soak.svg and soak.json; exits with 1 if anything grew or any promise was broken.
"""

import json
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests/EndToEnd"), str(ROOT / "bench")]

import plot  # noqa: E402
from nuisance import Reader, Vandal  # noqa: E402
from sluice import Sluice  # noqa: E402
from uploads import KIBIBYTE, MEBIBYTE, Broken  # noqa: E402
from workload import Workload  # noqa: E402

SECONDS = int(os.environ.get("SLUICE_SOAK_SECONDS", "600"))
SEED = int(os.environ.get("SLUICE_SEED", "1"))
CLIENTS = int(os.environ.get("SLUICE_SOAK_CLIENTS", "8"))
# Seconds that a client rests between two uploads, in the mean.
PAUSE_SECONDS = float(os.environ.get("SLUICE_SOAK_PAUSE", "0.5"))
EXPIRE_SECONDS = 20
FORGET_SECONDS = 20
SEGMENTS = 6
SAMPLE_SECONDS = max(1.0, SECONDS / 400)
LOOK_SECONDS = 5
QUIET_SECONDS = 30
# What the server opens once, when it is first needed, is open after this.
FIRST_SECONDS = 5
# What a segment's beginning is not judged by: caches, buffers and the disk fill up to their bounds.
WARM_UP = 0.3
PAIRS_MAX = 50_000


@dataclass(frozen=True)
class Quantity:
    """Something that must stay level, and by how much it may grow within a segment: the larger of the two bounds."""

    name: str
    title: str
    unit: str
    scale: float
    growth_max: float
    share_max: float


QUANTITIES = [
    Quantity("descriptors", "Descriptors", "", 1, 12, 0.25),
    Quantity("memory", "Memory (RSS)", "MiB", MEBIBYTE, 16 * MEBIBYTE, 0.15),
    Quantity("threads", "Threads", "", 1, 1, 0),
    Quantity("disk", "Disk: uploads and finished files", "MiB", MEBIBYTE, 80 * MEBIBYTE, 0.35),
    # Records go some time after the files that were taken away: as many come as go.
    Quantity("catalogue", "Catalogue", "MiB", MEBIBYTE, 128 * KIBIBYTE, 0.25),
    Quantity("log", "Catalogue: SQLite's log", "MiB", MEBIBYTE, 8 * MEBIBYTE, 0),
]


class Sampler(threading.Thread):
    """Looks at the process and its directory every now and then."""

    def __init__(self, server: Sluice, workload: Workload):
        super().__init__(daemon=True)
        self.server, self.workload = server, workload
        self.begun = time.monotonic()
        self.segment: int | None = None
        self.samples: list[dict] = []
        self.over = threading.Event()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    def run(self) -> None:
        while not self.over.wait(SAMPLE_SECONDS):
            segment = self.segment
            sample = {"seconds": round(self.seconds, 1), "segment": segment}
            if segment is not None:
                try:
                    sample |= self.look()
                except OSError:
                    # It was killed just now.
                    sample["segment"] = None
            self.samples.append(sample)

    def look(self) -> dict:
        data = self.server.data
        catalogue = (data / "catalogue.sqlite").stat().st_size
        began = len(self.workload.uploads) + self.workload.retired
        return {
            "descriptors": self.descriptors(),
            "memory": self.status("VmRSS") * KIBIBYTE,
            "threads": self.status("Threads"),
            "disk": usage(data / "uploads") + usage(data / "complete"),
            "catalogue": catalogue,
            "log": (data / "catalogue.sqlite-wal").stat().st_size,
            "uploads": began,
            "sent": self.workload.pulse.counts["sent"],
        }

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.server.pid}/fd"))

    def status(self, field: str) -> int:
        text = Path(f"/proc/{self.server.pid}/status").read_text()
        return int(text.partition(f"{field}:")[2].split()[0])


def usage(folder: Path) -> int:
    """Bytes that a folder's files take on the disk."""
    total = 0
    for directory, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(directory, name)).st_blocks * 512
            except OSError:
                pass  # renamed or removed meanwhile
    return total


def slope(points: list[tuple[float, float]]) -> float:
    """Theil and Sen: the median of the slopes between all pairs, which single jumps do not move."""
    step = max(1, len(points) ** 2 // 2 // PAIRS_MAX)
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in list(combinations(points, 2))[::step] if b[0] > a[0]]
    return statistics.median(slopes) if slopes else 0


class Soak:
    def __init__(self, directory: Path):
        self.server = Sluice(
            directory, "--expire-after", str(EXPIRE_SECONDS), "--forget-after", str(FORGET_SECONDS),
            "--body-timeout", "20")
        self.workload = Workload(
            SEED, CLIENTS, largest=4 * MEBIBYTE, expires_after=EXPIRE_SECONDS, pause=PAUSE_SECONDS, slow_pause=0.15,
            kept=100)
        self.others = [Vandal(self.workload, f"{SEED}/vandal"), Reader(self.workload, f"{SEED}/reader", PAUSE_SECONDS)]
        self.sampler = Sampler(self.server, self.workload)
        self.marks: list[tuple[float, str]] = []
        self.checks: list[dict] = []
        self.idle = 0

    def run(self) -> None:
        try:
            self.server.start()
            self.workload.run(self.server)
            for other in self.others:
                other.start()
            time.sleep(FIRST_SECONDS)
            self.idle = self.fall_silent()
            self.proceed()
            self.sampler.start()
            for number in range(SEGMENTS):
                self.segment(number)
            self.workload.resume(self.server)
        finally:
            self.workload.stop()
            for thread in [*self.others, self.sampler]:
                thread.over.set()
            self.server.stop()

    def segment(self, number: int) -> None:
        self.sampler.segment = number
        end = self.sampler.begun + SECONDS * (number + 1) / SEGMENTS
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(LOOK_SECONDS, left))
            self.workload.verify_files(self.server.data)
            self.workload.raise_failure()
        self.sampler.segment = None
        if number % 3 == 2:
            # Without any rest before: clients find out for themselves.
            self.workload.crash(self.server.kill)
        else:
            held = self.fall_silent(self.idle)
            self.check(number, "descriptors when nobody is there", held, 0, held - self.idle, 0)
            if number % 3 == 0:
                self.server.kill()
            else:
                self.stop_gently()
        self.marks.append((self.sampler.seconds, ["kill", "restart", "kill under load"][number % 3]))
        self.workload.park()
        self.workload.verify_files(self.server.data)
        self.server.start()
        self.workload.verify(self.server)
        self.proceed()

    def proceed(self) -> None:
        self.workload.run(self.server)
        for other in self.others:
            other.proceed()

    def fall_silent(self, expected: int = 0) -> int:
        """Sends everybody away. Answers the least descriptors that are held until they are as few as expected."""
        for other in self.others:
            other.pause()
        self.workload.park()
        end = time.monotonic() + QUIET_SECONDS
        least = self.sampler.descriptors()
        while least > expected and time.monotonic() < end:
            time.sleep(0.2)
            least = min(least, self.sampler.descriptors())
        return least

    def stop_gently(self) -> None:
        self.server.terminate()
        code = self.server.wait()
        if code != 0:
            raise Broken(f"the server stopped with {code}")

    # Judging

    def check(self, segment: int, name: str, level: float, seconds: float, growth: float, bound: float) -> None:
        self.checks.append({
            "segment": segment, "quantity": name, "level": round(level), "seconds": round(seconds),
            "growth": round(growth, 1), "bound": round(bound, 1), "good": growth <= bound})

    def judge(self) -> None:
        for segment in range(SEGMENTS):
            samples = [sample for sample in self.sampler.samples if sample["segment"] == segment]
            samples = samples[int(len(samples) * WARM_UP) :]
            if len(samples) < 5:
                continue
            seconds = samples[-1]["seconds"] - samples[0]["seconds"]
            for quantity in QUANTITIES:
                points = [(sample["seconds"], sample[quantity.name]) for sample in samples]
                level = statistics.median(value for _, value in points)
                bound = max(quantity.growth_max, quantity.share_max * level)
                self.check(segment, quantity.name, level, seconds, slope(points) * seconds, bound)

    # Telling

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        samples = self.sampler.samples
        names = ("descriptors", "memory", "threads", "disk", "catalogue", "log", "uploads", "sent")
        report = {
            "seconds": SECONDS, "seed": SEED, "clients": CLIENTS, "pause": PAUSE_SECONDS,
            "processors": os.cpu_count(), "system": platform.platform(), "done": self.workload.summary(),
            "nuisance": {type(other).__name__.lower(): other.count for other in self.others},
            "restarts": [[round(seconds, 1), text] for seconds, text in self.marks], "checks": self.checks,
            "samples": {"seconds": [sample["seconds"] for sample in samples],
                        **{name: [sample.get(name) for sample in samples] for name in names}}}
        (folder / "soak.json").write_text(compact(report))
        panels = [
            plot.Panel(quantity.title, quantity.unit, [plot.Line(quantity.name, [
                (sample["seconds"], sample[quantity.name] / quantity.scale if quantity.name in sample else None)
                for sample in samples])])
            for quantity in QUANTITIES]
        plot.write(folder / "soak.svg", f"Sluice, {SECONDS} s of everything at once", panels, self.marks,
                   self.workload.summary())


def compact(report: dict) -> str:
    """JSON with a line for each entry of the first two levels."""
    lines = []
    for key, value in report.items():
        if isinstance(value, dict) and key == "samples":
            rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in value.items())
            lines.append(f"  {json.dumps(key)}: {{\n{rows}\n  }}")
        elif isinstance(value, list):
            rows = ",\n".join(f"    {json.dumps(row)}" for row in value)
            lines.append(f"  {json.dumps(key)}: [\n{rows}\n  ]")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> int:
    folder = Path(os.environ.get("SLUICE_SOAK_RESULTS", ROOT / "bench/results"))
    with tempfile.TemporaryDirectory(prefix="sluice-soak-") as directory:
        soak = Soak(Path(directory))
        broken = None
        try:
            soak.run()
        except Broken as error:
            broken = error
        soak.judge()
        soak.write(folder)
    for check in soak.checks:
        line = "{verdict:4} segment {segment}: {quantity} at {level:,}, grew by {growth:,} in {seconds} s (of {bound:,})"
        print(line.format(verdict="ok" if check["good"] else "BAD", **check))
    print(soak.workload.summary(), *(f"{other.count} by the {type(other).__name__.lower()}" for other in soak.others))
    if broken:
        print(f"BROKEN: {broken}", file=sys.stderr)
    return 0 if broken is None and all(check["good"] for check in soak.checks) else 1


if __name__ == "__main__":
    sys.exit(main())
