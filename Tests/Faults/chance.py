"""
A server whose operator changes his mind between two starts, on a machine whose system calls wait or fail, while clients
of every dialect upload to it: everything is drawn from the seed.

Three things must hold. The process lives until it is ended, or ends with a reason. No number that was told goes down. An
honest client is served soon where no call waits or fails.
"""

import errno
import signal
import time
from pathlib import Path
from random import Random

from calls import Calls
from kills import MOMENTS, MOMENT_WEIGHTS, Arena, Run
from listeners import Honest, Life, Listener, spawn
from ports import free_port
from uploads import Broken

# What a client is told, and asks again after.
TOLERATED = (
    "stopping", "too-large", "no-space", "io-error", "catalogue-error", "too-many-uploads", "superseded", "not-ready")
# Of an upload that the server takes no more of until its options are others.
ATTEMPTS_MAX = 20_000
LIFE_SECONDS = 2.0
START_TRIES = 5
STOP_SECONDS = 40
OPTIONS = {
    "--max-size": [None, None, "64K", "1M", "3M"],
    "--durability": [None, "power", "process"],
    "--max-uploads": [None, None, "30", "5"],
    "--expire-after": [None, "3600", "604800"],
    "--forget-after": [None, "1", "3600"],
    "--threads": [None, "1", "2", "8"],
    "--buffer-memory": [None, "8M", "16M"],
    "--file-mode": [None, "0600", "0640", "0644"],
    "--informational": [None, None, "off"],
    "--min-rate": [None, "0"],
    "--download": [None, None, "--no-download"],
}
# What may be slow, and what may fail: without an end, a server that does nothing any more would be right.
CALLS = [
    "fdatasync", "fsync", "syncfs", "pread", "pwrite", "pwritev", "ftruncate", "fallocate", "copy_file_range", "openat",
    "mkdirat", "renameat", "unlinkat", "fstatat", "fstatvfs", "getdents"]
PLACES = ["", "/uploads", "/complete", "/journal", "catalogue.sqlite", "-wal"]
ERRORS = [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EINTR, errno.EMFILE, errno.EACCES]
# Ends that a signal of the kernel brings, or a trap of the program: never with a reason.
CRASHES = {-number for number in (
    signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV, signal.SIGFPE, signal.SIGXFSZ,
    signal.SIGPIPE)}


class RandomRun(Run):
    """An arena whose server is started with other options each time."""

    def __init__(self, arena: Arena, directory: Path, honest_seconds: float):
        super().__init__(arena, directory)
        self.workload.tolerated |= set(TOLERATED)
        self.workload.attempts_max = ATTEMPTS_MAX
        self._fixed = list(self.server.options)
        self._admin_port = free_port()
        self._calls = Calls(directory)
        self.server.environment |= self._calls.environment
        self._listener = Listener(self.workload, self._admin_port)
        self._honest = Honest(self.workload, honest_seconds)
        self._draw(Random(f"{arena.seed}/first"))

    def run(self) -> str:
        done = super().run()
        return (f"{done}; {self._listener.count} questions of others, {self._honest.count} honest files, the slowest in "
                f"{self._honest.longest:.2f} s")

    # A life

    def _life(self, dice: Random) -> None:
        life, workload, server = Life(), self.workload, self.server
        moment = dice.choices(list(MOMENTS), MOMENT_WEIGHTS)[0]
        ending = dice.choices(["kill", "stop", "stop and kill"], [7, 2, 1])[0]
        delay = dice.choice([0, 0, dice.uniform(0, 0.01)])
        workload.run(server)
        others = [spawn(self._listener.listen, life, Random(dice.random())), spawn(self._honest.live, life)]
        others.append(spawn(self._trouble, life, Random(dice.random())))

        def end():
            life.is_over = True
            if not server.is_running:
                workload.fail(Broken(f"the process has ended by itself: {server.exit_code}\n{server.log_tail()}"))
            server.proceed()
            if ending != "kill":
                server.terminate()
            time.sleep(delay)
            if ending != "stop":
                server.strike()

        # Most lives have a while of their own.
        time.sleep(dice.choice([0, 0.3, dice.uniform(0, LIFE_SECONDS)]))
        workload.pulse.arm(moment, dice.randint(1, MOMENTS[moment]), lambda: workload.crash(end))
        if not workload.await_crash(LIFE_SECONDS):
            if workload.pulse.disarm():
                workload.crash(end)
            else:
                workload.await_crash(LIFE_SECONDS)
        self._await_end(ending)
        for thread in others:
            thread.join()
        self.kills += 1
        workload.park()
        self._listener.compare()
        workload.verify_files(server.data)
        self._draw(dice)
        self._start(dice)
        if dice.random() < 0.6:
            workload.verify(server)

    def _trouble(self, life: Life, dice: Random) -> None:
        """Calls that wait or fail for a while, and a machine that stands still."""
        while not life.is_over:
            time.sleep(dice.uniform(0, 0.5))
            if life.is_over or dice.random() < 0.4:
                continue
            life.troubled = float("inf")
            if dice.random() < 0.15:
                self.server.suspend()
                time.sleep(dice.uniform(0, 0.4))
                self.server.proceed()
            else:
                rules = [self._rule(dice) for _ in range(dice.randint(1, 3))]
                until = time.monotonic() + dice.uniform(0, 1)
                while not life.is_over and time.monotonic() < until:
                    time.sleep(0.005)
                for rule in rules:
                    rule.end()
            life.troubled = time.monotonic()

    def _rule(self, dice: Random):
        call, place = dice.choice(CALLS), dice.choice(PLACES)
        kind = dice.random()
        if kind < 0.3:
            return self._calls.delay(call, dice.choice([1, 10, 100, 1000]), place, dice.choice([1, 10, -1]))
        if kind < 0.4:
            return self._calls.hold(call, place, dice.choice([1, 3, -1]))
        return self._calls.fail(call, dice.choice(ERRORS), place, dice.choice([1, 1, 3, 20, -1]))

    def _await_end(self, ending: str) -> None:
        """The process is gone, and said why unless it was killed."""
        code = self.server.wait(STOP_SECONDS)
        self._calls.forget()
        expected = {"kill": {-signal.SIGKILL}, "stop": {0, 1}, "stop and kill": {0, 1, -signal.SIGKILL}}[ending]
        if code not in expected:
            raise Broken(f"the process ended with {code} after: {ending}\n{self.server.log_tail()}")

    # A start

    def _draw(self, dice: Random) -> None:
        chosen = {name: dice.choice(values) for name, values in OPTIONS.items()}
        if self.arena.expires_after is not None:
            chosen["--expire-after"] = str(int(self.arena.expires_after))
        switch = chosen.pop("--download")
        pairs = [word for name, value in chosen.items() if value is not None for word in (name, value)]
        self.server.options = ["--listen-admin", f"127.0.0.1:{self._admin_port}", *pairs, *([switch] if switch else [])]

    def _start(self, dice: Random) -> None:
        """Starts the server, at times while calls fail: then it may give up, and says why."""
        if dice.random() < 0.2:
            rules = [self._rule(dice) for _ in range(dice.randint(1, 2))]
            pause = spawn(lambda: (time.sleep(1), [rule.end() for rule in rules]))
            try:
                self.server.start()
                pause.join()
                self._calls.forget()
                return
            except RuntimeError as error:
                code = self.server.wait(STOP_SECONDS)
                if code in CRASHES or not str(error).strip().partition("\n")[2]:
                    raise Broken(f"a start ended with {code}: {error}") from None
            pause.join()
            self._calls.forget()
        try:
            self.server.start()
        except RuntimeError as error:
            raise Broken(f"{self.server.options}: {error}") from None

    def _calm(self) -> None:
        self.server.stop()
        self.server.options = self._fixed
        self.server.start()


def fight(arena: Arena, directory: str, honest_seconds: float) -> str:
    """For a process of its own."""
    return RandomRun(arena, Path(directory), honest_seconds).run()
