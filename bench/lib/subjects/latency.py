"""How long a small request takes while one large upload after the other keeps the server's core busy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from lib import load
from lib.servers import Running, start_sluice
from lib.workbench import Workbench, files_below

UPLOAD_SIZE = "64M"

COLUMNS = [("requests", "requests", 0), ("latency_ms_p50", "p50 ms", 3), ("latency_ms_p99", "p99 ms", 3),
           ("latency_ms_p99.9", "p99.9 ms", 3), ("latency_ms_max", "longest ms", 3),
           ("upload_mib_per_second", "uploads meanwhile, MiB/s", 0)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """One connection asks `GET /status`, again and again; another uploads. With one loop both share it, with two the
    server has put them on a loop each. The first row of each has nobody uploading."""
    requests, uploads = (300, 32) if quick else (5_000, 300)
    for wire in ("plain", "TLS"):
        for threads, where in ((1, "same loop"), (2, "other loop")):
            with bench.workplace("disk") as place, start_sluice(place, wire, threads=threads) as running:
                alone = load.generate(running.url, dialect="status", requests=requests)
                yield {"row": f"/status alone, {wire}", "server": f"sluice, {threads} loop(s)"} | alone
                figures = _beside_uploads(running, place.data, requests, uploads)
            yield {"row": f"/status beside an upload on the {where}, {wire}",
                   "server": f"sluice, {threads} loop(s)"} | figures


def _beside_uploads(running: Running, data: Path, requests: int, uploads: int) -> dict:
    """Asks while another generator uploads, which is stopped when the last answer is there."""
    with load.start(running.url, size=UPLOAD_SIZE, requests=uploads) as ingest:
        try:
            while not _stored_bytes(data) and ingest.poll() is None:
                time.sleep(0.01)
            before, start = _stored_bytes(data), time.monotonic()
            figures = load.generate(running.url, dialect="status", requests=requests)
            stored, seconds = _stored_bytes(data) - before, time.monotonic() - start
            if ingest.poll() is not None:
                raise load.LoadFailure("the uploads ended before the small requests: nothing was measured")
        finally:
            ingest.kill()
            ingest.communicate()
    return figures | {"upload_mib_per_second": stored / (1 << 20) / seconds}


def _stored_bytes(data: Path) -> int:
    """What the uploads have left so far, whole or not."""
    try:
        return sum(file.stat().st_size for file in files_below(data) if not file.name.startswith("catalogue"))
    except FileNotFoundError:
        # A file was delivered, and so renamed, between its name and its size.
        return _stored_bytes(data)
