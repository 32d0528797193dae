"""
Asks a server for /healthz again and again, each time on a new connection and on one that stays, until its standard
input ends; then prints how long each answer took, in milliseconds, as a list. A program of its own: what the tests do
meanwhile must not count.
"""

import json
import select
import socket
import sys
import time

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: upload.test\r\n\r\n"


def ask(client: socket.socket) -> None:
    client.sendall(REQUEST)
    received = b""
    while not received.endswith(b"ok\n"):
        data = client.recv(1 << 12)
        if not data:
            raise ConnectionError("closed")
        received += data


def main(port: int) -> None:
    waits = []
    lasting = socket.create_connection(("127.0.0.1", port), 60)
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), 60) as client:
            ask(client)
        waits.append((time.monotonic() - start) * 1000)
        start = time.monotonic()
        ask(lasting)
        waits.append((time.monotonic() - start) * 1000)
    print(json.dumps(waits))


main(int(sys.argv[1]))
