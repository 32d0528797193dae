"""
Requests that two programs could read in two ways, sent to the server itself and through nginx and HAProxy. None may be
carried out as anything but what the proxy in front saw; the client after it, on the same connection to the server, gets
its own answer.
"""

import itertools
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

import pytest

from attackers import Victim, connect, read_all
from wire import Line, ask

NGINX_CONF = """
daemon off; master_process off; pid {folder}/pid; error_log stderr; worker_rlimit_nofile 1024;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream sluice {{ server 127.0.0.1:{server}; keepalive 1; }}
    server {{
        listen 127.0.0.1:{port};
        client_body_timeout 300ms; client_header_timeout 300ms; keepalive_timeout 300ms; lingering_timeout 300ms;
        location / {{
            proxy_pass http://sluice; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_request_buffering {buffering};
        }}
    }}
}}
"""

HAPROXY_CONF = """
defaults
    mode http
    timeout connect 5s
    timeout client 300ms
    timeout server 5s
    timeout http-request 300ms
frontend uploads
    bind 127.0.0.1:{port}
    default_backend sluice
backend sluice
    http-reuse always
    server sluice 127.0.0.1:{server}
"""

FRONTS = ["direct", "nginx", "nginx-buffered", "haproxy"]
REFUSED = {*range(400, 500), 501, 502, 505}
SECONDS = 10


@dataclass(frozen=True)
class Case:
    """
    One message. CANARY stands for a request of its own, hidden in it; LENGTH for the length of all behind the head.
    """

    name: str
    sent: bytes
    # Whether the server refuses it; else it is carried out, once.
    refused: bool = True
    # Proxies that make something harmless of it, or see two requests themselves and pass on two.
    cleaned_by: tuple[str, ...] = ()

    def __str__(self):
        return self.name


CANARY = b"<canary>"
LENGTH = b"<length>"
NGINX = ("nginx", "nginx-buffered")
HAPROXY = ("haproxy",)
PROXIES = NGINX + HAPROXY


def upload(name, fields, body=b"0\r\n\r\n" + CANARY, refused=True, cleaned_by=(), version=b"HTTP/1.1"):
    """An append with these fields and this body, of an upload of its own."""
    head = b"POST /upload " + version + b"\r\nHost: upload.test\r\n"
    head += b"X-File-Id: <id>\r\nX-Start-Byte: 0\r\n" + (b"" if refused else b"Connection: close\r\n")
    return Case(name, head + fields + b"\r\n\r\n" + body, refused, cleaned_by)


def chunked(name, body, refused=True, cleaned_by=()):
    return upload(name, b"Transfer-Encoding: chunked", body, refused, cleaned_by)


def line(name, first, rest=b"Host: upload.test\r\nConnection: close", refused=True, cleaned_by=()):
    return Case(name, first + b"\r\n" + rest + b"\r\n\r\n", refused, cleaned_by)


BOTH = b"Content-Length: <length>\r\nTransfer-Encoding: "
CASES = [
    # Two lengths.
    upload("length and chunked", BOTH + b"chunked", cleaned_by=HAPROXY),
    upload("chunked and length", b"Transfer-Encoding: chunked\r\nContent-Length: <length>", cleaned_by=HAPROXY),
    upload("chunked and length 0", b"Transfer-Encoding: chunked\r\nContent-Length: 0", cleaned_by=HAPROXY),
    upload("two equal lengths", b"Content-Length: <length>\r\nContent-Length: <length>", CANARY, cleaned_by=HAPROXY),
    upload("two lengths", b"Content-Length: 0\r\nContent-Length: <length>", CANARY),
    upload("two lengths, the other way", b"Content-Length: <length>\r\nContent-Length: 0", CANARY),
    upload("a list of equal lengths", b"Content-Length: <length>, <length>", CANARY, cleaned_by=HAPROXY),
    upload("a list of lengths", b"Content-Length: 0, <length>", CANARY),
    upload("a length with a sign", b"Content-Length: +<length>", CANARY),
    upload("a negative length", b"Content-Length: -1", CANARY),
    upload("minus zero", b"Content-Length: -0", CANARY),
    upload("a length with a space", b"Content-Length: 1 0", CANARY),
    upload("a hexadecimal length", b"Content-Length: 0x10", CANARY),
    upload("a quoted length", b'Content-Length: "<length>"', CANARY),
    upload("a length with a fraction", b"Content-Length: <length>.0", CANARY),
    upload("a length with an exponent", b"Content-Length: 1e1", CANARY),
    upload("no length", b"Content-Length:", CANARY),
    upload("a length with an underscore", b"Content-Length: 1_0", CANARY),
    upload("a length past 63 bits", b"Content-Length: 18446744073709551616", CANARY, cleaned_by=HAPROXY),
    upload("a length past 64 bits", b"Content-Length: 18446744073709551617", b"x" + CANARY, cleaned_by=HAPROXY),
    upload("a length after NUL", b"Content-Length: 0\0<length>", CANARY),
    upload("a length after a vertical tab", b"Content-Length: \x0b<length>", CANARY),
    # Transfer codings that look different to different programs.
    upload("chunked twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    upload("chunked, chunked", b"Transfer-Encoding: chunked, chunked"),
    upload("chunked, identity", b"Transfer-Encoding: chunked, identity"),
    upload("identity, chunked", b"Transfer-Encoding: identity, chunked"),
    upload("identity", BOTH + b"identity"),
    upload("gzip, chunked", b"Transfer-Encoding: gzip, chunked"),
    upload("xchunked", BOTH + b"xchunked"),
    upload("chunkedx", BOTH + b"chunkedx"),
    upload("quoted chunked", BOTH + b'"chunked"'),
    upload("chunked with a parameter", BOTH + b"chunked;q=1"),
    upload("chunked after a vertical tab", BOTH + b"\x0bchunked"),
    upload("chunked before a form feed", BOTH + b"chunked\x0c"),
    upload("chunked after NUL", BOTH + b"\0chunked"),
    upload("an empty coding", BOTH),
    upload("a lonely comma", BOTH + b","),
    upload("capital Chunked and a length", BOTH + b"CHUNKED", cleaned_by=HAPROXY),
    upload("chunked on a folded line", BOTH + b"\r\n chunked", cleaned_by=HAPROXY),
    upload("a space before the colon", b"Content-Length: <length>\r\nTransfer-Encoding : chunked", cleaned_by=NGINX),
    upload("a tab before the colon", b"Content-Length: <length>\r\nTransfer-Encoding\t: chunked", cleaned_by=NGINX),
    upload("a space before the name", b"Content-Length: <length>\r\n Transfer-Encoding: chunked", cleaned_by=NGINX),
    upload("a NUL in the name", b"Content-Length: <length>\r\nTransfer-Encoding\0: chunked", cleaned_by=NGINX),
    upload("a coding after a bare line feed", b"X: y\nTransfer-Encoding: chunked", cleaned_by=PROXIES),
    upload("a coding after a bare carriage return", b"Content-Length: <length>\r\nX: y\rTransfer-Encoding: chunked"),
    upload("a line with no colon", b"Content-Length: <length>\r\nTransfer-Encoding chunked", cleaned_by=NGINX),
    upload("a high byte in the name", b"Content-Length: <length>\r\nTransfer\x80Encoding: chunked", cleaned_by=NGINX),
    upload("a coding in HTTP/1.0", b"Transfer-Encoding: chunked", version=b"HTTP/1.0"),
    upload("a coding and a length in HTTP/1.0", BOTH + b"chunked", version=b"HTTP/1.0"),
    upload("an underscore for the hyphen", b"Content-Length: <length>\r\nTransfer_Encoding: chunked", refused=False),
    upload("an underscore in the length", b"Content_Length: 1\r\nContent-Length: <length>", CANARY, refused=False),
    upload("the coding's name as a value", b"Content-Length: <length>\r\nX: Transfer-Encoding: chunked", refused=False),
    # Lines that end otherwise.
    Case("line feeds alone", b"POST /upload HTTP/1.1\nHost: upload.test\nContent-Length: 0\n\n" + CANARY,
         cleaned_by=PROXIES),
    upload("a head that ends in a line feed", b"Content-Length: <length>\r\n\n" + CANARY, b"", cleaned_by=PROXIES),
    upload("a folded field", b"X: y\r\n z\r\nContent-Length: 0", cleaned_by=HAPROXY),
    upload("a NUL in a value", b"X: y\0z\r\nContent-Length: 0", cleaned_by=HAPROXY),
    upload("a carriage return in a value", b"X: y\rz\r\nContent-Length: 0"),
    # Chunks.
    chunked("an extension", b"1;a=b\r\nx\r\n0\r\n\r\n", refused=False),
    chunked("a long extension", b"1;" + b"a" * 300 + b"\r\nx\r\n0\r\n\r\n" + CANARY, cleaned_by=PROXIES),
    chunked("an extension with a line feed", b"1;a\nx\r\n0\r\n\r\n" + CANARY, cleaned_by=PROXIES),
    chunked("an extension with a carriage return", b"1;a\rb\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a size past 64 bits", b"10000000000000001\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a size past 63 bits", b"ffffffffffffffff\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a negative size", b"-1\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a size with a sign", b"+1\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a size with 0x", b"0x1\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a size after a space", b" 1\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a size before a space", b"1 \r\nx\r\n0\r\n\r\n" + CANARY, cleaned_by=PROXIES),
    chunked("an empty size", b"\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a size that is no number", b"g\r\nx\r\n0\r\n\r\n" + CANARY),
    chunked("a size and a line feed", b"1\nx\r\n0\r\n\r\n" + CANARY, cleaned_by=PROXIES),
    chunked("data and a line feed", b"1\r\nx\n0\r\n\r\n" + CANARY, cleaned_by=PROXIES),
    chunked("data and a carriage return", b"1\r\nx\r0\r\n\r\n" + CANARY),
    chunked("data longer than its size", b"1\r\nxy\r\n0\r\n\r\n" + CANARY),
    chunked("an end of line feeds", b"1\r\nx\r\n0\n\n" + CANARY, cleaned_by=PROXIES),
    chunked("a last chunk of many zeros", b"1\r\nx\r\n000000\r\n\r\n", refused=False),
    chunked("too many zeros", b"0000000000000000000001\r\nx\r\n0\r\n\r\n" + CANARY, cleaned_by=PROXIES),
    chunked("a length among the trailers", b"1\r\nx\r\n0\r\nContent-Length: <length>\r\n\r\n" + CANARY,
            cleaned_by=PROXIES),
    chunked("a coding among the trailers", b"1\r\nx\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n" + CANARY,
            cleaned_by=PROXIES),
    chunked("a host among the trailers", b"1\r\nx\r\n0\r\nHost: other.test\r\n\r\n" + CANARY, cleaned_by=PROXIES),
    chunked("a space before a trailer's colon", b"1\r\nx\r\n0\r\nX : y\r\n\r\n" + CANARY, cleaned_by=PROXIES),
    chunked("an id among the trailers", b"1\r\nx\r\n0\r\nX-File-Id: canary\r\n\r\n", refused=False),
    # Request lines and hosts.
    line("HTTP/0.9", b"GET /status", b"", cleaned_by=NGINX),
    line("HTTP/0.9 by name", b"GET /status HTTP/0.9"),
    line("HTTP/2.0 by name", b"GET /status HTTP/2.0"),
    line("HTTP/1.1 in small letters", b"GET /status http/1.1"),
    line("HTTP/01.1", b"GET /status HTTP/01.1"),
    line("two spaces", b"GET  /status HTTP/1.1"),
    line("a tab", b"GET\t/status HTTP/1.1"),
    line("a space behind", b"GET /status HTTP/1.1 "),
    line("a space before", b" GET /status HTTP/1.1"),
    line("a space in the target", b"GET /sta tus HTTP/1.1"),
    line("a carriage return in the target", b"GET /sta\rtus HTTP/1.1"),
    line("a fragment", b"GET /status#f HTTP/1.1", cleaned_by=NGINX),
    line("no host", b"GET /status HTTP/1.1", b"X: y"),
    line("two hosts", b"GET /status HTTP/1.1", b"Host: upload.test\r\nHost: other.test"),
    line("two equal hosts", b"GET /status HTTP/1.1", b"Host: upload.test\r\nHost: upload.test"),
    line("a host with a space", b"GET /status HTTP/1.1", b"Host: upload.test other.test"),
    line("a host with a path", b"GET /status HTTP/1.1", b"Host: upload.test/other"),
    line("a host with a user", b"GET /status HTTP/1.1", b"Host: user@upload.test"),
    line("another host in the target", b"GET http://other.test/healthz HTTP/1.1", refused=False, cleaned_by=HAPROXY),
    line("a tunnel", b"CONNECT upload.test:443 HTTP/1.1"),
    # What asks for another protocol, or another treatment.
    line("an upgrade to HTTP/2", b"GET /healthz HTTP/1.1",
         b"Host: upload.test\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
         b"HTTP2-Settings: AAMAAABkAAQAAP__", refused=False),
    line("an upgrade to a web socket", b"GET /healthz HTTP/1.1",
         b"Host: upload.test\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", refused=False),
    # Directly it is HTTP/2: the preface, no settings, and good-bye.
    Case("HTTP/2 with prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
         b"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\0", cleaned_by=HAPROXY + ("direct",)),
    upload("an unknown expectation", b"Expect: 200-ok\r\nContent-Length: <length>", CANARY, cleaned_by=NGINX),
    upload("an expectation of two things", b"Expect: 100-continue, 200-ok\r\nContent-Length: <length>", CANARY,
           cleaned_by=NGINX),
    upload("an expectation without waiting", b"Expect: 100-continue\r\nContent-Length: <length>", CANARY,
           refused=False),
    upload("an expectation twice", b"Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: <length>", CANARY,
           refused=False, cleaned_by=NGINX),
    upload("a length that the connection names", b"Connection: close, Content-Length\r\nContent-Length: <length>",
           CANARY, refused=False),
    # Bodies where none is looked for.
    *(Case(f"{method} with a body", method.encode() + b" /healthz HTTP/1.1\r\nHost: upload.test\r\n"
           b"Connection: close\r\nContent-Length: <length>\r\n\r\n" + CANARY, refused=False)
      for method in ("GET", "HEAD", "OPTIONS")),
    Case("GET with chunks", b"GET /healthz HTTP/1.1\r\nHost: upload.test\r\nTransfer-Encoding: chunked\r\n"
         b"Connection: close\r\n\r\n1\r\nx\r\n0\r\n\r\n", refused=False),
    Case("DELETE with a body", b"DELETE /files/0123456789abcdef0123456789abcdef HTTP/1.1\r\nHost: upload.test\r\n"
         b"Connection: close\r\n"
         b"Content-Length: <length>\r\n\r\n" + CANARY),
    Case("a method for another", b"GET /files HTTP/1.1\r\nHost: upload.test\r\nConnection: close\r\n"
         b"X-HTTP-Method-Override: POST\r\nContent-Length: <length>\r\n\r\n" + CANARY),
    Case("an unknown method with a body", b"STATUS /status HTTP/1.1\r\nHost: upload.test\r\nConnection: close\r\n"
         b"Content-Length: <length>\r\n\r\n" + CANARY),
]


def answers(received: bytes) -> list[int]:
    """The final statuses in what came back."""
    statuses = [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]
    return [status for status in statuses if status >= 200]


class Site:
    """The server and everything that stands in front of it."""

    def __init__(self, folder):
        self.server = Victim(folder, "--durability", "process", "--body-timeout", "2")
        self.server.start()
        self.proxies = []
        self.ports = {
            "direct": self.server.port,
            "nginx": self._proxy(folder, "nginx", NGINX_CONF, buffering="off"),
            "nginx-buffered": self._proxy(folder, "nginx", NGINX_CONF, buffering="on"),
            "haproxy": self._proxy(folder, "haproxy", HAPROXY_CONF),
        }

    def _proxy(self, folder, kind, template, **settings):
        path = shutil.which(kind, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if path is None:
            return None
        folder = folder / f"{kind}{len(self.proxies)}"
        folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        file, log = folder / "conf", folder / "log"
        file.write_text(template.format(folder=folder, port=port, server=self.server.port, **settings))
        output = log.open("wb")
        process = subprocess.Popen([path, "-c" if kind == "nginx" else "-f", file], stdout=output, stderr=output)
        self.proxies.append(process)
        end = time.monotonic() + SECONDS
        while True:
            try:
                connect(port).close()
                return port
            except OSError:
                assert process.poll() is None and time.monotonic() < end, log.read_text()
                time.sleep(0.02)

    def stop(self):
        for process in self.proxies:
            process.terminate()
            process.wait(SECONDS)
        self.server.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.stop()


ids = itertools.count()


def stored(site, name) -> bytes:
    """How many bytes the server has of an upload."""
    return ask(site.server.port, "GET", "/status", {"X-File-Id": name}).body


def message(case: Case, name: str, canary: str) -> bytes:
    hidden = (b"POST /upload HTTP/1.1\r\nHost: upload.test\r\nX-File-Id: %s\r\nX-Start-Byte: 0\r\n"
              b"Content-Length: 6\r\n\r\ncanary" % canary.encode())
    head, end, body = case.sent.replace(b"<id>", name.encode()).replace(CANARY, hidden).partition(b"\r\n\r\n")
    return head.replace(LENGTH, b"%d" % len(body)) + end + body.replace(LENGTH, b"4")


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_message_has_two_readings(site, front, case):
    port = site.ports[front]
    if port is None:
        pytest.skip(f"{front} is not installed; `make test` installs it on Debian")
    number = next(ids)
    name, canary, bystander = f"first-{number}", f"canary-{number}", f"bystander-{number}"
    count = 7 + number % 50
    assert ask(port, "POST", "/upload", {"X-File-Id": bystander, "X-Start-Byte": "0"}, b"b" * count).status == 200

    with connect(port) as client:
        client.sendall(message(case, name, canary))
        received = read_all(client)
    statuses = answers(received)

    if front in case.cleaned_by and len(statuses) > 1:
        # The proxy saw two requests, passed on two and answered two.
        assert stored(site, canary) in (b"0", b"6"), received
    else:
        assert stored(site, canary) == b"0", received
    if front not in case.cleaned_by:
        assert len(statuses) == 1, received
        assert statuses[0] in (REFUSED if case.refused else {200, 204}), received
    # Whoever comes next on the proxy's connections to the server gets the answers to what they ask.
    with Line(port) as client:
        for _ in range(3):
            answer = client.request("GET", "/status", {"X-File-Id": bystander})
            assert (answer.status, answer.body) == (200, b"%d" % count)
