"""Ports that nobody has."""

import socket


def free_ports(count: int) -> list[int]:
    """For programs that cannot say which one they got. Until they have them, somebody else may be quicker."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def free_port() -> int:
    return free_ports(1)[0]
