"""
kill -9, or a power cut, while a form comes to its end: all of its files are there afterwards, or none of them.

SLUICE_FORM_KILLS sets how many kills, SLUICE_FORM_CUTS how many cuts, SLUICE_SEED which moments.
"""

import errno
import os
import sqlite3
import time
from collections import Counter
from contextlib import closing, contextmanager
from random import Random

import pytest

from disks import KINDS
from serving import check, serving
from sluice import Sluice
from waiting import eventually
from wire import Closed, Line, ask

KILLS = int(os.environ.get("SLUICE_FORM_KILLS", "24"))
CUTS = int(os.environ.get("SLUICE_FORM_CUTS", "10"))
SEED = int(os.environ.get("SLUICE_SEED", "1"))
# Of one form, in bytes; there are as many files.
LENGTHS = [70_000, 0, 1, 300_000, 5000]
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
# Each step of a form's end takes so much longer: without it hardly a kill comes between two of them.
STEP_MILLISECONDS = 3
# With so many writes and flushes of its disk a form comes to its end, mostly.
END_OPERATIONS = 60
# What stands behind the last file.
END = b"--b--\r\n"


@pytest.fixture(params=["power", "process"])
def slow(tmp_path, calls, request):
    server = serving(tmp_path, "--durability", request.param, calls=calls)
    calls.delay("mkdirat", STEP_MILLISECONDS, path="/complete/")
    calls.delay("renameat", STEP_MILLISECONDS, path="/complete/")
    yield from server


def content(number: int, index: int) -> bytes:
    return Random(f"{SEED}/{number}/{index}").randbytes(LENGTHS[index])


def name(number: int, index: int) -> str:
    return f"{number}-{index}.bin"


def form(number: int) -> bytes:
    return b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="' + name(number, index).encode() + b'"\r\n\r\n'
        + content(number, index) + b"\r\n" for index in range(len(LENGTHS))) + END


@contextmanager
def begun(server, number: int):
    """A form of which all has come but its end."""
    body = form(number)
    with Line(server.port) as line:
        line.head("POST", "/files", FORM, len(body))
        line.send(body[:-len(END)])
        # The last file is written, too: nothing is under way but the wait for the end.
        eventually(lambda: len(list((server.data / "uploads").iterdir())) >= len([one for one in LENGTHS if one]))
        yield line


def end_seconds(server, number: int) -> float:
    """How long the end of a form takes that nothing goes wrong with."""
    with begun(server, number) as line:
        start = time.monotonic()
        line.send(END)
        assert line.answer().status == 201
        return time.monotonic() - start


def send(server, number: int, delay: float) -> bool:
    """Sends a form, and kills the server so long after its end. Answers whether its client was told of it."""
    with begun(server, number) as line:
        line.send(END)
        time.sleep(delay)
        server.kill()
        try:
            return line.answer().status == 201
        except Closed:
            return False


def count(server, condition: str) -> int:
    with closing(sqlite3.connect(f"file:{server.data}/catalogue.sqlite?mode=ro", uri=True)) as catalogue:
        return catalogue.execute(f"SELECT count(*) FROM uploads WHERE {condition}").fetchone()[0]


def recorded(server, number: int) -> int:
    return count(server, f"state = 1 AND name GLOB '{number}-*'")


def await_sweep(server) -> None:
    """Until everything that a kill has left is a finished file, or gone."""
    eventually(lambda: count(server, "state != 1 OR cleanup != 0") == 0, "the records of the run before")
    eventually(lambda: not list((server.data / "uploads").iterdir()), "the files of the run before")


def named(server, number: int) -> list[str]:
    return sorted(path.name for path in server.finished_files() if path.name.startswith(f"{number}-"))


def outcome(server, number: int, told: bool, before: list[str]) -> str:
    """What the start after a crash has made of a form of which that had left some files under their names."""
    await_sweep(server)
    after, rows = named(server, number), recorded(server, number)
    assert len(after) == rows, f"form {number}: {after} under their names, {rows} recorded"
    assert after in ([], [name(number, index) for index in range(len(LENGTHS))]), f"form {number}: a part, {after}"
    assert after or not told, f"form {number}: answered with 201, and nothing is there"
    assert set(before) <= set(after), f"form {number}: {before} stood under their names before the start"
    for path in server.finished_files():
        if path.name in after:
            assert path.read_bytes() == content(number, int(path.name[:-4].split("-")[1]))
    return "none" if not after else "all" if before == after else "all, of which some had no name yet"


def tell(found: Counter) -> None:
    print(dict(found))
    assert 0 < found["none"] < found.total(), f"all came too early, or too late, to tell anything: {found}"


@pytest.mark.seconds(120 + 4 * KILLS)
def test_a_kill_leaves_all_files_of_a_form_or_none(slow):
    dice = Random(SEED)
    found = Counter()
    longest = 1.1 * min(end_seconds(slow, KILLS + number) for number in range(3))
    for number in range(KILLS):
        told = send(slow, number, dice.uniform(0, longest))
        before = named(slow, number)
        slow.start()
        found[outcome(slow, number, told, before)] += 1
    tell(found)
    slow.stop()
    check(slow)


@pytest.mark.seconds(120 + 8 * CUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_power_cut_leaves_all_files_of_a_form_or_none(disk, tmp_path, kind):
    dice = Random(SEED)
    found = Counter()
    one = disk(kind)
    server = Sluice(tmp_path)
    server.data = one.root / "data"
    one.attach()
    try:
        server.start()
        for number in range(CUTS):
            with begun(server, number) as line:
                one.cut(dice.getrandbits(32), dice.randint(1, END_OPERATIONS))
                line.send(END)
                try:
                    told = line.answer().status == 201
                except Closed:
                    told = False
                # Nothing is told by a server whose disk is there no more; what it was told before stands.
                if not one.state["cut"]:
                    one.cut(dice.getrandbits(32))
                server.kill()
            one.detach()
            one.attach()
            before = named(server, number)
            server.start()
            found[outcome(server, number, told, before)] += 1
    finally:
        server.kill()
        one.detach()
    tell(found)


@pytest.mark.parametrize("call, path", [("renameat", "-3.bin$"), ("mkdirat", "/complete/"), ("pwrite", "-wal")])
def test_of_a_form_that_failed_a_kill_leaves_nothing(slow, calls, call, path):
    # The catalogue cannot be written until the kill, so that nothing can be taken back.
    with begun(slow, 0) as line, calls.fail(call, errno.ENOSPC, path=path, times=-1 if call == "pwrite" else 1) as rule:
        line.send(END)
        assert line.answer().status == 507
        assert rule.struck
        slow.kill()
    slow.start()
    await_sweep(slow)
    assert named(slow, 0) == [] and recorded(slow, 0) == 0
    assert ask(slow.port, "POST", "/files", FORM, form(1)).status == 201
    assert len(named(slow, 1)) == len(LENGTHS)
