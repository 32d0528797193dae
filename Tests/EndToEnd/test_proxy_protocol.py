"""The PROXY protocol: whose connection it is, from trusted proxies alone, in front of plain HTTP and of TLS."""

import json
import os
import socket
import ssl
import struct
import subprocess
import time

import pytest

from ports import free_port
from waiting import eventually
from wire2 import Line2

SECONDS = 30
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
REQUEST = b"GET /status HTTP/1.1\r\nHost: h\r\nX-File-Id: a\r\nConnection: close\r\n\r\n"


def binary(command, family, content):
    return SIGNATURE + bytes([0x20 | command, family]) + struct.pack(">H", len(content)) + content


IPV4 = socket.inet_aton("192.0.2.7") + socket.inet_aton("198.51.100.1") + struct.pack(">HH", 4660, 80)
IPV6 = (socket.inet_pton(socket.AF_INET6, "2001:db8::7") + socket.inet_pton(socket.AF_INET6, "::1")
        + struct.pack(">HH", 4660, 80))


@pytest.fixture
def site(tmp_path, start):
    return start("--proxy-protocol", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1")


def talk(port, header, request=REQUEST, tls=False, pieces=None):
    """What the server answers to these bytes; b"" where it closes without a word."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces or [header]:
            line.sendall(piece)
        try:
            if tls:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                line = context.wrap_socket(line)
            line.sendall(request)
            return b"".join(iter(lambda: line.recv(65536), b""))
        except (ConnectionError, ssl.SSLError):
            return b""


def peers(server):
    return [line["peer"] for line in map(json.loads, server.log.read_text().splitlines())
            if line["message"] == "request"]


@pytest.mark.parametrize("header, peer", [
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 4660 80\r\n", "192.0.2.7"),
    (b"PROXY TCP6 2001:db8::7 ::1 4660 80\r\n", "2001:db8::7"), (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    (binary(1, 0x11, IPV4), "192.0.2.7"), (binary(1, 0x21, IPV6), "2001:db8::7"),
    (binary(1, 0x11, IPV4 + b"\x02\x00\x03abc" + b"\x04\x01\x00" + bytes(256)), "192.0.2.7"),
    (binary(0, 0x00, b""), "127.0.0.1"), (binary(0, 0x11, IPV4), "127.0.0.1"),
], ids=["line", "line of IPv6", "unknown", "binary", "binary of IPv6", "with more behind", "local", "local with address"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_the_client_is_who_the_proxy_says(site, header, peer, tls):
    assert talk(site.tls_port if tls else site.port, header, tls=tls).startswith(b"HTTP/1.1 200 ")
    eventually(lambda: peers(site) == [peer], "the line of the request")


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_streams_of_http2_are_the_client_s_too(site, tls):
    with Line2(site.tls_port if tls else site.port, tls, before=binary(1, 0x11, IPV4)) as line:
        for file_id in "ab":
            assert line.request("GET", "/status", {"X-File-Id": file_id}).body == b"0"
    eventually(lambda: peers(site) == ["192.0.2.7"] * 2, "the lines of the requests")


def test_a_header_in_pieces_is_taken_and_nothing_behind_it(site):
    for header in (binary(1, 0x11, IPV4), b"PROXY TCP4 192.0.2.7 198.51.100.1 4660 80\r\n"):
        assert talk(site.port, b"", pieces=[header[:1], header[1:7], header[7:-1], header[-1:]]).startswith(b"HTTP/1.1 200")
        assert talk(site.port, b"", pieces=[header + REQUEST], request=b"").startswith(b"HTTP/1.1 200")


def test_a_header_that_is_on_its_way_when_the_server_stops_is_waited_for(site):
    header = b"PROXY TCP4 192.0.2.7 198.51.100.1 4660 80\r\n"
    with socket.create_connection(("127.0.0.1", site.port), SECONDS) as line:
        line.sendall(header[:9])
        # Connections are accepted in their order.
        assert talk(site.port, header).startswith(b"HTTP/1.1 200 ")
        site.terminate()
        eventually(lambda: '"stopping"' in site.log.read_text(), "the stop")
        line.sendall(header[9:] + REQUEST)
        assert line.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("header", [
    b"", b"PROXY TCP4 192.0.2.7 198.51.100.1 4660 80\n", b"PROXY TCP4 192.0.2.7\r\n", binary(2, 0x11, IPV4),
    binary(1, 0x11, b"abc"), SIGNATURE + b"\x11\x11\x00\x0c" + IPV4, SIGNATURE + b"\x21\x11\xff\xff",
    b"\x16\x03\x01\x02\x00\x01\x00",
], ids=["none", "no CR", "short", "command", "short address", "version 1", "long", "TLS"])
def test_what_begins_otherwise_is_closed_without_a_word(site, header):
    assert talk(site.port, header) == b""
    eventually(lambda: "no PROXY header" in site.log.read_text(), "the reason")


def test_who_is_not_trusted_is_closed_whatever_it_says(tmp_path, start):
    server = start("--proxy-protocol", "127.0.0.1:0", "--trusted-proxy", "10.0.0.0/8")
    assert talk(server.port, binary(1, 0x11, IPV4)) == b"" and talk(server.port, b"") == b""
    eventually(lambda: "no trusted proxy" in server.log.read_text(), "the reason")


def test_a_client_that_the_proxy_names_is_not_believed_of_others(site):
    request = REQUEST.replace(b"Connection", b"X-Forwarded-For: 203.0.113.9\r\nConnection")
    assert talk(site.port, binary(1, 0x11, IPV4), request).startswith(b"HTTP/1.1 200")
    eventually(lambda: peers(site) == ["192.0.2.7"], "the line of the request")


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", binary(0, 0x00, b"")], ids=["unknown", "local"])
def test_where_nobody_knows_the_client_its_word_on_itself_does_not_count(site, header):
    request = REQUEST.replace(b"Connection", b"X-Forwarded-For: 203.0.113.9\r\nConnection")
    assert talk(site.port, header, request).startswith(b"HTTP/1.1 200")
    eventually(lambda: peers(site) == ["127.0.0.1"], "the line of the request")
    # Nor what it says of the scheme, and of the host that a page came from.
    request = REQUEST.replace(b"GET /status", b"GET https://h/status").replace(
        b"Connection", b"X-Forwarded-Proto: https\r\nConnection")
    assert talk(site.port, header, request).startswith(b"HTTP/1.1 421")
    request = (b"PUT /files/a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nOrigin: https://evil.example\r\n"
               b"X-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\nx")
    assert talk(site.port, header, request).startswith(b"HTTP/1.1 403")


def test_the_bound_of_an_address_counts_the_client_that_the_proxy_names(tmp_path, start):
    server = start("--proxy-protocol", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1",
                   "--max-connections-per-address", "2")

    def come(address):
        line = socket.create_connection(("127.0.0.1", server.port), SECONDS)
        line.sendall(f"PROXY TCP4 {address} 198.51.100.1 4660 80\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        return line, line.recv(4096)
    held = [come("192.0.2.7") for _ in range(2)] + [come("192.0.2.8")]
    assert all(answer.startswith(b"HTTP/1.1 200") for _, answer in held)
    line, answer = come("192.0.2.7")
    line.close()
    assert answer.startswith(b"HTTP/1.1 503") and b"too-many-connections" in answer
    eventually(lambda: "connections of one address are open" in server.log.read_text(), "the line")
    held[0][0].close()

    def comes_in():
        line, answer = come("192.0.2.7")
        line.close()
        return answer.startswith(b"HTTP/1.1 200")
    eventually(comes_in, "the place that has become free")
    for line, _ in held:
        line.close()


def test_who_is_not_trusted_writes_no_log(tmp_path, start):
    server = start("--proxy-protocol", "127.0.0.1:0", "--trusted-proxy", "10.0.0.0/8")
    began = time.monotonic()
    for _ in range(60):
        assert talk(server.port, b"") == b""
    seconds = time.monotonic() - began
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    told = [line for line in lines if line["message"] == "connection closed"]
    assert 1 <= len(told) <= 2 + seconds and told[0]["count"] in ("1", 1)


@pytest.mark.parametrize("options, words", [
    (["--proxy-protocol", "127.0.0.1:9"], "--trusted-proxy"),
    (["--proxy-protocol", "127.0.0.1:9", "--trusted-proxy", "127.0.0.1"], "--listen"),
    (["--proxy-protocol", "x", "--trusted-proxy", "127.0.0.1"], "numeric address"),
])
def test_a_listener_for_proxies_is_one_and_knows_some(tmp_path, options, words):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    done = subprocess.run([binary, "serve", "--data", tmp_path / "data", *options], capture_output=True, text=True)
    assert done.returncode == 2 and "--proxy-protocol" in done.stderr and words in done.stderr


HAPROXY = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
listen plain
    bind 127.0.0.1:{plain}
    server sluice 127.0.0.1:{port} {word}
listen tls
    bind 127.0.0.1:{tls}
    server sluice 127.0.0.1:{tls_port} {word} check
"""


@pytest.mark.parametrize("word", ["send-proxy", "send-proxy-v2"])
def test_haproxy_is_understood(site, tmp_path, word):
    plain, tls = free_port(), free_port()
    (tmp_path / "haproxy.cfg").write_text(
        HAPROXY.format(plain=plain, tls=tls, port=site.port, tls_port=site.tls_port, word=word))
    proxy = subprocess.Popen(["haproxy", "-f", tmp_path / "haproxy.cfg"], stderr=subprocess.DEVNULL)
    try:
        def fetch(url):
            return subprocess.run(
                ["curl", "-sk", "--interface", "127.0.0.9", "-H", "X-File-Id: a", url], capture_output=True,
                timeout=SECONDS).stdout
        eventually(lambda: fetch(f"http://127.0.0.1:{plain}/status") == b"0", "haproxy")
        assert fetch(f"https://127.0.0.1:{tls}/status") == b"0"
        eventually(lambda: peers(site)[-2:] == ["127.0.0.9", "127.0.0.9"], "the lines of the requests")
    finally:
        proxy.terminate()
        proxy.wait(SECONDS)
