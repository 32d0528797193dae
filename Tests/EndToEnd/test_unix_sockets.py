"""Listeners at paths of the file system."""

import json
import os
import socket
import stat
import subprocess

import pytest

from waiting import eventually

SECONDS = 30
BINARY = os.environ.get("SLUICE_BINARY", ".build/release/sluice")


def curl(path, url, *more):
    return subprocess.run(["curl", "-sSk", "--unix-socket", path, *map(str, more), url], capture_output=True,
                          timeout=SECONDS)


def test_every_kind_of_listener_may_have_a_path(tmp_path, start):
    plain, tls, admin = (tmp_path / name for name in ("plain.sock", "tls.sock", "admin.sock"))
    server = start("--listen", f"unix:{plain}", "--listen-tls", f"unix:{tls}", "--listen-admin", f"unix:{admin}",
                   "--socket-mode", "0660")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (plain, tls, admin)] == [0o660] * 3
    assert curl(plain, "http://h/healthz").stdout == b"ok\n"
    assert curl(tls, "https://h/healthz").stdout == b"ok\n"
    assert b"sluice_connections" in curl(admin, "http://h/metrics").stdout
    done = curl(plain, "http://h/files/", "-T", __file__)
    assert b'"location":"/files/' in done.stdout
    assert server.finished_files()[0].read_bytes() == open(__file__, "rb").read()
    location = json.loads(done.stdout)["location"]
    assert curl(plain, f"http://h{location}").stdout == open(__file__, "rb").read()
    eventually(lambda: '"peer":"unix"' in server.log.read_text(), "the line of a request")
    server.stop()
    assert not plain.exists() and not tls.exists() and not admin.exists()


def test_a_path_that_a_killed_server_left_is_taken_again(tmp_path, start):
    path = tmp_path / "s.sock"
    server = start("--listen", f"unix:{path}")
    server.kill()
    assert path.exists()
    server.start()
    assert curl(path, "http://h/healthz").stdout == b"ok\n"


def test_a_path_where_somebody_listens_or_that_is_no_socket_is_not_taken(tmp_path):
    path, file = tmp_path / "s.sock", tmp_path / "file"
    file.write_text("mine")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        for taken in (path, file):
            done = subprocess.run([BINARY, "serve", "--data", tmp_path / "data", "--listen", f"unix:{taken}",
                                   "--listen-tls", ""], capture_output=True, text=True, timeout=SECONDS)
            assert done.returncode == 1 and f"--listen unix:{taken}: Address already in use" in done.stderr
    assert file.read_text() == "mine"


def test_a_start_that_fails_leaves_no_path_behind(tmp_path):
    path = tmp_path / "s.sock"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run([BINARY, "serve", "--data", tmp_path / "data", "--listen", f"unix:{path}", "--listen-tls",
                               f"127.0.0.1:{port}"], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 1 and "already in use" in done.stderr and not path.exists()
    done = subprocess.run([BINARY, "serve", "--data", tmp_path / "data", "--listen", f"unix:{path}", "--listen-tls",
                           "0.0.0.0:0"], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2 and not path.exists()


def test_a_stop_takes_away_no_path_that_is_somebody_elses_by_now(tmp_path, start):
    path = tmp_path / "s.sock"
    server = start("--listen", f"unix:{path}")
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        server.stop()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_who_comes_by_a_path_is_believed_where_that_was_told(tmp_path, start):
    path = tmp_path / "s.sock"
    server = start("--listen", f"unix:{path}", "--trusted-proxy", "unix")
    assert curl(path, "http://h/healthz", "-H", "X-Forwarded-For: 192.0.2.7").stdout == b"ok\n"
    eventually(lambda: '"peer":"192.0.2.7"' in server.log.read_text(), "the line of the request")


@pytest.mark.parametrize("options, words", [
    (["--listen", "unix:"], "--listen"), (["--listen", "unix:" + "x" * 108], "--listen"),
    (["--listen", "unix:/s", "--listen", "unix:/s"], "twice"),
    (["--listen", "unix:/s", "--listen-admin", "unix:/s"], "same address"),
    (["--listen", "unix:@name"], "--listen"), (["--listen", "unix:/s", "--socket-mode", "+60"], "--socket-mode"),
    (["--listen", "unix:/s", "--socket-mode", "0999"], "--socket-mode"), (["--socket-mode", "0660"], "unix:"),
])
def test_what_is_no_path_or_mode_is_refused(tmp_path, options, words):
    done = subprocess.run([BINARY, "check-config", *options], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2 and words in done.stderr


def test_a_path_that_somebody_has_bound_and_will_listen_at_is_not_taken(tmp_path):
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        done = subprocess.run([BINARY, "serve", "--data", tmp_path / "data", "--listen", f"unix:{path}",
                               "--listen-tls", ""], capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 1 and "Address already in use" in done.stderr
        other.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_of_servers_that_come_at_once_for_a_left_path_one_has_it_and_the_others_say_so(tmp_path):
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    servers = [subprocess.Popen([BINARY, "serve", "--data", tmp_path / f"data{number}", "--listen", f"unix:{path}",
                                 "--listen-tls", ""], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for number in range(6)]
    try:
        eventually(lambda: sum(server.poll() == 1 for server in servers) == 5, "the end of those that came late")
        assert all("Address already in use" in server.stderr.read() for server in servers if server.poll() is not None)
        assert curl(path, "http://h/healthz").stdout == b"ok\n"
    finally:
        for server in servers:
            server.terminate()
            server.communicate(timeout=SECONDS)
