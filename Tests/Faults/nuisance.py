"""What else comes in over an open port: garbage, half requests, connections that say nothing, people who download."""

import socket
import threading
from random import Random

from uploads import Broken, Upload
from wire import Closed, Line, ask
from workload import Workload

LINGERING_MAX = 6
REST_SECONDS = 0.3
DOWN_SECONDS = 0.2
HEAD = b"POST /files HTTP/1.1\r\nHost: upload.test\r\n"
TUS = b"Tus-Resumable: 1.0.0\r\n"
GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300),
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 40_000,
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 50,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"PATCH /files/00000000000000000000000000000000 HTTP/1.1\r\nHost: a\r\n" + TUS
    + b"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: 5\r\n\r\nhello",
    b"PUT /files/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nno",
    HEAD + b"Content-Length: 10\r\nContent-Length: 11\r\n\r\n",
    HEAD + b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
    HEAD + TUS + b"Upload-Length: 99999999999999999999\r\n\r\n",
    HEAD + TUS + b"Upload-Length: 900000000000000\r\n\r\n",
    HEAD + TUS + b"Upload-Length: 5\r\nUpload-Metadata: \xff\xfe ,,\r\n\r\n",
    HEAD + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 60\r\n\r\n--x\r\nContent-Dispos",
]


class Nuisance(threading.Thread):
    """One who does something every now and then, as long as the server is there."""

    def __init__(self, workload: Workload, seed: str, rest_seconds: float):
        super().__init__(daemon=True)
        self.workload, self.dice, self.rest_seconds = workload, Random(seed), rest_seconds
        self.count = 0
        self.paused, self.resting, self.over = threading.Event(), threading.Event(), threading.Event()

    def run(self) -> None:
        while not self.over.wait(self.dice.uniform(0, 2 * self.rest_seconds)):
            if self.paused.is_set():
                self.let_go()
                self.resting.set()
                continue
            self.resting.clear()
            try:
                self.act(self.workload.server)
                self.count += 1
            except Broken as error:
                self.workload.fail(error)
            except (OSError, Closed):
                self.over.wait(DOWN_SECONDS)
        self.let_go()

    def pause(self) -> None:
        """Ends every connection; returns when that is so."""
        self.resting.clear()
        self.paused.set()
        while not self.resting.wait(0.1) and self.is_alive():
            pass

    def proceed(self) -> None:
        self.paused.clear()

    def act(self, server) -> None:
        raise NotImplementedError

    def let_go(self) -> None:
        """Ends what is still open."""


class Vandal(Nuisance):
    """Sends what nobody should, and leaves connections standing."""

    def __init__(self, workload, seed, rest_seconds=REST_SECONDS):
        super().__init__(workload, seed, rest_seconds)
        self._lingering: list[socket.socket] = []

    def act(self, server) -> None:
        if self.dice.random() < 0.1:
            answer = ask(server.port, "GET", "/healthz")
            if answer.status != 200:
                raise Broken(f"not healthy: {answer.status} {answer.body!r}")
        tls = self.dice.random() < 0.3
        port = server.tls_port if tls else server.port
        if tls and self.dice.random() < 0.5:
            with Line(port, tls=True, seconds=5) as line:
                line.send(self.garbage())
                return
        raw = socket.create_connection(("127.0.0.1", port), 5)
        raw.sendall(self.garbage())
        manner = self.dice.choice(["close", "read", "reset", "linger"])
        if manner == "linger":
            self._lingering.append(raw)
            if len(self._lingering) > LINGERING_MAX:
                self._lingering.pop(0).close()
            return
        if manner == "read":
            raw.settimeout(0.5)
            try:
                raw.recv(1 << 16)
            except TimeoutError:
                pass
        if manner == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        raw.close()

    def garbage(self) -> bytes:
        if self.dice.random() < 0.3:
            return self.dice.randbytes(self.dice.randint(0, 5000))
        garbage = self.dice.choice(GARBAGE)
        return garbage[: self.dice.randint(0, len(garbage))] if self.dice.random() < 0.3 else garbage

    def let_go(self) -> None:
        for raw in self._lingering:
            raw.close()
        self._lingering.clear()


class Reader(Nuisance):
    """Downloads what is finished, whole or in part, and compares it; at times goes away in the middle."""

    def act(self, server) -> None:
        finished = [upload for upload in list(self.workload.uploads) if upload.delivered()]
        if not finished:
            return
        upload: Upload = self.dice.choice(finished)
        location, accepted = self.dice.choice(upload.delivered() or [("", [])])
        if not accepted:
            return
        first = self.dice.randint(0, accepted[0].size - 1) if accepted[0].size and self.dice.random() < 0.4 else None
        fields = {} if first is None else {"Range": f"bytes={first}-"}
        tls = self.dice.random() < 0.5
        with Line(server.tls_port if tls else server.port, tls) as line:
            line.head("GET", location, fields)
            if self.dice.random() < 0.1:
                return
            answer = line.answer()
        if answer.status == 404 and (upload not in self.workload.uploads or not upload.delivered()):
            return
        if answer.status != (200 if first is None else 206):
            raise upload.fail(f"a download is answered {answer.status} ({answer.code})")
        # It may have been replaced meanwhile.
        contents = {*accepted, *upload.accepted, *(content for _, each in upload.delivered() for content in each)}
        if not any(answer.body == content.data[first or 0 :] for content in contents):
            raise upload.fail(f"a download of {len(answer.body)} bytes from {first or 0} on is not what was sent")
        if upload.done:
            upload.settled()
