"""Webhooks: what becomes of uploads is told, at least once, in order for each upload, whatever the receiver does."""

import base64
import json
import os
import secrets
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cloudevents.v1.http import from_http
from standardwebhooks import Webhook, WebhookVerificationError

from dialects import NAMES, WAYS, WHOLE
from exposition import Exposition
from file_id import append
from ports import free_port
from receiver import Receiver
from sluice import Sluice
from test_put_proxies import HTTPProxy
from waiting import eventually
from wire import ask, b64

TUS = {"Tus-Resumable": "1.0.0"}
HERE = Path(__file__).parent
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def receivers():
    """Makes receivers that end with the test."""
    made = []

    def make(*arguments, **named):
        made.append(Receiver(*arguments, **named))
        return made[-1]

    yield make
    for receiver in made:
        receiver.close()


def secret(folder, name="secret"):
    """A file with a secret, and the secret."""
    text = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    (folder / name).write_text(text + "\n")
    return str(folder / name), text


def put(server, name="a.bin", body=b"hello") -> str:
    """Stores a file and answers its id."""
    answer = ask(server.port, "PUT", f"/files/{name}", {}, body)
    assert answer.status == 201
    return answer.location.rpartition("/")[2]


def create(server, length=10, **metadata) -> str:
    """Begins an upload of tus and answers its address."""
    pairs = ",".join(f"{key} {b64(value)}" for key, value in metadata.items())
    answer = ask(server.port, "POST", "/files", TUS | {"Upload-Length": str(length), "Upload-Metadata": pairs}, b"")
    assert answer.status == 201
    return answer.location


def local(address: str) -> str:
    """The path here of an address as it is told outside."""
    return address[address.index("/files/"):]


def lines(server, part):
    return [line for line in map(json.loads, server.log.read_text().splitlines()) if part in line["message"]]


def pending(receiver, uploads, kinds=("created", "finished")):
    return [upload for upload in uploads if receiver.of(upload) != list(kinds)]


def test_every_way_to_upload_is_told_from_beginning_to_end(start, receivers, tmp_path):
    old, new = secret(tmp_path, "old"), secret(tmp_path, "new")
    receiver = receivers()
    server = start("--webhook", receiver.url, "--webhook-secret", old[0], "--webhook-secret", new[0],
                   "--public-url", "https://up.example/x")
    plain = put(server, "gr%C3%B6%C3%9Fe%20%221%22.bin")
    assert append(server.port, "an-id", 0, b"x" * 100_000).status == 200
    address = create(server, 10, filename="tüs.txt", note="n\n\"")
    patch = PATCH | {"Upload-Offset": "0"}
    assert ask(server.port, "PATCH", local(address), patch, b"0123456789").status == 204
    gone = create(server, 3)
    assert ask(server.port, "DELETE", local(gone), TUS).status == 204
    form = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="form.txt"\r\n\r\nform\r\n--b--\r\n')
    assert ask(server.port, "POST", "/files", {"Content-Type": "multipart/form-data; boundary=b"}, form).status == 201
    for way in WHOLE.values():
        method, path, fields, content = WAYS[way](10)
        assert ask(server.port, method, path, fields, content).status in (200, 201)
    # Four uploads are finished, and one of each dialect; one is gone.
    count = 2 * (5 + len(WHOLE))
    eventually(lambda: len(receiver.taken) == count, "all events")
    finished = [received for received in receiver.taken if received.kind == "finished"]
    assert {received.json["data"]["dialect"] for received in finished} == set(NAMES)
    assert receiver.of(plain) == ["created", "finished"]
    assert receiver.of(gone.rpartition("/")[2]) == ["created", "deleted"]
    for received in receiver.taken:
        event = from_http(received.headers, received.body)
        assert event["specversion"] == "1.0" and event["source"] == "https://up.example/x"
        assert event["id"] == received.id and event["subject"] == event.data["id"]
        assert event.data["location"] == f"https://up.example/x/files/{event.data['id']}"
        for _, text in (old, new):
            assert Webhook(text).verify(received.body, received.headers) == received.json
        with pytest.raises(WebhookVerificationError):
            Webhook(secret(tmp_path, "other")[1]).verify(received.body, received.headers)
    for received in finished:
        data = received.json["data"]
        with open(data["path"], "rb") as file:
            assert len(file.read()) == data["size"] == data["offset"]
        assert os.path.basename(data["path"]) == data["name"]
    tus = next(received.json["data"] for received in finished if received.upload == address.rpartition("/")[2])
    assert tus["metadata"] == {"filename": "tüs.txt", "note": "n\n\""} and tus["name"] == "tüs.txt"


def test_tusd_receivers_get_what_tusd_would_send(start, receivers):
    receiver = receivers()
    server = start("--webhook", receiver.url, "--webhook-format", "tusd")
    address = create(server, 4, filename="a.txt", filetype="text/plain")
    upload = address.rpartition("/")[2]
    assert ask(server.port, "PATCH", address, PATCH | {"Upload-Offset": "0"}, b"0123").status == 204
    gone = create(server, 3)
    assert ask(server.port, "DELETE", gone, TUS).status == 204
    eventually(lambda: len(receiver.taken) == 4, "four hooks")
    hooks = [received.json for received in receiver.taken]
    assert [hook["Type"] for hook in hooks if hook["Event"]["Upload"]["ID"] == upload] == ["post-create", "post-finish"]
    others = [hook["Type"] for hook in hooks if hook["Event"]["Upload"]["ID"] != upload]
    assert others == ["post-create", "post-terminate"]
    assert all(received.headers["hook-name"] == received.json["Type"] for received in receiver.taken)
    finish = next(hook["Event"]["Upload"] for hook in hooks if hook["Type"] == "post-finish")
    assert finish["MetaData"] == {"filename": "a.txt", "filetype": "text/plain"}
    assert (finish["Size"], finish["Offset"], finish["SizeIsDeferred"]) == (4, 4, False)
    with open(finish["Storage"]["Path"], "rb") as file:
        assert file.read() == b"0123"


def test_only_what_is_wanted_is_told(start, receivers):
    receiver = receivers()
    server = start("--webhook", receiver.url, "--webhook-events", "finished,deleted")
    stored = put(server)
    assert ask(server.port, "DELETE", create(server), TUS).status == 204
    eventually(lambda: len(receiver.taken) == 2, "two events")
    assert receiver.of(stored) == ["finished"]
    assert sorted(received.kind for received in receiver.taken) == ["deleted", "finished"]


def test_each_event_is_told_once_while_nothing_breaks(start, receivers):
    one, two = receivers(), receivers()
    server = start("--webhook", one.url, "--webhook", two.url)
    with ThreadPoolExecutor(8) as pool:
        uploads = list(pool.map(lambda number: put(server, f"{number}"), range(500)))
    for receiver in (one, two):
        eventually(lambda: len(receiver.taken) >= 1000, "a thousand events")
        assert not pending(receiver, uploads)
        ids = [received.id for received in receiver.all]
        assert len(ids) == len(set(ids)) == 1000
    # A clean stop forgets nothing of that.
    server.stop()
    server.start()
    last = put(server)
    for receiver in (one, two):
        eventually(lambda: receiver.of(last) == ["created", "finished"], "the last upload")
        assert len(receiver.all) == 1002


def test_a_dead_target_holds_up_nobody_and_gets_all_when_it_is_back(start, receivers):
    living, port = receivers(), free_port()
    server = start("--webhook", f"http://127.0.0.1:{port}/", "--webhook", living.url)
    uploads = [put(server, f"{number}") for number in range(30)]
    eventually(lambda: not pending(living, uploads), "what the living one is told")
    eventually(lambda: len(lines(server, "takes no events")) == 1, "that it is told")
    late = receivers(port=port)
    eventually(lambda: not pending(late, uploads), "what the other one is told")
    eventually(lambda: len(lines(server, "is there again")) == 1, "that it is told")
    assert {received.id for received in late.taken} == {received.id for received in living.taken}


def test_what_was_not_told_is_told_after_a_restart(start, receivers):
    port = free_port()
    server = start("--webhook", f"http://127.0.0.1:{port}/")
    uploads = [put(server, "a"), put(server, "b")]
    server.kill()
    server.start()
    uploads.append(put(server, "c"))
    server.stop()
    receiver = receivers(port=port)
    server.start()
    eventually(lambda: not pending(receiver, uploads), "all events")
    assert len({received.id for received in receiver.all}) == 6


def test_a_receiver_that_fails_by_turns_gets_each_event_in_order(start, receivers):
    turns = [204, 500, 204, 400, None, 503]
    receiver = receivers(lambda received: turns[received.number % 6] if received.number < 24 else 204)
    server = start("--webhook", receiver.url)
    uploads = [put(server, f"{number}") for number in range(12)]
    eventually(lambda: not pending(receiver, uploads), "every upload's events in their order")
    again = [received.id for received in receiver.taken]
    assert len(again) == len(set(again)), "what was taken is not told again"
    bodies = {}
    for received in receiver.all:
        assert bodies.setdefault(received.id, received.body) == received.body, "the same id, the same event"


def test_a_slow_receiver_slows_no_upload_and_holds_up_no_other_upload(start, receivers):
    gate = threading.Event()
    held = []

    def answer(received):
        if received.upload in held:
            gate.wait(30)
        return 204

    receiver = receivers(answer)
    server = start("--webhook", receiver.url)
    address = create(server, 4)
    held.append(address.rpartition("/")[2])
    eventually(lambda: receiver.of(held[0]) or [r for r in receiver.all if r.upload == held[0]], "its first event")
    # Whether or not that one was held: the next one is.
    began = time.monotonic()
    assert ask(server.port, "PATCH", address, PATCH | {"Upload-Offset": "0"}, b"0123").status == 204
    uploads = [put(server, f"{number}") for number in range(20)]
    assert time.monotonic() - began < 10
    eventually(lambda: not pending(receiver, uploads), "the others")
    assert "finished" not in receiver.of(held[0])
    gate.set()
    eventually(lambda: receiver.of(held[0]) == ["created", "finished"], "the held one")


@pytest.mark.parametrize("bad", [
    b"garbage\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
    b"HTTP/1.1 204 No Content\r\nX: " + b"a" * 1_000_000, (500, {}), (404, {"Content-Type": "text/html"}), (199, {}),
], ids=["garbage", "nothing", "cut", "endless head", "500", "404", "199"])
def test_a_strange_answer_is_no_yes(start, receivers, bad):
    strange = True
    receiver = receivers(lambda received: bad if strange else 204)
    server = start("--webhook", receiver.url, "--webhook-events", "finished", "--webhook-timeout", "2")
    stored = put(server)
    eventually(lambda: len(receiver.all) >= 2, "a second attempt")
    assert receiver.taken == []
    strange = False
    eventually(lambda: receiver.of(stored) == ["finished"], "a yes")
    assert len({received.id for received in receiver.all}) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(start, receivers, status):
    other = receivers()
    receiver = receivers(lambda received: (status, {"Location": other.url}) if received.number < 2 else 204)
    server = start("--webhook", receiver.url, "--webhook-events", "finished")
    stored = put(server)
    eventually(lambda: receiver.of(stored) == ["finished"], "a yes")
    assert len(receiver.all) == 3 and other.all == []


def test_a_receiver_that_holds_the_connection_is_asked_again(start, receivers):
    gate = threading.Event()
    receiver = receivers(lambda received: gate.wait(60) and 204 if received.number == 0 else 204)
    server = start("--webhook", receiver.url, "--webhook-events", "finished", "--webhook-timeout", "1")
    stored = put(server)
    eventually(lambda: receiver.of(stored) == ["finished"], "a second attempt")
    gate.set()


def test_a_target_that_is_gone_for_good_is_told_nothing_more(start, receivers):
    gone, other = receivers(lambda received: 410), receivers()
    server = start("--webhook", gone.url, "--webhook", other.url, "--webhook-events", "finished",
                   "--listen-admin", "127.0.0.1:0")
    put(server, "a")
    eventually(lambda: lines(server, "wants no more events"), "that it is told of")
    count = len(gone.all)
    uploads = [put(server, f"{number}") for number in range(20)]
    eventually(lambda: not pending(other, uploads, ("finished",)), "the other target")
    assert len(gone.all) == count
    # The next start tries it once more.
    server.stop()
    server.start()
    put(server, "b")
    eventually(lambda: len(gone.all) > count, "one attempt")


def test_an_event_is_given_up_after_its_time(start, receivers):
    good = None
    receiver = receivers(lambda received: 204 if received.upload == good else 422)
    server = start("--webhook", receiver.url, "--webhook-events", "finished", "--webhook-give-up", "1")
    bad = put(server, "bad")
    eventually(lambda: lines(server, "given up"), "that it is given up")
    assert bad in lines(server, "given up")[0]["message"]
    good = put(server, "good")
    eventually(lambda: receiver.of(good) == ["finished"], "the next one")
    assert 2 <= len([received for received in receiver.all if received.upload == bad]) <= 4


def test_events_that_are_refused_hold_up_no_other_upload(start, receivers):
    refuses = True
    receiver = receivers(lambda received: 400 if refuses and received.json["data"]["name"] == "bad" else 204)
    server = start("--webhook", receiver.url)
    with ThreadPoolExecutor(8) as pool:
        # More events than are in memory at once.
        bad = list(pool.map(lambda _: put(server, "bad"), range(700)))
        good = list(pool.map(lambda _: put(server, "good"), range(40)))
    eventually(lambda: len(receiver.taken) >= 2 * len(good), "what is not refused")
    eventually(lambda: {received.upload for received in receiver.all} >= set(bad), "an attempt at each of the others")
    assert not pending(receiver, good) and not lines(server, "takes no events")
    refuses = False
    eventually(lambda: len(receiver.taken) >= 2 * len(bad + good), "what was refused")
    taken = receiver.taken
    assert len({received.id for received in taken}) == len(taken)
    kinds = {}
    for received in taken:
        kinds.setdefault(received.upload, []).append(received.kind)
    assert set(map(tuple, kinds.values())) == {("created", "finished")}, "in order for each upload"


def test_an_event_that_gets_no_answer_holds_up_no_other_upload_for_long(start, receivers):
    receiver = receivers(lambda received: None if received.json["data"]["name"] == "bad" else 204)
    server = start("--webhook", receiver.url)
    bad = put(server, "bad")
    eventually(lambda: lines(server, "takes no events"), "an attempt")
    good = [put(server, "good") for _ in range(20)]
    eventually(lambda: not pending(receiver, good), "the others")
    assert not receiver.of(bad)


def test_when_too_many_events_wait_nothing_new_begins_and_what_has_begun_goes_on(start):
    port = free_port()
    server = start("--webhook", f"http://127.0.0.1:{port}/", "--events-max", "100")
    addresses = [create(server, 4) for _ in range(3)]
    answers = [ask(server.port, "PUT", "/files/a", {}, b"x") for _ in range(60)]
    refused = [answer for answer in answers if answer.status != 201]
    assert len(refused) >= 8 and {(answer.status, answer.code) for answer in refused} == {(503, "events-full")}
    assert all(int(answer.fields["retry-after"]) > 0 for answer in refused)
    assert "events" in ask(server.port, "GET", "/readyz").body.decode()
    for address in addresses:
        assert ask(server.port, "PATCH", address, PATCH | {"Upload-Offset": "0"}, b"0123").status == 204
    eventually(lambda: lines(server, "of 100 that may") and lines(server, "no upload begins"), "that it is told")
    receiver = Receiver(port=port)
    eventually(lambda: ask(server.port, "PUT", "/files/a", {}, b"x").status == 201, "room")
    eventually(lambda: lines(server, "uploads may begin again"), "that it is told")
    assert ask(server.port, "GET", "/readyz").status == 200
    receiver.close()


def test_or_the_oldest_are_dropped_and_the_log_tells(start, receivers):
    port = free_port()
    server = start("--webhook", f"http://127.0.0.1:{port}/", "--events-max", "100", "--events-full", "drop-oldest")
    uploads = [put(server, f"{number}") for number in range(100)]
    eventually(lambda: lines(server, "events are lost"), "that it is told")
    receiver = receivers(port=port)
    eventually(lambda: receiver.of(uploads[-1]) == ["created", "finished"], "the last one")
    eventually(lambda: not pending(receiver, uploads[-40:]), "those behind it")
    assert len(receiver.taken) <= 110 and not receiver.of(uploads[0])


def test_the_numbers_tell_how_delivery_goes(start, receivers):
    receiver, port, admin = receivers(), free_port(), free_port()
    server = start("--webhook", receiver.url, "--webhook", f"http://127.0.0.1:{port}/x?key=hidden",
                   "--listen-admin", f"127.0.0.1:{admin}", "--webhook-events", "finished")
    for number in range(3):
        put(server, f"{number}")

    def page():
        return Exposition(ask(admin, "GET", "/metrics").body.decode())

    good, bad = {"target": receiver.url.partition("?")[0]}, {"target": f"http://127.0.0.1:{port}/x"}
    eventually(lambda: page()["sluice_event_target_taken_total", good] == 3, "three events")
    eventually(lambda: page()["sluice_event_target_failures_total", bad] >= 2, "two failures")
    eventually(lambda: page()["sluice_event_target_queue_length", good] == 0, "an empty queue")
    numbers = page()
    assert numbers["sluice_event_target_queue_length", bad] == 3 and numbers["sluice_events", {}] == 3
    assert numbers["sluice_event_target_oldest_seconds", bad] > 0
    assert numbers["sluice_event_target_oldest_seconds", good] == 0
    assert numbers["sluice_events_limit", {}] == 1_000_000
    assert b"hidden" not in ask(admin, "GET", "/metrics").body and "hidden" not in server.log.read_text()
    # Who cannot be told is no reason to take no uploads.
    assert ask(admin, "GET", "/readyz").status == 200


def test_a_secret_is_replaced_while_the_server_runs(start, receivers, tmp_path):
    path, old = secret(tmp_path)
    receiver = receivers()
    server = start("--webhook", receiver.url, "--webhook-secret", path, "--webhook-events", "finished")
    put(server, "a")
    eventually(lambda: len(receiver.taken) == 1, "the first one")
    Webhook(old).verify(receiver.taken[0].body, receiver.taken[0].headers)
    _, new = secret(tmp_path)
    os.kill(server.pid, signal.SIGHUP)
    eventually(lambda: lines(server, "new configuration"), "the new secret")
    put(server, "b")
    eventually(lambda: len(receiver.taken) == 2, "the second one")
    Webhook(new).verify(receiver.taken[1].body, receiver.taken[1].headers)


def test_over_https_only_a_receiver_that_is_believed_is_told(start, receivers, tmp_path):
    chain, key = str(tmp_path / "chain.pem"), str(tmp_path / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
         "/CN=x",
         "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key, "-out", chain],
        check=True, capture_output=True)
    receiver = receivers(certificate=(chain, key))
    doubting = start("--webhook", receiver.url, "--webhook-events", "finished")
    put(doubting)
    eventually(lambda: lines(doubting, "takes no events"), "that it is not believed")
    assert receiver.all == []
    believing = start("--webhook", receiver.url, "--webhook-events", "finished", "--webhook-ca", chain)
    stored = put(believing)
    eventually(lambda: receiver.of(stored) == ["finished"], "an event")


def test_a_proxy_of_the_environment_is_gone_through(receivers, tmp_path):
    proxy, receiver = HTTPProxy(), receivers()
    server = Sluice(tmp_path, "--webhook", receiver.url, "--webhook-events", "finished")
    server.environment = {"http_proxy": f"http://{proxy.address}", "no_proxy": ""}
    server.start()
    stored = put(server)
    eventually(lambda: receiver.of(stored) == ["finished"], "an event")
    assert proxy.heads[0].startswith(f"POST {receiver.url} HTTP/1.1")
    server.stop()
    proxy.close()


def test_what_is_expired_is_told(start, receivers):
    receiver = receivers()
    server = start("--webhook", receiver.url, "--expire-after", "1")
    upload = create(server).rpartition("/")[2]
    eventually(lambda: receiver.of(upload) == ["created", "expired"], "its end")


@pytest.mark.parametrize("options, words", [
    (["--webhook", "ftp://a/"], "takes an http or https URL"),
    (["--webhook", "http://a/", "--webhook", "http://a/"], "names a URL twice"),
    (["--webhook-events", "finished"], "says something of --webhook"),
    (["--webhook", "http://a/", "--webhook-events", "done"], "takes created, finished, deleted, expired, failed"),
    (["--webhook", "http://a/", "--webhook-format", "tusd", "--webhook-events", "failed"], "has no word for failed"),
    (["--webhook", "http://a/", "--webhook-secret", str(HERE / "requirements.txt")], "not whsec_"),
    (["--webhook", "http://a/", "--webhook-ca", "/dev/null"], "says something of https"),
    (["--webhook", "https://a/", "--webhook-ca", "/nowhere"], "--webhook-ca"),
])
def test_options_that_cannot_be_meant_are_refused(tmp_path, options, words):
    binary = Sluice(tmp_path).binary
    done = subprocess.run([binary, "check-config", *options], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and words in done.stderr
