"""The systemd units: well formed, and their system call filter lets everything through that the server calls."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from activator import Activator, listening
from file_id import append, begin, status
from wire import Line, ask, pattern

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
UNITS = ["sluice.service", "sluice.socket", "sluice-http.socket"]
# Calls of the start itself, which systemd makes before the filter is in force.
BEFORE = {"execve"}
# SQLite gives its log to the owner of the catalogue, where it runs as root. The service does not.
AS_ROOT = {"fchown"} if os.geteuid() == 0 else set()

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze") or not shutil.which("strace"), reason="takes systemd-analyze and strace")


def test_the_units_are_well_formed(tmp_path):
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        # The program itself need not be installed where this is tested.
        (tmp_path / name).write_text(text.replace("/usr/local/bin/sluice serve", "/bin/true serve"))
    done = subprocess.run(["systemd-analyze", "verify", *(tmp_path / name for name in UNITS)], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def calls(group: str) -> set[str]:
    """The system calls of a group, those of groups within it included."""
    found = set()
    lines = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    for line in lines.stdout.splitlines()[1:]:
        word = line.split("#")[0].strip()
        found |= calls(word) if word.startswith("@") else {word} if word else set()
    return found


def allowed() -> set[str]:
    """What the unit's filter lets through, by the rules of systemd.exec(5)."""
    known = calls("@default")
    for line in (DEPLOY / "sluice.service").read_text().splitlines():
        name, _, value = line.partition("=")
        if name != "SystemCallFilter":
            continue
        words = value.lstrip("~").split()
        group = set().union(*(calls(word) if word.startswith("@") else {word} for word in words))
        known = known - group if value.startswith("~") else known | group
    return known


def test_the_filter_lets_through_what_the_server_calls(tmp_path, monkeypatch):
    """Every way through the server that is likely to make a system call of its own, with all calls counted."""
    counted = tmp_path / "calls"
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec strace -D -f -c -o {counted} {Path(binary()).resolve()} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("SLUICE_BINARY", str(wrapper))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=a", "-keyout", tmp_path / "key", "-out", tmp_path / "cert"],
                   check=True, capture_output=True)
    site = Activator(tmp_path, {name: listening() for name in ("http", "https", "admin")},
                     "--tls-cert", str(tmp_path / "cert"), "--tls-key", str(tmp_path / "key"))
    site.environment["WATCHDOG_USEC"] = "500000"
    site.start()
    try:
        use(site)
        site.hang_up()
        site.told_until("RELOADING")
        site.terminate()
        assert site.wait() == 0
    finally:
        site.close()
    while not counted.exists() or "total" not in counted.read_text():
        pass
    rows = [line.split() for line in counted.read_text().splitlines()]
    used = {row[-1] for row in rows if len(row) >= 4 and row[0][0].isdigit() and row[-1] != "total"}
    assert {"accept4", "fdatasync", "pwrite64", "epoll_wait", "renameat2", "sendto"} <= used
    print(" ".join(sorted(used)))
    assert used - BEFORE - AS_ROOT - allowed() == set()


def binary() -> str:
    import activator
    return activator.binary()


def use(site):
    http, https = site.port("http"), site.port("https")
    data = pattern(3 << 20)
    for port, tls in ((http, False), (https, True)):
        assert append(port, f"a{tls}", 0, data, tls).status == 200
        created = ask(port, "PUT", "/files/x", {}, data, tls)
        assert ask(port, "GET", created.location, tls=tls).body == data
        with Line(port, tls) as cut:
            begin(cut, f"b{tls}", 0, len(data))
            cut.send(data[: 1 << 20])
        assert status(port, f"b{tls}", tls) >= 0
        parts = []
        for piece in (data[: 1 << 20], data[1 << 20 :]):
            fields = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(piece)), "Upload-Concat": "partial",
                      "Content-Type": "application/offset+octet-stream"}
            parts.append(ask(port, "POST", "/files", fields, piece, tls).location)
        whole = ask(port, "POST", "/files", {"Tus-Resumable": "1.0.0", "Upload-Concat": f"final;{' '.join(parts)}"},
                    b"", tls)
        assert whole.status == 201
        assert ask(port, "DELETE", whole.location, {"Tus-Resumable": "1.0.0"}, tls=tls).status == 204
        assert ask(port, "GET", "/", tls=tls).status == 200
    assert ask(site.port("admin"), "GET", "/metrics").status == 200
