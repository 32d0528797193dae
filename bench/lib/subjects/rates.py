"""Requests without a body, and uploads in the file-id dialect: what the HTTP side and the catalogue cost."""

from __future__ import annotations

from collections.abc import Iterator

from lib import load
from lib.servers import start_nginx, start_sluice
from lib.workbench import Workbench

COLUMNS = [("requests", "requests", 0), ("requests_per_second", "requests/s", 0),
           ("server_cpu_us_per_request", "CPU µs", 1), ("latency_ms_p50", "p50 ms", 3), ("latency_ms_p99", "p99 ms", 3)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """32 connections, each asks again when it is answered. nginx answers `/status` with a constant."""
    requests, uploads = (5_000, 500) if quick else (200_000, 2_000)
    asks = {"requests": requests, "connections": 32}
    files = {"requests": uploads, "connections": 32, "size": "64K"}
    for wire in ("plain", "TLS"):
        for server, start, name, load_options in (
            ("sluice", start_sluice, "GET /status", {"dialect": "status"} | asks),
            ("nginx", start_nginx, "GET /status", {"dialect": "status"} | asks),
            ("sluice", start_sluice, "HEAD of an open upload", {"dialect": "head"} | asks),
            ("sluice", start_sluice, "64 KiB, plain PUT", {"dialect": "plain"} | files),
            ("sluice", start_sluice, "64 KiB, file-id", {"dialect": "file-id"} | files),
        ):
            with bench.workplace("disk") as place, start(place, wire) as running:
                load.generate(running.url, **load_options | {"requests": 200})
                figures = load.generate(running.url, running.pids, **load_options)
            yield {"row": f"{name}, {wire}", "server": server} | figures
