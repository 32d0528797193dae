"""How often a server asks for memory: allocations a request, and a GiB."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from lib import build, load
from lib.machine import TOP
from lib.servers import SERVERS, Running, Server, Workplace
from lib.workbench import Workbench

COUNTER = TOP / ".build/allocations/count.so"
COLUMNS = [("requests", "requests", 0), ("allocations_per_request", "a request", 1),
           ("allocated_bytes_per_request", "bytes a request", 0), ("allocations_per_gib", "a GiB", 0)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """A library loaded before the server counts malloc and its kin in a file, which is read before and after the load:
    on one connection, made anew for the load, after a warm-up."""
    build.allocation_counter()
    small, large = (500, "64M") if quick else (5_000, "1G")
    for server in SERVERS:
        if server.name == "sluice power" or server.name.startswith("floor b"):
            continue
        asks = [("GET /status", {"dialect": "status", "requests": small}),
                ("HEAD", {"dialect": "head", "requests": small})]
        loads = [("64 KiB", {"dialect": server.dialect, "size": "64K", "requests": small}),
                 ("a large upload", {"dialect": server.dialect, "size": large})]
        for wire in ("plain", "TLS"):
            with bench.workplace("disk") as place:
                file = place.run / "allocations"
                with _started_counting(server, place, wire, file) as running:
                    for name, options in (asks if server.name == "sluice" else []) + loads:
                        warm_up = {"requests": 32} | ({"size": "8M"} if "large" in name else {})
                        load.generate(running.url, **options | warm_up)
                        before = _counts(file)
                        figures = load.generate(running.url, running.pids, **options)
                        yield {"row": f"{name}, {wire}", "server": server.name} | figures | _rates(
                            before, _counts(file), figures)


def _started_counting(server: Server, place: Workplace, wire: str, file: Path) -> Running:
    """The server's process counts into the file, and nobody who is started later."""
    before = dict(os.environ)
    os.environ |= {"LD_PRELOAD": str(COUNTER), "ALLOCATIONS_FILE": str(file)}
    try:
        return server.start(place, wire)
    finally:
        os.environ.clear()
        os.environ |= before


def _counts(file: Path) -> tuple[int, int]:
    """Allocations and bytes so far."""
    return struct.unpack("=QQ", file.read_bytes()[:16])


def _rates(before: tuple[int, int], after: tuple[int, int], figures: dict) -> dict:
    count, size = after[0] - before[0], after[1] - before[1]
    rates = {"allocations_per_request": count / figures["requests"],
             "allocated_bytes_per_request": size / figures["requests"]}
    if figures["size_bytes"] > 1 << 20:
        rates["allocations_per_gib"] = count / (figures["bytes"] / (1 << 30))
    return rates
