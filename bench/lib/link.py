"""A long link to measure over: a network namespace at its other end, where clients run. Needs root."""

from __future__ import annotations

import os
import subprocess
from types import TracebackType

from lib import machine

NEAR, FAR = "10.213.77.1", "10.213.77.2"
# The largest buffers of a connection, in bytes: what fits a fast link over a long way. By default a sender keeps 4 MiB.
BUFFERS = "4096 262144 134217728"


class Link:
    """Everything to and from the namespace takes half of the round trip, and so many megabytes a second each way have
    room; 0 for as many as this machine moves. Use it in a `with`."""

    def __init__(self, round_trip_ms: float, megabytes: int = 0, mtu: int = 9000):
        self._name = f"sluice-{os.getpid()}"
        self._ends = (f"sl{os.getpid() % 100_000}a", f"sl{os.getpid() % 100_000}b")
        self._process = subprocess.Popen(
            [str(machine.LINK / "link"), *self._ends, str(int(round_trip_ms * 500)),
             str(megabytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._process.stdout.readline() != "ready\n":
            raise OSError("no network interface can be made here: it takes root, and /dev/net/tun")
        _ip("netns", "add", self._name)
        _ip("link", "set", self._ends[1], "netns", self._name)
        for end, address, inside in (self._ends[0], NEAR, []), (self._ends[1], FAR, ["-n", self._name]):
            _ip(*inside, "link", "set", end, "mtu", str(mtu), "txqueuelen", "100000")
            _ip(*inside, "address", "add", f"{address}/24", "dev", end)
            _ip(*inside, "link", "set", end, "up")
        subprocess.run([*self.there, "sysctl", "-qw", f"net.ipv4.tcp_wmem={BUFFERS}", f"net.ipv4.tcp_rmem={BUFFERS}"],
                       check=True)

    @property
    def there(self) -> list[str]:
        """The beginning of a command line that runs at the other end."""
        return ["ip", "netns", "exec", self._name]

    def __enter__(self) -> Link:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        _ip("netns", "delete", self._name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
