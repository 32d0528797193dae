"""`sluice put` and whom it talks to: fields for one server go to no other one; redirects; queries; addresses."""

import shutil
import socket
import threading

import pytest

from answering import Answering, Listener, Tus, head
from putting import failure, put

SECRET = ("--header", "Authorization: Bearer secret")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 300_000)
    return path.name


@pytest.fixture
def answering():
    servers = []

    def begin(answer, **options):
        servers.append(Answering(answer, **options))
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


def test_fields_for_one_server_are_not_sent_to_the_one_that_its_location_names(tmp_path, file, answering):
    other_tus = Tus()
    other = answering(other_tus)

    def make(request):
        other_tus.uploads["/files/1"] = b""
        other_tus.lengths["/files/1"] = 300_000
        return head("201 Created", f"Location: http://127.0.0.1:{other.port}/files/1")

    first = answering(make)
    result = put(tmp_path, *SECRET, file, first.url)
    assert result.returncode == 0, result.stderr
    assert other_tus.uploads["/files/1"] == b"x" * 300_000
    assert first.requests[0].fields["authorization"] == "Bearer secret"
    assert other.requests and all("authorization" not in request.fields for request in other.requests)


def test_a_server_that_misses_the_fields_is_told_of_with_the_reason(tmp_path, file, answering):
    other = answering(lambda request: head("401 Unauthorized"))
    first = answering(lambda request: head("201 Created", f"Location: http://127.0.0.1:{other.port}/files/1"))
    result = put(tmp_path, *SECRET, file, first.url)
    assert result.returncode == 3
    assert f"are not sent to 127.0.0.1:{other.port}" in failure(result)


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
def test_redirects_that_keep_the_method_are_followed_without_the_fields(tmp_path, file, answering, status):
    tus = Tus()
    target = answering(tus)
    first = answering(lambda request: head(status, f"Location: http://127.0.0.1:{target.port}/files"))
    result = put(tmp_path, *SECRET, file, first.url)
    assert result.returncode == 0, result.stderr
    assert result.stdout.decode().strip() == f"http://127.0.0.1:{target.port}/files/1"
    assert tus.uploads["/files/1"] == b"x" * 300_000
    assert all("authorization" not in request.fields for request in target.requests)


def test_a_redirect_on_the_same_server_keeps_the_fields(tmp_path, file, answering):
    tus = Tus()
    server = answering(
        lambda request: head("308 Permanent Redirect", "Location: /files") if request.target == "/old/files"
        else tus(request))
    result = put(tmp_path, *SECRET, file, server.url.replace("/files", "/old"))
    assert result.returncode == 0, result.stderr
    assert all(request.fields["authorization"] == "Bearer secret" for request in server.requests)


def test_redirects_in_a_circle_end(tmp_path, file, answering):
    server = answering(lambda request: head("307 Temporary Redirect", "Location: /files"))
    result = put(tmp_path, file, server.url)
    assert result.returncode == 1
    assert "more than 5 redirects" in failure(result)
    assert len(server.requests) == 6


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other"])
def test_redirects_that_may_change_the_method_are_told_of_and_not_followed(tmp_path, file, answering, status):
    server = answering(lambda request: head(status, "Location: https://sso.example/login"))
    result = put(tmp_path, file, server.url)
    assert result.returncode == 3
    assert "https://sso.example/login" in failure(result)
    assert len(server.requests) == 1


def test_a_query_goes_along_with_each_request_to_the_collection(tmp_path, file, answering):
    for dialect, path in [("tus", "/files?sig=a/b"), ("ietf", "/files?sig=a/b"), ("plain", "/files/a.bin?sig=a/b")]:
        server = answering(lambda request: head("201 Created", "Location: /files/1", "Upload-Offset: 300000"))
        put(tmp_path, "--dialect", dialect, "--no-resume", "--retries", "0", file, server.url + "?sig=a/b")
        assert server.requests[0].target == path


def test_the_query_is_not_repeated_in_what_is_told(tmp_path, file, answering):
    server = answering(lambda request: None)
    result = put(tmp_path, "--retries", "1", file, server.url + "?sig=secret")
    assert b"secret" not in result.stderr


def test_an_exact_url_is_used_as_it_stands(tmp_path, file, answering):
    server = answering(Tus())
    result = put(tmp_path, "--exact-url", file, server.url.replace("/files", "/api/v4/stream/?direct"))
    assert result.returncode == 0, result.stderr
    assert server.requests[0].target == "/api/v4/stream/?direct"


@pytest.mark.parametrize("location, target", [
    ("1", "/1"), ("./1", "/1"), ("files/1", "/files/1"), ("/x/../files/./1", "/files/1"), ("?id=1", "/files?id=1")])
def test_an_address_relative_to_the_collection_is_understood(tmp_path, file, answering, location, target):
    class Relative(Tus):
        def post(self, request):
            self.uploads[target] = b""
            return head("201 Created", f"Location: {location}")

    tus = Relative()
    server = answering(tus)
    result = put(tmp_path, file, server.url)
    assert result.returncode == 0, result.stderr
    assert result.stdout.decode().strip() == f"http://127.0.0.1:{server.port}{target}"
    assert tus.uploads[target] == b"x" * 300_000


def test_an_address_without_encryption_is_not_used_where_there_was_some(tmp_path, file, answering, certificate):
    server = answering(
        lambda request: head("201 Created", "Location: http://127.0.0.1:1/files/1"), certificate=certificate)
    result = put(tmp_path, "--insecure", file, server.url)
    assert result.returncode == 1
    assert "cannot be used" in failure(result)


@pytest.fixture
def certificate(tmp_path):
    import subprocess
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return certificate, key


def test_parts_are_put_together_behind_a_prefix_that_a_proxy_takes_away(tmp_path, start, answering):
    """The server knows its prefix from --public-url, or not at all."""
    (tmp_path / "big.bin").write_bytes(bytes(3_000_000))
    server = start("--public-url", "http://127.0.0.1:1/prefix")
    line = Prefixed(server.port)
    server.stop()
    server.options = ("--public-url", f"http://127.0.0.1:{line.port}/prefix")
    server.start()
    line.target = server.port
    result = put(tmp_path, "--parallel", "2", "big.bin", f"http://127.0.0.1:{line.port}/prefix/")
    assert result.returncode == 0, result.stderr
    assert server.finished(result.stdout.decode().strip()).read_bytes() == bytes(3_000_000)
    line.close()


class Prefixed:
    """A proxy that takes /prefix off the request line of each request; one request a connection."""

    def __init__(self, target):
        self.target = target
        self._listener = Listener(self._carry)
        self.port = self._listener.port

    def close(self):
        self._listener.close()

    def _carry(self, client):
        server = socket.create_connection(("127.0.0.1", self.target))
        stream = client.makefile("rb")
        line = stream.readline().replace(b" /prefix/", b" /", 1)
        out = server.makefile("wb")

        def back():
            with server.makefile("rb") as answer, client.makefile("wb") as end:
                shutil.copyfileobj(answer, end)
            client.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=back, daemon=True).start()
        out.write(line + b"Connection: close\r\n")
        try:
            while data := stream.read1(65536):
                out.write(data)
                out.flush()
        except OSError:
            pass
