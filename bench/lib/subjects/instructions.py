"""What a small request costs in user instructions, which whatever else the machine does leaves as they are."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from lib import load, machine
from lib.servers import Running, start_sluice
from lib.workbench import Workbench

CHUNK_BYTES = 64 << 10
CONNECTIONS = 8
COLUMNS = [("requests", "requests", 0), ("instructions_per_request", "user instructions", 0)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """A server under valgrind's callgrind, with durability `power`. Each row is sent twice, the second time more often:
    the difference leaves out what connections and the passing of time cost. Repeats within two percent; what the kernel
    does is not in it."""
    if shutil.which("valgrind") is None:
        raise load.LoadFailure("there is no valgrind here (Debian: apt-get install valgrind)")
    few = 50 if quick else 250
    rows: list[tuple[str, int, Callable[[str, int], object]]] = [
        ("GET /status, an upload that is not there", 4 * few, _loads(dialect="status")),
        ("HEAD of an open upload", 4 * few, _loads(dialect="head")),
        ("64 KiB by PUT", few, _loads(dialect="plain", size=CHUNK_BYTES)),
        ("64 KiB by PATCH, one of many", few, _send_patches)]
    with bench.workplace("disk") as place:
        with _started_counting(place) as running:
            for row, count, send in rows:
                send(running.url, 64)
                _dump(running, place.run)
                once = _counted(running, place.run, lambda: send(running.url, count))
                often = _counted(running, place.run, lambda: send(running.url, 4 * count))
                yield {"row": row, "server": "sluice power", "requests": 3 * count,
                       "instructions_per_request": (often - once) / (3 * count)}


def _started_counting(place) -> Running:
    """The server as it is shipped, but for what a debugger reads: valgrind gives up on that of Swift."""
    program = place.run / "sluice"
    subprocess.run(["strip", "--strip-debug", "-o", str(program), str(machine.RELEASE / "sluice")], check=True)
    return start_sluice(place, "plain", "--durability", "power", program=(
        "valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={place.run}/counted", str(program)))


def _loads(**options: object) -> Callable[[str, int], object]:
    return lambda url, count: load.generate(url, connections=CONNECTIONS, requests=count, **options)


def _send_patches(url: str, count: int) -> None:
    """One upload by tus, in chunks: the generator knows whole files alone."""
    host, _, port = url.rpartition("/")[2].rpartition(":")
    connection = http.client.HTTPConnection(host, int(port))
    version = {"Tus-Resumable": "1.0.0"}
    address = _answered(connection, 201, "POST", "/files", b"", version | {"Upload-Length": str(count * CHUNK_BYTES)})
    chunk = load.body(1)[:CHUNK_BYTES]
    for number in range(count):
        _answered(connection, 204, "PATCH", address, chunk, version | {
            "Upload-Offset": str(number * CHUNK_BYTES), "Content-Type": "application/offset+octet-stream"})
    connection.close()


def _answered(connection: http.client.HTTPConnection, status: int, *request: object) -> str:
    """The address that an answer of this status names, if it does."""
    connection.request(*request)
    response = connection.getresponse()
    response.read()
    if response.status != status:
        raise load.LoadFailure(f"{request[0]} was answered with {response.status}, not {status}")
    return response.getheader("Location", "")


def _counted(running: Running, folder: Path, work: Callable[[], object]) -> int:
    """User instructions of all threads meanwhile."""
    work()
    return total(_dump(running, folder))


def _dump(running: Running, folder: Path) -> str:
    """Has callgrind write down what it has counted since the last time."""
    subprocess.run(["callgrind_control", "--dump", str(running.process.pid)], check=True, capture_output=True)
    newest = max(folder.glob("counted.*"), key=lambda file: int(file.suffix[1:]))
    return newest.read_text()


def total(dump: str) -> int:
    """The instructions that a dump of callgrind's tells of, by its last lines."""
    if found := re.search(r"^totals: (\d+)", dump, re.MULTILINE):
        return int(found[1])
    raise load.LoadFailure("callgrind has counted nothing")
