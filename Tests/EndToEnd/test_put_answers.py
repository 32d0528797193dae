"""`sluice put` before servers that answer wrongly, strangely or not at all: bounded, told, and never a trap."""

import email.utils
import random
import time

import pytest

from answering import Answering, Tus, head
from dialects import CLIENT
from putting import failure, put


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 300_000)
    return path.name


def told(tmp_path, answer, *options, file="a.bin"):
    """Sends the file to a server that answers so; answers the code and the line that says why."""
    server = Answering(answer)
    result = put(tmp_path, "--retries", "1", *options, file, server.url)
    server.close()
    return result.returncode, failure(result) if result.returncode else ""


def test_an_offset_beyond_what_was_sent_is_not_believed(tmp_path, file):
    class Boaster(Tus):
        def post(self, request):
            return super().post(request).replace(b"Upload-Offset: 0", b"Upload-Offset: 400000")

        def patch(self, request):
            return head("204 No Content", "Upload-Offset: 300000").replace(b"Content-Length: 0\r\n", b"")

    code, text = told(tmp_path, Boaster(), "--chunk-size", "1000")
    assert code == 3
    assert "more than it was sent" in text


def test_an_offset_that_goes_backwards_is_followed_for_a_while_only(tmp_path, file):
    class Forgetful(Tus):
        def patch(self, request):
            self.uploads[request.target] = b"x" * 1000
            return None

    server = Answering(Forgetful())
    result = put(tmp_path, "--retries", "3", file, server.url)
    assert result.returncode == 1
    assert "given up" in failure(result)
    server.close()


@pytest.mark.parametrize("fields", [[], ["Upload-Offset: -1"], ["Upload-Offset: x"], ["Upload-Offset: 1", "Upload-Offset: 2"]])
def test_success_without_an_offset_is_no_success(tmp_path, file, fields):
    class Vague(Tus):
        def patch(self, request):
            return head("200 OK", *fields)

    code, text = told(tmp_path, Vague())
    assert code == 3
    assert "not the answer of an upload server: 200" in text


@pytest.mark.parametrize("answer", [
    b"\x16\x03\x01\x00\x00", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 999 What\r\n\r\n", b"HTTP/9.9 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", b"HTTP/1.1 200 OK\r\nFolded: a\r\n b\r\n\r\n",
])
def test_what_is_no_http_is_told_of(tmp_path, file, answer):
    code, text = told(tmp_path, lambda request: answer)
    assert code == 1
    assert "not an HTTP server's answer" in text


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 201 Created\r\nLocation: /files/1\r\n", b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nab",
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTT", b"",
])
def test_an_answer_that_is_cut_short_is_tried_again(tmp_path, file, answer):
    tus = Tus()
    server = Answering(lambda request: tus(request) if len(server.requests) > 1 else answer, keeps=False)
    result = put(tmp_path, "--retries", "3", file, server.url)
    assert result.returncode == 0, result.stderr
    assert tus.uploads["/files/1"] == b"x" * 300_000
    server.close()


def test_informational_answers_may_come_in_any_order_and_number(tmp_path, file):
    tus = Tus()
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 50
    server = Answering(lambda request: interim + tus(request))
    result = put(tmp_path, file, server.url)
    assert result.returncode == 0, result.stderr
    assert tus.uploads["/files/1"] == b"x" * 300_000
    server.close()


def test_a_long_answer_is_dropped_and_the_next_request_goes_on_elsewhere(tmp_path, file):
    class Talkative(Tus):
        def patch(self, request):
            offset = super().patch(request).split(b"\r\n")[1]
            return b"HTTP/1.1 200 OK\r\n" + offset + b"\r\nContent-Length: 999999999999\r\n\r\n" + b"x" * 70_000

    server = Answering(Talkative())
    result = put(tmp_path, "--chunk-size", "100000", file, server.url)
    assert result.returncode == 0, result.stderr
    server.close()


def test_bytes_behind_an_answer_are_not_taken_for_the_next_one(tmp_path, file):
    class Eager(Tus):
        def post(self, request):
            return super().post(request) + head("404 Not Found")

    tus = Eager()
    server = Answering(tus)
    result = put(tmp_path, file, server.url)
    assert result.returncode == 0, result.stderr
    assert tus.uploads["/files/1"] == b"x" * 300_000
    server.close()


def test_the_servers_sentence_and_code_are_told(tmp_path, file):
    body = b'{"title":"Not here\\u001b[2J, not now","x":1}'
    code, text = told(tmp_path, lambda request: head(
        "403 Forbidden", "X-Error-Code: no-way", "Content-Type: application/problem+json", body=body))
    assert code == 3
    assert text.startswith("sluice put: a.bin: 403 no-way: Not here")
    code, text = told(tmp_path, lambda request: head(
        "403 Forbidden", "Content-Type: text/plain", body=b"Out of \x1b[31mroom\nsecond line"))
    assert text == "sluice put: a.bin: 403: Out of  [31mroom"
    code, text = told(tmp_path, lambda request: head("413 Content Too Large", body=b"<html>a page</html>" * 9))
    assert code == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_asks_to_wait_is_waited_for(tmp_path, file, form):
    tus = Tus()
    times = []

    def answer(request):
        times.append(time.time())
        if len(times) > 1:
            return tus(request)
        value = "2" if form == "seconds" else email.utils.formatdate(time.time() + 3, usegmt=True)
        return head("503 Service Unavailable", f"Retry-After: {value}")

    server = Answering(answer)
    result = put(tmp_path, file, server.url)
    assert result.returncode == 0, result.stderr
    assert times[1] - times[0] > 1.8
    server.close()


def test_a_server_that_wants_to_be_left_alone_for_long_is(tmp_path, file):
    code, text = told(tmp_path, lambda request: head("503 Service Unavailable", "Retry-After: 7200"))
    assert code == 1
    assert "left alone for 2:00:00" in text


def test_a_connection_that_the_server_has_closed_meanwhile_is_no_failure(tmp_path):
    """Without retries: it was idle, and whoever keeps connections knows that they end."""
    (tmp_path / "f").mkdir()
    for number in range(10):
        (tmp_path / f"f/{number}").write_bytes(b"x")
    tus = Tus()

    server = Answering(tus, keeps=False)
    result = put(tmp_path, "--retries", "0", "f", server.url)
    assert result.returncode == 0, result.stderr
    assert len(tus.uploads) == 10
    server.close()


def test_random_answers_never_end_the_program(tmp_path, file):
    """Answers put together at random, from parts that mean something: told, and within seconds."""
    generator = random.Random(7)
    lines = [
        b"HTTP/1.1 %s" % status for status in
        [b"100", b"104", b"200 OK", b"201 Created", b"204", b"206", b"304", b"307", b"308 x", b"404", b"409", b"460", b"500"]
    ] + [b"HTTP/1.0 200 \xff", b"garbage"]
    fields = [
        b"Location: /files/1", b"Location: files/../../1", b"Location: \xff", b"Location: http://[::1", b"Location: ",
        b"Upload-Offset: 0", b"Upload-Offset: 300000", b"Upload-Offset: 99999999999999999999", b"Upload-Length: 5",
        b"Upload-Complete: ?1", b"Upload-Draft-Interop-Version: 6", b"Content-Length: 0", b"Content-Length: 3",
        b"Transfer-Encoding: chunked", b"Connection: close", b"Retry-After: 0", b"Retry-After: -1", b"X-Error-Code: \xff",
        b"Content-Type: application/json", b"Content-Encoding: gzip",
    ]
    bodies = [b"", b"abc", b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b'{"title":"', b"\xff\xfe"]

    def answer(request):
        if generator.random() < 0.1:
            return None
        chosen = generator.sample(fields, generator.randrange(5))
        return b"\r\n".join([generator.choice(lines), *chosen]) + b"\r\n\r\n" + generator.choice(bodies)

    server = Answering(answer, keeps=False)
    for round in range(40):
        dialect = CLIENT[round % len(CLIENT)]
        result = put(tmp_path, "--no-resume", "--retries", "0", "--dialect", dialect, file, server.url, seconds=40)
        assert result.returncode in (0, 1, 3), (round, result)
    server.close()


@pytest.mark.parametrize("told, code", [(b"300000", 0), (b"done", 0), (b"299999", 3), (b"9223372036854775807", 3)])
def test_a_number_that_is_not_the_files_size_is_no_success(tmp_path, file, told, code):
    def answer(request):
        return head("200 OK", body=b"0" if request.method == "GET" else told)
    server = Answering(answer, keeps=False)
    result = put(tmp_path, "--no-resume", "--retries", "0", "--dialect", "file-id", file, server.url)
    assert result.returncode == code, result
    server.close()
