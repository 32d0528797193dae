"""Frames of HTTP/2 as bytes, for clients without manners, whom no library lets say what they want to say."""

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 16
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = 4
MOST = (1 << 31) - 1


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def hello(window: int | None = None) -> bytes:
    """What a client says first; `window` is what it lets each answer's content have at first."""
    settings = b"" if window is None else INITIAL_WINDOW_SIZE.to_bytes(2) + window.to_bytes(4)
    return PREFACE + frame(SETTINGS, 0, 0, settings)


def block(*fields: tuple[str, str]) -> bytes:
    """A list of fields that leaves no trace in the server's table, so that it may be sent again as it is."""
    return hpack.Encoder().encode([hpack.NeverIndexedHeaderTuple(name, value) for name, value in fields])


def request(method: str, target: str, *fields: tuple[str, str]) -> bytes:
    return block((":method", method), (":scheme", "http"), (":authority", "upload.test"), (":path", target), *fields)


def begin(stream: int, head: bytes, ends: bool = False) -> bytes:
    return frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), stream, head)
