"""Who may: what a credential costs the server, and what a stranger could learn from its time."""

from __future__ import annotations

import hashlib
import http.client
import random
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lib import load, machine
from lib.servers import Running, start_sluice
from lib.workbench import Workbench

BATCH = 100
STATIC = "0123456789abcdef0123456789abcdef"

COLUMNS = [("requests", "requests", 0), ("server_cpu_us", "CPU µs a request", 1), ("us_p50", "p50 µs", 1),
           ("us_p90", "p90 µs", 1), ("difference_us", "median's difference, µs", 2), ("noise_us", "of two halves, µs", 2)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """`GET /status` of an upload that is not there, many in one write, so that nothing but the server's own work is
    counted: without authentication, and with credentials that it knows, or sees for the first time."""
    count = 2_000 if quick else 50_000
    fresh = 100 if quick else 1_000
    with bench.workplace("memory") as place, ExitStack() as stack:
        private, public = keys(place.run)
        tokens = place.run / "tokens"
        tokens.write_text(f"alice:{hashlib.sha256(STATIC.encode()).hexdigest()}\n")
        application = stack.enter_context(Application())
        ways = {
            "nobody is asked": ([], [""]),
            "a token of --tokens, known": (["--tokens", str(tokens)], [bearer(STATIC)]),
            "a JWT (ES256), known": (["--jwt-public-key", str(public)], [bearer(signed(private, "alice"))]),
            "a JWT (ES256), seen first": (
                ["--jwt-public-key", str(public)], [bearer(signed(private, f"user{n}")) for n in range(fresh)]),
            "a credential that --auth-url knows": (
                ["--auth-url", application.url, "--auth-url-cache", "3600"], [bearer("anything")]),
        }
        for row, (options, credentials) in ways.items():
            with start_sluice(place, "plain", *options) as running:
                first = len(credentials) > 1
                requests = [status(one) for one in (credentials if first else credentials * count)]
                warm = [] if first else requests[:BATCH * 10]
                yield {"row": row, "server": "sluice", "requests": len(requests),
                       "server_cpu_us": cpu_seconds(running, warm, requests) / len(requests) * 1e6}
    with bench.workplace("memory") as place:
        tokens = place.run / "tokens"
        tokens.write_text("".join(f"{name}:{hashlib.sha256(name.encode()).hexdigest()}\n" for name in ("alice", "bob")))
        with start_sluice(place, "plain", "--tokens", str(tokens)) as running:
            yield from strangers(running, 1_000 if quick else 10_000)


def strangers(running: Running, count: int) -> Iterator[dict]:
    """HEAD on somebody else's upload and on none, in an order drawn by lot on one connection. What lies between their
    medians is told beside what lies between those of two halves of the same."""
    client = http.client.HTTPConnection(*running.address)

    def ask(method: str, path: str, token: str, **fields: str) -> http.client.HTTPResponse:
        client.request(method, path, headers={"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0", **fields})
        answer = client.getresponse()
        answer.read()
        return answer

    mine = ask("POST", "/files", "alice", **{"Upload-Length": "10", "Content-Length": "0"}).getheader("Location")
    draw = random.Random(1)
    times: dict[str, list[float]] = {"somebody else's upload": [], "an upload that is not there": []}
    order = list(times) * count
    draw.shuffle(order)
    for row in order:
        path = mine if row.startswith("somebody") else f"/files/{draw.getrandbits(128):032x}"
        start = time.perf_counter()
        status = ask("HEAD", path, "bob").status
        times[row].append((time.perf_counter() - start) * 1e6)
        if status != 404:
            raise load.LoadFailure(f"HEAD {path} was answered {status}")
    client.close()
    medians = {row: statistics.median(values) for row, values in times.items()}
    for row, values in times.items():
        yield {"row": row, "server": "sluice", "requests": count, "us_p50": medians[row],
               "us_p90": sorted(values)[count * 9 // 10],
               "difference_us": abs(medians["somebody else's upload"] - medians["an upload that is not there"]),
               "noise_us": abs(statistics.median(values[::2]) - statistics.median(values[1::2]))}


def status(credential: str) -> bytes:
    return f"GET /status HTTP/1.1\r\nHost: bench\r\nX-File-Id: nothing\r\n{credential}\r\n".encode()


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n"


def cpu_seconds(running: Running, warm: list[bytes], requests: list[bytes]) -> float:
    """What the server spends on the second lot."""
    with socket.create_connection(running.address) as connection:
        exchange(connection, warm)
        before = machine.cpu_seconds(running.pids)
        exchange(connection, requests)
        return machine.cpu_seconds(running.pids) - before


def exchange(connection: socket.socket, requests: list[bytes]) -> None:
    for start in range(0, len(requests), BATCH):
        batch = requests[start:start + BATCH]
        connection.sendall(b"".join(batch))
        answers = b""
        while answers.count(b"HTTP/1.1 200 ") < len(batch) or not answers.endswith(b"\r\n\r\n0"):
            piece = connection.recv(1 << 20)
            if not piece or b"HTTP/1.1 4" in piece:
                raise load.LoadFailure(f"not answered as it should be: {answers[-500:]!r} {piece[:500]!r}")
            answers += piece


def keys(folder: Path) -> tuple[Path, Path]:
    private, public = folder / "key.pem", folder / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", private],
                   check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    return private, public


def signed(private: Path, owner: str) -> str:
    return subprocess.run(
        [machine.RELEASE / "sluice", "token", "--jwt-private-key", private, "--sub", owner], check=True,
        capture_output=True, text=True).stdout.strip()


class Application:
    """Lets everybody pass."""

    def __init__(self):
        class May(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(204)
                self.send_header("X-Sluice-Owner", "alice")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), May)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
