"""Disks whose power can be cut: a real ext4 or XFS, on a loop device, over the file system of `disk/`.

What a disk has confirmed after a flush lies in its image file, which outlives it: detach, attach, and the file system
is what a machine finds when the power is back. Everything that is mounted has the prefix in its path, so that a later
run finds and removes what a killed one left.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from waiting import eventually

PREFIX = "sluice-faults-"
SOURCES = Path(__file__).parent / "disk"
MEBIBYTE = 1 << 20
WAIT_SECONDS = 20
PAUSE_SECONDS = 0.005


@dataclass(frozen=True)
class Kind:
    """How a file system is made, how large (as small as it can be with room for the workload), and on which sectors."""

    size: int
    sector: int
    command: list[str]


KINDS = {
    "ext4": Kind(
        128 * MEBIBYTE, 512,
        ["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0"]),
    # XFS looks at the head of a block of metadata to see whether its log has something newer, so it does not survive a
    # block that was torn behind its head. Its disk has sectors as large as its blocks, as most disks have today.
    "xfs": Kind(300 * MEBIBYTE, 4096, ["mkfs.xfs", "-q", "-f"]),
}


class Unavailable(Exception):
    """This machine cannot mount such a disk; says what it takes."""


def run(*words) -> str:
    """Runs a command to its end and answers what it says."""
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        raise OSError(f"{' '.join(str(word) for word in words)}: {result.stderr.strip() or result.returncode}")
    return result.stdout.strip()


def is_mounted(path: Path) -> bool:
    return any(line.split()[1] == str(path) for line in mounts())


def mounts() -> list[str]:
    """The mounts of this machine, the youngest last."""
    return Path("/proc/self/mounts").read_text().splitlines()


class Workshop:
    """A directory in which disks are made and mounted; one for a run of the tests."""

    def __init__(self):
        self._require()
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = lock(self.path)
        self.driver = self.path / "faultdisk"
        flags = run("pkg-config", "--cflags", "--libs", "fuse3").split()
        run("cc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o", self.driver,
            *sorted(SOURCES.glob("*.c")), *flags)
        self._disks = 0

    @staticmethod
    def _require() -> None:
        commands = ("cc", "pkg-config", "losetup", "mount", "umount", "mkfs.ext4", "mkfs.xfs")
        missing = [name for name in commands if not shutil.which(name)]
        missing += [name for name in ("/dev/fuse", "/dev/loop-control") if not os.access(name, os.R_OK | os.W_OK)]
        if os.geteuid() != 0:
            missing.append("root")
        if missing:
            raise Unavailable(
                f"missing here: {', '.join(missing)}. The power-cut and disk-fault tests mount file systems: they take"
                " root, /dev/fuse, loop devices, and the packages gcc, pkg-config, libfuse3-dev, fuse3, e2fsprogs,"
                " xfsprogs. SLUICE_NO_LOOP=1 leaves them out.")

    def close(self) -> None:
        """Takes down whatever is still up."""
        remove(self.path)
        os.close(self._lock)

    def disk(self, kind: str, size: int | None = None) -> "Disk":
        """A new disk with an empty file system. The file system is made once and copied."""
        how = KINDS[kind]
        size = size or how.size
        pristine = self.path / f"{kind}-{size}"
        if not pristine.exists():
            blank = pristine.with_suffix(".blank")
            with blank.open("wb") as file:
                file.truncate(size)
            run(*how.command, blank)
            blank.rename(pristine)
        self._disks += 1
        folder = self.path / f"disk{self._disks}"
        folder.mkdir()
        run("cp", "--sparse=always", pristine, folder / "image")
        return Disk(folder, self.driver, how.sector)


class Disk:
    """One disk. `with disk:` has it mounted at `disk.root`; its contents outlive that."""

    def __init__(self, folder: Path, driver: Path, sector: int):
        self.folder = folder
        self.root = folder / "root"
        self._image = folder / "image"
        self._hold = folder / "hold"
        self._command = [driver, self._image, self._hold, str(sector)]
        self._process = None
        self._device = None
        self.root.mkdir()
        self._hold.mkdir()

    def __enter__(self) -> "Disk":
        self.attach()
        return self

    def __exit__(self, *_) -> None:
        self.detach()

    # The machine

    def attach(self) -> None:
        """Gives it power and mounts it, which replays the file system's journal."""
        with (self.folder / "driver.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        try:
            eventually(lambda: is_mounted(self._hold) or self._process.poll() is not None, "the fault disk")
            if self._process.poll() is not None:
                raise OSError((self.folder / "driver.log").read_text())
            self._device = run("losetup", "--find", "--show", "--direct-io=on", self._hold / "disk")
            run("mount", self._device, self.root)
        except BaseException:
            self.detach()
            raise

    def detach(self) -> None:
        """Unmounts it, also when every byte of it fails, and takes the power away. No process may have files open."""
        if is_mounted(self.root):
            unmount(self.root)
        if self._device:
            device, self._device = self._device, None
            run("losetup", "--detach", device)
            eventually(lambda: not backing(device).startswith(str(self.folder)), f"{device} is still in use")
        if self._process:
            process, self._process = self._process, None
            if is_mounted(self._hold):
                unmount(self._hold)
            else:
                process.kill()
            process.wait(WAIT_SECONDS)

    def discard(self) -> None:
        """Removes a detached disk for good."""
        shutil.rmtree(self.folder)

    # What can happen to it

    @property
    def state(self) -> dict:
        """Counters of operations and failures; whether it was cut, and what that left."""
        return json.loads((self._hold / "control").read_text())

    def order(self, line: str) -> None:
        with (self._hold / "control").open("wb", buffering=0) as control:
            control.write(line.encode())

    def cut(self, seed: int, after: int = 0) -> None:
        """Cuts the power, now or with the write or flush of this number from now on. The seed says what is left."""
        self.order(f"cut {seed} {after}")

    def fail(self, kind: str, *, after=0, every=1, times=None, within=None, matching=None) -> None:
        """Lets operations ('read', 'write' or 'flush') fail with EIO: of those within a range of bytes that carry a
        text, the first ones pass, then every so manieth fails, so many times."""
        words = [f"fail {kind} after {after} every {every}"]
        words += [f"times {times}"] if times is not None else []
        words += [f"from {within[0]} to {within[1]}"] if within else []
        words += [f"matching {matching}"] if matching else []
        self.order(" ".join(words))

    def delay(self, kind: str, milliseconds: int) -> None:
        self.order(f"delay {kind} {milliseconds}")

    def heal(self) -> None:
        """No more failures and delays."""
        self.order("heal")


def unmount(path: Path) -> None:
    """Unmounts; what is still busy after a while is only taken out of sight, and ends with its last user."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return run("umount", path)
        except OSError:
            if time.monotonic() > deadline:
                return run("umount", "--lazy", path)
            time.sleep(PAUSE_SECONDS)


def backing(device: str) -> str:
    """The file behind a loop device; empty if there is none."""
    with contextlib.suppress(OSError):
        return Path("/sys/block", Path(device).name, "loop/backing_file").read_text().strip()
    return ""


def lock(path: Path) -> int | None:
    """Locks a workshop; None if its run still lives."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def remove(path: Path) -> None:
    """Unmounts and detaches everything below a directory, and removes it."""
    within = f"{path}/"
    # The file system goes before the loop device below it, and that before the disk below it.
    for line in reversed(mounts()):
        if line.split()[1].startswith(within) and not line.startswith("sluice-faultdisk"):
            run("umount", "--lazy", line.split()[1])
    for device in Path("/sys/block").glob("loop*"):
        if backing(f"/dev/{device.name}").startswith(within):
            run("losetup", "--detach", f"/dev/{device.name}")
    for line in reversed(mounts()):
        if line.split()[1].startswith(within):
            run("umount", "--lazy", line.split()[1])
    shutil.rmtree(path)


def sweep() -> None:
    """Removes what killed runs have left; a run that still lives holds a lock."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        held = lock(path)
        if held is not None:
            remove(path)
            os.close(held)
