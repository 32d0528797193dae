"""The machine: its cores, its memory, what it is, and what processes have used of it."""

from __future__ import annotations

import mmap
import os
import platform
import resource
import subprocess
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
RELEASE = TOP / ".build/release"
FLOOR = TOP / ".build/floor"
LINK = TOP / ".build/link"
PEERS = TOP / ".build/peers/release"

NGINX = "/usr/sbin/nginx"
OPEN_FILES = 65_536

_cores = sorted(os.sched_getaffinity(0))
# A core for the server and one for the generator, so that neither takes the other's time.
SERVER_CORE, GENERATOR_CORE = _cores[0], _cores[-1]


def on_core(*cores: int) -> list[str]:
    """The beginning of a command line that runs on these cores only."""
    return ["taskset", "-c", ",".join(map(str, sorted(set(cores))))]


def raise_open_files_limit() -> int:
    """For this process and those it starts. Answers the limit in force."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(hard, OPEN_FILES)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    except (OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(descendant for child in children for descendant in family(int(child)))]


def cpu_seconds(pids: list[int]) -> float:
    """CPU time of processes, over all their threads, in seconds, exact. clock_getcpuclockid(3)"""
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def resident_bytes(pids: list[int]) -> int:
    """Memory of processes that is in use, each one's own share of what they share. proc_pid_smaps_rollup(5)"""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def busy_seconds() -> float:
    """What all processors have done, for whomever, in seconds: the kernel's own threads that write files back too."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _idle, _wait, interrupts, soft_interrupts = map(int, fields[:7])
    return (user + nice + system + interrupts + soft_interrupts) / os.sysconf("SC_CLK_TCK")


def warm(count: int) -> None:
    """Touches so many bytes of memory and gives them back. A virtual machine may have handed free memory to its host,
    and then pays for each page it touches first."""
    with mmap.mmap(-1, count, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE):
        pass


def conditions(directories: dict[str, Path]) -> dict[str, object]:
    """Under what circumstances something is measured, for the results."""
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "processor": model,
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)),
        "kernel": platform.release().partition("-")[0],
        "openssl": _line("openssl", "version").partition(" (")[0],
        "nginx": _line(NGINX, "-v").rpartition(" ")[2],
        "commit": _line("git", "-C", str(TOP), "describe", "--always", "--dirty"),
        "places": {place: _line("df", "--output=fstype", str(directory)) for place, directory in directories.items()},
    }


def _line(*command: str) -> str:
    """The last line that a command prints, wherever it prints it; "unknown" where there is no such command."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return (done.stdout or done.stderr).strip().rpartition("\n")[2]
