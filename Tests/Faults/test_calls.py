"""The interposer of the tests: each call can be met, whichever way the server makes it. What it does not meet would let
tests pass that test nothing."""

import errno
from concurrent.futures import ThreadPoolExecutor

import pytest

from waiting import eventually
from wire import ask

LARGE = b"x" * (3 << 20)


def put(server, name: str, body: bytes):
    return ask(server.port, "PUT", f"/files/{name}", {}, body)


@pytest.mark.parametrize("call", ["pwrite", "openat", "mkdirat", "renameat"])
def test_a_call_that_is_told_to_fail_fails_its_upload_and_no_other_one(server, calls, call):
    path = "/complete/" if call in ("mkdirat", "renameat") else "/uploads/"
    with calls.fail(call, errno.EIO, path) as rule:
        answer = put(server, "one.bin", LARGE)
        assert rule.struck > 0
        assert (answer.status, answer.code) == (500, "io-error")
    assert rule.waiting == 0
    assert put(server, "two.bin", LARGE).status == 201


def test_a_held_call_waits_for_the_test_and_for_nothing_else(server, calls):
    with calls.hold("fsync", path="/complete") as rule:
        with ThreadPoolExecutor() as clients:
            answer = clients.submit(put, server, "held.bin", LARGE)
            eventually(lambda: rule.waiting > 0, "a sync that is held")
            assert server.finished_files()[0].name == "held.bin"
            assert ask(server.port, "GET", "/healthz").status == 200
            assert not answer.done()
            rule.end()
            assert answer.result().status == 201


def test_calls_by_number_and_through_sqlite_are_met_as_well(server, calls):
    with calls.delay("pwrite", 1, path="-wal") as log, calls.delay("fdatasync", 1, path="-wal") as syncs:
        assert put(server, "recorded.bin", LARGE).status == 201
        assert log.struck > 0 and syncs.struck > 0
    with calls.delay("fallocate", 1, path="/uploads/") as rule:
        assert put(server, "reserved.bin", LARGE).status == 201
        assert rule.struck > 0
