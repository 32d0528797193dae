"""Questions: an application has a say in what begins and in what is finished, in every dialect, and whatever it does
or leaves undone."""

import json
import select
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect
from standardwebhooks import Webhook

from application import Application, Mute, Said
from asking import FORM, KEPT, NO, PATCH, SENDINGS, TUS, YES, FileID, Tus, answering, data, form, kind, told
from conftest import choose, row, wait_state
from dialects import CLIENT, CLIENT_RESUMES, WAYS
from exposition import Exposition
from ports import free_port
from putting import failure, put
from receiver import Receiver
from test_webhooks import secret
from tokens import alice, bearer, secret_file, token
from waiting import eventually
from wire import Line, ask, b64

CONTENT = bytes(range(256)) * 300
# What is no answer, by what the application does.
NONE = {
    "5xx": Said(500, [], b"no"), "unavailable": Said(503), "redirect": Said(302, [("Location", "http://127.0.0.1:9/")]),
    "garbage": b"\x16\x03\x01 nothing of HTTP\r\n\r\n",
    "no JSON": Said(200, [("Content-Type", "text/html")], b"<p>yes"),
    "half": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "proxy": Said(407),
    "long": Said(200, [], b" " * 70_000 + b"{}"),
}


@pytest.fixture
def application():
    with Application(answering()) as application:
        yield application


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def asking(start):
    """Starts a server that asks an application both questions: asking(application, *further options)."""
    return lambda application, *options: start(
        "--ask-create", application.url, "--ask-finish", application.url, *options)


def count(application, wanted: str) -> int:
    return sum(kind(question) == wanted for question in application.questions)


def stored(server) -> list[str]:
    return sorted(path.name for path in (server.data / "complete").rglob("*") if path.is_file())


def lines(server, text: str) -> list[dict]:
    return [line for line in map(json.loads, server.log.read_text().splitlines()) if text in line["message"]]


def note(server, number=0) -> str | None:
    """What the line of a request says beside its status."""
    eventually(lambda: lines(server, "request")[number:], "its line")
    return lines(server, "request")[number].get("note")


class Gate:
    """Holds every answer to one kind of question until it is opened."""

    def __init__(self, held: str, then=YES):
        self.came, self.opened, self.held, self.then = threading.Semaphore(0), threading.Event(), held, then

    def __call__(self, question):
        if kind(question) != self.held:
            return YES
        self.came.release()
        assert self.opened.wait(40)
        return self.then

    def wait(self) -> None:
        assert self.came.acquire(timeout=40)


# What is asked


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize("way", SENDINGS)
def test_what_begins_and_what_is_finished_is_asked_about(application, asking, receiver, way):
    server = asking(application, "--webhook", receiver.url, "--digest", "sha256")
    sending = SENDINGS[way](server.port, CONTENT)
    assert sending.send().status in (200, 201, 204)
    whole = application.questions[-2:]
    assert [kind(question) for question in whole] == ["create", "finish"]
    begun, ended = (data(question) for question in whole)
    assert begun["id"] == ended["id"] and begun["dialect"] == way.split()[0]
    assert (begun["offset"], ended["offset"], ended["size"]) == (0, len(CONTENT), len(CONTENT))
    assert begun["path"] is None and ended["path"] is None and begun["location"].endswith(begun["id"])
    # What was asked about first has happened afterwards, and is told so.
    eventually(lambda: receiver.of(begun["id"]) == ["created", "finished"])
    told = [one.json["data"] for one in receiver.taken if one.upload == begun["id"]][1]
    if "concatenation" not in way:
        assert ended["digest"] == told["digest"] is not None


def test_a_question_is_a_cloud_event_and_signed_as_webhooks_are(application, asking, tmp_path):
    path, text = secret(tmp_path)
    server = asking(application, "--webhook-secret", path, "--public-url", "https://up.example")
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    fields = PATCH | {"Upload-Length": 3, "Upload-Metadata": f"filename {b64('a b')}", "Traceparent": trace}
    assert ask(server.port, "POST", "/files", fields, b"abc").status == 201
    for question, wanted in zip(application.questions, ("create", "finish"), strict=True):
        event = Webhook(text).verify(question[":content"], question)
        assert (event["type"], event["source"], event["specversion"]) == (
            f"sluice.ask.{wanted}", "https://up.example", "1.0")
        assert question["webhook-id"] == event["id"] and event["subject"] == event["data"]["id"]
        assert event["traceparent"] == trace
        assert event["data"]["metadata"] == {"filename": "a b"} and event["data"]["name"] == "a b"
        assert question["content-type"].startswith("application/cloudevents+json")


def test_one_of_them_may_be_asked_alone(application, start):
    server = start("--ask-finish", application.url)
    assert Tus(server.port, CONTENT).send().status == 204
    assert [kind(question) for question in application.questions] == ["finish"]


def test_a_part_is_asked_about_when_it_begins_and_never_finished(application, asking):
    server = asking(application)
    fields = PATCH | {"Upload-Length": 3, "Upload-Concat": "partial"}
    assert ask(server.port, "POST", "/files", fields, b"abc").status == 201
    [question] = application.questions
    assert kind(question) == "create" and data(question)["partial"]


def test_a_file_that_begins_anew_is_asked_about_anew(application, asking):
    server = asking(application)
    sending = FileID(server.port, CONTENT)
    assert sending.send().status == 200
    assert ask(server.port, "POST", "/upload", sending.said(0), CONTENT).status == 200
    empty = FileID(server.port, b"")
    for _ in range(2):
        assert empty.send().status == 200
        assert ask(server.port, "POST", "/upload", empty.said(0), b"").status == 200
    kinds = [kind(question) for question in application.questions]
    assert kinds[:4] == ["create", "finish"] * 2 and kinds.count("create") == kinds.count("finish")
    assert data(application.questions[-1])["size"] == 0


# What the answer says


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize("way", WAYS)
def test_what_the_application_does_not_want_never_begins(application, asking, receiver, way):
    application.answers = answering(create=NO)
    server = asking(application, "--webhook", receiver.url)
    method, path, fields, body = WAYS[way](len(CONTENT))
    answer = ask(server.port, method, path, fields, body)
    assert (answer.status, answer.code, answer.body) == (422, "refused-by-application", b"not this one\n")
    assert "location" not in answer.fields
    if way.startswith("tus"):
        assert answer.fields["tus-resumable"] == "1.0.0"
    # The next one is told of, and nothing before it.
    application.answers = answering()
    assert ask(server.port, "PUT", "/files/b", {}, b"b").status == 201
    eventually(lambda: len(receiver.taken) == 2)
    assert {one.json["data"]["name"] for one in receiver.taken} == {"b"}
    assert list((server.data / "uploads").iterdir()) == [] and stored(server) == ["b"]


@pytest.mark.parametrize("said, fields", [
    (Said(401, [], b""), {"www-authenticate": 'Bearer realm="sluice"'}),
    (Said(401, [("WWW-Authenticate", "Basic")], b"x"), {"www-authenticate": "Basic"}),
    (Said(429, [("Retry-After", "7")], b""), {"retry-after": "7"}),
    (Said(403, [("Content-Type", "application/problem+json")], b'{"title":"no"}'),
     {"content-type": "application/problem+json"}),
    (Said(499, [("Set-Cookie", "a=1"), ("Location", "/x")], b"\xff"), {"set-cookie": None, "location": None}),
])
def test_a_refusal_is_in_the_applications_words(application, asking, said, fields):
    application.answers = answering(create=said)
    answer = ask(asking(application).port, "PUT", "/files/a", {}, b"x")
    assert (answer.status, answer.code) == (said.status, "refused-by-application")
    assert {name: answer.fields.get(name) for name in fields} == fields
    if said.body in (b"", b"\xff"):
        assert answer.body == b"The application behind this server refuses the upload.\n"
    else:
        assert answer.body == said.body


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize("way", SENDINGS)
def test_the_answer_names_the_file(application, asking, receiver, way):
    application.answers = answering(
        create=lambda question: told(name="../c d.txt", metadata={"k": "v", "e": ""}, more=[1]), finish=told(name="x"))
    server = asking(application, "--webhook", receiver.url)
    sending = SENDINGS[way](server.port, CONTENT)
    assert sending.send().status in (200, 201, 204)
    assert stored(server) == ["_c d.txt"]
    upload = data(application.questions[-1])["id"]
    eventually(lambda: receiver.of(upload) == ["created", "finished"])
    is_tus = way.startswith("tus")
    for one in receiver.taken:
        if one.upload == upload:
            assert one.json["data"]["name"] == "_c d.txt"
            assert one.json["data"]["metadata"] == ({"k": "v", "e": ""} if is_tus else {})
    if is_tus:
        answer = ask(server.port, "HEAD", f"/files/{upload}", TUS)
        assert answer.fields["upload-metadata"] == "e,k dg=="


def test_an_empty_map_takes_the_metadata_away(application, asking):
    application.answers = answering(create=told(metadata={}))
    server = asking(application)
    fields = TUS | {"Upload-Length": 9, "Upload-Metadata": f"filename {b64('a')}"}
    location = ask(server.port, "POST", "/files", fields, b"").location
    assert "upload-metadata" not in ask(server.port, "HEAD", location, TUS).fields


@pytest.mark.parametrize("way", SENDINGS)
def test_who_reaches_every_upload_makes_some_for_others(application, asking, receiver, tmp_path, way):
    application.answers = answering(create=told(owner="carol"), finish=NO)
    server = asking(application, "--webhook", receiver.url, "--jwt-secret", str(secret_file(tmp_path)))
    sending = SENDINGS[way](server.port, CONTENT, fields=alice(scope="admin upload download"))
    assert sending.send().status == 422
    application.answers = answering(create=told(owner="carol"))
    assert sending.again().status in (200, 201, 204)
    ended = data(application.questions[-1])
    assert ended["owner"] == "carol"
    eventually(lambda: "finished" in receiver.of(ended["id"]))
    assert all(one.json["data"]["owner"] == "carol" for one in receiver.taken)
    assert ask(server.port, "GET", f"/files/{ended['id']}", bearer(token("carol"))).body == CONTENT
    usage = json.loads(ask(server.port, "GET", "/usage", bearer(token("carol"))).body)
    assert usage["files"] >= 1 and json.loads(ask(server.port, "GET", "/usage", alice()).body)["files"] == 0
    if way == "file-id":
        # It begins anew as the same owner's, and as nobody else's.
        again = lambda: ask(server.port, "POST", "/upload", sending.said(0) | sending.fields, CONTENT)
        assert again().status == 200
        application.answers = answering(create=told(owner="dave"))
        assert again().code == "application-unavailable"


def test_whose_an_upload_is_never_changes(application, asking, tmp_path):
    server = asking(application, "--jwt-secret", str(secret_file(tmp_path)))
    application.answers = answering(create=told(owner="carol"))
    answer = ask(server.port, "PUT", "/files/a", alice(), b"x")
    assert (answer.status, answer.code) == (503, "application-unavailable")
    eventually(lambda: any("names another owner" in line["error"] for line in lines(server, "before uploads begin")))
    application.answers = answering(create=told(owner="alice"))
    assert ask(server.port, "PUT", "/files/a", alice(), b"x").status == 201
    assert data(application.questions[-1])["owner"] == "alice"


# A finish that is refused


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize("way", KEPT)
def test_a_finish_that_was_refused_keeps_the_bytes_and_is_asked_for_again(application, asking, receiver, way):
    application.answers = answering(finish=NO)
    server = asking(application, "--webhook", receiver.url)
    sending = SENDINGS[way](server.port, CONTENT)
    for attempt in (sending.send, sending.again, sending.again):
        answer = attempt()
        assert (answer.status, answer.code, answer.body) == (422, "refused-by-application", b"not this one\n")
        if way.startswith("tus") and "concatenation" not in way:
            assert answer.offset == len(CONTENT)
        if way.startswith("ietf"):
            assert (answer.offset, answer.fields["upload-complete"]) == (len(CONTENT), "?0")
    assert count(application, "finish") == 3 and stored(server) == []
    upload = data(application.questions[-1])["id"]
    # A client of tus would take the end of the file, told by HEAD, for success: that is asked about, too.
    if way.startswith("tus"):
        answer = ask(server.port, "HEAD", f"/files/{upload}", TUS)
        assert answer.status == 422 and count(application, "finish") == 4
    else:
        assert sending.offset() == len(CONTENT) and count(application, "finish") == 3
    # Nothing is told of as finished, nor lost, over a restart of the server.
    server.stop()
    server.start()
    sending.port = server.port
    assert sending.again().status == 422
    eventually(lambda: "created" in receiver.of(upload))
    application.answers = answering()
    answer = sending.again()
    assert answer.status in (200, 201, 204)
    eventually(lambda: receiver.of(upload) == ["created", "finished"])
    assert ask(server.port, "GET", f"/files/{upload}").body == CONTENT
    # It is finished once.
    asked = count(application, "finish")
    assert sending.again().status in ((400,) if way.startswith("ietf") else (200, 201, 204))
    assert count(application, "finish") == asked


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize("way", sorted(set(SENDINGS) - set(KEPT)))
def test_of_what_nobody_could_go_on_with_nothing_is_left(application, asking, receiver, way):
    application.answers = answering(finish=NO)
    server = asking(application, "--webhook", receiver.url)
    sending = SENDINGS[way](server.port, CONTENT)
    assert sending.send().code == "refused-by-application"
    upload = data(application.questions[-1])["id"]
    eventually(lambda: receiver.of(upload) == ["created", "deleted"])
    assert ask(server.port, "HEAD", f"/files/{upload}", TUS).status == 404
    assert list((server.data / "uploads").iterdir()) == [] and stored(server) == []
    application.answers = answering()
    assert sending.again().status == 201
    assert count(application, "create") == 2


@pytest.mark.usefixtures("protocol")
def test_one_file_of_a_form_that_is_refused_refuses_the_form(application, asking, receiver):
    application.answers = answering(finish=lambda question: NO if data(question)["name"] == "a1" else YES)
    server = asking(application, "--webhook", receiver.url)
    answer = ask(server.port, "POST", "/files", FORM, form(CONTENT, b"two", b"three"))
    assert (answer.status, answer.code) == (422, "refused-by-application")
    assert [kind(question) for question in application.questions] == ["create"] * 3 + ["finish"] * 2
    eventually(lambda: len([one for one in receiver.taken if one.kind == "deleted"]) == 3)
    assert stored(server) == [] and all(one.kind != "finished" for one in receiver.taken)


def test_who_asks_for_the_offset_of_a_whole_upload_finishes_it(application, asking):
    application.answers = answering(finish=NO)
    server = asking(application)
    sending = Tus(server.port, CONTENT)
    assert sending.send().status == 422
    application.answers = answering()
    assert sending.offset() == len(CONTENT)
    assert ask(server.port, "GET", sending.location).body == CONTENT


def test_a_refused_upload_may_be_deleted(application, asking, receiver):
    application.answers = answering(finish=NO)
    server = asking(application, "--webhook", receiver.url)
    sending = Tus(server.port, CONTENT)
    assert sending.send().status == 422
    assert ask(server.port, "DELETE", sending.location, TUS).status == 204
    eventually(lambda: receiver.of(sending.id) == ["created", "deleted"])


def test_a_refused_upload_expires(application, asking, receiver):
    application.answers = answering(finish=NO)
    server = asking(application, "--webhook", receiver.url, "--expire-after", "5")
    for way in KEPT:
        assert SENDINGS[way](server.port, CONTENT).send().status == 422
    refused = [data(question)["id"] for question in application.questions if kind(question) == "finish"]
    assert len(refused) == len(KEPT)
    eventually(lambda: all(receiver.of(upload) == ["created", "expired"] for upload in refused))
    eventually(lambda: list((server.data / "uploads").iterdir()) == [])


# No answer


@pytest.mark.parametrize("said", NONE)
@pytest.mark.parametrize("question", ["create", "finish"])
def test_what_is_no_answer_refuses_or_lets_pass_as_was_chosen(application, start, said, question):
    application.answers = lambda _: NONE[said]
    server = start(f"--ask-{question}", application.url)
    answer = ask(server.port, "PUT", "/files/a", {}, b"x")
    assert (answer.status, answer.code, answer.fields["retry-after"]) == (503, "application-unavailable", "5")
    eventually(lambda: lines(server, "the application gives no usable answer before uploads"))
    passing = start(f"--ask-{question}", application.url, "--ask-failure", "pass")
    assert ask(passing.port, "PUT", "/files/a", {}, b"x").status == 201
    assert stored(server) == [] and stored(passing) == ["a"]
    # The reason has a line of its own once a while only: the request's has it each time.
    reason = lines(server, "no usable answer")[0]["error"]
    assert note(server) == f"application-unavailable: {reason}" and note(passing) == f"passed-unasked: {reason}"
    ask(server.port, "PUT", "/files/b", {}, b"x")
    assert note(server, 1) == f"application-unavailable: {reason}"


@pytest.mark.parametrize("way", KEPT)
def test_an_application_that_is_away_costs_no_byte(application, asking, way):
    server = asking(application, "--ask-timeout", "2")
    sending = SENDINGS[way](server.port, CONTENT)
    application.answers = answering(finish=Said(502))
    assert sending.send().status == 503
    application.answers = answering()
    assert sending.again().status in (200, 201, 204)
    assert ask(server.port, "GET", f"/files/{data(application.questions[-1])['id']}").body == CONTENT
    eventually(lambda: lines(server, "the application answers again before uploads are finished"))


def test_an_application_that_is_dead_or_says_nothing_is_given_up(start):
    server = start("--ask-create", f"http://127.0.0.1:{free_port()}/", "--ask-timeout", "1")
    assert ask(server.port, "PUT", "/files/a", {}, b"x").code == "application-unavailable"
    with Mute() as mute:
        server = start("--ask-create", mute.url, "--ask-timeout", "1")
        begun = time.monotonic()
        assert ask(server.port, "PUT", "/files/a", {}, b"x").code == "application-unavailable"
        assert 0.9 < time.monotonic() - begun < 10


def test_a_form_waits_once_for_an_application_that_says_nothing(start):
    with Mute() as mute:
        server = start(
            "--ask-create", mute.url, "--ask-finish", mute.url, "--ask-timeout", "1", "--ask-failure", "pass")
        begun = time.monotonic()
        assert ask(server.port, "POST", "/files", FORM, form(*[b"x"] * 20)).status == 201
        assert time.monotonic() - begun < 10 and len(stored(server)) == 20


@pytest.mark.parametrize("members", [
    {"name": 3}, {"name": ""}, {"metadata": []}, {"metadata": {"a": 1}}, {"metadata": {"a b": "c"}}, {"owner": "a\nb"},
    {"metadata": {"a": "x" * 9000}},
])
def test_a_member_that_is_not_of_its_kind_is_no_answer(application, asking, members):
    application.answers = answering(create=told(**members))
    assert ask(asking(application).port, "PUT", "/files/a", {}, b"x").code == "application-unavailable"


# While a question waits


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize("way", ["tus", "file-id", "ietf"])
def test_a_newer_request_wins_at_once_while_a_finish_is_asked(application, asking, way):
    gate = Gate("finish")
    application.answers = gate
    server = asking(application, "--ask-timeout", "60")
    sending = SENDINGS[way](server.port, CONTENT)
    with ThreadPoolExecutor() as pool:
        older = pool.submit(sending.send)
        gate.wait()
        # What was told of it stands, and asking is a newer request, too, where it is not the dialect's own question.
        if way == "file-id":
            assert sending.offset() == len(CONTENT)
        application.answers = answering()
        if way == "tus":
            eventually(lambda: sending.location)
        begun = time.monotonic()
        newer = sending.again()
        assert newer.status in (200, 201, 204) and time.monotonic() - begun < 10
        try:
            answer = older.result(timeout=20)
            assert (answer.status, answer.code) == (409, "superseded")
        except Exception as error:  # noqa: BLE001
            # A client of IETF's draft finds its connection closed.
            assert way == "ietf", error
        gate.opened.set()
    assert len(stored(server)) == 1


def test_a_newer_request_wins_at_once_while_a_creation_is_asked(application, asking):
    gate = Gate("create")
    application.answers = gate
    server = asking(application, "--ask-timeout", "60")
    sending = FileID(server.port, CONTENT)
    with ThreadPoolExecutor() as pool:
        older = pool.submit(sending.send)
        gate.wait()
        application.answers = answering()
        newer = ask(server.port, "POST", "/upload", sending.said(0), CONTENT)
        assert newer.status == 200
        answer = older.result(timeout=20)
        assert (answer.status, answer.code) == (409, "superseded")
        gate.opened.set()


def test_nobody_waits_for_the_questions_of_others(application, asking):
    application.answers = answering()
    server = asking(application, "--ask-timeout", "60", "--threads", "1")
    known = ask(server.port, "PUT", "/files/known", {}, b"known").location
    gate = Gate("finish")
    application.answers = gate
    with ThreadPoolExecutor(200) as pool:
        waiting = [pool.submit(ask, server.port, "PUT", "/files/a", {}, b"x") for _ in range(200)]
        # As many are asked at once as may be, and all wait for the same.
        for _ in range(128):
            gate.wait()
        begun = time.monotonic()
        for _ in range(50):
            assert ask(server.port, "GET", known).body == b"known"
        assert time.monotonic() - begun < 10
        assert not any(one.done() for one in waiting)
        assert not gate.came.acquire(blocking=False), "more at once than may be"
        gate.opened.set()
        assert {one.result(timeout=40).status for one in waiting} == {201}
    assert application.connections <= 2 * 128


@pytest.mark.parametrize("way", ["plain", "tus", "file-id", "ietf"])
def test_what_has_no_room_is_not_asked_about(application, asking, tmp_path, way):
    server = asking(application, "--jwt-secret", str(secret_file(tmp_path)), "--owner-max-bytes", "100")
    fields, body = alice(), b"x" * 101
    if way == "plain":
        answer = ask(server.port, "PUT", "/files/a", fields, body)
    elif way == "tus":
        answer = ask(server.port, "POST", "/files", fields | TUS | {"Upload-Length": "101"})
    elif way == "ietf":
        answer = ask(server.port, "POST", "/files", fields | {"Upload-Complete": "?1"}, body)
    else:
        answer = ask(server.port, "POST", "/upload", fields | {"X-File-Id": "a", "X-File-Size": "101"}, body)
    assert (answer.status, answer.code) == (413, "owner-bytes")
    assert application.questions == []


def test_what_nobody_waits_for_takes_nobodys_place(application, asking):
    """One client that comes again and again for one upload fills no queue: only its last request waits."""
    gate = Gate("create")
    application.answers = gate
    server = asking(application)
    head = b"POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: a\r\nX-Start-Byte: 0\r\nContent-Length: 1\r\n\r\n"
    waiting = []
    with ThreadPoolExecutor() as pool:
        # More than may wait; of two the one that was heard first gives way.
        for _ in range(2400):
            line = socket.create_connection(("127.0.0.1", server.port), 10)
            line.sendall(head)
            waiting.append(line)
            if len(waiting) == 2:
                [answered], _, _ = select.select(waiting, [], [], 10)
                assert answered.recv(12) == b"HTTP/1.1 409"
                answered.close()
                waiting.remove(answered)
        other = pool.submit(ask, server.port, "PUT", "/files/other", {}, b"x")
        gate.opened.set()
        assert other.result(timeout=20).status == 201
    waiting[0].close()


def test_a_stop_does_not_wait_for_an_answer_and_keeps_the_bytes(application, asking):
    gate = Gate("finish")
    application.answers = gate
    server = asking(application, "--ask-timeout", "100")
    sending = Tus(server.port, CONTENT)
    with ThreadPoolExecutor() as pool:
        older = pool.submit(sending.send)
        gate.wait()
        server.terminate()
        assert server.wait(60) == 0
        assert older.result(timeout=20).status == 503
        gate.opened.set()
    application.answers = answering()
    server.start()
    sending.port = server.port
    assert sending.again().status == 204


@pytest.mark.parametrize("way", KEPT)
def test_a_kill_while_a_finish_is_asked_neither_loses_nor_invents(application, asking, receiver, way):
    gate = Gate("finish")
    application.answers = gate
    server = asking(application, "--webhook", receiver.url)
    sending = SENDINGS[way](server.port, CONTENT)
    with ThreadPoolExecutor() as pool:
        older = pool.submit(sending.send)
        gate.wait()
        upload = data(application.questions[-1])["id"]
        server.kill()
        with pytest.raises(Exception):
            older.result(timeout=20)
        gate.opened.set()
    server.start()
    sending.port = server.port
    assert stored(server) == []
    application.answers = answering(finish=NO)
    if not sending.location and way not in ("file-id", "tus concatenation"):
        # Its client was never told the address, and cannot come back; what came is there until it expires.
        assert (server.data / "uploads" / upload).stat().st_size == len(CONTENT)
        sending.location = f"/files/{upload}"
    if way != "tus concatenation":
        assert sending.again().status == 422
    application.answers = answering()
    assert sending.again().status in (200, 201, 204)
    # What was on its way when the server died may be told once more.
    eventually(lambda: list(dict.fromkeys(receiver.of(upload))) == ["created", "finished"])
    assert ask(server.port, "GET", f"/files/{upload}").body == CONTENT


# The project's own clients: a no holds whatever its status, is shown in its words, and the bytes are kept for another
# try.

STATUSES = [400, 401, 403, 404, 405, 408, 409, 410, 411, 413, 415, 422, 423, 425]
# A browser sends by itself once more what was answered by 408 on a connection that it had kept.
PAGE_STATUSES = [status for status in STATUSES if status != 408]


def no(status: int, *fields) -> Said:
    return Said(status, [("Content-Type", "text/plain; charset=utf-8"), *fields], f"not this one ({status})\n".encode())


@pytest.fixture
def file(tmp_path):
    """Of a size for every way: above it a tus upload is made without content."""
    def make(size):
        (tmp_path / "a.bin").write_bytes(b"x" * size)
        return "a.bin"
    return make


# Of parts there are several above a mebibyte each; a small file goes along with its creation.
PUTS = {dialect: (["--dialect", dialect], 300_000) for dialect in CLIENT} | {
    "tus small": ([], 1000), "tus parallel": (["--parallel", "2"], 2_200_000), "tus checksum": (["--checksum", "sha1"], 9),
    "ietf pieces": (["--dialect", "ietf", "--chunk-size", "200000"], 300_000)}


@pytest.mark.parametrize("way", PUTS)
def test_put_takes_a_refused_finish_for_final_and_another_run_asks_again(application, asking, tmp_path, file, way):
    server = asking(application)
    options, size = PUTS[way]
    name = file(size)
    for number, status in enumerate(STATUSES):
        application.answers = answering(finish=no(status))
        result = put(tmp_path, "--retries", "2", *options, name, server.url)
        assert result.returncode == 3, (status, result.stderr)
        assert failure(result) == f"sluice put: a.bin: {status} refused-by-application: not this one ({status})"
        # Of tus an answer to HEAD is one, too, and has no text.
        asked = count(application, "finish")
        assert asked == 1 or (number > 0 and asked <= 2)
        created = {"plain": number + 1, "tus parallel": 2}.get(way, 1)
        assert count(application, "create") in (created, created + (way == "tus parallel"))
        kept = [path for path in (server.data / "uploads").iterdir() if path.is_file()]
        assert sum(path.stat().st_size for path in kept) in ((0,) if way == "plain" else (size, 2 * size))
        application.questions[:] = [question for question in application.questions if kind(question) == "create"]
    application.answers = answering()
    result = put(tmp_path, *options, name, server.url)
    assert result.returncode == 0, result.stderr
    assert server.finished(result.stdout.decode().strip()).read_bytes() == b"x" * size


@pytest.mark.parametrize("way", PUTS)
def test_put_asks_once_for_what_must_not_begin(application, asking, tmp_path, file, way):
    server = asking(application)
    options, size = PUTS[way]
    name = file(size)
    for status in STATUSES:
        application.questions.clear()
        application.answers = answering(create=no(status))
        result = put(tmp_path, "--retries", "2", *options, name, server.url)
        assert (result.returncode, failure(result)) == (
            3, f"sluice put: a.bin: {status} refused-by-application: not this one ({status})")
        assert count(application, "create") <= (2 if way == "tus parallel" else 1)
    assert list((server.data / "uploads").iterdir()) == []


@pytest.mark.parametrize("dialect", ["tus", "ietf"])
def test_put_takes_a_refused_finish_of_standard_input_for_final(application, asking, tmp_path, dialect):
    server = asking(application)
    for status in STATUSES:
        application.questions.clear()
        application.answers = answering(finish=no(status))
        result = put(tmp_path, "--retries", "2", "--dialect", dialect, "-", server.url, input=b"x" * 1000)
        assert result.returncode == 3 and f"{status} refused-by-application: not this one ({status})" in failure(result)
        assert (count(application, "create"), count(application, "finish")) == (1, 1)


@pytest.mark.parametrize("fields", [[], [("Retry-After", "1")]])
@pytest.mark.parametrize("dialect", CLIENT_RESUMES)
def test_put_waits_where_the_application_names_a_time(application, asking, tmp_path, file, dialect, fields):
    server = asking(application)
    said = [no(404 if fields else 429, *fields)] * 2
    application.answers = answering(finish=lambda question: said.pop() if said else YES)
    result = put(tmp_path, "--dialect", dialect, file(1000), server.url)
    assert result.returncode == 0, result.stderr
    assert count(application, "create") == 1 and len(stored(server)) == 1


def test_put_makes_nothing_twice_while_the_application_is_away(application, asking, tmp_path, file):
    server = asking(application)
    said = [Said(502)]
    application.answers = answering(finish=lambda question: said.pop() if said else YES)
    result = put(tmp_path, file(1000), server.url)
    assert result.returncode == 0, result.stderr
    assert count(application, "create") == 1 and stored(server) == ["a.bin"]


def test_put_shows_what_a_document_says(application, asking, tmp_path, file):
    document = b'{\n  "status": 404,\n  "title": "Not \\"here\\""\n}'
    application.answers = answering(create=Said(404, [("Content-Type", "application/problem+json")], document))
    result = put(tmp_path, file(9), asking(application).url)
    assert failure(result) == 'sluice put: a.bin: 404 refused-by-application: Not "here"'


@pytest.mark.parametrize("size", [1000, 3_000_000])
def test_the_page_takes_a_refused_finish_for_final_and_asks_again_when_told_to(application, asking, tab, files, size):
    server = asking(application)
    page = tab(server.url)
    application.answers = answering(finish=no(PAGE_STATUSES[0]))
    choose(page, files("a.bin", size))
    words = row(page, "a.bin").locator(".words")
    again = row(page, "a.bin").get_by_role("button", name="Try again")
    for number, status in enumerate(PAGE_STATUSES):
        if number > 0:
            application.answers = answering(finish=no(status))
            again.click()
        expect(words).to_have_text(f"The upload was refused. The server says: not this one ({status})")
        wait_state(page, "a.bin", "refused")
        expect(page.locator("#token-form")).to_be_hidden()
    # A first time, and twice for each further click: an answer to HEAD has no text.
    assert (count(application, "create"), count(application, "finish")) == (1, 2 * len(PAGE_STATUSES) - 1)
    application.answers = answering()
    again.click()
    wait_state(page, "a.bin", "finished")
    assert count(application, "create") == 1 and stored(server) == ["a.bin"]


def test_the_page_takes_a_refused_creation_for_final(application, asking, tab, files):
    server = asking(application)
    page = tab(server.url)
    for number, status in enumerate(PAGE_STATUSES):
        application.answers = answering(create=no(status))
        choose(page, files(f"{status}.bin", 1000, seed=number))
        wait_state(page, f"{status}.bin", "refused")
        assert count(application, "create") == number + 1
    document = b'{"title": "Not here"}'
    application.answers = answering(create=Said(410, [("Content-Type", "application/problem+json")], document))
    choose(page, files("b.bin", 1000))
    expect(row(page, "b.bin").locator(".words")).to_have_text("The upload was refused. The server says: Not here")
    assert list((server.data / "uploads").iterdir()) == []


def test_the_page_waits_for_an_application_that_is_away_or_names_a_time(application, asking, tab, files):
    server = asking(application)
    page = tab(server.url)
    words = row(page, "a.bin").locator(".words")
    application.answers = answering(finish=Said(502))
    choose(page, files("a.bin", 1000))
    expect(words).to_contain_text("The application that decides about uploads here cannot be reached. Trying again")
    application.answers = answering(finish=no(429))
    row(page, "a.bin").get_by_role("button", name="Retry now").click()
    expect(words).to_contain_text("The upload was refused for now.")
    application.answers = answering()
    row(page, "a.bin").get_by_role("button", name="Retry now").click()
    wait_state(page, "a.bin", "finished")
    assert count(application, "create") == 1 and stored(server) == ["a.bin"]


# Settings


def test_over_https_only_an_application_that_is_believed_is_asked(start, tmp_path):
    paths = tmp_path / "app.pem", tmp_path / "app.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=app", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", paths[1], "-out", paths[0]],
        check=True, capture_output=True)
    with Application(answering(), certificate=paths) as application:
        server = start("--ask-create", application.url)
        assert ask(server.port, "PUT", "/files/a", {}, b"x").code == "application-unavailable"
        assert application.questions == []
        server = start("--ask-create", application.url, "--ask-ca", str(paths[0]))
        assert ask(server.port, "PUT", "/files/a", {}, b"x").status == 201


def test_what_is_asked_is_counted(application, manage):
    site = manage("--ask-create", application.url)
    assert ask(site.http, "PUT", "/files/a", {}, b"x").status == 201
    for said in (NO, Said(500)):
        application.answers = answering(create=said)
        ask(site.http, "PUT", "/files/a", {}, b"x")
    metrics = Exposition(ask(site.admin, "GET", "/metrics").body.decode())
    counted = [metrics["sluice_questions_total", {"question": "create", "outcome": outcome}]
               for outcome in ("passed", "refused", "failed", "dropped")]
    assert counted == [1, 1, 1, 0]
    assert metrics["sluice_questions_seconds_total", {"question": "create"}] > 0
    assert metrics["sluice_questions_queued", {"question": "create"}] == 0


@pytest.mark.parametrize("options, word", [
    (["--ask-timeout", "3"], "says something of --ask-create or --ask-finish"),
    (["--ask-failure", "pass"], "says something of --ask-create or --ask-finish"),
    (["--ask-create", "ftp://a/"], "takes http://"), (["--ask-create", "http://u:p@a/"], "takes http://"),
    (["--ask-create", "http://a/", "--ask-ca", __file__], "says something of https"),
    (["--ask-create", "http://a/", "--ask-timeout", "0"], "takes"),
])
def test_settings_that_contradict_each_other_are_told(start, options, word):
    with pytest.raises(RuntimeError, match=word):
        start(*options)
