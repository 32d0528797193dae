"""Small uploads that survive a power cut, beside the same files written and synced one after the other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

from lib import load, machine
from lib.servers import start_sluice
from lib.workbench import Workbench

SIZE_BYTES = 64 << 10
COLUMNS = [("requests", "files", 0), ("requests_per_second", "files/s", 0),
           ("server_cpu_us_per_request", "CPU µs", 0), ("latency_ms_p99", "p99 ms", 1)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """The same number of files of 64 KiB: by a C program that does nothing but open, write, fdatasync, close; by Sluice
    with `power` on 1 and on 32 connections, which also syncs each file's directory and its record."""
    count = 200 if quick else 2_000
    with bench.workplace("disk") as place:
        done = subprocess.run([*machine.on_core(machine.SERVER_CORE), str(machine.FLOOR / "one-by-one"),
                               str(place.data), str(count), str(SIZE_BYTES)], check=True, capture_output=True)
    figures = json.loads(done.stdout)
    yield {"row": "64 KiB, one fdatasync after the other", "server": "C, no network", "requests": count,
           "requests_per_second": count / figures["wall_seconds"],
           "server_cpu_us_per_request": figures["cpu_seconds"] * 1e6 / count}
    for connections in (1, 32):
        with bench.workplace("disk") as place, start_sluice(place, "plain", "--durability", "power") as running:
            load.generate(running.url, size=SIZE_BYTES, requests=64, connections=connections)
            figures = load.generate(running.url, running.pids, size=SIZE_BYTES, requests=count, connections=connections)
        yield {"row": f"64 KiB, on connections: {connections}", "server": "sluice power"} | figures
