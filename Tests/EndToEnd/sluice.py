"""The server under test: starts the real binary, kills it, starts it again where it was."""

import hashlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

START_SECONDS = 20
PORT_PAUSE_SECONDS = 0.1
STOP_SECONDS = 20
BLOCK_BYTES = 1 << 20


class Sluice:
    """One data directory and, most of the time, one server process on it."""

    def __init__(self, directory: Path, *options: str, preparation=None):
        """Further options for the command line; `preparation` runs in the new process before it becomes the server."""
        self.binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
        self.data = directory / "data"
        self.log = directory / "server.log"
        self.options = list(options)
        self.preparation = preparation
        # What its environment has beside the tests' own.
        self.environment = {}
        self.port = 0
        self.tls_port = 0
        self._process = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def tls_url(self) -> str:
        return f"https://127.0.0.1:{self.tls_port}/"

    def start(self) -> None:
        """Starts on the ports of the last time, on free ones the first time; returns when both listen.

        While it was down somebody's connection may have taken a port for its own end. That ends.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            said = self.log.stat().st_size if self.log.exists() else 0
            try:
                return self._start()
            except RuntimeError:
                with self.log.open("rb") as log:
                    log.seek(said)
                    is_taken = b"Address already in use" in log.read()
                if not is_taken or time.monotonic() > deadline:
                    raise
            time.sleep(PORT_PAUSE_SECONDS)

    def _start(self) -> None:
        command = [
            self.binary, "serve",
            "--listen", f"127.0.0.1:{self.port}",
            "--listen-tls", f"127.0.0.1:{self.tls_port}",
            "--data", str(self.data),
            "--log-format", "json",
            *self.options,
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=self.preparation,
                env=os.environ | self.environment)
        output = self._process.stdout
        # readline has no time limit of its own: a server that says nothing is killed, which ends the line.
        alarm = threading.Timer(START_SECONDS, self._process.kill)
        alarm.start()
        try:
            while not (self._ready(output.readline())):
                if self._process.poll() is not None:
                    raise RuntimeError(f"the server did not start:\n{self.log_tail()}")
        finally:
            alarm.cancel()
        threading.Thread(target=output.read, daemon=True).start()

    def _ready(self, line: str) -> bool:
        address = line.strip().rstrip("/")
        if address.startswith("http://"):
            self.port = urlsplit(address).port
        if address.startswith("https://"):
            self.tls_port = urlsplit(address).port
            return True
        return False

    def strike(self) -> None:
        """kill -9, and no waiting: no handler runs, nothing is flushed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)

    def kill(self) -> None:
        """kill -9, and waits until the process is gone."""
        self.strike()
        self._process.wait(STOP_SECONDS)

    def restart_after_kill(self) -> None:
        self.kill()
        self.start()

    def terminate(self) -> None:
        """SIGTERM, and no waiting."""
        self._process.terminate()

    def hang_up(self) -> None:
        """SIGHUP: configuration and certificates are read anew."""
        self._process.send_signal(signal.SIGHUP)

    def suspend(self) -> None:
        """SIGSTOP: the process stands still until `proceed`."""
        self._process.send_signal(signal.SIGSTOP)

    def proceed(self) -> None:
        """SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Waits for the end of the process and answers its exit code."""
        return self._process.wait(seconds)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that has ended it."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def finished_files(self) -> list[Path]:
        return sorted(path for path in (self.data / "complete").glob("*/*") if path.is_file())

    def finished(self, location: str) -> Path:
        """The one finished file of the upload at this address."""
        [found] = (self.data / "complete" / location.rpartition("/")[2]).iterdir()
        return found

    def sha256(self, name: str) -> str:
        """Of the one finished file of this name."""
        found = [path for path in self.finished_files() if path.name == name]
        assert len(found) == 1, f"{name}: {len(found)} finished files"
        return sha256(found[0])


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_file(path: Path, size: int, seed: int = 1) -> Path:
    """A file in which no megabyte equals another one, so that a block at the wrong place changes the digest."""
    block = hashlib.shake_256(str(seed).encode()).digest(BLOCK_BYTES)
    with path.open("wb") as file:
        written = 0
        while written < size:
            piece = (written.to_bytes(8, "big") + block[8:])[: size - written]
            file.write(piece)
            written += len(piece)
    return path
