"""How soon an upload goes on after its connection has died without a word."""

from __future__ import annotations

import http.client
import socket
import statistics
import time
from collections.abc import Iterator

from lib import load
from lib.servers import start_sluice
from lib.workbench import Workbench

LENGTH_BYTES = 256 << 10
HALF_BYTES = LENGTH_BYTES // 2
# A head's way to the server and into an append; nobody can see from outside when it is there.
SETTLE_SECONDS = 0.02

COLUMNS = [("takeovers", "take-overs", 0), ("ask_ms_p50", "HEAD p50 ms", 2), ("ask_ms_p99", "HEAD p99 ms", 2),
           ("whole_ms_p50", "until whole p50 ms", 2), ("whole_ms_p99", "until whole p99 ms", 2)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """A tus client sends half of its PATCH and falls silent, its connection open. Another connection asks for the
    offset, which stops the dead one and settles what it brought, and sends the rest."""
    count = 20 if quick else 300
    for durability in ("process", "power"):
        asked, whole = [], []
        with bench.workplace("disk") as place:
            with start_sluice(place, "plain", "--durability", durability) as running:
                for _ in range(count):
                    one, both = _take_over(running.address)
                    asked.append(one * 1000)
                    whole.append(both * 1000)
        yield {"row": "take-over of a dead append", "server": f"sluice {durability}", "takeovers": count,
               "ask_ms_p50": statistics.median(asked), "ask_ms_p99": _p99(asked),
               "whole_ms_p50": statistics.median(whole), "whole_ms_p99": _p99(whole)}


def _take_over(address: tuple[str, int]) -> tuple[float, float]:
    """Seconds until the offset is told, and until the upload is whole."""
    client = http.client.HTTPConnection(*address)
    created = _answer(client, 201, "POST", "/files", {"Upload-Length": str(LENGTH_BYTES), "Content-Length": "0"})
    location = created.getheader("Location")
    dead = socket.create_connection(address)
    dead.sendall((f"PATCH {location} HTTP/1.1\r\nHost: bench\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                  "Content-Type: application/offset+octet-stream\r\n"
                  f"Content-Length: {LENGTH_BYTES}\r\n\r\n").encode() + bytes(HALF_BYTES))
    time.sleep(SETTLE_SECONDS)
    start = time.perf_counter()
    offset = int(_answer(client, 200, "HEAD", location, {}).getheader("Upload-Offset"))
    asked = time.perf_counter() - start
    if offset != HALF_BYTES:
        raise load.LoadFailure(f"the dead append left {offset} bytes of the {HALF_BYTES} that it sent")
    fields = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    _answer(client, 204, "PATCH", location, fields, bytes(LENGTH_BYTES - offset))
    whole = time.perf_counter() - start
    dead.close()
    client.close()
    return asked, whole


def _answer(client: http.client.HTTPConnection, status: int, method: str, target: str, fields: dict[str, str],
            body: bytes | None = None) -> http.client.HTTPResponse:
    client.request(method, target, body, {"Tus-Resumable": "1.0.0"} | fields)
    answer = client.getresponse()
    text = answer.read(1000)
    if answer.status != status:
        raise load.LoadFailure(f"{method} {target}: {answer.status} instead of {status}: {text!r}")
    return answer


def _p99(milliseconds: list[float]) -> float:
    return sorted(milliseconds)[min(len(milliseconds) - 1, len(milliseconds) * 99 // 100)]
