"""
A running server takes over by SIGHUP what the table of options says that it does, and of everything else that it waits
for a restart: each option is changed once (options.py has two values of it, and what shows which one is in force).
"""

import json
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import pytest

import options
from application import Application, refused
from ports import free_port
from receiver import Receiver
from waiting import eventually

TESTS = Path(__file__).parents[1]
SECONDS = 30
APPLIED, NONE_APPLIED = "new configuration", "configuration read anew: nothing to apply"
WAITING = "new values of these options need a restart"


class Site:
    """A server that has all of its options from a file."""

    def __init__(self, folder: Path):
        self.binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
        self.folder, self.log, self.file = folder, folder / "log", folder / "sluice.yaml"
        self.receivers = {"one": Receiver(), "other": Receiver()}
        self.application, self.other_application = Application(), Application(lambda _: refused())
        self.free_port = free_port()
        self._process = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, settings: dict) -> None:
        usual = {"listen": "127.0.0.1:0", "listen-tls": "127.0.0.1:0", "listen-admin": "127.0.0.1:0", "threads": 2,
                 "data": str(self.folder / "data"), "durability": "process", "log-format": "json"}
        # What JSON says YAML says, too.
        self.file.write_text("".join(f"{name}: {json.dumps(value)}\n" for name, value in (usual | settings).items()))

    def start(self, settings: dict) -> None:
        self.say(settings)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.binary, "serve", "--config", self.file], stdout=subprocess.PIPE, stderr=log, text=True,
                env=environment)
        alarm = threading.Timer(SECONDS, self._process.kill)
        alarm.start()
        ports: dict[str, int] = {}
        for line in self._process.stdout:
            kind, _, rest = line.strip().rpartition(":")
            port = rest.partition("/")[0]
            if port.isdigit():
                ports.setdefault(kind.partition("//")[0], int(port))
            if line.startswith("admin"):
                break
        alarm.cancel()
        assert "admin: http:" in ports, self.log.read_text()
        self.port, self.tls_port, self.admin_port = ports["http:"], ports["https:"], ports["admin: http:"]

    def lines(self, message: str) -> list[dict]:
        told = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in told if line["message"] == message]

    def reload(self, settings: dict) -> tuple[set[str], set[str]]:
        """Gives it another file; answers which options it says that it has taken over, and which wait."""
        self.say(settings)
        self._process.send_signal(signal.SIGHUP)
        told = ("new configuration refused, the old one goes on", APPLIED, NONE_APPLIED)
        eventually(lambda: any(map(self.lines, told)), "a word on it")
        assert not self.lines(told[0]), self.lines(told[0])
        if not self.lines(APPLIED):
            eventually(lambda: self.lines(WAITING), "a word on what waits")
        return tuple({name for line in self.lines(message) for name in line["options"].split(", ")}
                     for message in (APPLIED, WAITING))

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=SECONDS)

    def close(self) -> None:
        self.stop()
        for receiver in self.receivers.values():
            receiver.close()
        for application in (self.application, self.other_application):
            application.stop()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.close()
    print(site.log.read_text()[-3000:])


@pytest.mark.parametrize("option", options.LIVE)
def test_a_live_option_acts_at_once(site, option):
    case = options.LIVE[option]
    site.start(case.before(site))
    seen = case.see and case.see(site)
    applied, waiting = site.reload(case.after(site))
    assert option in applied and option not in waiting
    if case.see:
        eventually(lambda: case.see(site) != seen, f"the new value of {option} beside {seen}")


@pytest.mark.parametrize("option", options.WAITING)
def test_any_other_is_said_to_wait_for_a_restart_and_does(site, option):
    case = options.WAITING[option]
    site.start(case.before(site))
    seen = case.see and case.see(site)
    applied, waiting = site.reload(case.after(site))
    assert option in waiting and option not in applied
    if case.see:
        assert case.see(site) == seen
        site.stop()
        site.start(case.after(site))
        assert case.see(site) != seen


# ---- The cases themselves, without a server --------------------------------------------------------------------------

def test_every_option_has_a_case():
    page = (TESTS.parent / "docs/configuration.md").read_text()
    rows = set(re.findall(r"^\| `--([a-z0-9-]+)`", page, re.M))
    assert len(rows) > 60 and set(options.declared()) == rows, "options.declared() reads the declarations"
    assert options.LIVE.keys() | options.WAITING.keys() | options.FIXED == rows
    assert not options.LIVE.keys() & options.WAITING.keys()


def test_each_is_declared_to_be_what_its_case_shows():
    declared = options.declared()
    assert [option for option in options.LIVE if not declared[option]] == [], "they are live"
    assert [option for option in [*options.WAITING, *options.FIXED] if declared[option]] == [], "they are not live"


def test_what_shows_too_late_says_where_it_is_seen():
    names = {path.stem: path.read_text() for path in TESTS.rglob("*") if path.suffix in (".py", ".swift")}
    for option, case in {**options.LIVE, **options.WAITING}.items():
        assert bool(case.because) == (case.see is None), option
        named = re.findall(r"\btest_\w+|\b\w+Tests\b", case.because)
        assert bool(named) == bool(case.because), f"{option}: no test is named"
        for name in named:
            assert name in names or any(f"def {name}(" in text for text in names.values()), f"{option}: {name}"
