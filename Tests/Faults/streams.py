"""
Connections of HTTP/2 that many clients share, as behind a proxy that multiplexes: each has what looks like a connection
of its own (`Lane`), and is a stream among others.
"""

import threading
import time

import h2.errors
import h2.events
import h2.exceptions

from wire import Closed
from wire2 import SLICE_SECONDS, Line2


class SharedLine(Line2):
    """One connection, read by a thread of its own for whoever waits."""

    def __init__(self, port: int, tls: bool, seconds: float):
        super().__init__(port, tls, seconds)
        self.seconds = seconds
        self.changed = threading.Condition(self._lock)
        self.ended: str | None = None
        # Streams past it were not heard, and none may begin.
        self.last: int | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while self.ended is None:
            try:
                if not self._is_readable(SLICE_SECONDS):
                    continue
                with self.changed:
                    if self._is_readable(0):
                        self._read()
                    self.changed.notify_all()
            except (OSError, Closed, ValueError, h2.exceptions.ProtocolError) as error:
                self.end(f"{type(error).__name__} {error}")

    def end(self, reason: str) -> None:
        """Nothing more is said or heard here."""
        with self.changed:
            self.ended = self.ended or reason
            super().close()
            self.changed.notify_all()

    def _note(self, event) -> None:
        if isinstance(event, h2.events.ConnectionTerminated):
            self.last = event.last_stream_id
        super()._note(event)

    @property
    def takes_more(self) -> bool:
        return self.ended is None and self.last is None

    def begin(self, method: str, target: str, fields, length: int | None) -> tuple[int, int | None]:
        """A new stream, and how many bytes it owes."""
        with self.changed:
            if not self.takes_more:
                raise Closed(self.ended or "the server has said good-bye")
            stream = self.head(method, target, fields, length)
            return stream, self._owed

    def send_some(self, stream: int, view: memoryview, owed: int | None) -> memoryview:
        """Sends what may be sent, after a wait for that. What is left."""
        self.wait(stream, lambda: self.h2.local_flow_control_window(stream) > 0)
        with self.changed:
            self._owed = owed
            return self._send_some(stream, view)

    def finish(self, stream: int, trailers) -> None:
        with self.changed:
            self.stream = stream
            self.last_chunk(trailers)

    def next(self, stream: int):
        """What comes next for a stream."""
        self.wait(stream, lambda: self._events[stream])
        with self.changed:
            return self._events[stream].pop(0)

    def wait(self, stream: int, holds) -> None:
        """Until something holds; a stream that has ended has nothing to wait for."""
        def is_over():
            return self.ended or stream in self.resets or self.last is not None and stream > self.last

        def holds_now():
            try:
                return holds()
            except h2.exceptions.ProtocolError as error:
                raise BrokenPipeError(str(error)) from None

        end = time.monotonic() + self.seconds
        with self.changed:
            while not holds_now():
                if reason := is_over():
                    raise Closed(f"stream {stream}: {reason}, {self.resets.get(stream)!r}")
                if not self.changed.wait(max(0, end - time.monotonic())):
                    raise TimeoutError(f"stream {stream}: nothing has come for {self.seconds} s")

    def leave(self, stream: int) -> None:
        """Nobody waits for the stream any more."""
        with self.changed:
            self._events.pop(stream, None)
            if self.ended is not None or stream in self.resets:
                return
            try:
                self.reset_stream(h2.errors.ErrorCodes.CANCEL, stream)
            except (OSError, h2.exceptions.ProtocolError):
                # It had ended.
                pass


class Lane:
    """What looks like a connection: one stream after the other of a connection that others use as well."""

    # They ask `_next` for what comes.
    answer = Line2.answer
    message = Line2.message

    def __init__(self, line: SharedLine):
        self._line = line
        self._owed = None
        self.stream = None

    def head(self, method: str, target: str, fields=(), length: int | None = None) -> None:
        self.close()
        self.stream, self._owed = self._line.begin(method, target, fields, length)

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                rest = self._line.send_some(self.stream, view, self._owed)
            except Closed as error:
                raise BrokenPipeError(str(error)) from None
            if self._owed is not None:
                self._owed -= len(view) - len(rest)
            view = rest

    chunk = send

    def last_chunk(self, trailers=()) -> None:
        self._line.finish(self.stream, trailers)

    def _next(self, stream: int):
        return self._line.next(stream)

    def reset(self) -> None:
        """A network that is lost takes all streams with it."""
        self._line.end("it was lost")

    def close(self) -> None:
        if self.stream is not None:
            self._line.leave(self.stream)
        self.stream = None


class Pool:
    """So many connections to each door, made when they are needed."""

    def __init__(self, count: int, seconds: float):
        self._count, self._seconds = count, seconds
        self._lines: dict[tuple, SharedLine] = {}
        self._lock = threading.Lock()
        self.streams = 0

    def lane(self, port: int, tls: bool, number: int) -> Lane:
        key = (port, number % self._count)
        with self._lock:
            line = self._lines.get(key)
            if line is None or not line.takes_more:
                line = self._lines[key] = SharedLine(port, tls, self._seconds)
            self.streams += 1
            return Lane(line)

    def close(self) -> None:
        with self._lock:
            for line in self._lines.values():
                line.end("the test is over")
            self._lines.clear()


