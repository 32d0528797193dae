"""A TCP proxy between browser and server that cuts, holds, delays and (without TLS) reads what passes."""

import asyncio
import socket
import struct
import threading
from dataclasses import dataclass, field

PIECE_BYTES = 64 << 10
# Small buffers: what the browser has sent and what the server has received stay close together.
SOCKET_BUFFER_BYTES = 128 << 10
KEPT_ANSWER_BYTES = 4096
CONNECT_SECONDS = 5


@dataclass
class Exchange:
    """One request as it passed, and its answer if one came."""

    method: str
    target: str
    headers: dict[str, str]
    body_bytes: int = 0
    status: int | None = None
    reason: str = ""
    answer: bytes = b""
    answer_headers: dict[str, str] = field(default_factory=dict)

    @property
    def file_id(self) -> str | None:
        return self.headers.get("x-file-id")

    @property
    def start(self) -> int:
        return int(self.headers["x-start-byte"])


class _Messages:
    """Splits one direction of an HTTP/1.1 connection into heads and bodies with a Content-Length."""

    def __init__(self, on_head, on_body):
        self._buffer, self._left = b"", 0
        self._on_head, self._on_body = on_head, on_body

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while self._buffer:
            if self._left > 0:
                piece, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
                self._left -= len(piece)
                self._on_body(piece)
                continue
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._buffer = rest
            first, *lines = head.decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            self._left = self._on_head(first, headers)


class _Tap:
    """Pairs the requests and answers of one connection. Reading is serial per direction; the list is shared."""

    def __init__(self, exchanges: list[Exchange]):
        self._exchanges = exchanges
        self._unanswered: list[Exchange] = []
        self._current: Exchange | None = None
        self._answered: Exchange | None = None
        self.up = _Messages(self._request, self._request_body)
        self.down = _Messages(self._answer, self._answer_body)

    def _request(self, line: str, headers: dict[str, str]) -> int:
        method, target, _ = line.split(" ", 2)
        self._current = Exchange(method, target, headers)
        self._unanswered.append(self._current)
        self._exchanges.append(self._current)
        return int(headers.get("content-length", 0))

    def _request_body(self, piece: bytes) -> None:
        self._current.body_bytes += len(piece)

    def _answer(self, line: str, headers: dict[str, str]) -> int:
        _, status, reason = (line + " ").split(" ", 2)
        if 100 <= int(status) < 200:
            return 0
        self._answered = self._unanswered.pop(0)
        self._answered.status, self._answered.reason = int(status), reason.strip()
        self._answered.answer_headers = headers
        assert "transfer-encoding" not in headers, "the proxy reads answers with a Content-Length only"
        bodiless = self._answered.method == "HEAD" or int(status) in (204, 304)
        return 0 if bodiless else int(headers.get("content-length", 0))

    def _answer_body(self, piece: bytes) -> None:
        self._answered.answer = (self._answered.answer + piece)[:KEPT_ANSWER_BYTES]


@dataclass(eq=False)
class _Link:
    """One proxied connection."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    tap: _Tap | None
    era: int
    passed: int = 0  # bytes from the client, since the last cut or hold was armed

    def end(self, reset: bool) -> None:
        for end in (self.client, self.server):
            if reset and not end.is_closing():
                # Lingering for no time makes the kernel send RST; what is still buffered is dropped.
                raw = end.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.transport.abort()
            elif not reset:
                end.close()


class Proxy:
    """
    Forwards to the server's port; while nobody listens there it resets its own connections too.
    The line lives on one event loop in a thread of its own; tests call from theirs, `changed` guards what both use.
    """

    def __init__(self, server_port: int, tls: bool = False, delay_seconds: float = 0):
        """Each direction takes `delay_seconds`; so does the handshake, at the cost of the first bytes."""
        self.exchanges: list[Exchange] = []
        self.changed = threading.Condition()
        self.cuts = 0
        self.held = 0
        self._server_port, self._tls, self._delay = server_port, tls, delay_seconds
        self._cut_after = self._hold_after = None
        self._cut_resets = True
        self._era = 0
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._released = asyncio.Event()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()

    # What a test does to the line.

    def cut_after(self, count: int, reset: bool = True) -> None:
        """Cuts the first connection that sends `count` more bytes, once: with RST, or with FIN in both directions."""
        with self.changed:
            self._cut_after, self._cut_resets = count, reset
            self._era += 1

    def hold_after(self, count: int) -> None:
        """Every connection that sends `count` more bytes gets stuck until `release`: both ends live, nothing moves."""
        with self.changed:
            self._hold_after = count
            self._era += 1
            self._loop.call_soon_threadsafe(self._released.clear)

    def release(self) -> None:
        with self.changed:
            self._hold_after = None
            self._loop.call_soon_threadsafe(self._released.set)

    def cut_all(self) -> None:
        """Resets every connection of this moment."""
        self._loop.call_soon_threadsafe(lambda: [link.end(reset=True) for link in list(self._links)])
        self.release()

    def waits(self, condition, seconds: float = 30) -> bool:
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def wait(self, condition, seconds: float = 30) -> None:
        assert self.waits(condition, seconds), "the proxy waited in vain"

    def close(self) -> None:
        self.cut_all()
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.call_later, 0.05, self._loop.stop)
        self._thread.join()

    # What a test reads.

    def asked(self, file_id: str | None = None) -> list[Exchange]:
        return self._of("GET", "/status", file_id)

    def appends(self, file_id: str | None = None) -> list[Exchange]:
        return self._of("POST", "/upload", file_id)

    def creations(self) -> list[Exchange]:
        return self._of("POST", "/files", None)

    def heads(self) -> list[Exchange]:
        """Questions for an offset."""
        return [exchange for exchange in list(self.exchanges)
                if exchange.method == "HEAD" and "tus-resumable" in exchange.headers]

    def patches(self) -> list[Exchange]:
        return [exchange for exchange in list(self.exchanges) if exchange.method == "PATCH"]

    def removals(self) -> list[Exchange]:
        return [exchange for exchange in list(self.exchanges) if exchange.method == "DELETE"]

    def _of(self, method: str, target: str, file_id: str | None) -> list[Exchange]:
        return [
            exchange for exchange in list(self.exchanges)
            if exchange.method == method and exchange.target.endswith(target) and file_id in (None, exchange.file_id)
        ]

    # The line.

    def _run(self, listener: socket.socket) -> None:
        asyncio.set_event_loop(self._loop)
        # The streams' own limit bounds what is read ahead of a hold or a cut.
        serve = asyncio.start_server(self._connected, sock=listener, limit=PIECE_BYTES)
        self._server = self._loop.run_until_complete(serve)
        self._loop.run_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
        raw.setblocking(False)
        try:
            await self._loop.sock_connect(raw, ("127.0.0.1", self._server_port))
        except OSError:
            raw.close()
            writer.transport.abort()
            return
        server_reader, server = await asyncio.open_connection(sock=raw, limit=PIECE_BYTES)
        link = _Link(writer, server, None if self._tls else _Tap(self.exchanges), self._era)
        self._links.add(link)
        try:
            await asyncio.gather(self._up(link, reader), self._down(link, server_reader))
            link.end(reset=False)
        except OSError:
            link.end(reset=True)
        finally:
            self._links.discard(link)

    async def _up(self, link: _Link, reader: asyncio.StreamReader) -> None:
        await asyncio.sleep(2 * self._delay)
        async for data in self._delayed(reader):
            await self._pass_hold(link, len(data))
            allowed = self._take_cut(link, len(data))
            # Read before it is sent: an answer cannot be seen before its request.
            with self.changed:
                if link.tap:
                    link.tap.up.feed(data[:allowed])
                self.changed.notify_all()
            link.server.write(data[:allowed])
            await link.server.drain()
            if allowed is not None:
                return link.end(self._cut_resets)
        link.server.write_eof()

    async def _down(self, link: _Link, reader: asyncio.StreamReader) -> None:
        async for data in self._delayed(reader):
            with self.changed:
                if link.tap:
                    link.tap.down.feed(data)
                self.changed.notify_all()
            link.client.write(data)
            await link.client.drain()
        if self._hold_after is not None:
            # Nothing more gets through to the server, so the client has nobody to talk to.
            return link.end(reset=False)
        # What the client still sends goes on to the server: one that refuses early wants its answer to be read.
        link.client.write_eof()

    async def _delayed(self, reader: asyncio.StreamReader):
        """What comes, as long after it came as the line is long."""
        if not self._delay:
            while data := await reader.read(PIECE_BYTES):
                yield data
            return
        line, loop = asyncio.Queue(), asyncio.get_running_loop()

        async def fill():
            data = b"-"
            while data:
                try:
                    data = await reader.read(PIECE_BYTES)
                except OSError:
                    data = b""
                line.put_nowait((loop.time() + self._delay, data))

        filling = asyncio.create_task(fill())
        try:
            while True:
                due, data = await line.get()
                await asyncio.sleep(due - loop.time())
                if not data:
                    return
                yield data
        finally:
            filling.cancel()

    async def _pass_hold(self, link: _Link, count: int) -> None:
        with self.changed:
            if link.era != self._era:
                link.era, link.passed = self._era, 0
            link.passed += count
            if self._hold_after is None or link.passed < self._hold_after:
                return
            self.held += 1
            self.changed.notify_all()
        await self._released.wait()
        with self.changed:
            self.held -= 1

    def _take_cut(self, link: _Link, count: int) -> int | None:
        """How many of these bytes may still pass if the connection is to be cut here, else None."""
        with self.changed:
            if self._cut_after is None or link.era != self._era or link.passed < self._cut_after:
                return None
            allowed = count - (link.passed - self._cut_after)
            self._cut_after = None
            self.cuts += 1
            return allowed
