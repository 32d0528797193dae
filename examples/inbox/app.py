"""A small application beside Sluice: it knows its users, and Sluice takes their files.

    GET  /            the page, once somebody has said a name
    POST /session     who it is (a real application asks for more than a name)
    GET  /token       a token for this user's uploads, for ten minutes
    GET  /files       this user's finished files
    GET  /files/<id>  to the file: a redirect to Sluice, with a token for this one file and half a minute
    POST /hook        what Sluice tells: the one way by which this application learns of files

Python's standard library only. `python3 app.py --help` says what it needs to be told; `./run` starts both.
"""

import argparse
import base64
import hashlib
import hmac
import json
import sqlite3
import time
from contextlib import closing
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
UPLOAD_SECONDS = 600
DOWNLOAD_SECONDS = 30
FILE_BYTES_MAX = 5_000_000_000
# How far the clock of whoever tells may be off, by Standard Webhooks.
HOOK_SECONDS = 300
BODY_BYTES_MAX = 1 << 20


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Tokens:
    """JSON Web Tokens, signed with the secret that Sluice has by `--jwt-secret`. Any library for JWT makes the same."""

    def __init__(self, secret: bytes):
        self._secret = secret

    def sign(self, owner: str, seconds: int, **claims) -> str:
        head = {"alg": "HS256", "typ": "JWT"}
        told = {"sub": owner, "exp": int(time.time()) + seconds, **claims}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (head, told))
        return f"{signed}.{base64url(self._mac(signed))}"

    def session(self, owner: str) -> str:
        """What a browser is known by afterwards. (Another purpose, so another text is signed.)"""
        name = base64url(owner.encode())
        return f"{name}.{base64url(self._mac('session ' + name))}"

    def owner(self, session: str) -> str | None:
        name, _, mac = session.partition(".")
        if not hmac.compare_digest(mac, base64url(self._mac("session " + name))):
            return None
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()

    def _mac(self, text: str) -> bytes:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).digest()


def is_from_sluice(headers, body: bytes, secret: str) -> bool:
    """Whether a hook is signed as Standard Webhooks has it, and new. Their libraries do the same."""
    told = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not told[1].isdigit() or abs(time.time() - int(told[1])) > HOOK_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, ".".join(told).encode() + b"." + body, hashlib.sha256).digest()
    right = "v1," + base64.b64encode(mac).decode()
    return any(hmac.compare_digest(one, right) for one in headers.get("webhook-signature", "").split())


class Files:
    """What Sluice has told. An event may come twice, and changes nothing then."""

    def __init__(self, path: Path):
        self._path = path
        with self._open() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, owner TEXT, name TEXT, size INTEGER, at TEXT)")

    def take(self, event: dict) -> None:
        data = event["data"]
        with self._open() as database:
            if event["type"] == "sluice.upload.finished":
                row = (data["id"], data["owner"], data["name"], data["size"], event["time"])
                database.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", row)
            elif event["type"] == "sluice.upload.deleted":
                database.execute("DELETE FROM files WHERE id = ?", (data["id"],))

    def of(self, owner: str) -> list[dict]:
        with self._open() as database:
            rows = database.execute("SELECT id, name, size, at FROM files WHERE owner = ? ORDER BY at DESC", (owner,))
            return [dict(zip(("id", "name", "size", "at"), row)) for row in rows]

    def has(self, owner: str, upload: str) -> bool:
        with self._open() as database:
            found = database.execute("SELECT 1 FROM files WHERE owner = ? AND id = ?", (owner, upload))
            return found.fetchone() is not None

    def _open(self):
        database = sqlite3.connect(self._path, timeout=10)
        return _Transaction(database)


class _Transaction:
    """A connection for one transaction."""

    def __init__(self, database: sqlite3.Connection):
        self._database = database

    def __enter__(self) -> sqlite3.Connection:
        return self._database.__enter__()

    def __exit__(self, *failure) -> None:
        with closing(self._database):
            self._database.__exit__(*failure)


class Handler(BaseHTTPRequestHandler):
    """One request. `server.inbox` has what all of them share."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        owner, path = self._owner(), self.path.partition("?")[0]
        inbox = self.server.inbox
        if path == "/":
            self._send_page("inbox.html" if owner else "enter.html")
        elif path in ("/upload.js", "/inbox.js", "/style.css"):
            self._send_page(path[1:])
        elif owner is None:
            self._send(401, {"error": "Say who you are, at /."})
        elif path == "/token":
            token = inbox.tokens.sign(owner, UPLOAD_SECONDS, max_size=FILE_BYTES_MAX)
            self._send(200, {"token": token, "seconds": UPLOAD_SECONDS, "uploads": inbox.uploads})
        elif path == "/files":
            self._send(200, inbox.files.of(owner))
        elif path.startswith("/files/") and inbox.files.has(owner, upload := path.removeprefix("/files/")):
            token = inbox.tokens.sign(owner, DOWNLOAD_SECONDS, upload=upload, scope="download")
            self._send(302, None, [("Location", f"{inbox.uploads}/files/{upload}?token={token}")])
        else:
            self._send(404, {"error": "There is nothing here."})

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if not size.isdigit() or int(size) > BODY_BYTES_MAX:
            self.close_connection = True
            return self._send(413, {"error": "That is too much."})
        body = self.rfile.read(int(size))
        if self.path == "/session":
            name = parse_qs(body.decode("utf-8", "replace")).get("name", [""])[0].strip()
            if not 0 < len(name.encode()) <= 100:
                return self._send(400, {"error": "A name has 1 to 100 bytes."})
            cookie = f"session={self.server.inbox.tokens.session(name)}; HttpOnly; SameSite=Lax; Path=/"
            return self._send(303, None, [("Location", "/"), ("Set-Cookie", cookie)])
        if self.path == "/hook":
            if not is_from_sluice(self.headers, body, self.server.inbox.hook_secret):
                return self._send(401, {"error": "This is not signed as it has to be."})
            # Anything but a 2xx has Sluice tell it again: so nothing is answered before it is kept.
            self.server.inbox.files.take(json.loads(body))
            return self._send(204, None)
        self._send(404, {"error": "There is nothing here."})

    def _owner(self) -> str | None:
        session = SimpleCookie(self.headers.get("Cookie", "")).get("session")
        return self.server.inbox.tokens.owner(session.value) if session else None

    def _send_page(self, name: str) -> None:
        path = PAGE / name
        policy = f"default-src 'self'; connect-src 'self' {self.server.inbox.uploads}"
        fields = [("Content-Type", TYPES[path.suffix]), ("Content-Security-Policy", policy)]
        self._send(200, path.read_bytes(), fields)

    def _send(self, status: int, content, fields=()) -> None:
        body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if not isinstance(content, bytes) and content is not None:
            self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        """Says nothing of each request."""


class Inbox:
    """What all requests share."""

    def __init__(self, options: argparse.Namespace):
        self.tokens = Tokens(options.jwt_secret.read_bytes().strip())
        self.hook_secret = options.hook_secret.read_text().strip()
        self.files = Files(options.database)
        self.uploads = options.uploads.rstrip("/")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", default="127.0.0.1:8000", metavar="host:port")
    parser.add_argument("--uploads", default="http://127.0.0.1:8080", metavar="URL", help="where browsers find Sluice")
    parser.add_argument("--jwt-secret", type=Path, required=True, metavar="FILE", help="as Sluice has it")
    parser.add_argument("--hook-secret", type=Path, required=True, metavar="FILE", help="as Sluice has it")
    parser.add_argument("--database", type=Path, default=Path("inbox.sqlite"), metavar="FILE")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.inbox = Inbox(options)
    print(f"http://{host}:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
