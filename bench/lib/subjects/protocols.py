"""What an upload through TLS costs the server by HTTP/2 and by HTTP/1.1, from one client: large, and small."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from lib import load, machine
from lib.servers import Running, Workplace, start_nginx, start_sluice
from lib.workbench import Workbench

# nginx as it comes, and with as much as it can be told to read ahead.
SERVERS: dict[str, Callable[[Workplace], Running]] = {
    "sluice power": lambda at: start_sluice(at, "TLS"),
    "nginx": lambda at: start_nginx(at, "TLS", "16k", http2=True),
    "nginx, preread 1 MiB": lambda at: start_nginx(
        at, "TLS", "1m", http2=True, more="http2_body_preread_size 1m;"),
}
PROTOCOLS = ("HTTP/1.1", "HTTP/2")
PATHS = 2_000

COLUMNS = [("uploads", "uploads", 0), ("seconds", "s", 2), ("server_cpu_us", "CPU µs an upload", 0),
           ("server_cpu_seconds_per_gib", "CPU s/GiB", 2), ("ratio", "× HTTP/1.1 of the round", 2)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """h2load speaks both. One file on one connection; small ones on 32 connections, or on 32 streams of one."""
    large = 256 if quick else 4096
    rows = {f"1 × {large} MiB": (1, large << 20, 1), "2,000 × 64 KiB on 32": (200 if quick else PATHS, 64 << 10, 32)}
    for row, (count, size, at_once) in rows.items():
        for server, start in SERVERS.items():
            beside = None
            for protocol in PROTOCOLS:
                with bench.workplace("disk") as place, bench.workplace("memory") as source:
                    file = source.run / "file"
                    file.write_bytes(load.body(1)[:size] * max(1, size >> 20))
                    with start(place) as running:
                        _send(running, protocol, file, size, at_once, at_once)
                        seconds, cpu = _send(running, protocol, file, size, count, at_once)
                beside = beside or cpu
                yield {"row": f"{row}, {protocol}", "server": server, "uploads": count, "seconds": seconds,
                       "server_cpu_us": cpu / count * 1e6, "ratio": cpu / beside,
                       "server_cpu_seconds_per_gib": cpu / (count * size) * (1 << 30)}


def _send(running: Running, protocol: str, file: Path, size: int, count: int, at_once: int) -> tuple[float, float]:
    """Seconds, and the server's CPU seconds."""
    paths = file.with_name("paths")
    paths.write_text("".join(f"{running.url}/files/h{number}\n" for number in range(min(count, PATHS))))
    spread = ["--h1", "-c", str(at_once), "-m1"] if protocol == "HTTP/1.1" else ["-c1", "-m", str(at_once)]
    before = machine.cpu_seconds(running.pids)
    done = subprocess.run(
        [*machine.on_core(machine.GENERATOR_CORE), "h2load", *spread, "-n", str(count), "-d", str(file),
         "-H", ":method: PUT", "-i", str(paths)], capture_output=True, text=True, check=True)
    cpu = machine.cpu_seconds(running.pids) - before
    if f" {count} 2xx" not in done.stdout:
        raise load.LoadFailure(f"{protocol}: {done.stdout}")
    told = next(line for line in done.stdout.splitlines() if line.startswith("finished in "))
    seconds = told.removeprefix("finished in ").split(",")[0]
    for unit, factor in (("ms", 1e-3), ("us", 1e-6), ("s", 1.0)):
        if seconds.endswith(unit):
            return float(seconds.removesuffix(unit)) * factor, cpu
    raise load.LoadFailure(told)
