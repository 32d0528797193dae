"""Runs `sluice put`."""

import os
import subprocess

SECONDS = 60


def put(folder, *arguments, input=b"", environment=None, seconds=SECONDS):
    """Answers the finished process; its output and errors are bytes. `folder` has its cache, and is where it runs."""
    environment = {
        key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")
    } | {"XDG_CACHE_HOME": str(folder / "cache")} | (environment or {})
    return subprocess.run(
        [binary(), "put", *arguments], input=input, capture_output=True, cwd=folder, env=environment, timeout=seconds)


def binary():
    return os.path.abspath(os.environ.get("SLUICE_BINARY", ".build/release/sluice"))


def failure(result):
    """The one line that says why."""
    lines = [line for line in result.stderr.decode().splitlines() if line.startswith("sluice put: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]
