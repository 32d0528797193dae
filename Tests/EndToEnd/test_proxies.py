"""
nginx and HAProxy in front of the server. The settings are those of docs/proxies.md, which this file reads: what people
copy from there is what is tested.
"""

import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from conftest import MEBIBYTE
from ports import free_port
from waiting import eventually
from wire import Line, ask, pattern
from wire2 import Line2, ask2

PAGE = (Path(__file__).parents[2] / "docs" / "proxies.md").read_text()
TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
SIZE = 12 * MEBIBYTE

NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr; worker_rlimit_nofile 1024;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {settings}
    }}
}}
"""

HAPROXY = """
defaults
    mode http
    timeout connect 5s
frontend uploads
    bind 127.0.0.1:{port}
    default_backend sluice
{settings}
"""


def snippet(language: str) -> str:
    """The settings for this proxy in docs/proxies.md: the first ones, those of a server with a name of its own."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]


@pytest.fixture
def behind(tmp_path):
    """Starts a proxy in front of a server: behind("nginx", server, settings). Answers its port."""
    running = []

    def start_proxy(kind, server, settings):
        path = shutil.which(kind, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if path is None:
            pytest.skip(f"{kind} is not installed; `make test` installs it on Debian")
        port = free_port()
        settings = settings.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        template, option = (NGINX, "-c") if kind == "nginx" else (HAPROXY, "-f")
        file = tmp_path / f"{kind}.conf"
        file.write_text(template.format(folder=tmp_path, port=port, settings=settings))
        log = (tmp_path / f"{kind}.log").open("wb")
        running.append(subprocess.Popen([path, option, str(file)], stdout=log, stderr=log))
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                assert running[-1].poll() is None and time.monotonic() < end, (tmp_path / f"{kind}.log").read_text()
                time.sleep(0.02)

    yield start_proxy
    for process in running:
        process.terminate()
        process.wait(20)


def buffered(kind: str) -> str:
    """The same with the proxy's buffering of requests switched on."""
    if kind == "nginx":
        return snippet("nginx").replace("proxy_request_buffering off", "proxy_request_buffering on")
    return snippet("haproxy").replace("backend sluice", "backend sluice\n    option http-buffer-request")


def settings(kind: str, buffering: bool) -> str:
    return buffered(kind) if buffering else snippet(kind)


every_proxy = pytest.mark.parametrize("kind", ["nginx", "haproxy"])
every_buffering = pytest.mark.parametrize("buffering", [False, True], ids=["unbuffered", "buffered"])


def settled(question, minimum=1):
    """Asks until the proxy has told the server that the client is gone; answers the last offset told."""
    end = time.monotonic() + 10
    while True:
        offset = question()
        if offset >= minimum or time.monotonic() > end:
            return offset
        time.sleep(0.05)


@every_proxy
@every_buffering
def test_tus_with_a_cut(start, behind, kind, buffering):
    server = start()
    port = behind(kind, server, settings(kind, buffering))
    data = pattern(SIZE)
    location = ask(port, "POST", "/files", TUS | {"Upload-Length": str(SIZE)}, b"").location
    with Line(port) as line:
        line.head("PATCH", location, PATCH | {"Upload-Offset": "0"}, SIZE)
        line.send(data[: SIZE // 2])
        loses_it = kind == "nginx" and buffering
        # Only bytes that the proxy has passed on can be kept; nginx with buffering passes on whole requests.
        path = server.data / "uploads" / location.rpartition("/")[2]
        settled(lambda: path.stat().st_size if path.exists() else 0, 0 if loses_it else MEBIBYTE)
        line.reset()
    offset = ask(port, "HEAD", location, TUS).offset
    assert (offset == 0) if loses_it else (0 < offset <= SIZE // 2)
    answer = ask(port, "PATCH", location, PATCH | {"Upload-Offset": str(offset)}, data[offset:])
    assert (answer.status, answer.offset) == (204, SIZE)
    assert server.finished(location).read_bytes() == data


@every_proxy
@every_buffering
def test_file_id_with_a_cut(start, behind, kind, buffering):
    server = start()
    port = behind(kind, server, settings(kind, buffering))
    data = pattern(SIZE)
    name = {"X-File-Id": "photo one.jpg-123-456"}

    def have():
        return int(ask(port, "GET", "/status", name).body)

    with Line(port) as line:
        line.head("POST", "/upload", name | {"X-Start-Byte": "0"}, SIZE)
        line.send(data[: SIZE // 2])
        time.sleep(0.3)
        line.reset()
    offset = have()
    assert offset <= SIZE // 2
    answer = ask(port, "POST", "/upload", name | {"X-Start-Byte": str(offset)}, data[offset:])
    assert (answer.status, answer.reason) == (200, "OK")
    assert have() == SIZE
    [stored] = server.finished_files()
    assert stored.read_bytes() == data
    # What the dialect's first client shows to people is the reason phrase.
    answer = ask(port, "POST", "/upload", name | {"X-Start-Byte": "5"}, b"x")
    assert (answer.status, answer.reason) == (409, "Wrong start byte")


@every_proxy
@every_buffering
@pytest.mark.parametrize("informational", ["on", "off"])
def test_apples_uploads(start, behind, kind, buffering, informational):
    """104 passes through HAProxy, and is never asked for through nginx, whose settings take the question away."""
    server = start("--informational", informational)
    port = behind(kind, server, settings(kind, buffering))
    data = pattern(MEBIBYTE)
    fields = {"Upload-Draft-Interop-Version": "6", "Upload-Complete": "?1"}
    answer = ask(port, "POST", "/files", fields, data)
    assert (answer.status, answer.fields["upload-complete"]) == (201, "?1")
    passes = kind == "haproxy" and informational == "on"
    assert [interim.status for interim in answer.interim] == ([104] if passes else [])
    assert server.finished(answer.location).read_bytes() == data


def test_nginx_without_the_question_taken_away_needs_104_off(start, behind):
    server = start("--informational", "off")
    bare = re.sub(r".*Upload-Draft-Interop-Version.*\n", "", snippet("nginx"))
    port = behind("nginx", server, bare)
    fields = {"Upload-Draft-Interop-Version": "6", "Upload-Complete": "?1"}
    assert ask(port, "POST", "/files", fields, b"data").status == 201


@every_proxy
def test_chunked_bodies_trailers_and_expect(start, behind, kind):
    server = start()
    port = behind(kind, server, snippet(kind))
    data = pattern(100_000)
    location = ask(port, "POST", "/files", TUS | {"Upload-Length": str(len(data))}, b"").location
    with Line(port) as line:
        fields = PATCH | {"Upload-Offset": "0", "Transfer-Encoding": "chunked", "Expect": "100-continue"}
        line.head("POST", location, fields | {"X-HTTP-Method-Override": "PATCH"})
        assert line.message().status == 100
        for offset in range(0, len(data), 10_000):
            line.chunk(data[offset : offset + 10_000])
        line.last_chunk()
        answer = line.answer()
    assert (answer.status, answer.offset) == (204, len(data))
    assert server.finished(location).read_bytes() == data


@every_proxy
def test_a_large_file_passes(start, behind, kind):
    """The proxies' own bounds (nginx: one megabyte) are out of the way."""
    server = start()
    port = behind(kind, server, snippet(kind))
    data = pattern(40 * MEBIBYTE)
    answer = ask(port, "PUT", "/files/large.bin", {}, data)
    assert answer.status == 201
    assert server.finished(answer.location).read_bytes() == data
    assert len(ask(port, "GET", answer.location).body) == len(data)


# HTTP/2: to the proxy, and from it


def through_http2(server, port, to_proxy):
    """An upload with a cut in the middle, a fence included, by a client that speaks `to_proxy`."""
    data = pattern(SIZE)
    location = to_proxy(port, "POST", "/files", TUS | {"Upload-Length": str(SIZE)}, b"").location
    line_of = Line2 if to_proxy is ask2 else Line
    with line_of(port) as line:
        line.head("PATCH", location, PATCH | {"Upload-Offset": "0"}, SIZE)
        line.send(data[: SIZE // 2])
        path = server.data / "uploads" / location.rpartition("/")[2]
        settled(lambda: path.stat().st_size if path.exists() else 0, MEBIBYTE)
        line.reset()
    offset = to_proxy(port, "HEAD", location, TUS).offset
    assert 0 < offset <= SIZE // 2
    answer = to_proxy(port, "PATCH", location, PATCH | {"Upload-Offset": str(offset)}, data[offset:])
    assert (answer.status, answer.offset) == (204, SIZE)
    assert server.finished(location).read_bytes() == data
    # A refusal comes through while its body is still on the way.
    answer = to_proxy(port, "PATCH", location, PATCH | {"Upload-Offset": "5"}, data)
    assert answer.status in (403, 409, 413)


@pytest.mark.parametrize("to_proxy", [ask, ask2], ids=["from HTTP/1.1", "from HTTP/2"])
def test_haproxy_speaks_http2_to_the_server(start, behind, to_proxy):
    server = start()
    with_h2 = snippet("haproxy").replace("127.0.0.1:8080", "127.0.0.1:8080 proto h2")
    through_http2(server, behind("haproxy", server, with_h2), to_proxy)
    assert '"protocol":"HTTP/2"' in server.log.read_text()


def test_nginx_takes_http2_and_speaks_http1_to_the_server(start, behind):
    server = start()
    port = free_port()
    behind("nginx", server, f"listen 127.0.0.1:{port} http2;\n" + snippet("nginx"))
    through_http2(server, port, ask2)
    assert '"protocol":"HTTP/1.1"' in server.log.read_text()


def test_a_download_that_nginx_takes_whole_waits_for_no_client(start, behind):
    """As docs/proxies.md says for clients that are too slow for the server's bounds."""
    whole = "proxy_buffering on; proxy_max_temp_file_size 100000m;"
    assert whole in PAGE
    server = start()
    port = behind("nginx", server, snippet("nginx").replace("proxy_buffering off;", whole))
    data = pattern(4 * SIZE)
    location = ask(port, "PUT", "/files/slow", {}, data).location
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(f"GET {location} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        # The server has sent all of it, and the client has read nothing.
        eventually(lambda: any(line["method"] == "GET" and line["sent"] > len(data) for line in requests(server)))
        with client.makefile("rb") as answer:
            assert answer.read().endswith(b"\r\n\r\n" + data)


def requests(server):
    lines = map(json.loads, server.log.read_text().splitlines())
    return [line for line in lines if line["message"] == "request"]
