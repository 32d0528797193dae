"""What shows of a running server which value of an option is in force: each is called with it, and answers."""

import re
import socket
import subprocess
import time
import uuid
from pathlib import Path

from dialects import TUS
from exposition import Exposition
from tokens import bearer
from waiting import eventually
from wire import Closed, Line, ask

CAROL = bearer("carols-token")
ORIGIN = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}


def put(site, fields=(), body=b"data"):
    return ask(site.port, "PUT", "/files/a.bin", dict(fields), body)


def begin(site, fields=()):
    return ask(site.port, "POST", "/files", TUS | {"Upload-Length": "9"} | dict(fields), b"")


def status(method, path, fields=()):
    return lambda site: ask(site.port, method, path, dict(fields)).status


def putting(fields=(), size=4, count=1):
    """What so many files are answered."""
    return lambda site: [put(site, fields, b"x" * size).status for _ in range(count)]


def beginning(fields=(), count=1):
    return lambda site: [begin(site, fields).status for _ in range(count)]


def field(name, method, path, fields=(), tls=False):
    return lambda site: ask(site.tls_port if tls else site.port, method, path, dict(fields), tls=tls).fields.get(name)


def is_slow(fields=()):
    def see(site):
        start = time.monotonic()
        assert put(site, fields, b"x" * 300_000).status == 201
        return time.monotonic() - start > 1
    return see


def number(name):
    return lambda site: Exposition(ask(site.admin_port, "GET", "/metrics").body.decode())[name, {}]


def client(fields):
    """Whom the log has a request from."""
    def see(site):
        path = f"/{uuid.uuid4().hex}"
        ask(site.port, "GET", path, fields)
        found = lambda: [line for line in site.lines("request") if line["path"] == path]
        eventually(found, "the line of the log")
        return found()[0]["peer"]
    return see


def line_begins(site):
    """The first character of a line of the log."""
    path = f"/{uuid.uuid4().hex}"
    ask(site.port, "GET", path)
    found = lambda: [line for line in site.log.read_text().splitlines() if path in line]
    eventually(found, "the line of the log")
    return found()[0][0]


def event(site, who="one"):
    """What a receiver is told first of a file."""
    upload = put(site).location.rpartition("/")[2]
    found = lambda: [event for event in site.receivers[who].all if upload in event.body.decode()]
    eventually(found, "an event")
    return found()[0]


def receiver(site):
    upload = put(site).location.rpartition("/")[2]
    found = lambda: [who for who, one in site.receivers.items()
                     if any(upload in event.body.decode() for event in one.all)]
    eventually(found, "an event")
    return found()[0]


def run(site):
    """What a program has left of a file first: its own name, and the event's."""
    upload = put(site).location.rpartition("/")[2]
    runs = site.folder / "runs"
    found = lambda: [line for line in (runs.read_text().splitlines() if runs.exists() else []) if upload in line]
    eventually(found, "a run")
    return found()[0].split()[:2]


def stored(site):
    return (site.folder / "data/complete" / put(site).location.rpartition("/")[2] / "a.bin").stat()


def listening(site):
    """The addresses where the process listens, without their ports, as the kernel writes them."""
    sockets = {path.readlink().name for path in Path(f"/proc/{site.pid}/fd").iterdir() if path.is_symlink()}
    rows = [line.split() for line in Path(f"/proc/{site.pid}/net/tcp").read_text().splitlines()[1:]]
    return sorted(row[1][:8] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets)


def loops(site):
    names = [path.read_text() for path in Path(f"/proc/{site.pid}/task").glob("*/comm")]
    return sum(bool(re.match(r"[a-z]+-\d+$", name.strip())) for name in names)


def greeting(site):
    """How a client is met that speaks HTTP/2 without asking."""
    with socket.create_connection(("127.0.0.1", site.port), 30) as line:
        line.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        return line.recv(5)


def served(site):
    """How many of five connections at once are answered."""
    lines = [Line(site.port) for _ in range(5)]
    try:
        return sum(is_answered(line) for line in lines)
    finally:
        for line in lines:
            line.close()


def is_answered(line):
    try:
        return line.request("GET", "/healthz").status == 200
    except (Closed, OSError):
        return False


def questions(site):
    """How often the application is asked for three requests of one client."""
    count = len(site.application.questions)
    for _ in range(3):
        put(site, bearer("alices"))
    return len(site.application.questions) - count


def certificate(site, name):
    """The paths of a certificate and its key, made once."""
    chain, key = site.folder / f"{name}.pem", site.folder / f"{name}.key"
    if not chain.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
             "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", chain],
            check=True, capture_output=True)
    return str(chain), str(key)


def shown(site):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{site.tls_port}"], input=b"", capture_output=True, timeout=30)
    return done.stdout.decode().partition("CN = ")[2].partition("\n")[0]


def met_as(*names):
    """Which of some clients, each with a certificate of its own or without any, is served."""
    def see(site):
        served = []
        for name in names:
            chain, key = certificate(site, name) if name else (None, None)
            shows = ["--cert", chain, "--key", key] if name else []
            done = subprocess.run(["curl", "-sk", *shows, f"https://127.0.0.1:{site.tls_port}/healthz"],
                                  capture_output=True, timeout=30)
            served.append(done.stdout == b"ok\n")
        return served
    return see
