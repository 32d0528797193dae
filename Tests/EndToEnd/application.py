"""A small web application that says who may, and what may be uploaded: what `--auth-url`, `--ask-create` and
`--ask-finish` ask. A real server on a real port; how it answers is a function that tests change while it runs."""

import json
import socket
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Said:
    """One answer. Fields may be repeated."""

    status: int = 204
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def owner(name: str, **fields: str) -> Said:
    """Lets pass; further fields by their names: max_size="10" is X-Sluice-Max-Size."""
    told = [(f"X-Sluice-{key.replace('_', '-')}", value) for key, value in fields.items()]
    return Said(200, [("X-Sluice-Owner", name), *told])


def refused(status: int = 401, **fields: str) -> Said:
    return Said(status, [(key.replace("_", "-"), value) for key, value in fields.items()], b"no\n")


USERS = {"Bearer alices": "alice", "Bearer bobs": "bob"}


def by_bearer(question) -> Said:
    """Knows two users."""
    name = USERS.get(question.get("authorization"))
    return owner(name) if name else refused(WWW_Authenticate='Bearer realm="app"')


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


class Application:
    """Listens from its making to its end."""

    def __init__(self, answers=by_bearer, certificate: tuple[Path, Path] | None = None):
        # Called with each question's fields, by their names in lower case; on a thread of its own for each connection.
        self.answers = answers
        # The fields of each question that came, in order; `:path`, and of those that bring JSON `:json`, beside them.
        self.questions: list[dict[str, str]] = []
        self.connections = 0
        self._certificate = certificate
        self._server = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self.port}/may?from=sluice"

    def start(self) -> None:
        """Listens, at the port of the last time."""
        application = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                application.connections += 1
                super().setup()

            def do_GET(self):
                self.ask({})

            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                self.ask({":content": content, ":json": json.loads(content)})

            def ask(self, said):
                question = {name.lower(): value for name, value in self.headers.items()} | {":path": self.path} | said
                application.questions.append(question)
                said = application.answers(question)
                if isinstance(said, bytes):
                    self.wfile.write(said)
                    self.close_connection = True
                    return
                self.send_response(said.status)
                for name, value in said.fields:
                    self.send_header(name, value)
                if said.status != 204:
                    self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body if said.status != 204 else b"")

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass

        self._server = _Server(("127.0.0.1", self.port), Handler)
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self._certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Takes no more connections; those that are open stay so."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Mute:
    """Takes connections and says nothing."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.taken = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.taken.append(self._socket.accept()[0])
            except OSError:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
        for taken in self.taken:
            taken.close()
