"""HTTP/2 with the words of `wire.Line`: a test that says what a client wants said can say it over either."""

import errno
import select
import socket
import ssl
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from wire import ANSWER_SECONDS, READ_BYTES, Answer, Closed, Ending, Fields

TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TRUSTING.check_hostname = False
TRUSTING.verify_mode = ssl.CERT_NONE
TRUSTING.set_alpn_protocols(["h2"])

# What HTTP/1.1 says of its connection, and HTTP/2 in other ways.
CONNECTION_FIELDS = {"host", "connection", "transfer-encoding", "keep-alive", "te"}


SLICE_SECONDS = 0.05


class Line2(Ending):
    """One connection, which a test uses for one request after the other: each on a stream of its own. One thread may
    send while another reads."""

    def __init__(self, port: int, tls: bool | ssl.SSLContext = False, seconds: float = ANSWER_SECONDS, before: bytes = b""):
        """`before` is what a proxy says in front of everything."""
        raw = socket.create_connection(("127.0.0.1", port), seconds)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.sendall(before)
        if tls:
            raw = (TRUSTING if tls is True else tls).wrap_socket(raw)
            assert raw.selected_alpn_protocol() == "h2"
        self._socket = raw
        self._seconds = seconds
        # When something has come last, whichever thread has read it.
        self._heard = time.monotonic()
        self._lock = threading.RLock()
        self._scheme = "https" if tls else "http"
        # The tests say what the standard forbids, too.
        config = h2.config.H2Configuration(
            client_side=True, header_encoding="latin-1", validate_outbound_headers=False,
            normalize_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        # Nothing here is to be held up by the client's own windows.
        self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 28})
        self.h2.increment_flow_control_window(1 << 28)
        self.stream = None
        # Bytes that the request still owes; None where only its end will tell, 0 where it has ended.
        self._owed = 0
        self._events = {}
        self._input = bytearray()
        self.resets = {}
        self.goodbye = None
        self._pongs = 0
        self._flush()

    # The request

    def head(self, method: str, target: str, fields=(), length: int | None = None) -> int:
        """Begins a request, on a new stream whose number is answered. `length` is the Content-Length."""
        pairs = list(fields.items() if isinstance(fields, dict) else fields)
        host = next((value for name, value in pairs if name.lower() == "host"), "upload.test")
        chunked = any(name.lower() == "transfer-encoding" for name, _ in pairs)
        told = next((int(value) for name, value in pairs if name.lower() == "content-length"), length)
        block = [(":method", method), (":scheme", self._scheme), (":authority", host), (":path", target)]
        block += [(name.lower(), str(value).strip(" \t")) for name, value in pairs if name.lower() not in CONNECTION_FIELDS]
        if length is not None:
            block.append(("content-length", str(length)))
        self._owed = None if chunked else told or 0
        return self.open(block, end=self._owed == 0)

    def open(self, block, end: bool = False) -> int:
        """Begins a request with exactly these fields."""
        # Nothing more is heard of the stream before: what has come of it counts for nothing.
        self.stream = self.h2.get_next_available_stream_id()
        self._events[self.stream] = []
        try:
            self.h2.send_headers(self.stream, block, end_stream=end)
        except h2.exceptions.ProtocolError as error:
            raise Closed(str(error)) from None
        self._flush()
        return self.stream

    def send(self, data: bytes, stream: int | None = None) -> None:
        """Sends content. The last byte of what the length has promised ends the stream."""
        stream = stream or self.stream
        view = memoryview(data)
        while view:
            self._check(stream)
            with self._lock:
                rest = self._send_some(stream, view)
            if len(rest) == len(view):
                self._more()
            view = rest

    def _send_some(self, stream, view):
        """Sends a frame, where there is room. What is left to be sent."""
        try:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(view))
        except h2.exceptions.ProtocolError as error:
            raise BrokenPipeError(str(error)) from None
        if room <= 0:
            return view
        piece, view = view[:room], view[room:]
        if self._owed is not None:
            self._owed -= len(piece)
        try:
            self.h2.send_data(stream, bytes(piece), end_stream=self._owed == 0)
        except h2.exceptions.ProtocolError as error:
            raise BrokenPipeError(str(error)) from None
        self._flush()
        return view

    def _check(self, stream):
        if stream in self.resets or self.goodbye is not None:
            raise BrokenPipeError(f"stream {stream}: {self.resets.get(stream)}")

    def chunk(self, data: bytes) -> None:
        self.send(data)

    def last_chunk(self, trailers=()) -> None:
        pairs = [(name.lower(), value) for name, value in dict(trailers).items()]
        try:
            if pairs:
                self.h2.send_headers(self.stream, pairs, end_stream=True)
            else:
                self.h2.end_stream(self.stream)
        except h2.exceptions.ProtocolError as error:
            raise BrokenPipeError(str(error)) from None
        self._flush()

    def reset_stream(self, code=h2.errors.ErrorCodes.CANCEL, stream: int | None = None) -> None:
        self.h2.reset_stream(stream or self.stream, code)
        self._flush()

    def request(self, method: str, target: str, fields=(), body: bytes | None = None) -> Answer:
        """Sends all of a request, and reads its answer. A server that refuses early may stop reading: that is fine."""
        self.head(method, target, fields, None if body is None else len(body))
        if body:
            try:
                self.send(body)
            except (BrokenPipeError, ConnectionResetError, h2.exceptions.ProtocolError):
                pass
        return self.answer(method)

    # The answer

    def answer(self, method: str = "GET", stream: int | None = None) -> Answer:
        """The final answer, with the interim ones before it."""
        interim = []
        while True:
            answer = self.message(method, stream)
            if answer.status >= 200:
                answer.interim = interim
                return answer
            interim.append(answer)

    def message(self, method: str = "GET", stream: int | None = None) -> Answer:
        """The next answer, interim or final."""
        stream = stream or self.stream
        event = self._next(stream)
        assert isinstance(event, (h2.events.ResponseReceived, h2.events.InformationalResponseReceived)), event
        fields = Fields((name, value) for name, value in event.headers if not name.startswith(":"))
        assert not {name for name, _ in fields} & CONNECTION_FIELDS
        answer = Answer(int(dict(event.headers)[":status"]), "", fields)
        if isinstance(event, h2.events.InformationalResponseReceived):
            return answer
        while True:
            event = self._next(stream)
            if isinstance(event, h2.events.StreamEnded):
                break
            answer.body += event.data
        if answer.status in (204, 304):
            assert "content-length" not in fields and not answer.body
        elif method != "HEAD":
            assert int(fields.get("content-length", len(answer.body))) == len(answer.body)
        return answer

    def is_closed(self) -> bool:
        """Waits until the server ends the stream without, or after, its answer; false if it says something instead."""
        while not self._events[self.stream]:
            if self.stream in self.resets or self.goodbye is not None:
                return True
            try:
                self._more()
            except Closed:
                return True
        return False

    def _next(self, stream):
        while not self._events[stream]:
            if stream in self.resets:
                raise Closed(f"stream {stream}: {self.resets[stream]!r}")
            if self.goodbye is not None:
                raise Closed(f"GOAWAY: {self.goodbye!r}")
            self._more()
        return self._events[stream].pop(0)

    def _more(self) -> None:
        """Reads what comes next, or leaves that to another thread that has read it."""
        start, heard = time.monotonic(), self._heard
        while not self._is_readable(SLICE_SECONDS):
            if self._heard != heard:
                return
            if time.monotonic() > start + self._seconds:
                raise TimeoutError(f"nothing has come for {self._seconds} s")
        with self._lock:
            if self._is_readable(0):
                self._read()

    def _is_readable(self, seconds) -> bool:
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        if self._socket.fileno() < 0:
            raise OSError(errno.EBADF, "the connection is closed")
        # select takes no descriptor past 1,023.
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except ConnectionError as error:
            raise Closed(str(error)) from None
        if not data:
            raise Closed(f"resets {self.resets}, GOAWAY {self.goodbye}")
        self._heard = time.monotonic()
        self._input += data
        while len(self._input) >= 9 and len(self._input) >= (end := 9 + int.from_bytes(self._input[:3])):
            frame, self._input = bytes(self._input[:end]), self._input[end:]
            for event in self.h2.receive_data(frame):
                self._note(event)
            # After a GOAWAY the library hears no more, although streams that the server has named go on.
            if self.h2.state_machine.state == h2.connection.ConnectionState.CLOSED:
                self.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN
        try:
            self._flush()
        except OSError:
            # What came before the other end stopped listening is still to be read.
            pass

    def _note(self, event) -> None:
        match event:
            case h2.events.PingAckReceived():
                self._pongs += 1
            case h2.events.StreamReset():
                self.resets[event.stream_id] = event.error_code
            case h2.events.ConnectionTerminated():
                # One that only announces the end changes nothing yet.
                if event.error_code or event.last_stream_id < (1 << 31) - 1:
                    if event.error_code or event.last_stream_id < (self.stream or 0):
                        self.goodbye = event.error_code
            case h2.events.DataReceived():
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self._events.setdefault(event.stream_id, []).append(event)
            case (h2.events.ResponseReceived() | h2.events.InformationalResponseReceived() | h2.events.StreamEnded()):
                self._events.setdefault(event.stream_id, []).append(event)

    def until(self, condition) -> None:
        """Reads until the condition holds."""
        while not condition():
            self._more()

    def hear(self) -> None:
        """Reads what has come already."""
        if self._is_readable(0):
            self._more()

    def ping(self) -> float:
        """Seconds until the server has answered, which it does in the order of what was sent before."""
        begun, awaited = time.monotonic(), self._pongs + 1
        self.h2.ping(bytes(8))
        self._flush()
        self.until(lambda: self._pongs >= awaited)
        return time.monotonic() - begun

    def fill(self, bodies: dict[int, bytes], rest: float = 0.3, seconds: float = 1) -> None:
        """Sends these streams' contents as far as the windows let it, until nothing has come for a while that lets it
        send more, or for so long. What was sent is taken out of `bodies`."""
        begun = moved = time.monotonic()
        while (now := time.monotonic()) < min(begun + seconds, moved + rest):
            for stream, body in bodies.items():
                self._owed = len(body)
                left = self._send_some(stream, memoryview(body)) if body else body
                if len(left) < len(body):
                    bodies[stream] = left
                    moved = now
            if self._is_readable(0 if moved == now else SLICE_SECONDS):
                self._read()

    def raw(self, data: bytes) -> None:
        """Bytes past the library, which knows nothing of them."""
        self._socket.sendall(data)

    def _flush(self) -> None:
        data = self.h2.data_to_send()
        if data:
            self._socket.sendall(data)


def ask2(port: int, method: str, target: str, fields=(), body: bytes | None = None, tls: bool = False) -> Answer:
    """One request on a connection of its own."""
    with Line2(port, tls) as line:
        return line.request(method, target, fields, body)
