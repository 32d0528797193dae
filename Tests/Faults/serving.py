"""Servers as the fixtures of these tests have them: `yield from serving(…)`."""

import socket

from sluice import Sluice


def serving(directory, *options: str, calls=None, admin_port: int | None = None):
    """A server until its test is over; one that makes its system calls by way of `calls`, where that is given."""
    sluice = Sluice(directory, *options)
    sluice.admin_port = admin_port
    if calls is not None:
        sluice.environment = calls.environment
    sluice.start()
    yield sluice
    sluice.stop()
    print(sluice.log_tail())


def watched(directory, *options: str, calls):
    """The same with an admin address, at `admin_port`."""
    port = free_port()
    yield from serving(directory, "--listen-admin", f"127.0.0.1:{port}", *options, calls=calls, admin_port=port)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
