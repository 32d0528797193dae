"""Forward auth: an application is asked who may, by every way in which it may answer, or not."""

import json
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from application import Application, Mute, Said, by_bearer, owner, refused
from sluice import Sluice
from test_certificates import Issuer
from tokens import alice as signed_alice
from tokens import bearer, secret_file, tokens_file
from waiting import eventually
from wire import Line, ask, b64

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
ALICE, BOB, STRANGER = bearer("alices"), bearer("bobs"), bearer("strangers")


@pytest.fixture
def asking(start):
    """Starts a server that asks an application: asking(application, *further options)."""
    return lambda application, *options: start("--auth-url", application.url, *options)


@pytest.fixture
def application():
    with Application() as application:
        yield application


def put(server, fields, path="/files/a", body=b"x"):
    return ask(server.port, "PUT", path, fields, body)


def lines(server) -> list[dict]:
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def told(server, text: str) -> dict:
    """The first line of the log that says so, once it is there."""
    found = []
    eventually(lambda: found.extend(line for line in lines(server) if text in line["message"]) or found, text)
    return found[0]


# What is asked, and what is believed


@pytest.mark.usefixtures("protocol")
def test_the_question_says_what_the_request_is(application, asking):
    server = asking(application)
    fields = ALICE | {"Cookie": "a=b; session=s", "X-Forwarded-For": "203.0.113.9", "X-Other": "y"}
    assert ask(server.port, "PUT", "/files/some%20name?x=1", fields, b"x").status == 201
    [question] = application.questions
    assert question[":path"] == "/may?from=sluice"
    wanted = {
        "authorization": "Bearer alices", "cookie": "a=b; session=s", "x-forwarded-method": "PUT",
        "x-forwarded-proto": "http", "x-forwarded-host": "upload.test", "x-forwarded-uri": "/files/some%20name?x=1",
        # Nobody is trusted with saying more.
        "x-forwarded-for": "127.0.0.1",
    }
    assert {name: question.get(name) for name in wanted} == wanted
    assert "x-other" not in question and "content-length" not in question


def test_a_credential_is_told_byte_by_byte(application, asking):
    server = asking(application, "--auth-url-cache", "3600")
    application.answers = lambda question: owner("alice") if question["authorization"] == "a\xff\xc3" else refused(403)
    # Fields are Latin-1 on both sides: a character is a byte.
    told = {"Authorization": "a\xff\xc3", "Cookie": "a=\xe9\tb"}
    assert ask(server.port, "GET", "/usage", told).status == 200
    [question] = application.questions
    assert (question["authorization"], question["cookie"]) == (told["Authorization"], told["Cookie"])
    # What reads alike in another coding is another credential.
    coded = told | {"Authorization": told["Authorization"].encode().decode("latin-1")}
    assert ask(server.port, "GET", "/usage", coded).status == 403


def test_proxies_are_believed_in_the_question_as_elsewhere(application, asking):
    server = asking(application, "--trusted-proxy", "127.0.0.1")
    put(server, ALICE | {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "out.test"})
    [question] = application.questions
    assert (question["x-forwarded-for"], question["x-forwarded-proto"]) == ("203.0.113.9", "https")
    assert question["x-forwarded-host"] == "out.test"


def test_over_tls_the_question_says_so(application, asking):
    server = asking(application)
    assert ask(server.tls_port, "PUT", "/files/a", ALICE, b"x", tls=True).status == 201
    assert application.questions[0]["x-forwarded-proto"] == "https"


def test_uploads_belong_to_the_owner_that_the_application_names(application, asking):
    server = asking(application)
    location = ask(server.port, "POST", "/files", ALICE | PATCH | {"Upload-Length": "10"}, b"0123").location
    assert ask(server.port, "HEAD", location, BOB | TUS).status == 404
    assert ask(server.port, "PATCH", location, BOB | PATCH | {"Upload-Offset": "4"}, b"456789").status == 404
    assert ask(server.port, "PATCH", location, ALICE | PATCH | {"Upload-Offset": "4"}, b"456789").status == 204
    assert ask(server.port, "GET", location, ALICE).body == b"0123456789"
    usage = json.loads(ask(server.port, "GET", "/usage", ALICE).body)
    assert (usage["owner"], usage["files"]) == ("alice", 1)
    eventually(lambda: any(line.get("owner") == "alice" for line in lines(server)))


@pytest.mark.parametrize("told, size, status, code", [
    ({"scope": "download"}, 1, 403, "wrong-scope"), ({"scope": ""}, 1, 403, "wrong-scope"),
    ({"scope": "upload,download"}, 1, 201, None), ({"max_size": "10"}, 11, 413, "too-large"),
    ({"max_size": "10"}, 10, 201, None), ({"max_bytes": "10"}, 11, 413, "owner-bytes"),
    ({"max_files": "0"}, 1, 413, "owner-files"), ({"upload": "0" * 32}, 1, 403, "wrong-upload"),
])
def test_what_the_answer_says_of_the_owner_is_believed(application, asking, told, size, status, code):
    application.answers = lambda _: owner("alice", **told)
    answer = put(asking(application), ALICE, body=b"x" * size)
    assert (answer.status, answer.code) == (status, code)


def test_the_rest_of_the_owners_bounds_is_believed_too(application, asking):
    application.answers = lambda _: owner("alice", max_open="3", max_rate="1000", max_bytes="77", max_files="5")
    usage = json.loads(ask(asking(application).port, "GET", "/usage", ALICE).body)
    assert [usage[name] for name in ("max_open", "max_rate", "max_bytes", "max_files")] == [3, 1000, 77, 5]


def test_another_field_may_name_the_owner(application, asking):
    application.answers = lambda _: Said(202, [("X-Auth-Request-Email", "alice@example.org")], b"Authenticated")
    server = asking(application, "--auth-url-owner", "X-Auth-Request-Email")
    assert json.loads(ask(server.port, "GET", "/usage", ALICE).body)["owner"] == "alice@example.org"


def test_an_owner_is_named_in_utf_8_and_in_nothing_else(application, asking):
    names = {"Bearer 1": "émile".encode(), "Bearer 2": "émile".encode("latin-1"), "Bearer 3": "Ã©mile".encode()}
    application.answers = lambda question: (
        b"HTTP/1.1 204 No Content\r\nX-Sluice-Owner: " + names[question["authorization"]] + b"\r\n\r\n")
    server = asking(application)
    location = put(server, bearer("1")).fields["location"]
    assert json.loads(ask(server.port, "GET", "/usage", bearer("1")).body)["owner"] == "émile"
    assert unavailable(ask(server.port, "GET", location, bearer("2")))
    assert "X-Sluice-Owner that is not UTF-8" in told(server, "no usable answer to who may")["error"]
    assert ask(server.port, "GET", location, bearer("3")).status == 404
    assert ask(server.port, "GET", location, bearer("1")).body == b"x"


# Refusals


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize("said, fields", [
    (refused(401, WWW_Authenticate='Basic realm="app"'), {"www-authenticate": 'Basic realm="app"'}),
    (refused(401), {"www-authenticate": 'Bearer realm="sluice"'}),
    (refused(302, Location="https://app.test/login?next=%2F"), {"location": "https://app.test/login?next=%2F"}),
    (refused(307, Location="/login"), {"location": "/login"}),
    (refused(403, Set_Cookie="state=1; Path=/", Content_Type="application/json"), {
        "set-cookie": "state=1; Path=/", "content-type": "application/json"}),
    (refused(429, Retry_After="7"), {"retry-after": "7"}),
    (Said(404), {}), (Said(402, [], b"\xff\xfe"), {}),
], ids=lambda value: str(value.status) if isinstance(value, Said) else "")
def test_a_refusal_goes_to_the_client(application, asking, said, fields):
    application.answers = lambda _: said
    server = asking(application)
    answer = put(server, STRANGER)
    assert (answer.status, answer.code) == (said.status, "auth-refused")
    for name, value in fields.items():
        assert answer.fields[name] == value
    if "content-type" in fields:
        assert answer.body == b"no\n"
    else:
        assert answer.body == b"The application behind this server refuses the request.\n"
    assert server.finished_files() == []
    eventually(lambda: any(line.get("rule") == "application" for line in lines(server)))


def test_several_cookies_come_as_several_fields(application, asking):
    application.answers = lambda _: Said(401, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    answer = put(asking(application), STRANGER)
    assert [value for name, value in answer.fields if name == "set-cookie"] == ["a=1", "b=2"]


def test_the_body_is_not_asked_for_before_the_answer(application, asking):
    server = asking(application)
    with Line(server.port) as line:
        line.head("PUT", "/files/a", STRANGER | {"Expect": "100-continue"}, length=1 << 20)
        answer = line.answer("PUT")
    assert answer.status == 401 and answer.interim == []


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_what_is_open_asks_nobody(application, asking, path):
    assert ask(asking(application).port, "GET", path, STRANGER).status == 200
    assert application.questions == []


# Beside others who vouch


def test_who_is_known_here_is_not_asked_about(application, asking, tmp_path):
    tokens = tokens_file(tmp_path, carol="carols-token")
    server = asking(application, "--jwt-secret", str(secret_file(tmp_path)), "--tokens", str(tokens))
    assert put(server, signed_alice()).status == 201
    assert put(server, bearer("carols-token")).status == 201
    expired = put(server, signed_alice(seconds=-1))
    assert (expired.status, expired.code) == (401, "token-expired")
    assert application.questions == []
    # What nobody here was given may be the application's: an opaque token, a cookie, a password, nothing at all.
    assert put(server, ALICE).status == 201
    for fields in [{"Cookie": "session=1"}, {"Authorization": "Basic " + b64("user:pass word")}, {}, bearer("v4.x.y")]:
        assert put(server, fields).status == 401
    assert len(application.questions) == 5


def test_a_token_in_the_address_is_in_the_question_and_in_addresses_that_are_told(application, asking):
    application.answers = lambda question: owner("alice") if "token=t1" in question["x-forwarded-uri"] else refused()
    server = asking(application)
    answer = ask(server.port, "PUT", "/files/a?token=t1", {}, b"x")
    assert answer.location.endswith("?token=t1") and ask(server.port, "GET", answer.location).body == b"x"
    assert ask(server.port, "GET", answer.location.replace("t1", "t2")).status == 401


# Once for all who wait, and for a while


def test_a_thousand_requests_of_one_credential_ask_once(application, asking):
    hold = threading.Event()

    def held(question):
        hold.wait(30)
        return by_bearer(question)
    application.answers = held
    server = asking(application, "--auth-url-timeout", "60")
    open_lines = []
    try:
        for number in range(1000):
            line = Line(server.port)
            line.head("GET", "/usage", ALICE)
            open_lines.append(line)
        eventually(lambda: application.questions)
        # Others do not wait for it.
        start = time.monotonic()
        assert ask(server.port, "GET", "/healthz").status == 200
        assert time.monotonic() - start < 5
        hold.set()
        assert {line.answer().status for line in open_lines} == {200}
    finally:
        for line in open_lines:
            line.close()
    assert len(application.questions) == 1
    assert ask(server.port, "GET", "/usage", ALICE).status == 200
    assert len(application.questions) == 1


def test_an_answer_counts_for_as_long_as_was_said(application, asking):
    server = asking(application, "--auth-url-cache", "1")
    put(server, ALICE)
    application.answers = lambda _: refused(403)
    # What was let in a moment ago still is, and then is not.
    eventually(lambda: put(server, ALICE).status == 403)
    application.answers = by_bearer
    # A refusal counts for nobody but those who wait for it.
    assert put(server, ALICE).status == 201


@pytest.mark.parametrize("change", ["Authorization", "Cookie", "method", "Host", "client", "query"])
def test_an_answer_counts_for_no_other_credential(application, asking, change):
    server = asking(application, "--auth-url-cache", "3600", "--trusted-proxy", "127.0.0.1")
    application.answers = lambda _: owner("alice")
    base = {"Cookie": "lang=en", "Host": "a.test", "X-Forwarded-For": "192.0.2.1"}
    assert ask(server.port, "GET", "/usage", base).status == 200
    assert ask(server.port, "GET", "/usage", base).status == 200
    assert len(application.questions) == 1
    application.answers = lambda _: refused(403)
    method, path, other = "GET", "/usage", dict(base)
    if change == "Authorization":
        other["Authorization"] = "Bearer x"
    elif change == "Cookie":
        other["Cookie"] = "lang=de"
    elif change == "Host":
        other["Host"] = "b.test"
    elif change == "client":
        other["X-Forwarded-For"] = "192.0.2.2"
    elif change == "method":
        method = "HEAD"
    else:
        path = "/usage?signature=x"
    assert ask(server.port, method, path, other).status == 403


def test_who_shows_nothing_is_asked_about_by_address(application, asking):
    server = asking(application, "--auth-url-cache", "3600")
    application.answers = lambda question: owner("alice") if question["x-forwarded-uri"] == "/usage" else refused()
    assert ask(server.port, "GET", "/usage").status == 200
    assert ask(server.port, "GET", "/files/" + "0" * 32).status == 401
    # An address with a query may be signed by the application.
    application.answers = lambda question: owner("alice") if "/files/a?" in question["x-forwarded-uri"] else refused()
    assert ask(server.port, "PUT", "/files/a?signature=1", {"Cookie": "x=y"}, b"x").status == 201
    assert ask(server.port, "PUT", "/files/b?signature=1", {"Cookie": "x=y"}, b"x").status == 401


def test_without_a_cache_each_request_is_asked_about(application, asking):
    server = asking(application, "--auth-url-cache", "0")
    for _ in range(5):
        assert put(server, ALICE).status == 201
    assert len(application.questions) == 5
    application.answers = lambda question: owner("alice") if question["x-forwarded-method"] == "GET" else refused(403)
    assert ask(server.port, "GET", "/usage", ALICE).status == 200
    assert put(server, ALICE).status == 403


def test_cookies_of_a_refusal_are_for_the_one_who_was_asked_about(application, asking):
    hold, number = threading.Event(), iter(range(1000))

    def held(_):
        hold.wait(30)
        return refused(401, Set_Cookie=f"state={next(number)}")
    application.answers = held
    server = asking(application, "--auth-url-timeout", "60")
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask, server.port, "GET", "/usage", STRANGER) for _ in range(8)]
        eventually(lambda: application.questions)
        hold.set()
        cookies = [answer.result().fields.get("set-cookie") for answer in answers]
    given = [cookie for cookie in cookies if cookie]
    assert len(given) == len(set(given)) == len(application.questions)


# An application that is slow, dead, or says what means nothing


def unavailable(answer) -> bool:
    return (answer.status, answer.code) == (503, "auth-unavailable") and answer.fields["retry-after"] == "5"


@pytest.mark.parametrize("said", [
    Said(500), Said(502, [("X-Sluice-Owner", "alice")]), Said(503), Said(304), Said(200), Said(204),
    Said(200, [("X-Sluice-Owner", "")]), Said(200, [("X-Sluice-Owner", "a"), ("X-Sluice-Owner", "b")]),
    Said(200, [("X-Sluice-Owner", "a" * 256)]), owner("alice", max_size="many"), owner("alice", max_size="-1"),
    owner("alice", max_rate="0"), owner("alice", upload="../x"),
    b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Sluice-Owner: al", b"HTTP/1.1 200 OK\r\nX-Sluice-Owner : a\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"HTTP/1.1 999 X\r\n\r\n", b"x" * 100_000,
    b"HTTP/1.1 200 OK\r\nX-Sluice-Owner: a\r\n" + b"A: b\r\n" * 101 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nX-Sluice-Owner: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
], ids=lambda said: str(said)[:60])
def test_what_is_no_answer_lets_nobody_pass(application, asking, said):
    application.answers = lambda _: said
    server = asking(application)
    assert unavailable(put(server, ALICE))
    line = told(server, "no usable answer to who may")
    assert line["error"] and "alices" not in json.dumps(line)
    eventually(lambda: any(line.get("rule") == "unanswered" for line in lines(server)))
    refused = next(each for each in lines(server) if each.get("rule") == "unanswered")
    assert refused["note"] == f"auth-unavailable: {line['error']}"
    # It gets better, which is told, too.
    application.answers = by_bearer
    assert put(server, ALICE).status == 201
    told(server, "answers again")


def test_a_body_of_any_length_is_not_waited_for(application, asking):
    endless = b"HTTP/1.1 200 OK\r\nX-Sluice-Owner: alice\r\nContent-Length: 104857600\r\n\r\n" + b"x" * (1 << 20)
    application.answers = lambda _: endless
    server = asking(application)
    assert put(server, ALICE).status == 201
    application.answers = lambda _: (
        b"HTTP/1.1 403 No\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"10000\r\n" + b"x" * 65536 + b"\r\n" + (b"10000\r\n" + b"y" * 65536 + b"\r\n") * 200)
    assert put(server, STRANGER).status == 403


def test_an_application_that_says_nothing_is_given_up(asking):
    with Mute() as mute:
        server = asking(mute, "--auth-url-timeout", "1")
        start = time.monotonic()
        assert unavailable(put(server, ALICE))
        assert 0.9 < time.monotonic() - start < 20


def test_an_application_that_is_away_and_comes_back(application, asking):
    server = asking(application)
    application.stop()
    assert unavailable(put(server, ALICE))
    application.start()
    assert put(server, ALICE).status == 201
    # Who passed a moment ago passes on while it is away again; nobody else does.
    application.stop()
    for _ in range(3):
        assert put(server, ALICE).status == 201
    # The connection that was kept may still be answered on.
    assert put(server, STRANGER).status in (401, 503)


def test_a_connection_that_was_kept_and_closed_is_made_anew(application, asking):
    server = asking(application, "--auth-url-cache", "0")

    def closing(question):
        said = by_bearer(question)
        said.fields.append(("Connection", "close"))
        return said
    application.answers = closing
    for _ in range(5):
        assert put(server, ALICE).status == 201
    application.answers = by_bearer
    made = application.connections
    for _ in range(20):
        assert put(server, ALICE).status == 201
    # One after the other, they need no second connection.
    assert application.connections <= made + 1


def test_one_that_fails_at_some_credentials_fills_no_log(application, asking):
    server = asking(application, "--auth-url-cache", "0")
    application.answers = lambda question: by_bearer(question) if "alices" in question["authorization"] else Said(500)
    start = time.monotonic()
    for _ in range(20):
        assert unavailable(put(server, STRANGER)) and put(server, ALICE).status == 201
    told(server, "answers again")
    written = [line["message"] for line in lines(server)]
    for words in ["no usable answer to who may", "answers again who may"]:
        assert sum(words in message for message in written) <= 1 + (time.monotonic() - start) / 30


def test_one_that_flaps_never_lets_a_stranger_pass(application, asking):
    turns = iter(range(100_000))

    def flapping(question):
        return [by_bearer(question), Said(503), b"", by_bearer(question)][next(turns) % 4]
    application.answers = flapping
    server = asking(application, "--auth-url-cache", "0")
    with ThreadPoolExecutor(16) as pool:
        strangers = list(pool.map(lambda _: put(server, STRANGER).status, range(200)))
        known = list(pool.map(lambda _: put(server, ALICE).status, range(200)))
    assert set(strangers) <= {401, 503} and {401, 503} == set(strangers)
    assert set(known) == {201, 503}


def test_nobody_waits_for_questions_that_are_not_theirs(application, asking):
    """With every connection to the application taken up by strangers, others go on as ever."""
    hold = threading.Event()

    def held(question):
        if question.get("authorization", "").startswith("Bearer stranger"):
            hold.wait(30)
        return by_bearer(question)
    application.answers = held
    server = asking(application, "--auth-url-timeout", "60")
    assert put(server, ALICE).status == 201
    held_lines = []
    try:
        for number in range(200):
            line = Line(server.port)
            line.head("GET", "/usage", bearer(f"stranger-{number}"))
            held_lines.append(line)
        # As many as are asked at once.
        eventually(lambda: len(application.questions) >= 128)
        start = time.monotonic()
        for _ in range(50):
            assert put(server, ALICE).status == 201
            assert ask(server.port, "GET", "/healthz").status == 200
        assert time.monotonic() - start < 10
        assert len([q for q in application.questions if "stranger" in q["authorization"]]) == 128
    finally:
        hold.set()
        for line in held_lines:
            assert line.answer().status == 401
            line.close()


def test_a_stop_does_not_wait_for_the_application(asking):
    with Mute() as mute:
        server = asking(mute, "--auth-url-timeout", "60")
        with Line(server.port) as line:
            line.head("GET", "/usage", ALICE)
            eventually(lambda: mute.taken)
            server.terminate()
            answer = line.answer()
            assert answer.status == 503
        assert server.wait() == 0


# TLS, configuration


def test_https_is_asked_by_the_authorities_that_are_named(tmp_path, asking):
    certificate, key = Issuer(tmp_path / "issuer").issue("127.0.0.1")
    paths = tmp_path / "app.pem", tmp_path / "app.key"
    paths[0].write_text(certificate)
    paths[1].write_text(key)
    with Application(certificate=paths) as application:
        # Its name stands in no place that counts; the system's authorities do not know it either.
        server = asking(application)
        assert unavailable(put(server, ALICE))
        assert "certificate" in told(server, "no usable answer")["error"]
        assert application.questions == []


def test_https_with_a_certificate_that_is_believed(tmp_path, asking):
    paths = tmp_path / "app.pem", tmp_path / "app.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=app", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", paths[1], "-out", paths[0]],
        check=True, capture_output=True)
    with Application(certificate=paths) as application:
        server = asking(application, "--auth-url-ca", str(paths[0]))
        assert put(server, ALICE).status == 201
        assert put(server, STRANGER).status == 401


def test_sighup_takes_another_application_and_never_none(tmp_path, application):
    file = tmp_path / "sluice.yaml"
    with Application(lambda _: owner("someone")) as other:
        file.write_text(f"auth-url: {application.url}\n")
        server = Sluice(tmp_path, "--config", str(file), "--listen-admin", "127.0.0.1:0")
        server.start()
        try:
            assert put(server, STRANGER).status == 401
            file.write_text(f"auth-url: {other.url}\nauth-url-cache: 1\n")
            os.kill(server.pid, signal.SIGHUP)
            eventually(lambda: put(server, STRANGER).status == 201)
            file.write_text("max-size: 1G\n")
            os.kill(server.pid, signal.SIGHUP)
            told(server, "new configuration refused")
            assert other.questions and put(server, STRANGER).status == 201
        finally:
            server.stop()


@pytest.mark.parametrize("options, words", [
    (["--auth-url", "ftp://x/"], "takes http"), (["--auth-url", "http://u:p@x/"], "takes http"),
    (["--auth-url-cache", "3"], "says something of --auth-url"),
    (["--auth-url-owner", "X-User"], "says something of --auth-url"),
    (["--auth-url", "http://x/", "--auth-url-ca", __file__], "says something of an https address"),
    (["--auth-url", "https://x/", "--auth-url-ca", "/nowhere"], "/nowhere"),
    (["--auth-url", "http://x/", "--auth-url-owner", "a b"], "name of a header field"),
    (["--auth-url", "http://x/", "--auth-url-timeout", "0"], "1 to 60"),
])
def test_what_cannot_be_meant_is_refused(options, words):
    binary = os.environ["SLUICE_BINARY"]
    done = subprocess.run([binary, "check-config", *options], capture_output=True, text=True)
    assert done.returncode == 2 and words in done.stderr, done.stderr


def test_what_is_asked_is_counted(application, tmp_path):
    server = Sluice(tmp_path, "--auth-url", application.url, "--listen-admin", "unix:" + str(tmp_path / "admin.sock"))
    server.start()
    try:
        put(server, ALICE)
        put(server, STRANGER)
        application.answers = lambda _: Said(500)
        put(server, BOB)
        text = subprocess.run(
            ["curl", "-s", "--unix-socket", tmp_path / "admin.sock", "http://x/metrics"], capture_output=True,
            text=True, check=True).stdout
        for outcome in ("passed", "refused", "failed"):
            assert f'sluice_auth_questions_total{{outcome="{outcome}"}} 1\n' in text
        assert 'sluice_auth_questions_total{outcome="dropped"} 0\n' in text
        assert 'sluice_access_refusals_total{rule="application"} 1\n' in text
        assert 'sluice_access_refusals_total{rule="unanswered"} 1\n' in text
    finally:
        server.stop()
