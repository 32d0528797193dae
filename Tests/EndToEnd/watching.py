"""Server-sent events, read as a browser reads them: from a socket, by the rules of the HTML standard."""

import json
import socket
import threading
from dataclasses import dataclass

from waiting import eventually

SECONDS_MAX = 60
READ_BYTES = 1 << 16


@dataclass
class Event:
    kind: str
    id: str | None
    data: dict


class Watcher:
    """One stream. `events` grows as they come; `ended` is set when the server has ended it."""

    def __init__(self, port: int, path: str, fields: dict[str, str] | None = None, *, reads: bool = True,
                 receive_bytes: int | None = None):
        self.events: list[Event] = []
        self.ended = threading.Event()
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(SECONDS_MAX)
        self.socket.connect(("127.0.0.1", port))
        head = "".join(f"{name}: {value}\r\n" for name, value in (fields or {}).items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode())
        self._rest = b""
        while b"\r\n\r\n" not in self._rest:
            piece = self.socket.recv(READ_BYTES if reads else 1)
            assert piece, "no answer"
            self._rest += piece
        text, _, self._rest = self._rest.partition(b"\r\n\r\n")
        self.status = int(text.split()[1])
        self.head = text.decode().lower()
        if reads:
            self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def read(self) -> None:
        """Begins to read."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            while True:
                blocks = self._rest.split(b"\n\n")
                self._rest = blocks.pop()
                for block in blocks:
                    self._take(block.decode())
                piece = self.socket.recv(READ_BYTES)
                if not piece:
                    break
                self._rest += piece
        except OSError:
            pass
        self.ended.set()

    def _take(self, block: str) -> None:
        parts = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "event" in parts:
            self.events.append(Event(parts["event"], parts.get("id"), json.loads(parts["data"])))

    def kinds(self, upload: str) -> list[str]:
        """What was told of one upload, progress aside."""
        return [one.kind for one in self.events
                if one.kind != "progress" and one.data.get("upload", one.data).get("id") == upload]

    def wait(self, upload: str, *kinds: str) -> None:
        eventually(lambda: self.kinds(upload) == list(kinds), f"{kinds} of {upload}, not {self.kinds(upload)}")
