"""How fast: rates slow bodies down and never cut them; what begins too often is refused."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from test_owner_limits import BOUNDARY, KNOWN, PATCH, TUS, form
from tokens import alice, bearer, bob, secret_file, token
from waiting import eventually
from wire import Line, ask, pattern

RATE = 100_000
# Three times the rate takes three seconds, but for a moment's credit and the last step; on a loaded machine longer.
SIZE = 3 * RATE
LEAST, MOST = 1.5, 40


@pytest.fixture
def guarded(start, tmp_path):
    return lambda *options: start("--jwt-secret", str(secret_file(tmp_path)), *options)


def seconds(work) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def put(server, fields, size, tls=False):
    data = pattern(size)
    answer = ask(server.tls_port if tls else server.port, "PUT", "/files/a", fields, data, tls)
    assert answer.status == 201, answer
    return answer.location, data


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_an_owners_uploads_and_downloads_have_a_rate(guarded, tls):
    server = guarded("--owner-rate", str(RATE))
    assert LEAST < seconds(lambda: put(server, alice(), SIZE, tls)) < MOST
    # A token says otherwise.
    location, data = None, None

    def fast():
        nonlocal location, data
        location, data = put(server, alice(max_rate=1 << 40), SIZE, tls)
    assert seconds(fast) < MOST
    answer = None

    def fetch(fields):
        nonlocal answer
        answer = ask(server.tls_port if tls else server.port, "GET", location, fields, None, tls)
    assert LEAST < seconds(lambda: fetch(alice())) < MOST
    assert (answer.status, answer.body) == (200, data)


def test_all_bodies_of_an_owner_share_its_rate_whatever_their_size(guarded):
    server = guarded("--owner-rate", str(RATE), "--threads", "2")
    with ThreadPoolExecutor(8) as pool:
        for count in (6, 60):
            taken = seconds(lambda: list(pool.map(lambda _: put(server, alice(), SIZE // count), range(count))))
            assert LEAST < taken < MOST


def test_everybody_shares_the_servers_rate(guarded):
    server = guarded("--max-rate", str(RATE), "--threads", "2")
    owners = [alice(), bob(), bearer(token("carol")), bearer(token("dora"))]
    with ThreadPoolExecutor(4) as pool:
        assert LEAST < seconds(lambda: list(pool.map(lambda owner: put(server, owner, SIZE // 4), owners))) < MOST


def test_a_body_that_is_slowed_down_is_fenced_and_stopped_at_once(guarded):
    server = guarded("--owner-rate", "4K")
    owner = alice()
    location = ask(server.port, "POST", "/files", owner | TUS | {"Upload-Length": "1000000"}, b"").location
    with Line(server.port) as line:
        line.head("PATCH", location, owner | PATCH | {"Upload-Offset": "0"}, 1_000_000)
        line.send(b"x" * 20_000)
        eventually(lambda: (server.data / "uploads" / location.rpartition("/")[2]).exists(), "its first bytes")
        told = ask(server.port, "HEAD", location, owner | TUS).offset
        assert 0 < told < 20_000
        assert line.answer().code == "superseded"
    with Line(server.port) as line:
        line.head("PATCH", location, owner | PATCH | {"Upload-Offset": str(told)}, 1_000_000 - told)
        line.send(b"x" * 20_000)
        # It waits, and the server stops.
        eventually(lambda: (server.data / "uploads" / location.rpartition("/")[2]).stat().st_size > told, "more of it")
        server.terminate()
        assert line.answer().code == "stopping"
        assert server.wait() == 0


@pytest.mark.parametrize("option", ["--owner-creations", "--max-creations"])
def test_what_begins_too_often_is_refused_in_every_dialect(guarded, option):
    server = guarded(option, "1")
    ways = [way(4) for way in KNOWN.values()] + [("POST", "/files", BOUNDARY, form(4))]
    for method, path, fields, content in ways:
        owner = bearer(token(uuid.uuid4().hex))

        def answers():
            """Of two at once, one at most is taken."""
            return [ask(server.port, method, path, fields | owner, content) for _ in range(2)]
        found = None

        def is_refused():
            nonlocal found
            found = next((answer for answer in answers() if answer.status == 429), None)
            return found
        eventually(is_refused, "a second one within a second")
        assert found.code == "creation-rate", (method, path, fields)
        assert int(found.fields["retry-after"]) == 1
    # What has begun goes on.
    location = None

    def begun():
        nonlocal location
        answer = ask(server.port, "POST", "/files", owner | TUS | {"Upload-Length": "4"}, b"")
        location = answer.fields.get("location")
        return location
    eventually(begun, "its turn")
    assert ask(server.port, "PATCH", location, owner | PATCH | {"Upload-Offset": "0"}, b"0123").status == 204
