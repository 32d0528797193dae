"""What every answer says, whatever it answers, whoever makes it and however it travels."""

import email.utils
import re
import time

import pytest

from wire import Line1, ask
from wire2 import Line2, ask2

SECONDS = 30
SLACK_SECONDS = 60
HSTS = "max-age=3600"
OPTIONS = ["--hsts", "3600"]


def said(port, tls, text: bytes):
    with Line1(port, tls) as line:
        line.send(text)
        return line.answer()


def is_full(port):
    """The answer to one connection too many."""
    lines = [Line1(port) for _ in range(2)]
    try:
        assert all(line.request("GET", "/healthz").status == 200 for line in lines)
        with Line1(port) as line:
            return line.answer()
    finally:
        for line in lines:
            line.close()


# Each with its status and what it is called.
ASKED = {
    "a success": (200, None, lambda port, tls: ask(port, "GET", "/status", {"X-File-Id": "a"}, tls=tls)),
    "a creation": (201, None, lambda port, tls: ask(port, "PUT", "/files/a", {}, b"hello", tls=tls)),
    "no content": (204, None, lambda port, tls: ask(port, "OPTIONS", "/files", tls=tls)),
    "the page": (200, None, lambda port, tls: ask(port, "GET", "/", tls=tls)),
    "a HEAD": (200, None, lambda port, tls: ask(port, "HEAD", "/healthz", tls=tls)),
    "a refusal by a handler": (400, "no-file-id", lambda port, tls: ask(port, "GET", "/status", tls=tls)),
    "a refusal by the dispatch": (404, "not-found", lambda port, tls: ask(port, "GET", "/nothing", tls=tls)),
    "a head that is none": (400, "missing-host", lambda port, tls: said(port, tls, b"GET / HTTP/1.1\r\n\r\n")),
    "a success of HTTP/2": (200, None, lambda port, tls: ask2(port, "GET", "/healthz", tls=tls)),
    "a refusal of HTTP/2": (404, "not-found", lambda port, tls: ask2(port, "GET", "/nothing", tls=tls)),
    "a head of HTTP/2 that is none":
        (414, "target-too-long", lambda port, tls: ask2(port, "GET", "/" + "a" * 9000, tls=tls)),
}


def check(answer, tls, ids):
    when = email.utils.parsedate_to_datetime(answer.fields["date"]).timestamp()
    assert abs(when - time.time()) < SLACK_SECONDS
    assert re.fullmatch("[0-9a-f]{16}", answer.fields["x-request-id"])
    assert answer.fields["x-request-id"] not in ids
    ids.add(answer.fields["x-request-id"])
    assert answer.fields.get("strict-transport-security") == (HSTS if tls else None)
    assert answer.fields.get("cache-control")
    for name in ("date", "x-request-id", "strict-transport-security", "content-length", "cache-control"):
        assert sum(1 for told, _ in answer.fields if told == name) <= 1, name


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from sluice import Sluice
    server = Sluice(tmp_path_factory.mktemp("served"), *OPTIONS)
    server.start()
    yield server, set()
    server.stop()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("what", ASKED)
def test_every_answer_says_when_which_and_how_to_come(served, what, tls):
    server, ids = served
    status, code, ask_for = ASKED[what]
    answer = ask_for(server.tls_port if tls else server.port, tls)
    assert (answer.status, answer.code) == (status, code)
    check(answer, tls, ids)


def test_so_do_those_who_are_sent_elsewhere_or_away(start):
    ids = set()
    server = start(*OPTIONS, "--redirect-to-tls", "--max-connections", "2")
    answer = ask(server.port, "GET", "/files")
    assert answer.status == 308
    check(answer, False, ids)
    answer = is_full(server.port)
    assert (answer.status, answer.code) == (503, "too-many-connections")
    check(answer, False, ids)
