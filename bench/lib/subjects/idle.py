"""Connections that lie idle: the memory that each costs the server."""

from __future__ import annotations

from collections.abc import Iterator

from lib import load
from lib.servers import Running, start_nginx, start_sluice
from lib.workbench import Workbench, Workplace

COLUMNS = [("idle_connections", "connections", 0), ("server_rss_at_rest_bytes", "RSS at rest, MiB", -20),
           ("server_rss_idle_bytes", "RSS idle, MiB", -20), ("server_rss_per_connection_bytes", "each, KiB", -10),
           ("connect_seconds", "connected in s", 2)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """All are connected, each makes one request, then they are held; one that the server closes fails the run."""
    connections, seconds = (500, 1) if quick else (10_000, 10)
    for wire in ("plain", "TLS"):
        for server in ("sluice", "nginx"):
            with bench.workplace("disk") as place, _start(server, place, wire) as running:
                figures = load.generate(running.url, running.pids, dialect="status", connections=connections,
                                        idle=seconds)
            yield {"row": f"idle, {wire}", "server": server, "idle_connections": connections} | figures


def _start(server: str, place: Workplace, wire: str) -> Running:
    if server == "nginx":
        return start_nginx(place, wire)
    # Nobody uploads here, so that each connection takes one descriptor and not two, as the default assumes.
    return start_sluice(place, wire, "--max-connections", "15000")
