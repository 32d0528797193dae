"""Servers as the fixtures of these tests have them: `yield from serving(…)`."""

import subprocess

from ports import free_port
from sluice import Sluice
from uploads import Broken


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


def check(server: Sluice) -> None:
    """What the server itself thinks of the directory, its owners' usage included, and thought while it ran."""
    command = [server.binary, "check", "--quiet", "--data", str(server.data)]
    done = subprocess.run(command, capture_output=True, text=True)
    damages = [line for line in done.stdout.splitlines() if line.startswith("damage")]
    if done.returncode not in (0, 3) or damages:
        raise Broken("\n".join(["sluice check:", *damages, done.stderr]))
    if "is damaged" in server.log.read_text(errors="replace"):
        raise Broken("the server itself found damage")
