"""Somebody who is told of events: a web server that remembers what came and answers as a test says."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Received:
    """One request as it came."""

    def __init__(self, headers, body: bytes, number: int):
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
        # Which one of all requests to this receiver.
        self.number = number

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def kind(self) -> str:
        return self.json["type"].removeprefix("sluice.upload.")

    @property
    def upload(self) -> str:
        return self.json["subject"]


class Receiver:
    """Answers 204, or what `answer(received)` says: a status, a status with fields, bytes as they are, or None to close
    the connection without a word. `answer` runs on a thread of the request's own, so it may wait."""

    def __init__(self, answer=lambda received: 204, port: int = 0, certificate=None):
        """`certificate`: paths of a chain and of its key, for https."""
        self.answer = answer
        self._lock = threading.Lock()
        self._all = []
        self._taken = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Without it the answer waits for the head's confirmation.
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:
                    # Its sender has died on the way: it did not come.
                    self.close_connection = True
                    return
                received = receiver._came(self.headers, body)
                answer = receiver.answer(received)
                if answer is None:
                    self.close_connection = True
                    return
                if isinstance(answer, bytes):
                    self.wfile.write(answer)
                    self.close_connection = True
                    return
                status, fields = answer if isinstance(answer, tuple) else (answer, {})
                if 200 <= status < 300:
                    receiver._took(received)
                self.send_response(status)
                for name, value in ({"Content-Length": "0"} | fields if status != 204 else fields).items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/hook?key=hidden"

    def _came(self, headers, body) -> Received:
        with self._lock:
            received = Received(headers, body, len(self._all))
            self._all.append(received)
        return received

    def _took(self, received) -> None:
        with self._lock:
            self._taken.append(received)

    @property
    def all(self) -> list[Received]:
        with self._lock:
            return list(self._all)

    @property
    def taken(self) -> list[Received]:
        """Those that were answered with 2xx, in the order in which they came to that."""
        with self._lock:
            return list(self._taken)

    def of(self, upload: str) -> list[str]:
        """The kinds of what was taken of one upload."""
        return [received.kind for received in self.taken if received.upload == upload]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
