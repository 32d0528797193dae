"""A bucket, and a gate before it at which each request can be looked at, held, spoiled or be the last one.

The bucket is moto's, in this process; with TEST_S3 (an endpoint, `http://127.0.0.1:7480`), TEST_S3_KEY and
TEST_S3_SECRET it is that of a server which checks signatures and digests, too (`make s3`).
"""

import hashlib
import http.client
import os
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

IS_REAL = "TEST_S3" in os.environ
BLOCK_BYTES = 1 << 16


class Step:
    """What a request asks of the bucket."""

    def __init__(self, method: str, target: str):
        self.method = method
        self.target = target
        self.query = parse_qs(urlsplit(target).query, keep_blank_values=True)

    @property
    def name(self) -> str:
        """put, part, begin, complete, abort, head, delete, uploads or parts."""
        if self.method == "PUT":
            return "part" if "partNumber" in self.query else "put"
        if self.method == "POST":
            return "begin" if "uploads" in self.query else "complete"
        if self.method == "DELETE":
            return "abort" if "uploadId" in self.query else "delete"
        if self.method == "HEAD":
            return "head"
        return "uploads" if "uploads" in self.query else "parts"


class Gate:
    """Passes requests on. `before(step)` and `after(step)` run on a thread of the request's own; what `before` answers
    but None is the answer (a status, perhaps with fields), or makes another body of the one that came. Where `after`
    answers anything the connection ends without an answer."""

    def __init__(self, endpoint: str):
        self.before = lambda step: None
        self.after = lambda step: None
        self.steps = []
        gate, host = self, urlsplit(endpoint).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self):
                step = Step(self.command, self.path)
                length = int(self.headers.get("Content-Length") or 0)
                if self.headers.get("Expect") == "100-continue":
                    self.send_response_only(100)
                    self.end_headers()
                body = self.rfile.read(length)
                if len(body) < length:
                    self.close_connection = True
                    return
                gate.steps.append(step)
                said = gate.before(step)
                if callable(said):
                    body = said(body)
                elif said is not None:
                    return self.answer(*(said if isinstance(said, tuple) else (said, {})), b"")
                upstream = http.client.HTTPConnection(host, timeout=60)
                try:
                    fields = {n: v for n, v in self.headers.items() if n.lower() not in ("expect", "connection")}
                    upstream.request(self.command, self.path, body if length else None, fields)
                    answer = upstream.getresponse()
                    content = answer.read()
                finally:
                    upstream.close()
                if gate.after(step) is not None:
                    self.close_connection = True
                    return
                skipped = ("connection", "transfer-encoding", "date", "server")
                fields = {n: v for n, v in answer.getheaders() if n.lower() not in skipped}
                if self.command != "HEAD":
                    fields.pop("Content-Length", None)
                    fields.pop("content-length", None)
                self.answer(answer.status, fields, content)

            def answer(self, status, fields, content):
                try:
                    self.send_response(status)
                    if self.command != "HEAD" and status != 204:
                        fields = fields | {"Content-Length": str(len(content))}
                    for name, value in fields.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    self.close_connection = True

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class BucketServer:
    """Whoever has buckets."""

    def __init__(self):
        self._moto = None
        if IS_REAL:
            self.endpoint = os.environ["TEST_S3"]
        else:
            self._moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
            self._moto.start()
            self.endpoint = "http://{}:{}".format(*self._moto.get_host_and_port())
        self.key = os.environ.get("TEST_S3_KEY", "key")
        self.secret = os.environ.get("TEST_S3_SECRET", "secret")

    def close(self) -> None:
        if self._moto:
            self._moto.stop()


class Bucket:
    """A bucket of a test's own, behind a gate."""

    def __init__(self, server: BucketServer, folder):
        self.name = f"b-{secrets.token_hex(8)}"
        self.gate = Gate(server.endpoint)
        self.s3 = boto3.client(
            "s3", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id=server.key,
            aws_secret_access_key=server.secret,
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"))
        self.s3.create_bucket(Bucket=self.name)
        self.credentials = folder / "credentials"
        self.credentials.write_text(
            f"[other]\naws_access_key_id = x\naws_secret_access_key = y\n\n"
            f"[default]\naws_access_key_id = {server.key}\naws_secret_access_key = {server.secret}\n")

    def options(self, template: str = "{id}/{name}") -> list[str]:
        return [
            "--deliver-s3", f"s3://{self.name}/{template}", "--s3-endpoint", self.gate.url,
            "--s3-credentials", str(self.credentials),
        ]

    @property
    def keys(self) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def digest(self, key: str) -> str:
        digest = hashlib.sha256()
        for block in self.s3.get_object(Bucket=self.name, Key=key)["Body"].iter_chunks(BLOCK_BYTES):
            digest.update(block)
        return digest.hexdigest()

    @property
    def unfinished(self) -> list:
        """Uploads in parts that nobody has ended."""
        return self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", [])

    def close(self) -> None:
        self.gate.close()
