"""Waiting for what happens elsewhere: in the server, in a browser, in the kernel."""

import time

SECONDS_MAX = 40
PAUSE_SECONDS = 0.005


def eventually(holds, what: str = "what was waited for") -> None:
    """Waits until `holds()` is true."""
    end = time.monotonic() + SECONDS_MAX
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not in {SECONDS_MAX} s: {what}")
        time.sleep(PAUSE_SECONDS)
