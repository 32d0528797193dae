"""A call of the system's that neither fails nor returns: who shares out the work is told so where it is in everybody's way,
and where it need not be, it is not."""

import socket
import subprocess
import threading
import time

import pytest

from exposition import Exposition
from serving import watched
from sluice import Sluice
from waiting import eventually
from wire import ask

TUS = {"Tus-Resumable": "1.0.0"}
SMALL = b"small" * 200


@pytest.fixture
def server(tmp_path, calls):
    yield from watched(tmp_path, "--threads", "1", calls=calls)


def put(server, name: str = "file.txt", body: bytes = SMALL):
    return ask(server.port, "PUT", f"/files/{name}", {}, body)


def ready(server):
    return ask(server.port, "GET", "/readyz")


def step_seconds(server, thread: str) -> float:
    page = Exposition(ask(server.admin_port, "GET", "/metrics").body.decode())
    return page["sluice_store_step_seconds", {"thread": thread}]


@pytest.mark.parametrize("call, path, thread, says, body", [
    ("fdatasync", "-wal", "catalogue", b"catalogue", SMALL),
    ("renameat", "hangs.txt", "catalogue", b"catalogue", SMALL),
    ("fdatasync", "/uploads/", "sync", b"disk", b"x" * 300_000),
], ids=["log", "small", "large"])
def test_a_server_whose_store_hangs_says_so_while_it_does(server, calls, call, path, thread, says, body):
    assert put(server).status == 201 and ready(server).status == 200
    answers = []
    with calls.hold(call, path=path) as held:
        # As many as take every thread that may sync.
        clients = [threading.Thread(target=lambda: answers.append(put(server, "hangs.txt", body).status))
                   for _ in range(9 if thread == "sync" else 1)]
        for client in clients:
            client.start()
        eventually(lambda: held.waiting >= 1, "the call that hangs")
        eventually(lambda: ready(server).status == 503, "word of it")
        assert says in ready(server).body and ready(server).code == "not-ready"
        assert step_seconds(server, thread) > 2
        assert ask(server.port, "GET", "/healthz").status == 200
    for client in clients:
        client.join()
    assert set(answers) == {201}
    eventually(lambda: ready(server).status == 200, "the way back")
    assert step_seconds(server, thread) < 2


def test_a_file_that_cannot_be_looked_at_is_in_the_way_of_its_own_upload_only(server, calls):
    made = [ask(server.port, "POST", "/files", TUS | {"Upload-Length": "1000"}, b"").location for _ in range(2)]
    stored = put(server, body=b"f" * 100_000).location
    server.restart_after_kill()
    hanging, other = made
    answers = []
    with calls.hold("fstatat", path=hanging.rpartition("/")[2]) as held:
        client = threading.Thread(target=lambda: answers.append(ask(server.port, "HEAD", hanging, TUS).status))
        client.start()
        eventually(lambda: held.waiting >= 1, "the look that hangs")
        started = time.monotonic()
        assert ask(server.port, "HEAD", other, TUS).offset == 0
        assert ask(server.port, "GET", stored, {}).body == b"f" * 100_000
        assert ask(server.port, "GET", "/status", {"X-File-Id": "unknown"}).status == 200
        assert ready(server).status == 200
        assert time.monotonic() - started < 5
    client.join()
    assert answers == [200]


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True,
                   capture_output=True)
    return ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]


@pytest.mark.parametrize("file", ["cert.pem", "tokens"])
def test_a_configured_file_that_hangs_silences_neither_the_watchdog_nor_a_stop(tmp_path, calls, file):
    (tmp_path / "tokens").write_text(f"alice:{'0' * 64}\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        server = Sluice(tmp_path, *certificate(tmp_path), "--tokens", str(tmp_path / "tokens"))
        server.environment = calls.environment | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
        server.start()
        with calls.hold("openat", path=f"/{file}$") as held:
            server.hang_up()
            eventually(lambda: held.waiting >= 1, "the file that hangs")
            while b"RELOADING" not in manager.recv(4096):
                pass
            assert [manager.recv(4096) for _ in range(10)] == [b"WATCHDOG=1"] * 10
            assert ask(server.port, "GET", "/healthz").status == 200
            server.terminate()
            while b"STOPPING" not in manager.recv(4096):
                pass
            assert server.wait() == 0
