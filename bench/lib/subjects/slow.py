"""Thousands of slow uploads at once: what they cost, and that none of them loses a byte."""

from __future__ import annotations

from collections.abc import Iterator

from lib import load, machine
from lib.servers import start_sluice
from lib.workbench import Workbench, files_below

RATE_BYTES = 1 << 10
# Descriptors that the server needs for other things.
SPARE_FILES = 200
COLUMNS = [("slow_connections", "connections", 0), ("wall_seconds", "wall s", 1),
           ("server_cpu_seconds", "CPU s", 2), ("core_percent", "of a core, %", 1),
           ("server_rss_peak_bytes", "RSS at most, MiB", -20), ("whole_files", "files whole", 0)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """Each connection sends one file at 1 KiB/s. Afterwards every file is compared with what was sent."""
    # Each takes two descriptors of the server: the socket and the file.
    most = (machine.raise_open_files_limit() - SPARE_FILES) // 2
    connections, seconds = (500, 5) if quick else (min(10_000, most), 30)
    size = seconds * RATE_BYTES
    for wire in ("plain", "TLS"):
        with bench.workplace("disk") as place, start_sluice(place, wire) as running:
            figures = load.generate(running.url, running.pids, connections=connections, requests=connections,
                                    size=size, rate=RATE_BYTES)
            files = files_below(place.data / "complete")
            if len(files) != connections:
                raise load.LoadFailure(f"{len(files)} files of {connections} are there")
            for file in files:
                load.check_file(file, size, figures["seed"], whole=True)
        figures["core_percent"] = 100 * figures["server_cpu_seconds"] / figures["wall_seconds"]
        yield {"row": f"slow uploads, {wire}", "server": "sluice power", "slow_connections": connections,
               "whole_files": len(files)} | figures
