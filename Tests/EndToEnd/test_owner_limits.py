"""How much an owner may have: in every dialect, by many at once, after kills, and what gives it back."""

import json
import sqlite3
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from dialects import IETF, PATCH, TUS, WAYS, fresh
from sluice import Sluice
from tokens import alice, bearer, bob, secret_file, token
from waiting import eventually
from wire import Closed, Line, ask

CHUNKED = {"Transfer-Encoding": "chunked"}
BOUNDARY = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
def guarded(start, tmp_path):
    """Starts a server that asks who sends: guarded("--owner-max-bytes", "100")."""
    return lambda *options: start("--jwt-secret", str(secret_file(tmp_path)), *options)


@pytest.fixture(scope="module")
def hundred(tmp_path_factory):
    """A server on which each owner may have a hundred bytes."""
    folder = tmp_path_factory.mktemp("hundred")
    server = Sluice(folder, "--jwt-secret", str(secret_file(folder)), "--owner-max-bytes", "100")
    server.start()
    yield server
    server.stop()


def somebody(**claims) -> dict:
    """An owner whom no other test knows."""
    return bearer(token(uuid.uuid4().hex, **claims))


def usage(server, fields, query="") -> dict:
    answer = ask(server.port, "GET", "/usage" + query, fields)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def held(server, fields) -> tuple[int, int, int]:
    told = usage(server, fields)
    return told["bytes"], told["files"], told["open"]


def plain(server, fields, size):
    return ask(server.port, "PUT", "/files/a", fields, b"x" * size)


def form(size: int) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
    return head + b"x" * size + b"\r\n--b--\r\n"


@pytest.mark.parametrize("way", WAYS)
def test_more_bytes_than_an_owner_may_have_are_refused_before_they_come(hundred, way):
    owner = somebody()
    assert plain(hundred, owner, 60).status == 201
    method, path, fields, content = WAYS[way](41)
    with Line(hundred.port) as line:
        line.head(method, path, fields | owner | {"Expect": "100-continue"}, len(content))
        answer = line.answer()
    assert (answer.status, answer.code) == (413, "owner-bytes"), answer
    assert all(interim.status != 100 for interim in answer.interim)
    assert held(hundred, owner) == (60, 1, 0)
    method, path, fields, content = WAYS[way](40)
    assert ask(hundred.port, method, path, fields | owner, content).status in (200, 201)
    assert usage(hundred, owner)["bytes"] == 100
    # Others have room of their own.
    assert plain(hundred, somebody(), 100).status == 201


@pytest.mark.parametrize("way", ["tus", "tus length", "file-id", "ietf"])
def test_what_goes_on_is_bounded_too(hundred, way):
    owner = somebody()
    assert plain(hundred, owner, 60).status == 201
    if way.startswith("tus"):
        location = ask(hundred.port, "POST", "/files", owner | TUS | {"Upload-Defer-Length": 1}, b"").location
        more = {} if way == "tus" else {"Upload-Length": "41"}
        content = b"x" * 41 if way == "tus" else b"x"
        answer = ask(hundred.port, "PATCH", location, owner | PATCH | {"Upload-Offset": "0"} | more, content)
        offset = ask(hundred.port, "HEAD", location, owner | TUS).offset
    elif way == "file-id":
        # The same file once more: the old one is there until the new one is whole.
        name = fresh()
        assert ask(hundred.port, "POST", "/upload", owner | name, b"x" * 21).status == 200
        answer = ask(hundred.port, "POST", "/upload", owner | name, b"x" * 21)
        offset = int(ask(hundred.port, "GET", "/status", owner | name).body) - 21
    else:
        location = ask(hundred.port, "POST", "/files", owner | IETF | {"Upload-Complete": "?0"}, b"").location
        answer = ask(hundred.port, "PATCH", location, owner | IETF | {
            "Upload-Complete": "?0", "Upload-Offset": "0", "Content-Type": "application/partial-upload"}, b"x" * 41)
        offset = ask(hundred.port, "HEAD", location, owner | IETF).offset
    assert (answer.status, answer.code) == (413, "owner-bytes"), answer
    assert offset == 0


def chunked(server, method, path, fields, *pieces):
    with Line(server.port) as line:
        line.head(method, path, fields | CHUNKED)
        try:
            for piece in pieces:
                line.chunk(piece)
            line.last_chunk()
        except ConnectionError:
            pass
        return line.answer()


@pytest.mark.parametrize("way", ["plain", "form", "file-id", "tus", "tus creation", "ietf"])
def test_a_content_of_unknown_length_ends_where_the_room_does(hundred, way):
    owner = somebody()
    assert plain(hundred, owner, 30).status == 201
    pieces = [b"x" * 50, b"x" * 50]
    kept = 70
    if way == "plain":
        answer, kept = chunked(hundred, "PUT", "/files/a", owner, *pieces), 0
    elif way == "form":
        body = form(100)
        answer, kept = chunked(hundred, "POST", "/files", owner | BOUNDARY, body[:90], body[90:]), 0
    elif way == "file-id":
        name = fresh()
        answer = chunked(hundred, "POST", "/upload", owner | name, *pieces)
        assert ask(hundred.port, "GET", "/status", owner | name).body == b"70"
    elif way.startswith("tus"):
        if way == "tus":
            location = ask(hundred.port, "POST", "/files", owner | TUS | {"Upload-Defer-Length": 1}, b"").location
            answer = chunked(hundred, "PATCH", location, owner | PATCH | {"Upload-Offset": "0"}, *pieces)
        else:
            answer = chunked(hundred, "POST", "/files", owner | PATCH | {"Upload-Defer-Length": 1}, *pieces)
            location = answer.location
        assert answer.fields["tus-resumable"] == "1.0.0"
        assert ask(hundred.port, "HEAD", location, owner | TUS).offset == 70
    else:
        answer = chunked(hundred, "POST", "/files", owner | IETF | {"Upload-Complete": "?1"}, *pieces)
        location = next(interim.location for interim in answer.interim if "location" in interim.fields)
        assert ask(hundred.port, "HEAD", location, owner | IETF).offset == 70
    assert (answer.status, answer.code) == (413, "owner-bytes"), answer
    eventually(lambda: usage(hundred, owner)["bytes"] == 30 + kept, "the room that was not used")


def test_what_is_begun_anew_has_the_room_of_what_it_replaces(hundred):
    """Also where nobody knows how long it will be."""
    owner, name = somebody(), {"X-File-Id": uuid.uuid4().hex}
    with Line(hundred.port) as line:
        line.head("POST", "/upload", owner | name | CHUNKED)
        line.chunk(b"a" * 80)
        eventually(lambda: ask(hundred.port, "GET", "/status", owner | name).body == b"80", "the first attempt")
    answer = chunked(hundred, "POST", "/upload", owner | name | {"X-Start-Byte": "0"}, *[b"b" * 30] * 3)
    assert answer.status == 200, answer
    assert held(hundred, owner)[0] == 90
    answer = chunked(hundred, "PUT", "/files/other", owner, *[b"c" * 6] * 2)
    assert (answer.status, answer.code) == (413, "owner-bytes")


def test_parts_that_are_joined_count_beside_the_whole(hundred):
    owner = uuid.uuid4().hex

    def fields(most):
        return bearer(token(owner, max_bytes=most))
    parts = [ask(hundred.port, "POST", "/files", fields(100) | PATCH | {"Upload-Length": "40", "Upload-Concat": "partial"},
                 b"x" * 40).location for _ in range(2)]
    assert held(hundred, fields(100)) == (80, 0, 2)
    whole = TUS | {"Upload-Concat": "final;" + " ".join(parts)}
    answer = ask(hundred.port, "POST", "/files", fields(159) | whole, b"")
    assert (answer.status, answer.code) == (413, "owner-bytes")
    assert held(hundred, fields(100)) == (80, 0, 2)
    answer = ask(hundred.port, "POST", "/files", fields(160) | whole, b"")
    assert answer.status == 201
    assert held(hundred, fields(100)) == (160, 1, 2)
    # A whole whose parts are still on their way is bounded when it is put together.
    part = ask(hundred.port, "POST", "/files", fields(500) | PATCH | {
        "Upload-Defer-Length": 1, "Upload-Concat": "partial"}, b"x" * 10).location
    late = ask(hundred.port, "POST", "/files", fields(500) | TUS | {"Upload-Concat": f"final;{part}"}, b"")
    assert late.status == 201 and held(hundred, fields(0))[0] == 170
    done = ask(hundred.port, "PATCH", part, fields(500) | PATCH | {"Upload-Offset": "10", "Upload-Length": "11"}, b"x")
    assert done.status == 204
    assert ask(hundred.port, "HEAD", late.location, fields(181) | TUS).status == 413
    assert ask(hundred.port, "HEAD", late.location, fields(182) | TUS).status == 200
    assert held(hundred, fields(0)) == (182, 2, 3)


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
def test_fifty_connections_never_exceed_a_limit_by_a_byte(guarded, is_known):
    server = guarded("--owner-max-bytes", "1010", "--threads", "2")
    owner = alice()

    def send(number):
        if is_known:
            method, path, fields, content = list(WAYS.values())[number % len(WAYS)](100)
            return ask(server.port, method, path, fields | owner, content)
        name = {"X-File-Id": str(number), "X-Start-Byte": "0"}
        try:
            return chunked(server, "POST", "/upload", owner | name, *[b"x" * 20] * 5)
        except Closed:
            return None
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    refused = [answer for answer in answers if answer and answer.status == 413]
    assert refused and {answer.code for answer in refused} == {"owner-bytes"}
    told = usage(server, owner)["bytes"]
    if is_known:
        assert told == 1000 and len(refused) == 40
    else:
        # What fits is kept, of each as much as there was room for.
        assert told == 1010
        sizes = [int(ask(server.port, "GET", "/status", owner | {"X-File-Id": str(number)}).body)
                 for number in range(50)]
        assert sum(sizes) == 1010
    assert_sound(server, {"alice": told})


def assert_sound(server, expected=None):
    """After a kill: usage is what the records and the files come to."""
    server.kill()
    check = subprocess.run(
        [server.binary, "check", "--data", str(server.data)], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout + check.stderr
    with sqlite3.connect(f"file:{server.data}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
        recorded = dict(catalogue.execute("SELECT owner, bytes FROM usage"))
        counted = {}
        for upload, owner, state, length, offset, finished in catalogue.execute(
                'SELECT lower(hex(id)), owner, state, length, "offset", finished_name FROM uploads WHERE cleanup != 1'):
            size = 0
            if finished is not None:
                # A kill may have come before it got its name.
                files = [server.data / "complete" / upload / finished, server.data / "uploads" / upload]
                size = next(file.stat().st_size for file in files if file.exists())
            if state == 0:
                size += length if length is not None else offset
            counted[owner] = counted.get(owner, 0) + size
    assert {owner: size for owner, size in recorded.items() if size} == {
        owner: size for owner, size in counted.items() if size}
    for owner, size in (expected or {}).items():
        assert recorded.get(owner, 0) == size
    server.start()

    def is_told(owner):
        # What nobody can go on with goes meanwhile.
        with sqlite3.connect(f"file:{server.data}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
            [size] = catalogue.execute("SELECT bytes FROM usage WHERE owner = ?", (owner,)).fetchone() or [0]
        return usage(server, bearer(token(owner)))["bytes"] == size
    for owner in recorded:
        eventually(lambda: is_told(owner), f"the usage of {owner}")


@pytest.mark.seconds(120)
def test_usage_is_right_after_kills_in_the_middle_of_everything(guarded):
    server = guarded("--owner-max-bytes", "10M", "--threads", "2")
    for round_number in range(6):
        def work(number):
            owner = [alice(), bob(), bearer(token("carol"))][number % 3]
            method, path, fields, content = list(WAYS.values())[number % len(WAYS)](1000 + 7000 * (number % 40))
            try:
                answer = ask(server.port, method, path, fields | owner, content)
                if number % 5 == 0 and "location" in answer.fields:
                    ask(server.port, "DELETE", answer.location, owner | TUS)
            except (OSError, Closed):
                pass
        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(work, round_number + number) for number in range(60)]
            # In the middle of it: some are done, some are not.
            eventually(lambda: sum(job.done() for job in jobs) >= 5 + 8 * round_number, "some uploads")
            server.strike()
            for job in jobs:
                job.result()
        server.start()
        assert_sound(server)


def test_files_and_unfinished_uploads_have_limits_of_their_own(guarded):
    server = guarded("--owner-max-files", "3", "--owner-max-open", "2")
    owner = alice()
    begun = [ask(server.port, "POST", "/files", owner | TUS | {"Upload-Length": "4"}, b"") for _ in range(2)]
    for way in WAYS.values():
        method, path, fields, content = way(4)
        answer = ask(server.port, method, path, fields | owner, content)
        assert (answer.status, answer.code) == (429, "owner-open"), (method, path, fields)
        assert int(answer.fields["retry-after"]) > 0
    assert held(server, owner) == (8, 2, 2)
    for answer in begun:
        assert ask(server.port, "PATCH", answer.location, owner | PATCH | {"Upload-Offset": "0"}, b"0123").status == 204
    assert plain(server, owner, 4).status == 201
    for name, way in WAYS.items():
        method, path, fields, content = way(4)
        answer = ask(server.port, method, path, fields | owner, content)
        assert (answer.status, answer.code) == (413, "owner-files"), name
    assert ask(server.port, "DELETE", begun[0].location, owner | TUS).status == 204
    assert plain(server, owner, 4).status == 201
    assert plain(server, bob(), 4).status == 201


def test_parts_are_no_files_and_there_are_sixteen_for_each_file_at_most(guarded):
    server = guarded("--owner-max-files", "2")
    owner = alice()

    def part(fields):
        return ask(server.port, "POST", "/files", fields | PATCH | {"Upload-Length": "1", "Upload-Concat": "partial"}, b"x")
    parts = [part(owner).location for _ in range(32)]
    refused = part(owner)
    assert (refused.status, refused.code) == (413, "owner-files")
    assert held(server, owner) == (32, 0, 32)
    # Who has as many as may be can have them put together.
    whole = TUS | {"Upload-Concat": "final;" + " ".join(parts)}
    assert ask(server.port, "POST", "/files", owner | whole, b"").status == 201
    assert held(server, owner) == (64, 1, 32)
    assert ask(server.port, "DELETE", parts[0], owner | TUS).status == 204
    assert part(owner).status == 201
    # A file in several pieces at once is one for whom one is allowed.
    one = somebody(max_files=1)
    pieces = " ".join(part(one).location for _ in range(4))
    assert ask(server.port, "POST", "/files", one | TUS | {"Upload-Concat": f"final;{pieces}"}, b"").status == 201
    # Without room for the whole a part is for nothing.
    none = somebody(max_files=0)
    assert part(none).code == "owner-files"
    full = somebody(max_files=1)
    assert plain(server, full, 1).status == 201
    assert part(full).code == "owner-files"
    # Who goes on with one is not asked again.
    lowered = uuid.uuid4().hex
    fields = bearer(token(lowered)) | PATCH
    begun = ask(server.port, "POST", "/files", fields | {"Upload-Length": "1", "Upload-Concat": "partial"}, b"").location
    fields = bearer(token(lowered, max_files=0)) | PATCH
    assert ask(server.port, "PATCH", begun, fields | {"Upload-Offset": "0"}, b"x").status == 204


WRONG = {"Repr-Digest": "sha-256=:" + "MTEx" * 10 + "MTE=:"}
GARBAGE = b"--b\r\nContent-Disposition: garbage\r\n\r\nx"


def cut(server, owner):
    """All but the end of a body, after which the client sends nothing more and reads."""
    with Line(server.port) as line:
        line.head("PUT", "/files/a", owner, 900_000)
        line.send(b"x" * 800_000)
        line.half_close()
        return line.answer()


REFUSED = {
    "a content beyond the room": lambda server, owner: chunked(
        server, "PUT", "/files/a", owner, b"x" * 600_000, b"x" * 600_000),
    "a form beyond the room": lambda server, owner: ask(
        server.port, "POST", "/files", owner | BOUNDARY, form(400_000)[:-7] + form(400_000)[:-7] + form(400_000)),
    "a bad form": lambda server, owner: ask(server.port, "POST", "/files", owner | BOUNDARY, form(900_000)[:-7] + GARBAGE),
    "a wrong digest": lambda server, owner: ask(server.port, "PUT", "/files/a", owner | WRONG, b"x" * 900_000),
    "a wrong digest of a content": lambda server, owner: ask(
        server.port, "PUT", "/files/a", owner | {"Content-Digest": WRONG["Repr-Digest"]}, b"x" * 900_000),
    "a wrong digest, ietf": lambda server, owner: ask(
        server.port, "POST", "/files", owner | WRONG | {"Upload-Complete": "?1"}, b"x" * 900_000),
    "a content that is cut": cut,
    "a deletion": lambda server, owner: ask(server.port, "DELETE", ask(
        server.port, "POST", "/files", owner | PATCH | {"Upload-Length": "900000"}, b"x").location, owner | TUS),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_room_is_back_before_a_refusal_is_told(guarded, kind):
    server = guarded("--owner-max-bytes", "1000000", "--owner-max-files", "3", "--owner-max-open", "3")
    owner = alice()
    for _ in range(20):
        answer = REFUSED[kind](server, owner)
        assert answer.status == 204 if kind == "a deletion" else 400 <= answer.status < 500, answer
        again = ask(server.port, "POST", "/files", owner | TUS | {"Upload-Length": "1000000"}, b"")
        assert again.status == 201, again
        assert held(server, owner) == (1_000_000, 1, 1)
        assert ask(server.port, "DELETE", again.location, owner | TUS).status == 204
        assert held(server, owner) == (0, 0, 0)


def test_what_ends_gives_its_room_back(guarded):
    server = guarded("--owner-max-bytes", "100", "--expire-after", "1")
    owner = alice()
    finished = plain(server, owner, 60).location
    begun = ask(server.port, "POST", "/files", owner | TUS | {"Upload-Length": "40"}, b"").location
    assert plain(server, owner, 1).status == 413
    # Nobody goes on with it.
    eventually(lambda: ask(server.port, "HEAD", begun, owner | TUS).status in (404, 410), "the end of its time")
    server.restart_after_kill()
    eventually(lambda: held(server, owner) == (60, 1, 0), "its room")
    assert ask(server.port, "DELETE", finished, owner).status == 204
    assert held(server, owner) == (0, 0, 0)
    # A file that is sent anew: the old one stays until the new one is whole, and counts so long.
    name = {"X-File-Id": "again", "X-Start-Byte": "0"}
    assert ask(server.port, "POST", "/upload", owner | name, b"x" * 40).status == 200
    with Line(server.port) as line:
        line.head("POST", "/upload", owner | name, 40)
        line.send(b"y" * 10)
        eventually(lambda: usage(server, owner)["bytes"] == 80, "both")
        line.send(b"y" * 30)
        assert line.answer().status == 200
    assert held(server, owner) == (40, 1, 0)
    assert_sound(server, {"alice": 40})


def test_a_token_says_otherwise(hundred):
    name = uuid.uuid4().hex

    def as_told(**claims):
        return bearer(token(name, **claims))
    assert plain(hundred, as_told(max_bytes=50), 51).status == 413
    assert plain(hundred, as_told(max_bytes=150), 150).status == 201
    assert plain(hundred, as_told(max_bytes=150), 1).status == 413
    assert plain(hundred, as_told(max_bytes=500, max_files=1), 1).code == "owner-files"
    assert ask(hundred.port, "POST", "/files", as_told(max_bytes=500, max_open=0) | TUS | {"Upload-Length": "1"},
               b"").code == "owner-open"
    told = usage(hundred, as_told(max_bytes=500, max_files=1, max_size=7))
    assert told == {"owner": name, "bytes": 150, "files": 1, "open": 0, "max_bytes": 500, "max_files": 1,
                    "max_open": None, "max_size": 7, "max_rate": None}


def test_usage_is_its_owners_and_an_administrators(hundred):
    name = uuid.uuid4().hex
    assert plain(hundred, bearer(token(name)), 5).status == 201
    root = bearer(token("root", scope="admin download"))
    told = usage(hundred, root, f"?owner={name}")
    assert (told["owner"], told["bytes"], told["max_bytes"]) == (name, 5, 100)
    refused = ask(hundred.port, "GET", f"/usage?owner={name}", alice())
    assert (refused.status, refused.code) == (403, "wrong-scope")
    # Whether there is such an owner is not told.
    unknown = ask(hundred.port, "GET", "/usage?owner=nobody", alice())
    assert (unknown.status, unknown.body) == (refused.status, refused.body)
    assert usage(hundred, root, "?owner=nobody")["bytes"] == 0
    for query in ("?owner=", "?owner=%00", "?owner=%zz", "?owner=a&owner=b"):
        answer = ask(hundred.port, "GET", "/usage" + query, root)
        assert (answer.status, answer.code) == (400, "bad-owner"), query


def test_where_nobody_is_asked_nothing_is_anybodys(shared):
    assert ask(shared.port, "GET", "/usage").status == 404
    assert ask(shared.port, "GET", "/usage?owner=alice").status == 404


def test_who_may_change_all_uploads_spends_their_owners_room(hundred):
    name = uuid.uuid4().hex
    owner, root = bearer(token(name)), bearer(token("root", scope="upload admin"))
    location = ask(hundred.port, "POST", "/files", owner | TUS | {"Upload-Defer-Length": 1}, b"").location
    answer = ask(hundred.port, "PATCH", location, root | PATCH | {"Upload-Offset": "0"}, b"x" * 101)
    assert (answer.status, answer.code) == (413, "owner-bytes")
    assert ask(hundred.port, "PATCH", location, root | PATCH | {"Upload-Offset": "0"}, b"x" * 99).status == 204
    assert usage(hundred, owner)["bytes"] == 99


def test_a_refusal_is_in_the_log_and_among_the_numbers(guarded):
    server = guarded("--owner-max-bytes", "10", "--listen-admin", "127.0.0.1:0")
    answer = plain(server, alice(), 11)
    assert answer.status == 413

    def line():
        found = [json.loads(text) for text in server.log.read_text().splitlines()]
        return [entry for entry in found if entry.get("request") == answer.fields["x-request-id"]]
    eventually(line, "its line")
    assert (line()[0]["rule"], line()[0]["owner"], line()[0]["note"]) == ("owner-bytes", "alice", "owner-bytes")


# The reserve


@pytest.mark.parametrize("durability", ["power", "process"])
def test_the_reserve_of_the_disk_is_left_alone(start, durability):
    server = start("--reserve", "512T", "--durability", durability)
    ways = [way(10) for way in WAYS.values()] + [("POST", "/files", BOUNDARY, form(10))]
    for method, path, fields, content in ways:
        answer = ask(server.port, method, path, fields, content)
        assert (answer.status, answer.code) == (507, "no-space"), (method, path, fields)
    assert ask(server.port, "GET", "/readyz").status == 503
    with sqlite3.connect(f"file:{server.data}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
        assert catalogue.execute("SELECT count(*) FROM uploads WHERE cleanup != 1").fetchone() == (0,)
    assert "no upload is taken" in server.log.read_text()


def test_what_needs_no_room_is_not_refused_for_want_of_it(tmp_path):
    """The reserve is touched when every byte is there already."""
    server = Sluice(tmp_path)
    server.start()
    try:
        content = {"Upload-Complete": "?0", "Upload-Length": "1000"}
        ietf = ask(server.port, "POST", "/files", content, b"a" * 1000).location
        deferred = TUS | {"Upload-Defer-Length": "1"}
        locations = [ask(server.port, "POST", "/files", deferred, b"").location for _ in range(2)]
        for location in locations:
            assert ask(server.port, "PATCH", location, PATCH | {"Upload-Offset": "0"}, b"b" * 1000).status == 204
        server.stop()
        server.options += ["--reserve", "512T"]
        server.start()
        last = {"Upload-Complete": "?1", "Upload-Offset": "1000", "Content-Type": "application/partial-upload"}
        assert ask(server.port, "PATCH", ietf, last, b"").status == 201
        end = PATCH | {"Upload-Offset": "1000", "Upload-Length": "1000"}
        assert ask(server.port, "PATCH", locations[0], end, b"").status == 204
        # A byte more would go into the reserve.
        more = ask(server.port, "PATCH", locations[1], PATCH | {"Upload-Offset": "1000"}, b"c")
        assert (more.status, more.code) == (507, "no-space")
        assert len(server.finished_files()) == 2
    finally:
        server.stop()


def test_limits_of_owners_want_owners(tmp_path):
    server = Sluice(tmp_path, "--owner-max-bytes", "100")
    with pytest.raises(RuntimeError, match="says something of owners"):
        server.start()
