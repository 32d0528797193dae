"""Samples of a running process, sorted by what it was doing. perf(1), by the processor's clock: that works in virtual
machines, too, which have no hardware counters."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lib import machine

SAMPLES_PER_SECOND = 999

# The first pattern that a kernel function on the stack matches tells what the kernel was doing.
KERNEL = [
    ("receive", r"tcp_recvmsg|sys_recv"),
    ("send", r"tcp_sendmsg|sys_send"),
    ("sync", r"sys_(fdatasync|fsync|sync|msync)"),
    ("write", r"sys_p?write|vfs_write|vfs_iter_write"),
    ("names: open, rename, remove …", r"sys_(open|rename|mkdir|unlink|rmdir|ftruncate|fallocate|stat|newf?stat|close|"
                                      r"fcntl|linkat|getdents|fadvise)|fput|task_work_run"),
    ("wait: epoll, futex, eventfd", r"sys_(epoll|futex|read)|schedule"),
    ("page faults, memory", r"exc_page_fault|sys_(mmap|munmap|madvise|brk|mprotect)"),
]
USER = [("OpenSSL", r"libcrypto|libssl"), ("SQLite", r"libsqlite"), ("C library", r"libc\.so|libc-|libpthread|vdso")]

_FRAME = re.compile(r"^\s+[0-9a-f]+ (.*) \((.*)\)$")


@dataclass(frozen=True)
class Sample:
    """A stack, innermost first: function and the file that it is in."""
    frames: tuple[tuple[str, str], ...]

    @property
    def group(self) -> str:
        """What was being done."""
        function, file = self.frames[0]
        if not _is_kernel(file):
            return next((name for name, pattern in USER if re.search(pattern, file)), "the program itself")
        stack = " ".join(name for name, place in self.frames if _is_kernel(place))
        return "kernel: " + next((name for name, pattern in KERNEL if re.search(pattern, stack)), "other")


def record(pids: list[int], file: Path) -> subprocess.Popen:
    """Starts to sample; SIGINT ends it."""
    command = ["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(SAMPLES_PER_SECOND), "-g",
               "--pid", ",".join(map(str, pids)), "--output", str(file)]
    return subprocess.Popen([*machine.on_core(machine.GENERATOR_CORE), *command], stderr=subprocess.PIPE, text=True)


def samples(file: Path) -> Iterator[Sample]:
    text = subprocess.run(["perf", "script", "--input", str(file), "--fields", "comm,ip,sym,dso"],
                          check=True, capture_output=True, text=True, errors="replace").stdout
    for stack in text.split("\n\n"):
        frames = tuple(match.groups() for line in stack.splitlines() if (match := _FRAME.match(line)))
        if frames:
            yield Sample(frames)


def groups(found: list[Sample]) -> list[tuple[str, float]]:
    """Shares of all samples, in percent, the largest first."""
    return _shares(Counter(sample.group for sample in found))


def functions(found: list[Sample], count: int) -> list[tuple[str, str, float]]:
    """The innermost functions that were met most often: name, file, percent."""
    shares = _shares(Counter(sample.frames[0] for sample in found))[:count]
    names = demangled([function for (function, _), _ in shares])
    return [(name, "kernel" if _is_kernel(file) else Path(file).name, percent)
            for name, ((_, file), percent) in zip(names, shares)]


def demangled(names: list[str]) -> list[str]:
    """Swift's names as people write them; others stay."""
    done = subprocess.run(["swift", "demangle", "--simplified"], input="\n".join(names), capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else names


def _is_kernel(file: str) -> bool:
    return file.startswith("[") and "vdso" not in file


def _shares(counter: Counter) -> list:
    return [(key, 100 * count / counter.total()) for key, count in counter.most_common()]
