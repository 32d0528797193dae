"""Sessions of TLS that are resumed, over all the server's loops."""

import socket

import pytest

from dialects import CLIENT_RESUMES
from exposition import Exposition
from proxy import Proxy
from putting import put
from sluice import Sluice, make_file
from wire import TRUSTING

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"


def connected(port, session=None):
    line = TRUSTING.wrap_socket(socket.create_connection(("127.0.0.1", port)), session=session)
    line.sendall(HEALTH)
    assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
    return line


def test_a_ticket_of_one_loop_is_good_at_every_other(start):
    server = start("--threads", "4")
    lines = [connected(server.tls_port)]
    assert not lines[0].session_reused
    session = lines[0].session
    # They stay open, so that each goes to a loop with less to do.
    for _ in range(12):
        lines.append(connected(server.tls_port, session))
        assert lines[-1].session_reused
        session = lines[-1].session
    for line in lines:
        line.close()


@pytest.mark.parametrize("dialect", CLIENT_RESUMES)
@pytest.mark.parametrize("resets", [True, False])
def test_put_goes_on_after_a_cut_with_a_ticket(tmp_path, dialect, resets):
    """Whoever loses the connection often does not pay for a whole handshake each time."""
    # The admin listener's port is not told beside the others.
    admin = f"unix:{tmp_path}/admin"
    server = Sluice(tmp_path, "--listen-admin", admin)
    server.start()
    line = Proxy(server.tls_port, tls=True)
    try:
        file = make_file(tmp_path / "a.bin", 9_000_000)
        line.cut_after(5_000_000, resets)
        result = put(tmp_path, "--insecure", "--dialect", dialect, file.name, line.url)
        assert result.returncode == 0, result.stderr
        assert line.cuts == 1
        assert server.finished(result.stdout.decode().strip()).read_bytes() == file.read_bytes()
        assert metrics(tmp_path / "admin")["sluice_tls_resumed_total"] >= 1
    finally:
        line.close()
        server.stop()


def metrics(path) -> Exposition:
    with socket.socket(socket.AF_UNIX) as admin:
        admin.connect(str(path))
        admin.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: admin.recv(65536), b""))
    return Exposition(answer.partition(b"\r\n\r\n")[2].decode())
