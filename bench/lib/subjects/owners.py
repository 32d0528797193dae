"""A start with ten million uploads of a million owners: how long it takes, and what looking one owner up does."""

from __future__ import annotations

import hashlib
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
BATCH_ROWS = 100_000

COLUMNS = [("uploads", "uploads", 0), ("owners", "owners", 0), ("start_ms", "start ms", 0),
           ("first_usage_ms", "first /usage ms", 2), ("usage_ms_p50", "others p50 ms", 2),
           ("usage_ms_p99", "others p99 ms", 2), ("creation_ms_p50", "creation p50 ms", 2),
           ("creation_ms_p99", "creation p99 ms", 2), ("resident_bytes", "RSS, MiB", -20)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """One owner uploads a file the usual way; the catalogue of the stopped server gets copies of its record, with other
    ids and owners; then the server starts again, and each of some owners asks for its own, and creates."""
    for uploads, owners in ((1_000, 100), (100_000, 10_000)) if quick else ((1_000, 100), (10_000_000, 1_000_000)):
        with bench.workplace("disk") as place:
            tokens = place.run.parent / "owners.tokens"
            tokens.write_text("".join(
                f"{name(n)}:{hashlib.sha256(name(n).encode()).hexdigest()}\n" for n in asked(owners)))
            options = ["--tokens", str(tokens), "--owner-max-files", "1000"]
            with start_sluice(place, "plain", *options) as running:
                for n in asked(owners)[:1]:
                    ask(running, "PUT", "/files/a", name(n), body=b"x")
            fill(place.data / "catalogue.sqlite", uploads, owners)
            # The page cache is warm with what was just written, as after a quick restart.
            start = time.perf_counter()
            with start_sluice(place, "plain", *options) as running:
                started = time.perf_counter() - start
                usage = [seconds(running, "GET", "/usage", name(n)) * 1000 for n in asked(owners)]
                creations = [
                    seconds(running, "POST", "/files", name(n), {"Tus-Resumable": "1.0.0", "Upload-Length": "10"})
                    * 1000 for n in asked(owners)]
                resident = machine.resident_bytes(running.pids)
        yield {"row": "start with owners", "server": "sluice power", "uploads": uploads, "owners": owners,
               "start_ms": started * 1000, "first_usage_ms": usage[0], "usage_ms_p50": statistics.median(usage[1:]),
               "usage_ms_p99": percentile(usage[1:], 99), "creation_ms_p50": statistics.median(creations),
               "creation_ms_p99": percentile(creations, 99), "resident_bytes": resident}


def name(number: int) -> str:
    return f"user-{number:07}"


def asked(owners: int) -> list[int]:
    """Those who ask: spread over all."""
    return [number * owners // ASKED for number in range(ASKED)] if owners >= ASKED else list(range(owners))


def percentile(values: list[float], percent: int) -> float:
    return sorted(values)[len(values) * percent // 100]


def fill(path: Path, uploads: int, owners: int) -> None:
    """Copies of the one record there is, whatever its columns are. The usage of owners, which the database keeps in
    step row by row, is counted at the end: ten million triggers would take an hour."""
    with sqlite3.connect(path, isolation_level=None) as catalogue:
        catalogue.row_factory = sqlite3.Row
        model = dict(catalogue.execute("SELECT * FROM uploads LIMIT 1").fetchone())
        usage = dict(catalogue.execute("SELECT * FROM usage LIMIT 1").fetchone())
        triggers = [tuple(row) for row in catalogue.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'usage%'")]
        names = [row["name"] for row in catalogue.execute("PRAGMA table_info(uploads)") if row["name"] in model]
        columns = ", ".join(f'"{column}"' for column in names)
        insert = f"INSERT INTO uploads ({columns}) VALUES ({', '.join('?' * len(names))})"
        catalogue.execute("PRAGMA synchronous = OFF")
        catalogue.execute("BEGIN")
        for trigger, _ in triggers:
            catalogue.execute(f'DROP TRIGGER "{trigger}"')
        for start in range(1, uploads, BATCH_ROWS):
            catalogue.executemany(insert, (
                [os.urandom(16) if column == "id" else name(n % owners) if column == "owner" else model[column]
                 for column in names] for n in range(start, min(start + BATCH_ROWS, uploads))))
        catalogue.execute("DELETE FROM usage")
        catalogue.execute(f"""INSERT INTO usage (owner, bytes, files, open)
            SELECT owner, count(*) * {usage['bytes']}, count(*), 0 FROM uploads
            WHERE owner IS NOT NULL GROUP BY owner""")
        for _, sql in triggers:
            catalogue.execute(sql)
        catalogue.execute("COMMIT")
        catalogue.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    catalogue.close()


def ask(running: Running, method: str, path: str, token: str, fields: dict = {}, body: bytes = b"") -> None:
    client = http.client.HTTPConnection(*running.address)
    client.request(method, path, body=body, headers={"Authorization": f"Bearer {token}", **fields})
    answer = client.getresponse()
    answer.read()
    client.close()
    if answer.status not in (200, 201):
        raise load.LoadFailure(f"{method} {path} was answered {answer.status}")


def seconds(running: Running, method: str, path: str, token: str, fields: dict = {}) -> float:
    start = time.perf_counter()
    ask(running, method, path, token, fields)
    return time.perf_counter() - start
