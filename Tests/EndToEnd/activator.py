"""A service manager as small as can be: it holds the listening sockets and starts the server with them, as systemd does."""

import fcntl
import os
import signal
import socket
import subprocess
from pathlib import Path

START_SECONDS = 30
BACKLOG = 4096
# Above the numbers that the sockets get in the server (3, 4, …).
HIGH_DESCRIPTOR = 32


def listening(address=("127.0.0.1", 0), kind=socket.SOCK_STREAM) -> socket.socket:
    """A socket that a server may inherit."""
    listener = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    if kind == socket.SOCK_STREAM:
        listener.listen(BACKLOG)
    return listener


def binary() -> str:
    return os.environ.get("SLUICE_BINARY", ".build/release/sluice")


class Activator:
    """Sockets by name, and at most one server process that has them."""

    def __init__(self, directory: Path, sockets: dict[str, socket.socket], *options: str, abstract=False):
        self.data = directory / "data"
        self.log = directory / "server.log"
        self.sockets = sockets
        self.options = ["--data", str(self.data), "--log-format", "json", *options]
        self.environment: dict[str, str] = {}
        name = f"@sluice-test-{os.getpid()}-{id(self)}" if abstract else str(directory / "notify")
        self._notify_name = name
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind("\0" + name[1:] if abstract else name)
        self._notify.settimeout(START_SECONDS)
        self.process: subprocess.Popen | None = None

    def port(self, name: str) -> int:
        return self.sockets[name].getsockname()[1]

    def launch(self, names: str | None = None, listen_pid: str = "$$") -> None:
        """Starts the server, and does not wait. `names` replaces the sockets' own names."""
        numbers = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, HIGH_DESCRIPTOR) for one in self.sockets.values()]
        # The shell puts each socket where the protocol wants it, and becomes the server: the process stays the same.
        moves = "".join(f"exec {3 + index}<&{number} {number}<&-\n" for index, number in enumerate(numbers))
        script = f'{moves}export LISTEN_PID={listen_pid}\nexec "$@"\n'
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": self._notify_name,
            "LISTEN_FDS": str(len(numbers)),
            "LISTEN_FDNAMES": ":".join(self.sockets) if names is None else names,
            **self.environment,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", script, "bash", binary(), "serve", *self.options],
                env=environment, pass_fds=numbers, stdout=subprocess.PIPE, stderr=log)
        for number in numbers:
            os.close(number)

    def start(self) -> None:
        """Starts the server and returns when it says that it is ready."""
        self.launch()
        try:
            while "READY" not in self.told():
                pass
        except TimeoutError:
            self.kill()
            raise RuntimeError(f"the server did not get ready:\n{self.log_tail()}") from None

    def told(self) -> dict[str, str]:
        """The next message of the server."""
        lines = self._notify.recv(4096).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)

    def told_until(self, name: str) -> list[dict[str, str]]:
        """Its messages up to the first one with that assignment."""
        messages = [self.told()]
        while name not in messages[-1]:
            messages.append(self.told())
        return messages

    def terminate(self) -> None:
        self.process.terminate()

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def wait(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        self.kill()
        self._notify.close()
        for one in self.sockets.values():
            one.close()

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""
