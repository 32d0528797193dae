"""Programs that are run for what becomes of uploads."""

import json
import os
import stat

import pytest

from test_webhooks import TUS, create, lines, put
from waiting import eventually
from wire import ask


@pytest.fixture
def program(tmp_path):
    """Makes programs of a script, which finds a place for what it has to say in $OUT."""

    def make(script, name="program"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\nOUT={tmp_path}\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    make.out = tmp_path
    return make


def runs(program):
    """What the script `RECORD` has left, in order."""
    file = program.out / "runs"
    return [line.split(" ", 4) for line in file.read_text().splitlines()] if file.exists() else []


# A line of less than a page is written as a whole.
RECORD = 'echo "$SLUICE_UPLOAD $SLUICE_EVENT $SLUICE_EVENT_ID $SLUICE_PATH $(cat)" >>"$OUT/runs"'


def test_a_program_is_run_for_each_event_in_order_for_each_upload(start, program):
    server = start("--exec", program(RECORD))
    uploads = [put(server, f"{number}.bin") for number in range(12)]
    gone = create(server)
    assert ask(server.port, "DELETE", gone, TUS).status == 204
    eventually(lambda: len(runs(program)) == 26, "all runs")
    for upload in uploads:
        assert [run[1] for run in runs(program) if run[0] == upload] == ["created", "finished"]
    assert [run[1] for run in runs(program) if run[0] == gone.rpartition("/")[2]] == ["created", "deleted"]
    for upload, kind, event, path, text in runs(program):
        told = json.loads(text or path)
        assert told["id"] == event and told["type"] == f"sluice.upload.{kind}" and told["subject"] == upload
        if kind == "finished":
            assert path == told["data"]["path"] and os.path.exists(path)


def test_a_program_that_fails_is_run_again(start, program):
    fails = 'cat >/dev/null; echo x >>"$OUT/tries"; [ $(wc -l <"$OUT/tries") -ge 3 ] || exit 7; echo done >"$OUT/done"'
    server = start("--exec", program(fails), "--exec-events", "finished")
    put(server)
    eventually(lambda: (program.out / "done").exists(), "a third run")
    assert len((program.out / "tries").read_text().splitlines()) == 3
    assert "it ended with 7" in lines(server, "does not take event")[0]["message"]


def test_a_program_that_takes_too_long_is_killed_with_what_it_has_started(start, program):
    hangs = '[ -e "$OUT/pid" ] && exec touch "$OUT/done"; sleep 1000 & echo $! >"$OUT/pid"; wait'
    server = start("--exec", program(hangs), "--exec-events", "finished", "--exec-timeout", "1")
    put(server)
    eventually(lambda: (program.out / "done").exists(), "a second run")
    number = int((program.out / "pid").read_text())

    def is_gone():
        try:
            with open(f"/proc/{number}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    eventually(is_gone, "the end of what it had started")


def test_a_program_gets_nothing_of_the_server_s_but_its_event(start, program):
    server = start("--exec", program('(env; ls -l /proc/self/fd) >"$OUT/seen"; cat >/dev/null; echo >"$OUT/done"'),
                   "--exec-events", "finished")
    put(server)
    eventually(lambda: (program.out / "done").exists(), "a run")
    seen = (program.out / "seen").read_text()
    assert "SLUICE_BINARY" not in seen and "socket:" not in seen and "catalogue" not in seen


def test_a_program_that_is_not_there_is_waited_for(start, program):
    server = start("--exec", str(program.out / "later"), "--exec-events", "finished")
    assert lines(server, "later: No such file or directory; each event is tried again")
    upload = put(server)
    eventually(lambda: lines(server, "cannot start it"), "that it is told")
    program(RECORD, "later")
    eventually(lambda: [run[0] for run in runs(program)] == [upload], "a run")


def test_a_stop_does_not_wait_for_a_program(start, program):
    server = start("--exec", program('echo $$ >"$OUT/pid"; exec sleep 1000'), "--exec-events", "finished")
    put(server)
    eventually(lambda: (program.out / "pid").exists() and (program.out / "pid").read_text(), "a run")
    server.terminate()
    assert server.wait(15) == 0
