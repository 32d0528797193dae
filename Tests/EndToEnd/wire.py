"""HTTP by hand: says exactly what a test wants said, and reads everything that comes back, 1xx answers too."""

import base64
import socket
import ssl
from dataclasses import dataclass, field

ANSWER_SECONDS = 30
READ_BYTES = 1 << 16

# The server under test has a certificate that nobody has signed. One context for all: making one takes milliseconds.
TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TRUSTING.check_hostname = False
TRUSTING.verify_mode = ssl.CERT_NONE


class Fields(list):
    """Name-value pairs in the order of the wire, found by lower-case name."""

    def __getitem__(self, name):
        if isinstance(name, str):
            value = self.get(name)
            if value is None:
                raise KeyError(name)
            return value
        return super().__getitem__(name)

    def __contains__(self, name):
        return self.get(name) is not None

    def get(self, name, default=None):
        values = [value for key, value in self if key == name.lower()]
        return ", ".join(values) if values else default


@dataclass
class Answer:
    status: int
    reason: str
    fields: Fields
    body: bytes = b""
    # The 1xx answers that came before.
    interim: list["Answer"] = field(default_factory=list)

    @property
    def offset(self) -> int:
        return int(self.fields["upload-offset"])

    @property
    def location(self) -> str:
        return self.fields["location"]

    @property
    def code(self) -> str | None:
        return self.fields.get("x-error-code")


class Closed(Exception):
    """The server ended the connection where an answer was expected."""


class Ending:
    """How a connection ends, whatever it speaks."""

    _socket: socket.socket

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def reset(self) -> None:
        """Breaks the connection as a lost network does when the other end answers for it: with RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._socket.close()

    def half_close(self) -> None:
        """Says that nothing more will be sent; answers can still be read."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()


class Line1(Ending):
    """One connection of HTTP/1.1."""

    def __init__(self, port: int, tls: bool = False, seconds: float = ANSWER_SECONDS):
        raw = socket.create_connection(("127.0.0.1", port), seconds)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            raw = TRUSTING.wrap_socket(raw)
        self._socket = raw
        self._input = bytearray()

    def head(self, method: str, target: str, fields=(), length: int | None = None) -> None:
        """Sends a request head. `length` is the Content-Length, left out if None."""
        pairs = list(fields.items() if isinstance(fields, dict) else fields)
        if not any(name.lower() == "host" for name, _ in pairs):
            pairs.insert(0, ("Host", "upload.test"))
        if length is not None:
            pairs.append(("Content-Length", str(length)))
        lines = [f"{method} {target} HTTP/1.1"] + [f"{name}: {value}" for name, value in pairs]
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def chunk(self, data: bytes) -> None:
        self.send(b"%x\r\n%s\r\n" % (len(data), data))

    def last_chunk(self, trailers=()) -> None:
        lines = [f"{name}: {value}\r\n" for name, value in dict(trailers).items()]
        self.send(b"0\r\n" + "".join(lines).encode("latin-1") + b"\r\n")

    def request(self, method: str, target: str, fields=(), body: bytes | None = None) -> Answer:
        """Sends all of a request, and reads its answer. A server that refuses early may stop reading: that is fine."""
        self.head(method, target, fields, None if body is None else len(body))
        if body:
            try:
                self.send(body)
            except (BrokenPipeError, ConnectionResetError):
                pass
        return self.answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """The final answer, with the interim ones before it."""
        interim = []
        while True:
            answer = self.message(method)
            if answer.status >= 200:
                answer.interim = interim
                return answer
            interim.append(answer)

    def message(self, method: str = "GET") -> Answer:
        """The next answer, interim or final."""
        while b"\r\n\r\n" not in self._input:
            self._more()
        head, _, self._input = self._input.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, reason = (first + " ").split(" ", 2)
        assert version == "HTTP/1.1"
        pairs = (line.partition(":") for line in lines)
        fields = Fields((name.lower(), value.strip()) for name, _, value in pairs)
        answer = Answer(int(status), reason.strip(), fields)
        if answer.status < 200 or answer.status in (204, 304):
            assert "content-length" not in fields and "transfer-encoding" not in fields
        elif method != "HEAD" and "content-length" not in fields:
            answer.body = self.until_end()
        elif method != "HEAD":
            count = int(fields["content-length"])
            while len(self._input) < count:
                self._more()
            answer.body = bytes(self._input[:count])
            del self._input[:count]
        return answer

    def is_closed(self) -> bool:
        """Waits until the server ends the connection; false if it says something instead."""
        if self._input:
            return False
        try:
            return self._socket.recv(1) == b""
        except ConnectionError:
            return True

    def until_end(self) -> bytes:
        """Everything that comes before the server ends the connection."""
        try:
            while True:
                self._more()
        except Closed:
            return bytes(self._input)

    def _more(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except ConnectionError as error:
            raise Closed(str(error)) from None
        if not data:
            raise Closed(f"after {self._input!r}")
        self._input += data


# What `Line` and `ask` speak: the fixture `protocol` has a test run over both.
spoken = "HTTP/1.1"


def speak(protocol: str) -> None:
    global spoken
    spoken = protocol


def Line(port: int, tls: bool = False, seconds: float = ANSWER_SECONDS):
    """One connection of what is spoken."""
    if spoken == "HTTP/1.1":
        return Line1(port, tls, seconds)
    from wire2 import Line2
    return Line2(port, tls, seconds)


def ask(port: int, method: str, target: str, fields=(), body: bytes | None = None, tls: bool = False) -> Answer:
    """One request on a connection of its own."""
    with Line(port, tls) as line:
        return line.request(method, target, fields, body)


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def pattern(size: int, seed: int = 1) -> bytes:
    """Bytes in which no kilobyte equals another."""
    block = bytes((seed * 31 + index * 7) % 251 for index in range(1016))
    return b"".join(index.to_bytes(8, "big") + block for index in range(size // 1024 + 1))[:size]
