"""Delivery to a bucket: a file is where it was promised before anybody is told of it, whatever happens on the way."""

import hashlib
import json
import os
import secrets
import shlex
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from bucket import IS_REAL, Bucket, BucketServer
from exposition import Exposition
from ports import free_port
from receiver import Receiver
from tokens import alice, bob, secret_file
from waiting import eventually
from wire import ask

MEBIBYTE = 1 << 20
LARGE = 40 * MEBIBYTE


@pytest.fixture(scope="module")
def bucket_server():
    server = BucketServer()
    yield server
    server.close()


@pytest.fixture
def bucket(bucket_server, tmp_path):
    made = Bucket(bucket_server, tmp_path)
    yield made
    made.close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


def watched(bucket, template: str = "{id}/{name}") -> list[str]:
    """Options that bring files to the bucket, and tell of it in metrics."""
    return [*bucket.options(template), "--listen-admin", f"127.0.0.1:{free_port()}"]


def put(server, body: bytes, name: str = "a.bin") -> str:
    answer = ask(server.port, "PUT", f"/files/{name}", {"Content-Type": "application/x-test"}, body)
    assert answer.status == 201
    return answer.location.rpartition("/")[2]


def finished(receiver, upload: str) -> list:
    return [received for received in receiver.taken if received.upload == upload and received.kind == "finished"]


def metric(server, name: str) -> float:
    port = int(server.options[server.options.index("--listen-admin") + 1].rpartition(":")[2])
    return Exposition(ask(port, "GET", "/metrics").body.decode())[name]


def content(size: int) -> tuple[bytes, str]:
    body = secrets.token_bytes(size)
    return body, hashlib.sha256(body).hexdigest()


def arrived(bucket, receiver, server, upload: str, digest: str, key: str) -> None:
    """One object with these bytes, nothing left beside it, one event that names it, and nothing here any more."""
    eventually(lambda: finished(receiver, upload), "the event")
    told = finished(receiver, upload)
    assert {(event.json["data"]["bucket"], event.json["data"]["key"]) for event in told} == {(bucket.name, key)}
    assert len({event.id for event in told}) == 1
    assert bucket.digest(key) == digest
    assert bucket.unfinished == []
    eventually(lambda: not (server.data / "complete" / upload).exists(), "the removal of the file here")
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0, "the queue's end")


@pytest.mark.parametrize("size", [0, 1, 200_000, 16 * MEBIBYTE, 16 * MEBIBYTE + 1, LARGE])
def test_a_finished_file_is_in_the_bucket_before_anybody_is_told(start, bucket, receiver, size):
    there = []
    receiver.answer = lambda received: (there.append(bucket.keys) if received.kind == "finished" else None, 204)[1]
    server = start(*watched(bucket), "--webhook", receiver.url)
    body, digest = content(size)
    upload = put(server, body)
    arrived(bucket, receiver, server, upload, digest, f"{upload}/a.bin")
    assert there == [[f"{upload}/a.bin"]]
    found = bucket.s3.head_object(Bucket=bucket.name, Key=f"{upload}/a.bin")
    assert found["ContentType"] == "application/x-test"
    assert found["Metadata"]["sluice-upload"] == upload
    assert metric(server, "sluice_delivery_bytes_total") == size
    event = finished(receiver, upload)[0].json["data"]
    assert event["path"] is None and event["size"] == size
    parts = [step for step in bucket.gate.steps if step.name == "part"]
    assert len(parts) == (0 if size <= 16 * MEBIBYTE else -(-size // (16 * MEBIBYTE)))


def test_a_file_stays_where_it_is_to_be_kept(start, bucket, receiver):
    server = start(*watched(bucket), "--keep-local", "--webhook", receiver.url)
    body, digest = content(1000)
    upload = put(server, body)
    eventually(lambda: finished(receiver, upload))
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0)
    assert bucket.digest(f"{upload}/a.bin") == digest
    assert ask(server.port, "GET", f"/files/{upload}").body == body
    assert finished(receiver, upload)[0].json["data"]["path"] == str(server.finished_files()[0])


def test_the_template_says_what_keys_look_like(start, bucket, receiver):
    server = start(*watched(bucket, "in/{owner}/{yyyy}-{mm}-{dd}/{id}/{name}"), "--no-keep-local", "--webhook", receiver.url)
    body, digest = content(10)
    upload = put(server, body, "a%20%26%20%C3%BC%2B%27.txt")
    eventually(lambda: finished(receiver, upload))
    event = finished(receiver, upload)[0].json
    assert event["data"]["key"] == f"in/_/{event['time'][:10]}/{upload}/a & ü+'.txt"
    assert bucket.digest(event["data"]["key"]) == digest


STEPS = [
    ("begin", "before"), ("begin", "after"), ("part", "before"), ("part", "after"), ("complete", "before"),
    ("complete", "after"), ("uploads", "after"), ("put", "before"), ("put", "after"),
]


@pytest.mark.parametrize("name, when", STEPS)
def test_a_server_killed_at_any_step_brings_the_file_all_the_same(start, bucket, receiver, name, when):
    server = start(*watched(bucket), "--webhook", receiver.url)
    struck = threading.Event()

    def strike(step):
        if step.name == name and not struck.is_set():
            struck.set()
            server.kill()
            return 500
        return None

    setattr(bucket.gate, when, strike)
    body, digest = content(70_000 if name == "put" else LARGE)
    upload = put(server, body)
    assert struck.wait(30)
    assert finished(receiver, upload) == []
    server.start()
    arrived(bucket, receiver, server, upload, digest, f"{upload}/a.bin")
    if (name, when) == ("complete", "after"):
        assert sum(step.name == "complete" for step in bucket.gate.steps) == 1, "it was there already"
    if (name, when) == ("complete", "before"):
        assert sum(step.name == "part" for step in bucket.gate.steps) == 3, "its parts were there already"


def test_a_server_killed_as_it_tells_removes_the_file_here_after_its_start(start, bucket, receiver):
    server = start(*watched(bucket), "--webhook", receiver.url)
    struck = threading.Event()

    def answer(received):
        if received.kind == "finished" and not struck.is_set():
            struck.set()
            server.kill()
            return None
        return 204

    receiver.answer = answer
    body, digest = content(1000)
    upload = put(server, body)
    assert struck.wait(30)
    server.start()
    arrived(bucket, receiver, server, upload, digest, f"{upload}/a.bin")


@pytest.mark.parametrize("answer", [(503, {"Retry-After": "1"}), (500, {}), (403, {}), (404, {})])
def test_a_bucket_that_takes_nothing_for_a_while_has_everything_in_the_end(start, bucket, receiver, answer):
    bucket.gate.before = lambda step: answer
    server = start(*watched(bucket), "--webhook", receiver.url)
    sent = {}
    for size in [1000, 100_000, 17 * MEBIBYTE]:
        body, digest = content(size)
        sent[put(server, body)] = digest
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 2)
    assert metric(server, "sluice_delivery_queue_length") == 3
    assert metric(server, "sluice_delivery_oldest_seconds") > 0
    assert "cannot be brought" in server.log.read_text()
    assert len(server.finished_files()) == 3 and not any(finished(receiver, upload) for upload in sent)
    bucket.gate.before = lambda step: None
    for upload, digest in sent.items():
        arrived(bucket, receiver, server, upload, digest, f"{upload}/a.bin")
    eventually(lambda: "are brought to" in server.log.read_text())


def test_a_part_that_the_bucket_is_too_busy_for_is_sent_once_more(start, bucket, receiver):
    refused = []

    def busy(step):
        if step.name == "part" and len(refused) < 2:
            refused.append(step)
            return 503
        return None

    bucket.gate.before = busy
    server = start(*watched(bucket), "--webhook", receiver.url)
    body, digest = content(LARGE)
    upload = put(server, body)
    arrived(bucket, receiver, server, upload, digest, f"{upload}/a.bin")
    assert len(refused) == 2
    assert sum(step.name == "begin" for step in bucket.gate.steps) == 1
    assert metric(server, "sluice_delivery_failures_total") == 0


@pytest.mark.parametrize("name", ["part", "complete", "put"])
def test_an_upload_that_is_removed_on_the_way_leaves_nothing_and_is_not_told(start, bucket, receiver, name):
    server = start(*watched(bucket), "--webhook", receiver.url)
    (held, goes_on) = (threading.Event(), threading.Event())

    def hold(step):
        if step.name == name:
            held.set()
            goes_on.wait(30)

    bucket.gate.before = hold
    upload = put(server, content(1000 if name == "put" else LARGE)[0])
    assert held.wait(30)
    assert ask(server.port, "DELETE", f"/files/{upload}").status == 204
    goes_on.set()
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0)
    assert bucket.keys == []
    assert bucket.unfinished == []
    eventually(lambda: "deleted" in receiver.of(upload))
    assert receiver.of(upload) == ["created", "deleted"]


def test_a_file_that_somebody_takes_before_the_bucket_has_it_is_told_of_in_the_log(start, bucket, receiver):
    bucket.gate.before = lambda step: 503
    server = start(*watched(bucket), "--webhook", receiver.url)
    upload = put(server, content(1000)[0])
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    server.finished_files()[0].unlink()
    bucket.gate.before = lambda step: None
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0)
    eventually(lambda: f"the file of upload {upload} was taken or changed here" in server.log.read_text())
    assert bucket.keys == [] and receiver.of(upload) == ["created"]


def test_without_the_option_what_waits_stays_here_and_is_told(start, bucket, receiver):
    bucket.gate.before = lambda step: 503
    server = start(*watched(bucket), "--webhook", receiver.url)
    body, _ = content(1000)
    upload = put(server, body)
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    assert finished(receiver, upload) == []
    server.stop()
    server.options = ["--webhook", receiver.url]
    server.start()
    eventually(lambda: finished(receiver, upload))
    assert finished(receiver, upload)[0].json["data"]["key"] is None
    assert ask(server.port, "GET", f"/files/{upload}").body == body


def test_a_bucket_without_webhooks_has_its_files_and_no_events_gather(start, bucket):
    server = start(*watched(bucket))
    sent = dict(reversed(content(2000)) for _ in range(20))
    uploads = {put(server, body): digest for digest, body in sent.items()}
    eventually(lambda: len(bucket.keys) == 20 and metric(server, "sluice_delivery_queue_length") == 0)
    assert {key.partition("/")[0]: bucket.digest(key) for key in bucket.keys} == uploads
    server.stop()
    catalogue = sqlite3.connect(server.data / "catalogue.sqlite")
    assert catalogue.execute("SELECT count(*) FROM events").fetchone() == (0,)
    catalogue.close()


def test_tusd_hooks_name_the_bucket_as_tusd_does(start, bucket, receiver):
    server = start(*watched(bucket), "--webhook", receiver.url, "--webhook-format", "tusd")
    upload = put(server, b"hello")
    eventually(lambda: any(event.json["Type"] == "post-finish" for event in receiver.taken))
    hook = next(event.json for event in receiver.taken if event.json["Type"] == "post-finish")
    assert hook["Event"]["Upload"]["Storage"] == {
        "Type": "s3store", "Bucket": bucket.name, "Key": f"{upload}/a.bin"}


def test_the_sample_of_the_page_brings_files(start, bucket, receiver):
    page = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text()
    sample = next(block.split("```")[0] for block in page.split("```sh\n")[1:] if "--deliver-s3" in block)
    words = shlex.split(sample.replace("\\\n", " "))
    assert words[:4] == ["sluice", "serve", "--data", "/srv/uploads"]
    here = {
        "https://s3.example": bucket.gate.url, "/etc/sluice/s3-credentials": str(bucket.credentials),
        "https://app.example/hooks/uploads": receiver.url}
    options = [here.get(word, word).replace("s3://uploads/", f"s3://{bucket.name}/") for word in words[4:]]
    server = start(*options)
    upload = put(server, b"hello")
    eventually(lambda: finished(receiver, upload))
    event = finished(receiver, upload)[0].json
    assert event["data"]["key"] == f"_/{event['time'][:7]}/{upload}/a.bin" == bucket.keys[0]


@pytest.mark.parametrize("options, what", [
    (["--s3-style", "path"], "--s3-style says something of --deliver-s3"),
    (["--s3-region", "r"], "--s3-region says something of --deliver-s3"),
    (["--s3-ca", "x"], "--s3-ca says something of --deliver-s3"),
    (["--keep-local"], "--keep-local says something of --deliver or --deliver-s3"),
    (["--deliver-s3", "gs://a/{id}"], "takes s3://BUCKET/TEMPLATE"),
    (["--deliver-s3", "s3://bucket/{name}"], "must have {id}"),
    (["--deliver-s3", "s3://b/{id}"], "names no bucket"),
    (["--deliver-s3", "s3://bucket/{id}"], "needs keys"),
    (["--deliver-s3", "s3://bucket/{id}", "--s3-credentials", "/etc/no/s3"], "cannot read /etc/no/s3"),
    (["--deliver-s3", "s3://bucket/{id}", "--s3-endpoint", "http://a/", "--s3-ca", "x"], "says something of https"),
    (["--deliver-s3", "s3://bucket/{id}", "--s3-endpoint", "http://a/b"], "needs an endpoint without a path"),
])
def test_options_that_cannot_be_meant_are_refused(options, what):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    found = subprocess.run(
        [binary, "check-config", *options], capture_output=True, text=True, env=environment, timeout=30)
    assert found.returncode == 2 and what in found.stderr, found.stderr


@pytest.mark.skipif(not IS_REAL, reason="this bucket checks nothing")
@pytest.mark.parametrize("name, size", [("put", 1000), ("part", LARGE)])
def test_a_bucket_refuses_bytes_that_have_changed_on_the_way(start, bucket, receiver, name, size):
    body, digest = content(size)
    spoiled = []

    def spoil(step):
        if step.name == name and not spoiled:
            spoiled.append(step)
            return lambda sent: bytes(len(sent))
        return None

    bucket.gate.before = spoil
    server = start(*watched(bucket), "--webhook", receiver.url)
    upload = put(server, body)
    arrived(bucket, receiver, server, upload, digest, f"{upload}/a.bin")
    assert spoiled and "400 XAmzContentSHA256Mismatch" in server.log.read_text()


@pytest.mark.skipif(not IS_REAL, reason="this bucket checks nothing")
def test_keys_that_are_not_taken_are_read_anew(start, bucket, receiver):
    right = bucket.credentials.read_text()
    bucket.credentials.write_text(right.replace("aws_secret_access_key = ", "aws_secret_access_key = x"))
    server = start(*watched(bucket), "--webhook", receiver.url)
    body, digest = content(1000)
    upload = put(server, body)
    eventually(lambda: "SignatureDoesNotMatch" in server.log.read_text())
    bucket.credentials.write_text(right)
    arrived(bucket, receiver, server, upload, digest, f"{upload}/a.bin")


# ---- Told to who asks -----------------------------------------------------------------------------------------------


def admin(server) -> int:
    return int(server.options[server.options.index("--listen-admin") + 1].rpartition(":")[2])


def get(server, path: str) -> dict:
    answer = ask(admin(server), "GET", path, {"Host": "127.0.0.1"})
    assert answer.status == 200, answer
    return json.loads(answer.body)


def way(server, upload: str) -> dict:
    """How far a file is, by the upload itself and by the list alike."""
    shown = get(server, f"/uploads/{upload}")["delivery"]
    listed = {one["id"]: one["delivery"] for one in get(server, "/uploads")["uploads"]}[upload]
    # It may go on between the two.
    assert shown["state"] != "delivered" or shown == listed
    return listed


def run(server, *words: str) -> str:
    done = subprocess.run(
        [os.environ.get("SLUICE_BINARY", ".build/release/sluice"), *words, "--admin", f"127.0.0.1:{admin(server)}"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


def test_where_a_file_is_on_its_way_is_told_to_who_looks_after_the_server(start, bucket):
    (held, goes_on) = (threading.Event(), threading.Event())

    def hold(step):
        # The first two of three parts come through.
        if step.name == "part" and step.query["partNumber"] == ["3"]:
            held.set()
            goes_on.wait(60)

    bucket.gate.before = lambda step: 503
    server = start(*watched(bucket), "--digest", "sha256")
    upload = put(server, content(LARGE)[0])
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    assert way(server, upload)["state"] == "waiting"
    assert "waits to be brought, since 20" in run(server, "show", upload)
    (target,) = get(server, "/queue")["targets"]
    assert target["target"] == f"s3://{bucket.name} at {bucket.gate.url.removeprefix('http://')}"
    assert (target["delivery"], target["waiting"]) == (True, 1) and target["oldest"].endswith("Z")
    assert target["last_failure"]["reason"].startswith("503")
    told = run(server, "events")
    assert f"s3://{bucket.name} at" in told and "failed last at" in told and "503" in told
    bucket.gate.before = hold
    assert held.wait(60)
    eventually(lambda: way(server, upload)["carried"] == 32 * MEBIBYTE, "two parts")
    assert way(server, upload)["state"] == "sending"
    assert "on its way, 80 % (32.0 MiB of 40.0 MiB)" in run(server, "show", upload)
    told = get(server, "/overview")["delivery"]
    assert told["waiting"] == 1 and told["oldest"].endswith("Z") and told["bytes_per_second"] >= 0
    assert told["sending"] == [{"id": upload, "carried": 32 * MEBIBYTE}]
    assert get(server, "/overview")["totals"]["carried"] == 32 * MEBIBYTE
    goes_on.set()
    eventually(lambda: way(server, upload)["state"] == "delivered")
    shown = way(server, upload)
    assert (shown["bucket"], shown["key"]) == (bucket.name, f"{upload}/a.bin") and shown["since"].endswith("Z")
    eventually(lambda: get(server, f"/uploads/{upload}").get("missing"))
    told = run(server, "show", upload)
    assert f"s3://{bucket.name}/{upload}/a.bin, since 20" in told and "not here any more: it was brought to its place" in told
    assert json.loads(run(server, "show", upload, "--json"))["delivery"] == shown
    # It is the bucket's copy that has it now.
    assert f"sha256:{bucket.digest(shown['key'])}" in told
    eventually(lambda: get(server, "/overview")["delivery"]["sending"] == [])


def test_where_a_file_is_stays_known_after_a_crash_and_without_the_option(start, bucket):
    server = start(*watched(bucket))
    upload = put(server, content(1000)[0])
    eventually(lambda: way(server, upload)["state"] == "delivered")
    before = way(server, upload)
    server.kill()
    server.start()
    assert way(server, upload) == before
    server.stop()
    server.options = ["--listen-admin", f"127.0.0.1:{admin(server)}"]
    server.start()
    assert way(server, upload) == before
    assert ask(server.port, "GET", f"/files/{upload}").code == "file-delivered"
    assert get(server, "/overview")["delivery"] is None


def test_a_file_that_is_not_kept_here_is_gone_to_who_fetches_it_and_says_not_where_it_is(start, bucket):
    server = start(*watched(bucket))
    upload = put(server, content(1000)[0])
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0)
    for method, fields in [("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=0-9"})]:
        answer = ask(server.port, method, f"/files/{upload}", fields)
        assert (answer.status, answer.code) == (410, "file-delivered")
        assert bucket.name not in repr(answer.fields) + answer.body.decode()
    # Of the upload its client hears what it always did.
    assert ask(server.port, "HEAD", f"/files/{upload}", {"Tus-Resumable": "1.0.0"}).status == 200
    draft = {"Upload-Draft-Interop-Version": "8"}
    other = ask(server.port, "POST", "/files", draft | {"Upload-Complete": "?1"}, b"hello").location.rpartition("/")[2]
    eventually(lambda: ask(server.port, "GET", f"/files/{other}").code == "file-delivered")
    told = ask(server.port, "HEAD", f"/files/{other}", draft)
    assert (told.status, told.fields["upload-complete"], told.fields["upload-offset"]) == (204, "?1", "5")
    assert ask(server.port, "DELETE", f"/files/{other}").status == 204
    assert ask(server.port, "DELETE", f"/files/{upload}").status == 204
    assert ask(server.port, "GET", f"/files/{upload}").status == 404
    assert f"{upload}/a.bin" in bucket.keys


def test_somebody_else_hears_of_a_delivered_file_as_of_none(start, bucket, tmp_path):
    server = start(*watched(bucket), "--jwt-secret", str(secret_file(tmp_path)))
    answer = ask(server.port, "PUT", "/files/a.bin", alice(), b"hello")
    upload = answer.location.rpartition("/")[2]
    eventually(lambda: ask(server.port, "GET", f"/files/{upload}", alice()).code == "file-delivered")
    stranger, unknown = (ask(server.port, "GET", f"/files/{id}", bob()) for id in (upload, "0" * 32))
    assert (stranger.status, stranger.code, stranger.body) == (404, unknown.code, unknown.body)


def test_a_file_that_somebody_took_before_the_bucket_had_it_is_shown_as_given_up(start, bucket):
    bucket.gate.before = lambda step: 503
    server = start(*watched(bucket))
    upload = put(server, content(1000)[0])
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    server.finished_files()[0].unlink()
    bucket.gate.before = lambda step: None
    eventually(lambda: way(server, upload)["state"] == "given-up")
    assert way(server, upload)["bucket"] is None
    assert "given up at 20" in run(server, "show", upload)
    assert ask(server.port, "GET", f"/files/{upload}").status == 404


def test_a_file_that_stays_is_in_the_bucket_as_well(start, bucket):
    server = start(*watched(bucket), "--keep-local")
    upload = put(server, b"hello")
    eventually(lambda: way(server, upload)["state"] == "delivered")
    assert ask(server.port, "GET", f"/files/{upload}").body == b"hello"
    assert get(server, f"/uploads/{upload}")["file"]["path"] == f"complete/{upload}/a.bin"
