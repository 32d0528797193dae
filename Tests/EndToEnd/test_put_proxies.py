"""`sluice put` by way of a proxy, found as curl finds it."""

import base64
import socket
import threading

import pytest

from answering import Listener
from putting import failure, put
from sluice import make_file


class HTTPProxy:
    """CONNECT, and absolute addresses for plain http; remembers the heads that it was sent."""

    def __init__(self, refusal=None):
        self.refusal = refusal
        self.heads = []
        self._listener = Listener(self._serve)
        self.address = f"127.0.0.1:{self._listener.port}"

    def close(self):
        self._listener.close()

    def _serve(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return
            head += byte
        self.heads.append(head.decode())
        if self.refusal:
            client.sendall(self.refusal)
            client.close()
            return
        method, target, _ = head.decode().split("\r\n")[0].split(" ")
        place = target if method == "CONNECT" else target.split("/")[2]
        host, port = place.rsplit(":", 1)
        server = socket.create_connection((host, int(port)))
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            server.sendall(head)
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)

    @staticmethod
    def _pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.fixture
def proxy():
    proxy = HTTPProxy()
    yield proxy
    proxy.close()


@pytest.fixture
def file(tmp_path):
    return make_file(tmp_path / "a.bin", 2_000_000)


def test_https_goes_through_a_tunnel(tmp_path, shared, proxy, file):
    for name in ["https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"]:
        proxy.heads.clear()
        result = put(
            tmp_path, "--insecure", file.name, shared.tls_url, environment={name: f"http://{proxy.address}"})
        assert result.returncode == 0, result.stderr
        assert proxy.heads and proxy.heads[0].startswith(f"CONNECT 127.0.0.1:{shared.tls_port} HTTP/1.1\r\n")
        assert shared.finished(result.stdout.decode().strip()).read_bytes() == file.read_bytes()


def test_http_is_asked_for_with_the_whole_address(tmp_path, shared, proxy, file):
    result = put(tmp_path, file.name, shared.url, environment={"http_proxy": proxy.address})
    assert result.returncode == 0, result.stderr
    assert proxy.heads[0].startswith(f"POST http://127.0.0.1:{shared.port}/files HTTP/1.1\r\n")
    assert shared.finished(result.stdout.decode().strip()).read_bytes() == file.read_bytes()


def test_a_tunnel_brings_user_and_password_to_the_proxy_alone(tmp_path, shared, proxy, file):
    result = put(
        tmp_path, "--insecure", "--header", "Authorization: Bearer secret", file.name, shared.tls_url,
        environment={"HTTPS_PROXY": f"http://me:p%40ss@{proxy.address}/"})
    assert result.returncode == 0, result.stderr
    assert "Proxy-Authorization: Basic " + base64.b64encode(b"me:p@ss").decode() in proxy.heads[0]
    assert "secret" not in proxy.heads[0]


@pytest.mark.parametrize("environment", [
    {"HTTP_PROXY": "{}"}, {"http_proxy": ""}, {"http_proxy": "{}", "no_proxy": "127.0.0.1"},
    {"http_proxy": "{}", "NO_PROXY": "localhost, 127.0.0.0/8"}, {"http_proxy": "{}", "no_proxy": "*"},
    {"https_proxy": "{}"},
])
def test_what_is_excepted_goes_directly(tmp_path, shared, proxy, file, environment):
    result = put(
        tmp_path, file.name, shared.url,
        environment={name: value.format(proxy.address) for name, value in environment.items()})
    assert result.returncode == 0, result.stderr
    assert proxy.heads == []


def test_a_proxy_that_refuses_is_told_of_at_once(tmp_path, shared, file):
    proxy = HTTPProxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    result = put(tmp_path, "--insecure", file.name, shared.tls_url, environment={"https_proxy": proxy.address})
    assert result.returncode == 1
    assert f"the proxy {proxy.address} does not lead to 127.0.0.1:{shared.tls_port}: 407" in failure(result)
    assert len(proxy.heads) == 1
    proxy.close()


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "http://u:secret@[x", "h:99999"])
def test_a_proxy_that_cannot_be_used_is_told_of_without_its_password(tmp_path, shared, file, value):
    result = put(tmp_path, file.name, shared.url, environment={"http_proxy": value})
    assert result.returncode == 1
    assert "proxy" in failure(result)
    assert b"secret" not in result.stderr
