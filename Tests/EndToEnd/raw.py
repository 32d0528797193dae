"""A client of the file-id dialect that says bytes and hides nothing."""

import socket
import ssl

SECONDS = 30


class Answer:
    def __init__(self, status, reason, fields, body):
        self.status = status
        self.reason = reason
        self.fields = fields
        self.body = body


class Raw:
    """One connection. Every wait is bounded."""

    def __init__(self, port, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self._file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def answer(self) -> Answer:
        """The next final answer; raises ConnectionError where the connection ends first."""
        while True:
            line = self._file.readline()
            if not line.endswith(b"\r\n"):
                raise ConnectionResetError("the connection ended before an answer")
            _, status, reason = line.decode("latin-1").rstrip("\r\n").split(" ", 2)
            fields = {}
            while (line := self._file.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode("latin-1").partition(":")
                fields[name.lower()] = value.strip()
            if int(status) >= 200:
                break
        body = self._file.read(int(fields.get("content-length", 0)))
        if len(body) < int(fields.get("content-length", 0)):
            raise ConnectionResetError("the answer was cut")
        return Answer(int(status), reason, fields, body)

    def begin(self, file_id, start, length):
        """Sends the head of an append."""
        self.send(
            f"POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: {file_id}\r\n"
            f"X-Start-Byte: {start}\r\nContent-Length: {length}\r\n\r\n")


def status(port, file_id, tls=False) -> int:
    """What the server says it has."""
    with Raw(port, tls) as client:
        client.send(f"GET /status HTTP/1.1\r\nHost: a\r\nX-File-Id: {file_id}\r\n\r\n")
        answer = client.answer()
        assert answer.status == 200, (answer.status, answer.reason, answer.body)
        return int(answer.body)


def append(port, file_id, start, data, tls=False) -> Answer:
    """One whole append."""
    with Raw(port, tls) as client:
        client.begin(file_id, start, len(data))
        client.send(data)
        return client.answer()
