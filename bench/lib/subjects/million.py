"""A start with a million open uploads in the catalogue: how long it takes, and how soon one can be asked for."""

from __future__ import annotations

import http.client
import os
import sqlite3
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from lib import load, machine
from lib.servers import Running, start_sluice
from lib.workbench import Workbench

ASKED = 200
BATCH_ROWS = 10_000

COLUMNS = [("open_uploads", "open uploads", 0), ("start_ms", "start ms", 0), ("first_head_ms", "first HEAD ms", 2),
           ("head_ms_p50", "others p50 ms", 2), ("head_ms_p99", "others p99 ms", 2),
           ("resident_bytes", "RSS, MiB", -20)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """Some uploads are begun the usual way; the catalogue of the stopped server gets as many copies of one of them,
    with other ids, as are missing; then the server starts again and is asked for the real ones."""
    for count in (1_000, 20_000) if quick else (1_000, 1_000_000):
        with bench.workplace("disk") as place:
            with start_sluice(place, "plain") as running:
                locations = _begin_uploads(running)
            fill_catalogue(place.data / "catalogue.sqlite", count)
            # The page cache is warm with what was just written, as after a quick restart.
            start = time.perf_counter()
            with start_sluice(place, "plain") as running:
                started = time.perf_counter() - start
                heads = [_head_seconds(running, location) * 1000 for location in locations]
                resident = machine.resident_bytes(running.pids)
        yield {"row": "start with open uploads", "server": "sluice power", "open_uploads": count,
               "start_ms": started * 1000, "first_head_ms": heads[0], "head_ms_p50": statistics.median(heads[1:]),
               "head_ms_p99": sorted(heads[1:])[len(heads) * 99 // 100 - 1], "resident_bytes": resident}


def fill_catalogue(path: Path, count: int) -> None:
    """Brings a catalogue that has at least one upload to `count` of them: copies of one, whatever its columns are."""
    with sqlite3.connect(path, isolation_level=None) as catalogue:
        catalogue.row_factory = sqlite3.Row
        model = dict(catalogue.execute("SELECT * FROM uploads WHERE state = 0 LIMIT 1").fetchone())
        missing = count - catalogue.execute("SELECT count(*) FROM uploads").fetchone()[0]
        # Columns that the catalogue computes for itself are not to be given.
        names = [row["name"] for row in catalogue.execute("PRAGMA table_info(uploads)") if row["name"] in model]
        columns = ", ".join(f'"{name}"' for name in names)
        insert = f"INSERT INTO uploads ({columns}) VALUES ({', '.join('?' * len(names))})"
        while missing > 0:
            batch = min(missing, BATCH_ROWS)
            catalogue.execute("BEGIN")
            catalogue.executemany(insert, ([os.urandom(16) if name == "id" else model[name] for name in names]
                                           for _ in range(batch)))
            catalogue.execute("COMMIT")
            missing -= batch
        catalogue.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    catalogue.close()


def _begin_uploads(running: Running) -> list[str]:
    client = http.client.HTTPConnection(*running.address)
    locations = []
    for _ in range(ASKED):
        client.request("POST", "/files", headers={
            "Tus-Resumable": "1.0.0", "Upload-Length": "1048576", "Content-Length": "0"})
        answer = client.getresponse()
        answer.read()
        if answer.status != 201:
            raise load.LoadFailure(f"a creation was answered {answer.status}")
        locations.append(answer.getheader("Location"))
    client.close()
    return locations


def _head_seconds(running: Running, location: str) -> float:
    client = http.client.HTTPConnection(*running.address)
    client.connect()
    start = time.perf_counter()
    client.request("HEAD", location, headers={"Tus-Resumable": "1.0.0"})
    answer = client.getresponse()
    answer.read()
    seconds = time.perf_counter() - start
    client.close()
    if (answer.status, answer.getheader("Upload-Offset")) != (200, "0"):
        raise load.LoadFailure(f"HEAD {location} was answered {answer.status}")
    return seconds
