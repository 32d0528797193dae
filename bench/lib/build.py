"""Builds what a benchmark needs: everything for release, once, before anything is measured."""

from __future__ import annotations

import subprocess
import sys

from lib.machine import TOP


def everything(peers_too: bool) -> None:
    sluice()
    floor()
    if peers_too:
        peers()


def sluice() -> None:
    """The server as it is shipped, and the load generator."""
    for product in ("sluice", "LoadGenerator"):
        _run("swift", "build", "--configuration", "release", "--static-swift-stdlib", "--product", product)


def floor() -> None:
    _run("make", "--silent", "-C", str(TOP / "bench/floor"), f"OUT={TOP / '.build/floor'}")


def link() -> None:
    _run("make", "--silent", "-C", str(TOP / "bench/link"), f"OUT={TOP / '.build/link'}")


def allocation_counter() -> None:
    _run("make", "--silent", "-C", str(TOP / "bench/allocations"), f"OUT={TOP / '.build/allocations'}")


def peers() -> None:
    """Some 500 files of SwiftNIO and its like: minutes, the first time."""
    _run("swift", "build", "--configuration", "release", "--package-path", str(TOP / "bench/peers"),
         "--scratch-path", str(TOP / ".build/peers"))


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        sys.exit(f"cannot build: {' '.join(command)}")
