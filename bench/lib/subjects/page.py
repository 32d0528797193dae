"""A hundred small files from the page, over a long way, by HTTP/2 and by HTTP/1.1. Needs Chromium, and Playwright."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from lib import build
from lib.link import NEAR, Link
from lib.servers import Running, start_sluice
from lib.workbench import Workbench

FILES, FILE_BYTES = 100, 20_000
ROUND_TRIP_MS, MEGABYTES = 100, 12
WAIT_MS = 120_000

COLUMNS = [("files", "files", 0), ("seconds", "s", 2), ("files_per_second", "files/s", 1)]


def measure(bench: Workbench, quick: bool) -> Iterator[dict]:
    """From the choice of the files until the page says that all are there. The browser has a core with whatever runs
    beside it: with the delay that does not matter."""
    from playwright.sync_api import sync_playwright

    build.link()
    with Link(ROUND_TRIP_MS, MEGABYTES) as link, sync_playwright() as playwright:
        for protocol, options in ("HTTP/2", []), ("HTTP/1.1", ["--http2", "off"]):
            with bench.workplace("disk") as place:
                browser = _wrapped(place.run / "browser", link)
                files = [place.run / f"photo-{number:03}.jpg" for number in range(FILES)]
                for number, file in enumerate(files):
                    file.write_bytes(number.to_bytes(4, "big") * (FILE_BYTES // 4))
                with start_sluice(place, "TLS", *options, address=NEAR) as running:
                    chromium = playwright.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
                    try:
                        seconds = _send(chromium, running, files)
                    finally:
                        chromium.close()
            yield {"row": f"{ROUND_TRIP_MS} ms, {protocol}", "server": "sluice power", "files": FILES,
                   "seconds": seconds, "files_per_second": FILES / seconds}


def _send(chromium: object, running: Running, files: list[Path]) -> float:
    page = chromium.new_context(ignore_https_errors=True).new_page()
    page.goto(running.url)
    page.wait_for_load_state("networkidle")
    start = time.perf_counter()
    page.locator("input[type=file]").first.set_input_files([str(file) for file in files])
    page.get_by_text(f"{FILES} of {FILES} files finished").wait_for(timeout=WAIT_MS)
    return time.perf_counter() - start


def _wrapped(path: Path, link: Link) -> Path:
    """A program that is Chromium at the other end of the link."""
    binary = os.environ.get("SLUICE_CHROMIUM", "/usr/bin/chromium")
    path.write_text(f'#!/bin/sh\nexec {" ".join(link.there)} {binary} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
