"""The load generator, and the bytes that it sends."""

from __future__ import annotations

import json
import subprocess
from functools import lru_cache
from pathlib import Path

from lib import machine

BODY_MEMORY_BYTES = 1 << 20
SAMPLE_BYTES = 4096


class LoadFailure(Exception):
    """A wrong answer, or a file that is not what was sent."""


def generate(url: str, pids: list[int] | tuple[int, ...] = (), **options: object) -> dict:
    """Runs the generator on its core until it is done. Its figures."""
    with start(url, pids, **options) as process:
        return finish(process)


def start(url: str, pids: list[int] | tuple[int, ...] = (), **options: object) -> subprocess.Popen:
    """Starts the generator: `requests=4` stands for `--requests 4`."""
    command = [*machine.on_core(machine.GENERATOR_CORE), str(machine.RELEASE / "LoadGenerator"), "--json", "--url", url]
    for pid in pids:
        command += ["--server-pid", str(pid)]
    for option, value in options.items():
        command += [f"--{option}", str(value)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> dict:
    """Waits for a generator. Its figures."""
    output, errors = process.communicate()
    if process.returncode != 0:
        raise LoadFailure(errors.strip() or f"LoadGenerator ended with {process.returncode}")
    return json.loads(output)


@lru_cache(maxsize=1)
def body(seed: int) -> bytes:
    """The mebibyte that every body of a seed repeats, as BodyMemory.swift makes it (SplitMix64)."""
    words, mask, state = bytearray(), (1 << 64) - 1, seed
    for _ in range(BODY_MEMORY_BYTES // 8):
        state = (state + 0x9E3779B97F4A7C15) & mask
        word = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        words += (word ^ (word >> 31)).to_bytes(8, "little")
    return bytes(words)


def check_file(path: Path, size: int, seed: int, whole: bool = False) -> None:
    """Whether a file has its size and the bytes that were sent: all of them, or some at its start, middle and end."""
    found = path.stat().st_size
    if found != size:
        raise LoadFailure(f"{path} has {found} bytes of {size}")
    step = SAMPLE_BYTES if whole else max(SAMPLE_BYTES, (size - SAMPLE_BYTES) // 2)
    with path.open("rb") as file:
        for position in range(0, size, step):
            start = position % BODY_MEMORY_BYTES
            expected = body(seed)[start:start + min(SAMPLE_BYTES, size - position)]
            file.seek(position)
            if file.read(len(expected)) != expected:
                raise LoadFailure(f"{path} has other bytes than were sent, from {position} on")
