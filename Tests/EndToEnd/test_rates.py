"""How fast: rates slow bodies down and never cut them; what begins too often is refused."""

import threading
import time
import uuid
from contextlib import ExitStack, contextmanager
from concurrent.futures import ThreadPoolExecutor

import pytest

from dialects import PATCH, TUS, WAYS
from file_id import status
from test_owner_limits import BOUNDARY, form
from tokens import alice, bearer, bob, secret_file, token
from waiting import eventually
from wire import Closed, Line, Line1, ask, pattern
from wire2 import Line2, ask2

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


def test_a_token_of_a_low_rate_keeps_nobody_of_its_owner_waiting(guarded):
    server = guarded("--owner-rate", str(RATE), "--owner-max-open", "9")
    name = uuid.uuid4().hex
    slow = bearer(token(name, max_rate=1))
    # What one step brings is taken at once, and paid for during the next hour.
    put(server, slow, 4000)
    with Line(server.port) as line:
        line.head("PUT", "/files/a", slow, 1000)
        line.send(pattern(1000))
        eventually(lambda: ask(server.port, "GET", "/usage", slow).body.count(b'"open":1'), "one that waits")
        for fields in bearer(token(name)), bearer(token(name, max_rate=1 << 30)):
            assert seconds(lambda: put(server, fields, 1000)) < MOST


def test_all_bodies_of_an_owner_share_its_rate_whatever_their_size(guarded):
    server = guarded("--owner-rate", str(RATE), "--threads", "2")
    with ThreadPoolExecutor(8) as pool:
        for count in (6, 60):
            taken = seconds(lambda: list(pool.map(lambda _: put(server, alice(), SIZE // count), range(count))))
            assert LEAST < taken < MOST


@pytest.mark.parametrize("option", ["--owner-rate", "--max-rate"])
def test_many_uploads_at_once_have_the_rate_over_http2_too(guarded, option):
    server = guarded(option, "1M", "--threads", "2")
    owner, body = alice(), bytes(WINDOW + 50_000)

    def upload(_):
        assert ask2(server.port, "PUT", "/files/a", owner, body).status == 201
    with ThreadPoolExecutor(16) as pool:
        taken = seconds(lambda: list(pool.map(upload, range(32))))
    # Four million bytes: but for a moment's credit and the last steps.
    assert 3.2 < taken < MOST


def test_what_a_form_holds_beside_its_files_has_the_rate_too(guarded):
    server = guarded("--owner-rate", str(RATE))
    text = b'--b\r\nContent-Disposition: form-data; name="t"\r\n\r\n' + b"x" * SIZE + b"\r\n"

    def send():
        answer = ask(server.port, "POST", "/files", alice() | BOUNDARY, text + form(5))
        assert answer.status == 201, answer
    assert LEAST < seconds(send) < MOST


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
    ways = [way(4) for way in WAYS.values()] + [("POST", "/files", BOUNDARY, form(4))]
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


MEGABYTE = 1_000_000
TINY = b"hello"


@contextmanager
def drips(port: int, count: int):
    """Uploads that promise ten megabytes each, and bring a few bytes a second."""
    with ExitStack() as lines:
        all_of_them = [lines.enter_context(Line1(port)) for _ in range(count)]
        for line in all_of_them:
            line.head("PUT", "/files/drip", length=10 * MEGABYTE)
            line.send(b"x")
        is_over = threading.Event()

        def drip():
            while not is_over.wait(0.3):
                for line in all_of_them:
                    line.send(b"x")
        thread = threading.Thread(target=drip)
        thread.start()
        yield
        is_over.set()
        thread.join()


@pytest.mark.parametrize("count", [50, 200])
def test_who_brings_a_few_bytes_slows_nobody_down(start, count):
    server = start("--max-rate", str(MEGABYTE), "--threads", "2")
    with drips(server.port, count):
        # At the rate of its own it takes two seconds; where every byte of the others cost what might have come with it,
        # fifteen, or forty.
        assert seconds(lambda: put(server, {}, 2 * MEGABYTE)) < 10


def test_who_goes_away_takes_nothing_with_him(start):
    server = start("--max-rate", str(MEGABYTE), "--threads", "2")
    for _ in range(300):
        with Line1(server.port) as line:
            line.head("PUT", "/files/gone", length=10 * MEGABYTE)
            line.send(b"x")
    assert seconds(lambda: put(server, {}, 5)) < 8
    large, _ = put(server, {}, MEGABYTE)
    small, tiny = put(server, {}, 5)
    lines = [Line1(server.port) for _ in range(300)]
    for line in lines:
        line.head("GET", large)
    for line in lines:
        line.reset()
    answer = None

    def fetch():
        nonlocal answer
        answer = ask(server.port, "GET", small)
    assert seconds(fetch) < 8
    assert (answer.status, answer.body) == (200, tiny)


def test_many_at_once_go_no_faster_than_the_rate(start):
    server = start("--max-rate", str(RATE), "--threads", "2")
    with ExitStack() as lines:
        uploads = [lines.enter_context(Line1(server.port)) for _ in range(40)]
        begun = time.monotonic()
        for line in uploads:
            line.head("PUT", "/files/a", length=SIZE)
            line.send(bytes(SIZE // 10))
        # Each has brought more than all of them may in a second.
        time.sleep(3)
        stored = sum(file.stat().st_size for file in (server.data / "uploads").iterdir())
        # A moment's credit, and a step that was due.
        assert stored <= RATE * (time.monotonic() - begun + 1)
        assert stored >= RATE


def test_an_upload_that_waits_for_its_turn_counts_as_one_that_moves(start):
    server = start("--max-rate", "4K", "--threads", "1")
    size = 100_000
    with Line1(server.port) as line:
        line.head("POST", "/upload", {"X-File-Id": f"slow-{size}-1", "X-Start-Byte": "0"}, size)
        line.send(bytes(size))
        eventually(lambda: status(server.port, f"slow-{size}-1") > 0, "its first bytes")
        told = [status(server.port, f"slow-{size}-1")]

        def goes_on():
            told.append(status(server.port, f"slow-{size}-1"))
            assert "superseded" not in server.log.read_text()
            return told[-1] >= told[0] + 8192
        # One step takes a second: a question in the middle of it finds that nothing has come for a while.
        eventually(goes_on, "two steps more")
        assert told == sorted(told)


# What a stream may send ahead before the server has said anything else.
WINDOW = 81_920


def answers(line) -> float:
    """How long another stream of the connection waits for its answer."""
    def answered():
        asked = line.head("GET", "/healthz")
        assert line.answer(stream=asked).status == 200
    return seconds(answered)


def test_uploads_that_are_slowed_down_keep_no_other_stream_waiting(start):
    server = start("--max-rate", "2K", "--threads", "1")
    with Line2(server.port) as line:
        # Each is sent as far ahead as it may be, all together farther than the window of their connection: two minutes'
        # worth, and more.
        for _ in range(14):
            upload = line.head("PUT", "/files/slow", length=16 << 20)
            line.send(bytes(WINDOW), upload)
        assert answers(line) < 3


def test_an_upload_that_is_slowed_down_is_not_sent_far_ahead(start):
    server = start("--max-rate", "600K", "--threads", "1")
    with Line2(server.port) as line:
        upload = line.head("PUT", "/files/slow", length=16 << 20)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            line.send(bytes(16384), upload)
        # Where its window had grown with its first bytes there would be seven seconds' worth in front of this.
        assert answers(line) < 3


def forms(count: int) -> bytes:
    return b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="%d"\r\n\r\nhello\r\n' % number
        for number in range(count)) + b"--b--\r\n"


@pytest.mark.parametrize("option", ["--owner-creations", "--max-creations"])
def test_a_form_counts_as_one_upload_that_begins(guarded, option):
    server = guarded(option, "2")
    assert ask(server.port, "POST", "/files", alice() | BOUNDARY, forms(7)).status == 201
    assert len(server.finished_files()) == 7


@pytest.mark.parametrize("option", ["--owner-max-open", "--max-uploads"])
def test_a_form_that_can_never_be_taken_is_told_so(guarded, option):
    server = guarded(option, "5")
    answer = ask(server.port, "POST", "/files", alice() | BOUNDARY, forms(7))
    assert (answer.status, answer.code) == (413, "form-files")
    assert "retry-after" not in answer.fields
    assert ask(server.port, "POST", "/files", alice() | BOUNDARY, forms(5)).status == 201
    # One that others have left no room for may come again; and what was never begun is not missed.
    ask(server.port, "POST", "/files", alice() | TUS | {"Upload-Length": "4"}, b"")
    answer = ask(server.port, "POST", "/files", alice() | BOUNDARY, forms(5))
    assert answer.status in (429, 503) and "retry-after" in answer.fields
    assert len(server.finished_files()) == 5
    assert "cannot remove" not in server.log.read_text()


@pytest.mark.parametrize("way", ["reset", "close"])
@pytest.mark.parametrize("kind", [Line1, Line2], ids=["HTTP/1.1", "HTTP/2"])
def test_who_has_gone_keeps_no_place_while_a_rate_slows_him_down(guarded, kind, way):
    server = guarded("--owner-rate", "1000", "--max-connections", "30", "--max-connections-per-address", "30")
    for _ in range(20):
        line = kind(server.port)
        line.head("PUT", "/files/a", alice(), 100_000)
        line.send(b"x" * 60_000)
        getattr(line, way)()

    def have_places():
        try:
            with ExitStack() as others:
                return all(
                    others.enter_context(Line1(server.port)).request("GET", "/healthz").status == 200 for _ in range(28))
        except (OSError, Closed):
            return False
    eventually(have_places, "the places of those who have gone")
    assert ask(server.port, "PUT", "/files/b", bob(), b"hello").status == 201
