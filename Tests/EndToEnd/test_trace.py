"""Where a request belongs among those of other programs (W3C Trace Context): in the log, and in events."""

import json
from contextlib import closing

import pytest
from cloudevents.v1.http import from_http

from receiver import Receiver
from waiting import eventually
from wire import ask

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}


def parent(number: int) -> dict[str, str]:
    return {"traceparent": f"00-{number:032x}-{number:016x}-01"}


def create(server, fields=None, length=5) -> str:
    return ask(server.port, "POST", "/files", TUS | {"Upload-Length": str(length)} | (fields or {})).location[-32:]


def lines(server, id) -> list[dict]:
    """The lines of requests on an upload, told in their order."""
    told = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in told if line.get("upload") == id]


def traces(receiver) -> dict:
    return {one.kind: one.json.get("traceparent") for one in receiver.taken}


def test_the_log_names_the_trace_of_a_request_that_says_one(sluice):
    id = create(sluice, parent(1))
    ask(sluice.port, "HEAD", f"/files/{id}", TUS | parent(0xabc))
    ask(sluice.port, "HEAD", f"/files/{id}", TUS)
    eventually(lambda: len(lines(sluice, id)) == 3, "three lines")
    assert [line.get("trace_id") for line in lines(sluice, id)] == [f"{1:032x}", f"{0xabc:032x}", None]


@pytest.mark.parametrize("field", [
    "00-1-2-3", f"00-{0:032x}-{1:016x}-01", f"ff-{1:032x}-{1:016x}-01", f"00-{'A' * 32}-{1:016x}-01", "\"}\u00a0", "x" * 4000,
    f"00-{1:032x}-{1:016x}-01, 00-{1:032x}-{1:016x}-01"])
def test_a_malformed_one_is_ignored(sluice, field):
    id = create(sluice, {"traceparent": field})
    eventually(lambda: lines(sluice, id), "the line")
    assert "trace_id" not in lines(sluice, id)[0]


def test_each_event_names_the_trace_of_the_request_that_made_it_true(start):
    with closing(Receiver()) as receiver:
        server = start("--webhook", receiver.url)
        id = create(server, parent(1))
        ask(server.port, "PATCH", f"/files/{id}", PATCH | {"Upload-Offset": "0"} | parent(2), b"he")
        ask(server.port, "PATCH", f"/files/{id}", PATCH | {"Upload-Offset": "2"} | parent(3), b"llo")
        ask(server.port, "DELETE", f"/files/{id}", TUS | parent(4))
        eventually(lambda: len(receiver.taken) == 3, "three events")
        assert traces(receiver) == {kind: parent(number)["traceparent"]
                                    for kind, number in (("created", 1), ("finished", 3), ("deleted", 4))}
        # As libraries for CloudEvents have it: an extension attribute.
        event = from_http(receiver.taken[0].headers, receiver.taken[0].body)
        assert event["traceparent"] == parent(1)["traceparent"]
        # One that is whole with its first request has one for both; who says nothing, or nonsense, has none.
        ask(server.port, "PUT", "/files/a", parent(5), b"x")
        eventually(lambda: len(receiver.taken) == 5, "two more")
        assert {one.json["traceparent"] for one in receiver.taken[3:]} == {parent(5)["traceparent"]}
        ask(server.port, "PUT", "/files/a", {"traceparent": "00-x"}, b"x")
        ask(server.port, "PUT", "/files/a", {}, b"x" * 100_000)
        eventually(lambda: len(receiver.taken) == 9, "four more")
        assert not any("traceparent" in one.json for one in receiver.taken[5:])


@pytest.mark.parametrize("way", ["plain", "large", "form", "file-id", "tus", "ietf"])
def test_a_question_before_the_end_takes_no_trace_away(start, way):
    with closing(Receiver()) as receiver:
        server = start("--webhook", receiver.url, "--ask-finish", receiver.url)
        if way == "tus":
            ask(server.port, "POST", "/files", PATCH | {"Upload-Length": "5"} | parent(7), b"hello")
        elif way == "file-id":
            ask(server.port, "POST", "/upload", {"X-File-Id": "a", "X-File-Size": "5"} | parent(7), b"hello")
        elif way == "ietf":
            ask(server.port, "POST", "/files", {"Upload-Complete": "?1"} | parent(7), b"hello")
        elif way == "form":
            part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhello\r\n'
            ask(server.port, "POST", "/files", {"Content-Type": "multipart/form-data; boundary=b"} | parent(7),
                part * 2 + b"--b--\r\n")
        else:
            ask(server.port, "PUT", "/files/a", parent(7), b"x" * (300_000 if way == "large" else 5))

        def finished():
            return [one.json.get("traceparent") for one in receiver.taken if one.kind == "finished"]
        eventually(lambda: len(finished()) == (2 if way == "form" else 1), "what is finished")
        assert set(finished()) == {parent(7)["traceparent"]}


def test_the_trace_of_one_request_is_not_that_of_the_next(start):
    with closing(Receiver()) as receiver:
        server = start("--webhook", receiver.url)
        id = create(server, parent(1))
        ask(server.port, "PATCH", f"/files/{id}", PATCH | {"Upload-Offset": "0"}, b"hello")
        eventually(lambda: len(receiver.taken) == 2, "both events")
        assert traces(receiver) == {"created": parent(1)["traceparent"], "finished": None}


def test_it_outlives_a_kill_and_a_receiver_that_is_down(start):
    up = False
    with closing(Receiver(lambda received: 204 if up else 503)) as receiver:
        server = start("--webhook", receiver.url)
        ask(server.port, "PUT", "/files/a", parent(7), b"hello")
        server.kill()
        up = True
        server.start()
        eventually(lambda: len(receiver.taken) == 2, "both events")
        assert set(traces(receiver).values()) == {parent(7)["traceparent"]}


def test_an_upload_that_expires_does_so_by_nobodys_request(start):
    with closing(Receiver()) as receiver:
        server = start("--webhook", receiver.url, "--expire-after", "1")
        create(server, parent(1))
        eventually(lambda: len(receiver.taken) == 2, "both events")
        assert traces(receiver) == {"created": parent(1)["traceparent"], "expired": None}


def test_tusds_format_has_it_among_the_requests_fields(start):
    with closing(Receiver()) as receiver:
        server = start("--webhook", receiver.url, "--webhook-format", "tusd")
        create(server, parent(1))
        create(server)
        eventually(lambda: len(receiver.taken) == 2, "both events")
        headers = sorted((one.json["Event"]["HTTPRequest"]["Header"] for one in receiver.taken), key=len)
        assert headers == [{}, {"Traceparent": [parent(1)["traceparent"]]}]
