"""One upload through TLS over a long way, by HTTP/1.1 and by HTTP/2: what flow control costs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from lib import build, load, machine
from lib.link import NEAR, Link
from lib.servers import Running, Workplace, start_nginx, start_sluice
from lib.workbench import Workbench

# A link as fast as this: what bounds an upload is then neither of the two processors.
MEGABYTES = 60
PROTOCOLS = {"HTTP/1.1": "--http1.1", "HTTP/2": "--http2"}
# nginx as it comes, and with as much as it can be told to read ahead.
SERVERS: dict[str, Callable[[Workplace], Running]] = {
    "sluice": lambda at: start_sluice(at, "TLS", "--durability", "process", address=NEAR),
    "nginx": lambda at: start_nginx(at, "TLS", "16k", address=NEAR, http2=True),
    "nginx, preread 1 MiB": lambda at: start_nginx(
        at, "TLS", "1m", address=NEAR, http2=True, more="http2_body_preread_size 1m;"),
}

COLUMNS = [("size_mib", "MiB", 0), ("seconds", "s", 2), ("mib_per_second", "MiB/s", 1),
           ("server_cpu_seconds_per_gib", "CPU s/GiB", 2)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """curl sends one file on a new connection; the clock starts when that has shaken hands. Nothing is lost on the way,
    and TCP begins slowly, as everywhere."""
    build.link()
    size = 64 if quick else 256
    for milliseconds in (0, 100) if quick else (0, 20, 50, 100, 200):
        with Link(milliseconds, MEGABYTES) as link:
            for server, start in SERVERS.items():
                for protocol in PROTOCOLS:
                    with bench.workplace("memory") as place:
                        file = place.run / "file"
                        file.write_bytes(load.body(1) * size)
                        with start(place) as running:
                            _put(link, running, protocol, None)
                            figures = _put(link, running, protocol, file)
                    yield {"row": f"{milliseconds} ms, {protocol}", "server": server, "size_mib": size} | figures


def _put(link: Link, running: Running, protocol: str, file: Path | None) -> dict:
    """Sends the file, or a few bytes."""
    source = ["-T", str(file)] if file else ["-X", "PUT", "--data-binary", "warm"]
    before = machine.cpu_seconds(running.pids)
    done = subprocess.run(
        [*link.there, "curl", "-sk", PROTOCOLS[protocol], "-H", "Expect:", *source, "-o", "/dev/null", "-w", "%{json}",
         f"{running.url}/files/distant"], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    if told["http_code"] not in (201, 204) or told["http_version"] != protocol.removeprefix("HTTP/"):
        raise load.LoadFailure(f"{protocol}: {done.stdout}")
    seconds, count = told["time_total"] - told["time_appconnect"], told["size_upload"]
    return {"seconds": seconds, "mib_per_second": count / seconds / (1 << 20),
            "server_cpu_seconds_per_gib": (machine.cpu_seconds(running.pids) - before) / count * (1 << 30)}
