"""Sessions of TLS that are resumed, over all the server's loops."""

import socket

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
