"""Looking after a server: the JSON of its admin address, the commands on top of it, and what becomes of uploads, live."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import time
import unicodedata
from contextlib import ExitStack, closing, contextmanager
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from activator import Activator, binary, listening
from file_id import append
from receiver import Receiver
from tokens import alice, bearer, bob, secret_file, token, tokens_file
from waiting import SECONDS_MAX, eventually
from watching import Watcher
from wire import Line, ask

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
MEBIBYTE = 1 << 20


@pytest.fixture
def server(manage):
    return manage()


def create(server, length=10, name=None, fields=None) -> str:
    """Begins a tus upload and answers its id."""
    answer = ask(server.http, "POST", "/files", TUS | {"Upload-Length": str(length)} | (fields or {}))
    assert answer.status == 201, answer
    return answer.location.rpartition("/")[2]


def put(server, name="a.bin", body=b"hello", fields=None) -> str:
    answer = ask(server.http, "PUT", f"/files/{name}", fields or {}, body)
    assert answer.status == 201
    return answer.location.rpartition("/")[2]


def look(server, method, path, fields=None):
    return ask(server.admin, method, path, {"Host": "127.0.0.1"} | (fields or {}))


def get(server, path, fields=None) -> dict:
    answer = look(server, "GET", path, fields)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def listed(server, query="") -> list[str]:
    return [upload["id"] for upload in get(server, f"/uploads?{query}")["uploads"]]


def run(server, *words, code=0, admin=None, environment=None) -> str:
    """A command's standard output; it ends with this exit code."""
    place = [] if environment else ["--admin", admin or f"127.0.0.1:{server.admin}"]
    done = subprocess.run([binary(), *words, *place], capture_output=True, text=True, timeout=60,
                          env=os.environ | (environment or {}))
    assert done.returncode == code, done
    return done.stdout if code == 0 else done.stderr


# ---- The list -------------------------------------------------------------------------------------------------------


def test_uploads_are_listed_newest_first_page_by_page(server):
    ids = [create(server, length) for length in range(1, 8)]
    assert listed(server) == ids[::-1]
    seen, query = [], "limit=3"
    while True:
        page = get(server, f"/uploads?{query}")
        assert len(page["uploads"]) <= 3
        seen += [upload["id"] for upload in page["uploads"]]
        # What begins meanwhile moves nothing.
        create(server)
        if page["next"] is None:
            break
        query = f"limit=3&before={page['next']}"
    assert seen == ids[::-1]


def test_the_list_is_filtered_by_owner_and_by_state(manage, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    root = bearer(token("root", scope="admin delete"))
    hers, his = [create(server, fields=alice()), put(server, fields=alice())], [create(server, fields=bob())]
    def ids(query):
        return {upload["id"] for upload in get(server, f"/uploads?{query}", root)["uploads"]}
    assert ids("") == {*hers, *his}
    assert ids("owner=alice") == set(hers)
    assert ids("state=open") == {hers[0], his[0]}
    assert ids("state=finished&owner=alice") == {hers[1]}
    assert ids("state=finished&owner=bob") == set()
    assert {upload["owner"] for upload in get(server, "/uploads?owner=bob", root)["uploads"]} == {"bob"}


def test_an_upload_is_shown_with_what_has_come_and_where_its_file_is(server):
    size = 8 * MEBIBYTE
    id = create(server, size)
    assert get(server, f"/uploads/{id}")["received"] is None
    with Line(server.http) as line:
        line.send(f"PATCH /files/{id} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                  "Content-Type: application/offset+octet-stream\r\n"
                  f"Content-Length: {size}\r\n\r\n".encode())
        line.send(bytes(3 * MEBIBYTE))
        eventually(lambda: (get(server, f"/uploads/{id}")["received"] or 0) >= 3 * MEBIBYTE, "bytes in the file")
        line.send(bytes(size - 3 * MEBIBYTE))
        assert line.answer("PATCH").status == 204
    shown = get(server, f"/uploads/{id}")
    assert (shown["state"], shown["offset"], shown["size"], shown["dialect"]) == ("finished", size, size, "tus")
    assert (server.data / shown["file"]["path"]).stat().st_size == size
    assert look(server, "GET", f"/uploads/{'0' * 32}").code == "unknown-upload"


# ---- Cancelling -----------------------------------------------------------------------------------------------------


def test_cancelling_frees_the_bytes_and_tells_who_sends(server):
    id = create(server, 64 * MEBIBYTE)
    with Line(server.http) as line:
        line.send(f"PATCH /files/{id} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                  "Content-Type: application/offset+octet-stream\r\n"
                  f"Content-Length: {64 * MEBIBYTE}\r\n\r\n".encode())
        line.send(bytes(2 * MEBIBYTE))
        eventually(lambda: (get(server, f"/uploads/{id}")["received"] or 0) > 0, "bytes in the file")
        assert (server.data / "uploads" / id).exists()
        assert look(server, "DELETE", f"/uploads/{id}").status == 204
        assert line.answer("PATCH").code == "superseded"
    eventually(lambda: not (server.data / "uploads" / id).exists(), "the bytes to go")
    assert ask(server.http, "HEAD", f"/files/{id}", TUS).status in (404, 410)
    assert look(server, "DELETE", f"/uploads/{id}").status == 404


@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_form_that_is_still_coming_gives_way_to_who_asks_for_any_of_its_files(server, method, which):
    parts = [b'--b\r\nContent-Disposition: form-data; name="f"; filename="%d"\r\n\r\n%s\r\n' % (number, b"x" * 50_000)
             for number in range(3)]
    with Line(server.http) as line:
        line.send(b"POST /files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                  b"Content-Length: 300000\r\n\r\n" + b"".join(parts))
        eventually(lambda: len(listed(server)) == 3, "the form's files")
        id = listed(server)[::-1][which]
        # Before the form has anything more: its client has gone silent.
        assert ask(server.http, method, f"/files/{id}", TUS).status in (404, 410)
        assert line.answer("POST").code == "superseded"
    assert listed(server) == []
    eventually(lambda: not list((server.data / "uploads").iterdir()) and not list((server.data / "complete").iterdir()),
               "nothing of the form")


def test_a_finished_file_is_only_removed_where_that_is_said(server):
    id = put(server)
    assert look(server, "DELETE", f"/uploads/{id}").code == "upload-finished"
    assert ask(server.http, "GET", f"/files/{id}").body == b"hello"
    assert look(server, "DELETE", f"/uploads/{id}?finished=1").status == 204
    eventually(lambda: not (server.data / "complete" / id).exists(), "the file to go")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    yield from running(folder, "--jwt-secret", str(secret_file(folder)))


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("open"))


def running(folder, *options):
    site = Activator(folder, {"http": listening(), "admin": listening()}, *options)
    site.start()
    yield SimpleNamespace(site=site, http=site.port("http"), admin=site.port("admin"))
    site.close()


# ---- Who may --------------------------------------------------------------------------------------------------------

PLACES = [("GET", "/uploads"), ("GET", f"/uploads/{'0' * 32}"), ("DELETE", f"/uploads/{'0' * 32}"), ("GET", "/usage"),
          ("GET", "/queue"), ("GET", "/queue/given-up"), ("POST", "/queue/again?all=1"), ("GET", "/overview"),
          ("GET", "/events"), ("GET", "/log-level"), ("PUT", "/log-level?level=debug")]


@pytest.mark.parametrize("method,path", PLACES)
def test_where_tokens_are_asked_for_only_the_scope_admin_looks_after_the_server(guarded, method, path):
    server = guarded
    assert look(server, method, path).status == 401
    assert look(server, method, path, alice()).code == "wrong-scope"
    assert look(server, method, path, alice(scope="upload download delete")).code == "wrong-scope"
    if method == "DELETE":
        assert look(server, method, path, alice(scope="admin")).code == "wrong-scope"
    if path != "/events":
        answer = look(server, method, path, alice(scope="admin delete" if method == "DELETE" else "admin"))
        assert answer.status == (404 if "0000" in path else 200), answer
    # The numbers and the health are open as ever.
    assert look(server, "GET", "/metrics").status == 200


@pytest.mark.parametrize("method,path", PLACES)
def test_the_public_address_has_none_of_it(guarded, method, path):
    server = guarded
    answer = ask(server.http, method, path, bearer(token("root", scope="admin delete upload download")))
    # An owner's own usage is another address of that name.
    assert answer.status == (200 if path == "/usage" else 404)


@pytest.mark.parametrize("method,path", PLACES)
def test_without_tokens_no_page_and_no_borrowed_name_gets_in(open_server, method, path):
    def code(fields):
        return look(open_server, method, path, fields).code
    assert code({"Host": "rebound.example"}) == "admin-local"
    assert code({"Origin": "https://evil.example"}) == "cross-site"
    assert code({"Sec-Fetch-Site": "cross-site"}) == "cross-site"
    # What a proxy on this machine hands on comes from anywhere.
    for field in ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"):
        assert code({field: "127.0.0.1"}) == "admin-local"


def test_no_page_of_another_site_reads_the_numbers_and_no_method_stands_behind_another(open_server):
    # A name of somebody else's that leads here makes its page one of the same origin.
    for fields in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-origin", "Host": "evil.example"},
                   {"Sec-Fetch-Site": "cross-site"}):
        assert look(open_server, "GET", "/metrics", fields).code == "cross-site"
    for fields in ({"Sec-Fetch-Site": "none"}, {"Host": "sluice.internal:9090"}):
        assert look(open_server, "GET", "/metrics", fields).status == 200
    answer = look(open_server, "GET", "/log-level?level=trace", {"X-HTTP-Method-Override": "PUT"})
    assert answer.code == "bad-method-override"
    assert get(open_server, "/log-level")["level"] != "trace"


def test_who_looks_after_the_server_shows_and_with_delete_removes_what_is_somebody_elses(manage, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    id = create(server, fields=alice())
    root = bearer(token("root", scope="admin"))
    assert get(server, f"/uploads/{id}", root)["owner"] == "alice"
    assert look(server, "DELETE", f"/uploads/{id}", root).code == "wrong-scope"
    assert look(server, "DELETE", f"/uploads/{id}", bearer(token("root", scope="admin delete"))).status == 204
    assert look(server, "GET", f"/uploads/{id}", root).status == 404


@pytest.mark.parametrize("path", ["/events", "/files/{id}/events"])
def test_a_watcher_goes_when_its_token_has_ended(manage, tmp_path, path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    id = create(server, fields=alice())
    owner, port = ("root", server.admin) if path == "/events" else ("alice", server.http)
    short = bearer(token(owner, seconds=4, scope="admin" if owner == "root" else None))
    with Watcher(port, path.format(id=id), short) as watcher:
        assert watcher.status == 200
        assert watcher.ended.wait(30)
    with Watcher(port, path.format(id=id), short) as watcher:
        assert watcher.status == 401


def test_a_watcher_who_reads_as_fast_as_there_is_news_goes_when_its_token_has_ended(manage, tmp_path):
    """It has never caught up, so that the server has never waited for news, and never falls so far behind that it is
    dropped."""
    server = manage("--jwt-secret", str(secret_file(tmp_path)), "--durability", "process")
    root = bearer(token("root", seconds=6, scope="admin"))
    watcher = Watcher(server.admin, "/events?progress=0", root, reads=False, receive_bytes=4096)
    with watcher, Line(server.http) as line:
        watcher.socket.settimeout(30)
        told, made, piece = 0, 0, b"."
        end = time.monotonic() + SECONDS_MAX
        while piece:
            line.request("PUT", f"/files/{'a' * 200}", alice(), b"x")
            made += 1
            # Far enough behind that what the kernel holds for it is full, and no further.
            while piece and 2 * made - told > 1500:
                piece = watcher.socket.recv(2048)
                told += piece.count(b"event: ")
            assert time.monotonic() < end, "it goes on hearing"


def test_no_owner_takes_the_places_of_others_who_watch(manage, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    ids = {name: create(server, fields=bearer(token(name))) for name in ("alice", "bob")}

    def watch(name):
        return Watcher(server.http, f"/files/{ids[name]}/events", bearer(token(name)))
    with ExitStack() as stack:
        watchers = [stack.enter_context(watch("alice")) for _ in range(64)]
        assert {watcher.status for watcher in watchers} == {200}
        refused = stack.enter_context(watch("alice"))
        assert refused.status == 503 and "x-error-code: too-many-watchers" in refused.head
        assert stack.enter_context(watch("bob")).status == 200
        # A place that is left is free again.
        watchers[0].close()
        eventually(lambda: stack.enter_context(watch("alice")).status == 200, "a place")


def test_nobody_in_particular_has_a_share_of_each_upload(manage):
    server = manage()
    first, second = create(server), create(server)
    with ExitStack() as stack:
        def watch(id):
            return stack.enter_context(Watcher(server.http, f"/files/{id}/events")).status
        assert [watch(first) for _ in range(65)] == [200] * 64 + [503]
        assert watch(second) == 200


def test_a_watcher_goes_when_a_new_configuration_knows_its_token_no_more(manage, tmp_path):
    file = tokens_file(tmp_path, alice="0123456789abcdef", bob="fedcba9876543210")
    server = manage("--tokens", str(file))
    id = create(server, fields=bearer("0123456789abcdef"))
    with Watcher(server.http, f"/files/{id}/events", bearer("0123456789abcdef")) as watcher:
        assert watcher.status == 200
        tokens_file(tmp_path, bob="fedcba9876543210")
        os.kill(server.site.process.pid, signal.SIGHUP)
        assert watcher.ended.wait(30)


def test_of_a_file_that_was_changed_no_digest_is_shown(manage):
    server = manage("--digest", "sha256")
    id = put(server)
    shown = get(server, f"/uploads/{id}")["file"]
    digest = "sha256:" + hashlib.sha256(b"hello").hexdigest()
    assert shown["digest"] == digest and digest in run(server, "show", id)
    file = server.data / shown["path"]
    file.write_bytes(b"hullo")
    # In the first seconds it may have been delivered anew.
    os.utime(file, (file.stat().st_mtime + 60, file.stat().st_mtime + 60))
    assert get(server, f"/uploads/{id}")["file"]["digest"] is None
    assert digest not in run(server, "show", id)
    file.write_bytes(b"longer")
    assert get(server, f"/uploads/{id}")["file"]["size"] == 6
    file.unlink()
    gone = get(server, f"/uploads/{id}")
    assert gone["missing"] is True and gone["file"]["digest"] is None
    assert "not here any more" in run(server, "show", id)
    # A list opens no files: it tells none.
    assert [upload["file"]["digest"] for upload in get(server, "/uploads")["uploads"]] == [None]


def test_owners_whose_names_look_the_same_are_two(manage, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    root = bearer(token("root", scope="admin"))
    one, other = "caf\u00e9", "cafe\u0301"
    ids = {name: create(server, fields=bearer(token(name))) for name in (one, other)}
    for name, id in ids.items():
        found = get(server, f"/uploads?owner={quote(name)}", root)["uploads"]
        assert [upload["id"] for upload in found] == [id]


def test_without_tokens_another_machine_does_not_get_in(tmp_path):
    # An address of this machine's that is not a loopback one stands for another machine's.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            host = probe.getsockname()[0]
        except OSError:
            pytest.skip("no address but the loopback ones")
    site = Activator(tmp_path, {"http": listening(), "admin": listening((host, 0))})
    site.start()
    try:
        def status(path):
            return subprocess.run(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{host}:{site.port('admin')}{path}"],
                capture_output=True, text=True, timeout=60).stdout
        assert status("/metrics") == "200"
        assert status("/uploads") == "403"
    finally:
        site.close()


def test_a_socket_is_guarded_by_its_mode_alone(tmp_path, start):
    path = tmp_path / "admin.sock"
    server = start("--listen-admin", f"unix:{path}", "--jwt-secret", str(secret_file(tmp_path)))
    answer = ask(server.port, "POST", "/files", TUS | {"Upload-Length": "5"} | alice())
    id = answer.location.rpartition("/")[2]
    assert path.stat().st_mode & 0o777 == 0o600
    assert id in run(None, "list", admin=f"unix:{path}")
    assert "removed" in run(None, "cancel", id, admin=f"unix:{path}")
    assert id not in run(None, "list", admin=f"unix:{path}")


@pytest.mark.parametrize("query", ["state=new", "limit=0", "limit=x", "limit=1001", "before=-1", "foo=1", "owner=", "state",
                                   "limit=1&limit=2", "owner=%zz"])
def test_a_filter_that_is_not_understood_is_refused(open_server, query):
    answer = look(open_server, "GET", f"/uploads?{query}")
    assert (answer.status, answer.code) in [(400, "bad-query"), (400, "bad-owner")]


# ---- Usage, queue, log ----------------------------------------------------------------------------------------------


def test_the_usage_of_all_owners_is_told(manage, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)), "--owner-max-files", "9")
    root = bearer(token("root", scope="admin"))
    for owner in ("alice", "bob", "carol"):
        put(server, body=b"12345", fields=bearer(token(owner)))
    page = get(server, "/usage?limit=2", root)
    assert [(entry["owner"], entry["bytes"], entry["files"]) for entry in page["owners"]] == [
        ("alice", 5, 1), ("bob", 5, 1)]
    assert (page["next"], page["max_files"]) == ("bob", 9)
    assert [entry["owner"] for entry in get(server, "/usage?limit=2&after=bob", root)["owners"]] == ["carol"]
    assert get(server, "/usage?owner=carol", root)["owners"][0]["open"] == 0


def test_the_queue_tells_what_waits_and_for_whom(manage):
    with closing(Receiver(lambda received: 503)) as receiver:
        server = manage("--webhook", receiver.url)
        put(server)
        eventually(lambda: get(server, "/queue")["targets"][0]["failures"] > 0, "an attempt")
        queue = get(server, "/queue")
        assert queue["waiting"] == 2 and queue["limit"] == 1_000_000 and queue["dropped"] == 0
        (target,) = queue["targets"]
        assert target["waiting"] == 2 and target["oldest"].endswith("Z") and target["target"] == receiver.url.partition("?")[0]
        assert "2 of at most" in run(server, "events")
    assert "Nobody" in run(manage(), "events")


@contextmanager
def dead_webhook(manage, count=2):
    """A server with a target that was dead for so long that events of this many uploads are given up, and the target,
    which lives from then on."""
    answers = [503]
    with closing(Receiver(lambda received: answers[-1])) as receiver:
        server = manage("--webhook", receiver.url, "--webhook-events", "finished", "--webhook-give-up", "1")
        ids = [put(server, f"{number}.bin") for number in range(count)]
        eventually(lambda: get(server, "/queue")["given_up"] == count, "that they are given up")
        answers.append(204)
        yield SimpleNamespace(server=server, receiver=receiver, ids=ids, answers=answers)


def test_what_was_given_up_is_listed_with_its_reason(manage):
    with dead_webhook(manage) as dead:
        page = get(dead.server, "/queue/given-up")
        assert {event["upload"] for event in page["events"]} == set(dead.ids) and page["next"] is None
        for event in page["events"]:
            assert event["kind"] == "finished" and event["target"] == dead.receiver.url.partition("?")[0]
            assert event["reason"].startswith("503") and event["time"] <= event["given_up"]
            assert event["name"].endswith(".bin")
        first = get(dead.server, "/queue/given-up?limit=1")
        rest = get(dead.server, f"/queue/given-up?limit=1&after={first['next']}")
        assert first["events"] + rest["events"] == page["events"]
        assert get(dead.server, "/queue")["waiting"] == 0
        told = run(dead.server, "events", "given-up")
        assert all(event["id"] in told and event["upload"] in told for event in page["events"])
        lines = run(dead.server, "events", "given-up", "--json").splitlines()
        assert [json.loads(line) for line in lines] == page["events"]
        assert "2 were given up and are kept" in run(dead.server, "events")


def test_a_given_up_event_is_told_again_under_its_old_name_once_its_target_lives(manage):
    with dead_webhook(manage) as dead:
        one, other = get(dead.server, "/queue/given-up")["events"]
        assert dead.receiver.taken == []
        assert run(dead.server, "events", "again", one["id"]) == "1 event is told again.\n"
        eventually(lambda: [taken.id for taken in dead.receiver.taken] == [one["id"]], "the event")
        (taken,) = dead.receiver.taken
        assert taken.json["id"] == one["id"] and taken.json["time"] == one["time"] and taken.upload == one["upload"]
        # With the next start as well, and once.
        dead.server.site.kill()
        dead.server.site.start()
        assert [event["id"] for event in get(dead.server, "/queue/given-up")["events"]] == [other["id"]]
        assert run(dead.server, "events", "again", "--all") == "1 event is told again.\n"
        eventually(lambda: other["id"] in [taken.id for taken in dead.receiver.taken], "the other event")
        eventually(lambda: get(dead.server, "/queue")["waiting"] == 0)
        assert get(dead.server, "/queue/given-up")["events"] == []
        assert "No event" in run(dead.server, "events", "given-up")
        assert run(dead.server, "events", "again", "--all") == "0 events are told again.\n"


def test_an_event_that_is_told_again_is_tried_for_as_long_as_at_first_and_kept_if_that_is_in_vain(manage):
    with dead_webhook(manage, count=1) as dead:
        dead.answers.append(422)
        (event,) = get(dead.server, "/queue/given-up")["events"]
        before = len(dead.receiver.all)
        assert look(dead.server, "POST", "/queue/again?all=1").status == 200
        eventually(lambda: get(dead.server, "/queue")["given_up"] == 1, "that it is given up once more")
        assert len(dead.receiver.all) - before >= 2, "its age does not count from when it became true"
        assert [again["id"] for again in get(dead.server, "/queue/given-up")["events"]] == [event["id"]]


def test_what_cannot_be_told_again_is_refused(open_server, manage):
    for query in ("", "id=1&all=1", "all=0", "all", "ids=1", "id=%zz"):
        assert look(open_server, "POST", f"/queue/again?{query}").code == "bad-query", query
    assert look(open_server, "POST", "/queue/again?id=0-1").code == "unknown-event"
    assert look(open_server, "GET", "/queue/again?all=1").code == "method-not-allowed"
    assert look(open_server, "POST", "/queue/given-up").code == "method-not-allowed"
    assert json.loads(look(open_server, "POST", "/queue/again?all=1").body) == {"again": 0}
    with closing(Receiver()) as receiver:
        server = manage("--webhook", receiver.url)
        assert "unknown-event" in run(server, "events", "again", "f" * 16 + "-1", code=3)
        # The name of one that was told.
        put(server)
        eventually(lambda: receiver.taken, "an event")
        assert look(server, "POST", f"/queue/again?id={receiver.taken[0].id}").code == "unknown-event"
    for words in ([], ["--all", "1-1"]):
        assert "give --all" in run(server, "events", "again", *words, code=2)


def test_the_log_level_changes_while_the_server_runs(server):
    assert get(server, "/log-level") == {"level": "info"}
    assert run(server, "log-level", "warning").strip() == "warning"
    before = server.log.read_text().count('"request"')
    put(server)
    assert look(server, "PUT", "/log-level?level=loud").code == "bad-query"
    assert run(server, "log-level").strip() == "warning"
    assert server.log.read_text().count("/files/a.bin") == 0, before
    assert "log level changed" in server.log.read_text()
    run(server, "log-level", "info")
    put(server)
    eventually(lambda: "/files/a.bin" in server.log.read_text(), "the line of a request")


# ---- Watching -------------------------------------------------------------------------------------------------------


def test_what_becomes_of_uploads_is_told_as_it_does(server):
    with Watcher(server.admin, "/events") as watcher:
        assert watcher.status == 200 and "content-type: text/event-stream" in watcher.head
        finished, deleted = put(server), create(server)
        ask(server.http, "DELETE", f"/files/{deleted}", TUS)
        watcher.wait(finished, "created", "finished")
        watcher.wait(deleted, "created", "deleted")
        again = put(server, "b.bin")
        watcher.wait(again, "created", "finished")


def test_a_watcher_of_one_owner_hears_of_no_other(manage, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    with Watcher(server.admin, "/events?owner=bob", bearer(token("root", scope="admin"))) as watcher:
        hers, his = put(server, fields=alice()), put(server, fields=bob())
        watcher.wait(his, "created", "finished")
        assert watcher.kinds(hers) == []


def test_progress_is_told_while_bytes_come(server):
    size = 6 * MEBIBYTE
    with Watcher(server.admin, "/events") as watcher, Line(server.http) as line:
        id = create(server, size)
        with Watcher(server.http, f"/files/{id}/events") as own:
            line.send(f"PATCH /files/{id} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                      "Content-Type: application/offset+octet-stream\r\n"
                      f"Content-Length: {size}\r\n\r\n".encode())
            for count in (2, 4):
                line.send(bytes(2 * MEBIBYTE))
                def reached(events, count=count):
                    return any(one.kind == "progress" and one.data["id"] == id
                               and one.data["received"] == count * MEBIBYTE for one in events)
                eventually(lambda: reached(watcher.events), f"{count} MiB told to who looks after the server")
                eventually(lambda: reached(own.events), f"{count} MiB told to the owner")
            line.send(bytes(2 * MEBIBYTE))
            assert line.answer("PATCH").status == 204
            watcher.wait(id, "created", "finished")
            assert own.ended.wait(30)
            assert own.events[-1].kind == "finished" and own.events[-1].data["offset"] == size


def test_a_watcher_goes_on_where_it_was_and_is_told_of_what_it_missed(server):
    with Watcher(server.admin, "/events") as watcher:
        first = put(server)
        watcher.wait(first, "created", "finished")
        last = watcher.events[-1].id
    meanwhile = put(server, "b.bin")
    with Watcher(server.admin, "/events", {"Last-Event-ID": last}) as watcher:
        watcher.wait(meanwhile, "created", "finished")
        assert watcher.kinds(first) == [] and "missed" not in [one.kind for one in watcher.events]
    for unknown in ("0-1", "x", f"{last.partition('-')[0]}-999999"):
        with Watcher(server.admin, "/events", {"Last-Event-ID": unknown}) as watcher:
            eventually(lambda: watcher.events, "a word")
            assert watcher.events[0].kind == "missed" and watcher.kinds(meanwhile) == []


def test_a_watcher_that_does_not_read_holds_up_nobody_and_is_told_that_it_was_dropped(server):
    with Watcher(server.admin, "/events", reads=False, receive_bytes=4096) as slow, \
            Watcher(server.admin, "/events?progress=0") as quick, Line(server.http) as line:
        # More than is kept for who is behind; each is told of twice.
        for lot in range(30):
            for number in range(100):
                line.send(f"PUT /files/{number} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".encode())
            assert {line.answer("PUT").status for _ in range(100)} == {201}, lot
        eventually(lambda: sum(one.kind == "finished" for one in quick.events) == 3000, "all told to who reads")
        slow.read()
        assert slow.ended.wait(60)
        assert slow.events[-1].kind == "dropped"


def test_watchers_are_bounded(server):
    watchers = [Watcher(server.admin, "/events") for _ in range(8)]
    answer = look(server, "GET", "/events")
    assert (answer.status, answer.code) == (503, "too-many-watchers") and answer.fields["retry-after"]
    assert look(server, "GET", "/metrics").status == 200
    watchers.pop().close()
    def is_taken():
        with Watcher(server.admin, "/events") as watcher:
            return watcher.status == 200
    eventually(is_taken, "the place of who has gone")
    for watcher in watchers:
        watcher.close()


def test_a_stop_does_not_wait_for_watchers(server):
    id = create(server)
    with Watcher(server.admin, "/events") as one, Watcher(server.http, f"/files/{id}/events") as other:
        server.site.process.terminate()
        assert server.site.process.wait(15) == 0
        assert one.ended.wait(5) and other.ended.wait(5)


# ---- One's own upload -----------------------------------------------------------------------------------------------


def test_an_owner_watches_an_upload_and_nobody_else_does(manage, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    id = create(server, 5, fields=alice())
    stranger, unknown = (ask(server.http, "GET", f"/files/{name}/events", bob()) for name in (id, "0" * 32))
    assert (stranger.status, stranger.body) == (unknown.status, unknown.body) == (404, unknown.body)
    with Watcher(server.http, f"/files/{id}/events?token={token('alice')}") as watcher:
        eventually(lambda: watcher.events, "where it stands")
        assert (watcher.events[0].kind, watcher.events[0].data["received"]) == ("progress", 0)
        assert ask(server.http, "PATCH", f"/files/{id}", PATCH | {"Upload-Offset": "0"} | alice(), b"hello").status == 204
        assert watcher.ended.wait(30)
        last = watcher.events[-1]
        assert (last.kind, last.data["offset"]) == ("finished", 5)
    # A browser that comes again for more is sent away by this, and by nothing else.
    answer = ask(server.http, "GET", f"/files/{id}/events", alice() | {"Last-Event-ID": last.id})
    assert answer.status == 204


def test_an_upload_that_is_deleted_meanwhile_ends_its_stream(server):
    id = create(server)
    with Watcher(server.http, f"/files/{id}/events") as watcher:
        eventually(lambda: watcher.events, "where it stands")
        look(server, "DELETE", f"/uploads/{id}")
        assert watcher.ended.wait(30)
        assert watcher.events[-1].kind == "deleted"


def test_curl_sees_a_whole_stream_of_http2(server):
    id = create(server, 5)
    done = subprocess.Popen(
        ["curl", "-sS", "--http2-prior-knowledge", "-N", f"http://127.0.0.1:{server.http}/files/{id}/events"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = ""
    while "progress" not in line:
        line = done.stdout.readline()
    ask(server.http, "PATCH", f"/files/{id}", PATCH | {"Upload-Offset": "0"}, b"hello")
    out, errors = done.communicate(timeout=30)
    assert (done.returncode, errors) == (0, "") and "event: finished" in out


# ---- The commands ---------------------------------------------------------------------------------------------------


def test_the_commands_show_tables_to_people_and_json_to_programs(server):
    big, small = create(server, 3 * MEBIBYTE), put(server, "b%20%C3%A9.bin")
    table = run(server, "list")
    assert table.splitlines()[0].split() == ["ID", "STATE", "BYTES", "OWNER", "CREATED", "NAME"]
    assert [line.split()[0] for line in table.splitlines()[1:]] == [small, big]
    assert "0 B of 3.0 MiB" in table and "b é.bin" in table
    lines = [json.loads(line) for line in run(server, "list", "--json", "--limit", "0").splitlines()]
    assert [(line["id"], line["state"]) for line in lines] == [(small, "finished"), (big, "open")]
    assert run(server, "list", "--state", "open", "--limit", "1").count("\n") == 2
    assert f"complete/{small}/" in run(server, "show", small)
    assert json.loads(run(server, "show", small, "--json"))["size"] == 5
    assert run(server, "cancel", big).strip() == f"{big} removed"
    assert "404 unknown-upload" in run(server, "show", big, code=3)
    assert "404 unknown-upload" in run(server, "cancel", big, code=3)
    refused = run(server, "cancel", small, code=3)
    assert "409 upload-finished" in refused and "sluice cancel --finished" in refused
    run(server, "cancel", "--finished", small)
    assert run(server, "list").count("\n") == 1


def test_the_commands_say_nothing_that_moves_a_terminal(server):
    id = put(server, fields={"Content-Type": "text/\u009bplain\u202e".encode().decode("latin-1")})
    for words in (["show", id, "--json"], ["list", "--json"], ["show", id], ["list"]):
        said = run(server, *words)
        assert not [c for c in said if c != "\n" and unicodedata.category(c) in ("Cc", "Cf")], said
    assert json.loads(run(server, "show", id, "--json"))["content_type"] == "text/\u009bplain\u202e"


def test_a_table_shows_names_whole(server):
    # What is one sign to people are several units to programs.
    name = "\U0001F468\u200D\U0001F469\u200D\U0001F467" * 3 + "q\u0301" * 9 + "bob"
    shown = name.replace("\u200D", "\uFFFD")
    put(server, quote(name))
    assert shown in run(server, "list")


def test_the_commands_find_the_server_in_the_environment_and_say_where_there_is_none(server, tmp_path):
    id = create(server)
    assert id in run(None, "list", environment={"SLUICE_ADMIN": f"127.0.0.1:{server.admin}"})
    assert "sluice: unix:" in run(None, "list", code=1, admin=f"unix:{tmp_path}/none.sock")
    run(None, "list", code=2, admin="nonsense")
    run(server, "list", "--state", "new", code=2)


def test_the_commands_take_a_token(manage, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    put(server, fields=alice())
    file = tmp_path / "token"
    assert "401" in run(server, "usage", code=3)
    file.write_text(token("root", scope="admin") + "\n")
    assert run(server, "usage", "--token-file", str(file)).splitlines()[1].split() == ["alice", "5", "B", "1", "0"]
    (entry,) = [json.loads(line) for line in run(server, "usage", "--token-file", str(file), "--json").splitlines()]
    assert entry == {"owner": "alice", "bytes": 5, "files": 1, "open": 0}


def test_watch_tells_a_line_for_each_event(server):
    watch = subprocess.Popen([binary(), "watch", "--admin", f"127.0.0.1:{server.admin}", "--json"],
                             stdout=subprocess.PIPE, text=True)
    try:
        # Until it listens nothing is told to it.
        ids = []
        lines = iter(watch.stdout.readline, "")
        eventually(lambda: get(server, "/queue") and ids.append(put(server)) is None and has_begun(server), "a watcher")
        ids.append(put(server))
        for line in lines:
            told = json.loads(line)
            if told["event"] == "finished" and told["data"]["upload"]["id"] == ids[-1]:
                break
        else:
            pytest.fail("it was not told")
    finally:
        watch.terminate()
        watch.wait(30)


def has_begun(server) -> bool:
    """Whether somebody watches: the server's own socket says so."""
    text = look(server, "GET", "/metrics").body.decode()
    return 'sluice_watchers{kind="all"} 1' in text


def test_a_list_of_many_is_paged_and_a_rare_one_among_them_is_found(server):
    rare = create(server)
    for number in range(1500):
        assert append(server.http, f"file-{number}", 0, b"x").status == 200
    assert listed(server, "state=open&limit=1") == [rare]
    lines = run(server, "list", "--limit", "0", "--json").splitlines()
    assert len(lines) == 1501 and len({json.loads(line)["id"] for line in lines}) == 1501
    assert [json.loads(line)["id"] for line in run(server, "list", "--json", "--state", "open").splitlines()] == [rare]


