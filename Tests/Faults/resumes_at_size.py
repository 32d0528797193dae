#!/usr/bin/env python3
"""
A server that believes the size of a file, as most do: the control of the power cuts.

It speaks the file-id dialect and the part of Sluice's command line that the tests use. It writes through the page cache,
syncs file and directory before each answer, and renames what is whole; so every offset that it tells is on the disk.
After a power cut it goes on at the size of the file, which may count bytes that never got there.
"""

import hashlib
import os
import sys
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

READ_BYTES = 3_000
# One request at a time writes into an upload.
locks: defaultdict[str, Lock] = defaultdict(Lock)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    data: Path

    @property
    def file_id(self) -> str:
        return self.headers["X-File-Id"]

    @property
    def id(self) -> str:
        return hashlib.md5(self.file_id.encode()).hexdigest()

    @property
    def delivered(self) -> Path:
        return self.data / "complete" / self.id / self.file_id.rsplit("-", 2)[0]

    @property
    def open_file(self) -> Path:
        return self.data / "uploads" / self.id

    @property
    def count(self) -> int:
        return next((path.stat().st_size for path in (self.delivered, self.open_file) if path.exists()), 0)

    def do_GET(self):
        # What the size counts is on the disk when it is told.
        if self.open_file.exists():
            sync(self.open_file)
        self.answer(200, self.count)

    def do_POST(self):
        with locks[self.id]:
            self.append()

    def append(self) -> None:
        start, size = int(self.headers["X-Start-Byte"]), int(self.headers["X-File-Size"])
        if start != self.count:
            return self.answer(409, self.count, "wrong-start-byte")
        if not self.delivered.exists():
            with self.open_file.open("ab", buffering=0) as file:
                for piece in self.pieces():
                    file.write(piece)
                os.fsync(file)
            sync(self.open_file.parent)
            if self.count < size:
                return self.answer(400, self.count, "body-too-short")
            self.delivered.parent.mkdir(exist_ok=True)
            self.open_file.rename(self.delivered)
        for folder in (self.delivered.parent, self.delivered.parent.parent, self.open_file.parent):
            sync(folder)
        self.answer(200, size)

    def pieces(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        left = int(self.headers.get("Content-Length", 0))
        while left > 0:
            piece = self.rfile.read1(min(left, READ_BYTES))
            if not piece:
                raise ConnectionResetError
            left -= len(piece)
            yield piece

    def answer(self, status: int, count: int, code: str | None = None) -> None:
        body = str(count).encode()
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Location", f"/files/{self.id}")
        # Of a refused request nobody reads the body.
        if status == 409:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client went away, or the power."""


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def main(words: list[str]) -> None:
    option = dict(zip(words[1::2], words[2::2]))
    Handler.data = Path(option["--data"])
    for folder in (Handler.data, Handler.data / "uploads", Handler.data / "complete"):
        folder.mkdir(exist_ok=True)
        sync(folder.parent)
    host, _, port = option["--listen"].rpartition(":")
    server = Server((host, int(port)), Handler)
    print(f"http://{host}:{server.server_port}/\nhttps://{host}:{server.server_port}/", flush=True)
    server.serve_forever()


main(sys.argv[1:])
