"""Single system calls of a server that wait or fail, switched on and off while it runs.

    calls = Calls(folder)
    server.environment |= calls.environment     # before its start
    with calls.fail("pwrite", errno.EDQUOT, path="-wal"): …
    with calls.hold("syncfs") as held: eventually(lambda: held.waiting == 1) …

The calls, whichever function the program makes them by: fdatasync, fsync, syncfs, write, pread, pwrite, pwritev,
ftruncate, fallocate, copy_file_range (by the file that is written), openat, mkdirat, renameat (by the new name), unlinkat,
fstatat, fstatvfs, getdents (each entry that is listed), epoll_ctl (by the descriptor that is watched, as /proc calls
it), pthread_create; and EVP_MD_fetch, by the method's name. A `path` that ends with a dollar is the end of a path.
"""

import mmap
import struct
import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent / "calls"
# calls/rules.h
RULES = 64
RULE = struct.Struct("=IIIiqQQ24s200s")
ARMED, LEFT, BEGUN, ENDED = 0, 16, 24, 32


class Rule:
    """What happens to the calls of one kind, until the end of the `with` or `end`."""

    def __init__(self, memory: mmap.mmap, at: int):
        self._memory, self._at = memory, at

    def __enter__(self) -> "Rule":
        return self

    def __exit__(self, *_) -> None:
        self.end()

    def end(self) -> None:
        """The calls that are held go on, and further ones are left alone."""
        struct.pack_into("=I", self._memory, self._at + ARMED, 0)

    @property
    def struck(self) -> int:
        """How many calls it has met."""
        return self._number(BEGUN)

    @property
    def waiting(self) -> int:
        """How many calls wait at this moment because of it."""
        ended = self._number(ENDED)
        return self._number(BEGUN) - ended

    def _number(self, offset: int) -> int:
        return struct.unpack_from("=Q", self._memory, self._at + offset)[0]


class Calls:
    """The calls of every process that is started with `environment`, and of its children."""

    def __init__(self, folder: Path):
        library, rules = folder / "calls.so", folder / "calls.rules"
        if not library.exists():
            subprocess.run(
                ["cc", "-std=c17", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", library,
                 *sorted(SOURCES.glob("*.c")), "-ldl"], check=True)
        rules.write_bytes(bytes(RULES * RULE.size))
        with rules.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._used = 0
        self.environment = {"LD_PRELOAD": str(library), "SLUICE_CALL_RULES": str(rules)}

    def delay(self, call: str, milliseconds: int, path: str = "", times: int = -1) -> Rule:
        """The calls take so much longer: those whose path has this text in it, so many of them."""
        return self._rule(call, path, times, milliseconds=milliseconds)

    def fail(self, call: str, error: int, path: str = "", times: int = -1, milliseconds: int = 0) -> Rule:
        """The calls are not made, and say that they failed, by this errno."""
        return self._rule(call, path, times, error=error, milliseconds=milliseconds)

    def hold(self, call: str, path: str = "", times: int = -1, error: int = 0) -> Rule:
        """The calls wait until the rule's end, and are made then, or fail."""
        return self._rule(call, path, times, holds=1, error=error)

    def forget(self) -> None:
        """Ends every rule, and has room for as many new ones."""
        for number in range(self._used):
            Rule(self._memory, number * RULE.size).end()
        self._used = 0

    def _rule(self, call, path, times, holds=0, milliseconds=0, error=0) -> Rule:
        assert self._used < RULES, "calls/rules.h has no room for more rules"
        at = self._used * RULE.size
        self._used += 1
        RULE.pack_into(
            self._memory, at, 0, holds, milliseconds, error, times, 0, 0, call.encode(), path.encode())
        struct.pack_into("=I", self._memory, at + ARMED, 1)
        return Rule(self._memory, at)
