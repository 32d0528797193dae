"""A server of a test's own for `sluice put`: it hears whole requests, and answers what the test says."""

import socket
import ssl
import threading


class Listener:
    """Gives each connection that comes to a thread of its own, which `serve(connection)` runs in."""

    def __init__(self, serve, host="127.0.0.1"):
        self._serve = serve
        self._socket = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self._socket.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()


class Request:
    def __init__(self, method, target, fields, body):
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body

    def __repr__(self):
        return f"{self.method} {self.target} {self.fields}"


class Answering:
    """Answers each request with what `answer(request)` gives: bytes, sent as they are; None closes the connection."""

    def __init__(self, answer, host="127.0.0.1", certificate=None, keeps=True):
        """Without `keeps`, each connection ends behind its first answer, without a word about that in it."""
        self.answer = answer
        self.keeps = keeps
        self.requests = []
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
        self.host = host
        self._listener = Listener(self._serve, host)
        self.port = self._listener.port

    @property
    def url(self):
        return f"{'https' if self._context else 'http'}://{self.host}:{self.port}/files"

    @property
    def connections(self):
        return self._listener.connections

    def close(self):
        self._listener.close()

    def _serve(self, connection):
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while request := self._read(stream):
                    self.requests.append(request)
                    answer = self.answer(request)
                    if answer is None:
                        return
                    connection.sendall(answer)
                    if not self.keeps:
                        return
        except OSError:
            pass

    @staticmethod
    def _read(stream):
        line = stream.readline()
        if not line:
            return None
        method, target, _ = line.decode().split(" ", 2)
        fields = {}
        while (line := stream.readline().strip()):
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        body = stream.read(int(fields.get("content-length", 0)))
        return Request(method, target, fields, body)


def head(status, *fields, body=b""):
    """An answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Tus:
    """A small tus server that does as it is told in a well-behaved way; tests override what is to go wrong."""

    def __init__(self, place=""):
        self.place = place
        self.uploads = {}
        self.lengths = {}

    def __call__(self, request):
        return getattr(self, request.method.lower())(request)

    def post(self, request):
        name = f"/files/{len(self.uploads) + 1}"
        self.uploads[name] = request.body
        if "upload-length" in request.fields:
            self.lengths[name] = int(request.fields["upload-length"])
        return head("201 Created", f"Location: {self.place}{name}", f"Upload-Offset: {len(request.body)}")

    def head(self, request):
        name = request.target
        if name not in self.uploads:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        fields = [f"Upload-Offset: {len(self.uploads[name])}"]
        if name in self.lengths:
            fields.append(f"Upload-Length: {self.lengths[name]}")
        return head("200 OK", *fields)

    def patch(self, request):
        name = request.target
        self.uploads[name] += request.body
        if "upload-length" in request.fields:
            self.lengths[name] = int(request.fields["upload-length"])
        return head("204 No Content", f"Upload-Offset: {len(self.uploads[name])}").replace(b"Content-Length: 0\r\n", b"")
