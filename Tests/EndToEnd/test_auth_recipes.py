"""The recipes of deploy/auth.md, as people copy them: nginx and Caddy, Sluice and a stand-in for oauth2-proxy."""

import re
import shutil
import socket
import subprocess
import sys
import time
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from application import Application, Said
from ports import free_port
from sluice import Sluice
from test_proxies import NGINX
from wire import ask, pattern

PAGE = (Path(__file__).parents[2] / "deploy" / "auth.md").read_text()
TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
ALICE, BOB, STRANGER = ({"Cookie": f"_oauth2_proxy={name}"} for name in ("alice", "bob", "mallory"))
SIZE = 5 << 20


def snippets(heading: str, language: str) -> list[str]:
    [section] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def options(heading: str, application: int) -> list[str]:
    """Those of `sluice serve` in a recipe, with the port that the application really has."""
    [line] = [line for text in snippets(heading, "sh") for line in text.splitlines() if line.startswith("sluice serve")]
    return re.sub(r"127\.0\.0\.1:(4180|3000)", f"127.0.0.1:{application}", line).split()[2:]


def signs_in(question) -> Said:
    """As oauth2-proxy with --set-xauthrequest does."""
    if not question[":path"].startswith("/oauth2/auth"):
        return Said(200, [("Content-Type", "text/html")], b"Sign in")
    cookie = SimpleCookie(question.get("cookie", "")).get("_oauth2_proxy")
    if cookie and cookie.value in ("alice", "bob"):
        return Said(202, [("X-Auth-Request-User", cookie.value),
                          ("X-Auth-Request-Email", f"{cookie.value}@example.org")], b"Authenticated")
    return Said(401, [("Content-Type", "text/plain")], b"Unauthorized\n")


@pytest.fixture
def sign_in():
    with Application(signs_in) as application:
        yield application


@pytest.fixture
def running(tmp_path):
    processes = []

    def run(command, port):
        log = (tmp_path / f"{len(processes)}.log").open("wb")
        processes.append(subprocess.Popen(command, stdout=log, stderr=log, env={"HOME": str(tmp_path)}))
        end = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert processes[-1].poll() is None and time.monotonic() < end, Path(log.name).read_text()
                time.sleep(0.02)

    yield run
    for process in processes:
        process.terminate()
        process.wait(20)


def proxied(kind: str, text: str, folder: Path, server: Sluice, sign_in: Application, running) -> int:
    """Starts a proxy with the settings of a recipe; answers its port."""
    path = shutil.which(kind, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if path is None:
        pytest.skip(f"{kind} is not installed; `make test` installs it on Debian")
    port = free_port()
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}").replace(
        "127.0.0.1:4180", f"127.0.0.1:{sign_in.port}")
    file = folder / f"{kind}.conf"
    if kind == "nginx":
        file.write_text(NGINX.format(folder=folder, port=port, settings=text))
        running([path, "-c", str(file)], port)
    else:
        file.write_text("{\n    admin off\n    default_bind 127.0.0.1\n}\n" + text.replace(":8081", f":{port}"))
        running([path, "run", "--adapter", "caddyfile", "--config", str(file)], port)
    return port


def uploads(port: int, fields: dict) -> str:
    """A file by tus in two pieces, and another one whole; answers the address of the first."""
    data = pattern(SIZE)
    made = ask(port, "POST", "/files", fields | TUS | {"Upload-Length": str(SIZE)}, b"")
    assert made.status == 201, (made.status, made.fields, made.body)
    location = re.sub(r"^https?://[^/]+", "", made.location)
    for start, end in ((0, SIZE // 2), (SIZE // 2, SIZE)):
        answer = ask(port, "PATCH", location, fields | PATCH | {"Upload-Offset": str(start)}, data[start:end])
        assert (answer.status, answer.offset) == (204, end)
    assert ask(port, "GET", location, fields).body == data
    assert ask(port, "PUT", "/files/a.bin", fields, data).status == 201
    return location


CADDY_AND_NGINX = pytest.mark.parametrize("kind, language", [("nginx", "nginx"), ("caddy", "caddyfile")])


@CADDY_AND_NGINX
def test_sluice_asks_and_users_do_not_meet(tmp_path, sign_in, running, kind, language):
    heading = "oauth2-proxy, asked by Sluice"
    server = Sluice(tmp_path, *options(heading, sign_in.port))
    server.start()
    try:
        [text] = snippets(heading, language)
        port = proxied(kind, text, tmp_path, server, sign_in, running)
        location = uploads(port, ALICE)
        assert b"alice@example.org" in ask(port, "GET", "/usage", ALICE).body
        assert ask(port, "GET", location, BOB).status == 404
        refused = ask(port, "PUT", "/files/b.bin", STRANGER, b"x")
        assert (refused.status, refused.code) == (401, "auth-refused")
        # What was asked tells the client's side of the proxy.
        question = [one for one in sign_in.questions if one[":path"] == "/oauth2/auth"][0]
        assert question["x-forwarded-proto"] == "http" and question["x-forwarded-for"] == "127.0.0.1"
        assert ask(port, "GET", "/oauth2/start", STRANGER).body == b"Sign in"
        assert ask(port, "HEAD", "/", STRANGER).status == 200
    finally:
        server.stop()


@CADDY_AND_NGINX
def test_the_proxy_asks_and_sluice_knows_nobody(tmp_path, sign_in, running, kind, language):
    server = Sluice(tmp_path)
    server.start()
    try:
        [text] = snippets("oauth2-proxy, asked by the proxy", language)
        port = proxied(kind, text, tmp_path, server, sign_in, running)
        location = uploads(port, ALICE)
        assert ask(port, "HEAD", location, BOB | TUS).offset == SIZE
        before = len(server.finished_files())
        for method, path, fields in (("PUT", "/files/b", {}), ("GET", location, {}), ("DELETE", location, TUS)):
            assert ask(port, method, path, STRANGER | fields, b"x" if method == "PUT" else None).status == 401
        assert len(server.finished_files()) == before
        assert ask(port, "GET", "/oauth2/start", STRANGER).body == b"Sign in"
    finally:
        server.stop()


@pytest.mark.parametrize("user", ["alice", "émile", "Łucja"])
def test_the_application_of_the_page_names_its_users(tmp_path, running, user):
    [code] = snippets("Your own application", "python")
    port = free_port()
    running([sys.executable, "-c", code.replace("3000", str(port)).replace('"alice"', f'"{user}"')], port)
    server = Sluice(tmp_path, *options("Your own application", port))
    server.start()
    try:
        fields = {"Cookie": "a=b; session=s3cr3t"}
        location = uploads(server.port, fields)
        usage = ask(server.port, "GET", "/usage", fields).body
        assert f'"owner":"{user}"'.encode() in usage and b'"max_size":5368709120' in usage
        assert ask(server.port, "GET", location, {"Cookie": "session=other"}).status == 401
    finally:
        server.stop()
