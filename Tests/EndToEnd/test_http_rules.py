"""What RFC 9110 and RFC 9112 ask of servers, over the wire: the rules that no other test shows. The list of all of them is
HTTPTests/REQUIREMENTS.md."""

import datetime
import email.utils

import pytest

from sluice import Sluice
from wire import Closed, Line, ask

TUS = {"Tus-Resumable": "1.0.0"}
UNKNOWN = "/files/" + "0" * 32
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: h\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Sluice(tmp_path_factory.mktemp("rules"))
    server.start()
    yield server
    server.stop()


def stored(server, data=b"0123456789"):
    return ask(server.port, "PUT", "/files/a.bin", {}, data).location


def said(server, request: bytes, tls=False, method="GET"):
    """The answer to bytes as they stand."""
    with Line(server.tls_port if tls else server.port, tls) as line:
        line.send(request)
        return line.answer(method)


def everything(server, request: bytes) -> bytes:
    with Line(server.port) as line:
        line.send(request)
        return line.until_end()


# Conditions


@pytest.mark.parametrize("fields", [{}, TUS, {"Upload-Draft-Interop-Version": "6"}, {"override": True}])
def test_a_deletion_is_made_only_on_its_conditions(server, fields):
    location = stored(server)
    if "override" in fields:
        method, fields = "POST", {"X-HTTP-Method-Override": "DELETE"} | TUS
    else:
        method = "DELETE"
    head = ask(server.port, "HEAD", location).fields
    tag, changed = head["etag"], email.utils.parsedate_to_datetime(head["last-modified"])
    before = email.utils.format_datetime(changed - datetime.timedelta(hours=1), usegmt=True)
    for condition in ({"If-Match": '"other"'}, {"If-Match": "W/" + tag}, {"If-None-Match": "*"}, {"If-None-Match": tag},
                      {"If-Unmodified-Since": before}):
        answer = ask(server.port, method, location, fields | condition, b"")
        assert (answer.status, answer.code, answer.fields["etag"]) == (412, "precondition-failed", tag), condition
        assert ask(server.port, "GET", location).body == b"0123456789"
    # What is a condition of reading only, or no date, means nothing.
    holding = {"If-Match": f'"x", {tag}', "If-None-Match": '"x"', "If-Modified-Since": head["last-modified"]}
    assert ask(server.port, method, location, fields | holding, b"").status == 204
    assert ask(server.port, "GET", location).status == 404


def test_a_deletion_of_what_is_not_finished_has_no_tag_to_match(server):
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": "10"}, b"").location
    for condition in ('"x"', "*"):
        assert ask(server.port, "DELETE", location, TUS | {"If-Match": condition}).code == "precondition-failed"
    assert ask(server.port, "DELETE", location, TUS).status == 204


def test_conditions_mean_nothing_where_nothing_is_selected_or_there_is_an_error_anyway(server):
    location, condition = stored(server), {"If-Match": '"x"', "If-None-Match": "*"}
    assert ask(server.port, "OPTIONS", location, condition).status == 204
    for method, target, fields, status in (("GET", UNKNOWN, {}, 404), ("DELETE", UNKNOWN, {}, 404),
                                           ("DELETE", UNKNOWN, TUS, 404), ("DELETE", "/", {}, 405)):
        assert ask(server.port, method, target, fields | condition).status == status, (method, target)


def test_a_304_and_a_206_have_what_a_200_would_have(server):
    for target in (stored(server), "/"):
        whole = ask(server.port, "GET", target).fields
        told = ask(server.port, "GET", target, {"If-None-Match": "*"})
        assert told.status == 304 and "date" in told.fields
        for name in ("etag", "cache-control", "vary", "expires", "content-location"):
            assert told.fields.get(name) == whole.get(name), name
        for name in ("content-type", "content-length", "content-encoding"):
            assert name not in told.fields
    location = stored(server)
    whole = ask(server.port, "GET", location).fields
    part = ask(server.port, "GET", location, {"Range": "bytes=2-4"})
    assert (part.status, part.body) == (206, b"234")
    assert (part.fields["content-range"], part.fields["content-length"]) == ("bytes 2-4/10", "3")
    for name in ("etag", "cache-control", "last-modified", "content-type"):
        assert part.fields.get(name) == whole.get(name), name


@pytest.mark.parametrize("method, value", [("HEAD", "bytes=0-1"), ("GET", "lines=0-1"), ("GET", "bytes=5-2"),
                                           ("GET", "bytes=0-1,3-4"), ("GET", "bytes=a-b")])
def test_a_range_is_of_bytes_of_a_get_or_it_is_ignored(server, method, value):
    answer = ask(server.port, method, stored(server), {"Range": value})
    assert (answer.status, answer.fields["content-length"]) == (200, "10")
    assert answer.fields["accept-ranges"] == "bytes" and "content-range" not in answer.fields


def test_a_file_that_is_made_has_no_validators_in_its_answer(server):
    """A PUT's answer with a tag would say that the address of the request has it."""
    for method in ("PUT", "POST"):
        answer = ask(server.port, method, "/files/a" if method == "PUT" else "/files", {}, b"x")
        assert answer.status == 201 and "location" in answer.fields
        assert "etag" not in answer.fields and "last-modified" not in answer.fields


# Targets, methods, versions


def test_an_https_address_in_the_clear_is_misdirected(server, start):
    request = b"GET HTTPS://h/healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    answer = said(server, request)
    assert (answer.status, answer.code) == (421, "misdirected")
    assert said(server, request, tls=True).status == 200
    assert said(start("--trusted-proxy", "127.0.0.1"), request).status == 200


def test_an_absolute_target_counts_and_its_host_replaces_the_field(server):
    assert said(server, b"GET http://other/healthz HTTP/1.1\r\nHost: h\r\n\r\n").status == 200
    for host, status in ((b"other", 201), (b"h", 403)):
        request = b"PUT http://%s/files/a HTTP/1.1\r\nHost: h\r\nOrigin: http://other\r\nContent-Length: 1\r\n\r\nx" % host
        assert said(server, request).status == status


@pytest.mark.parametrize("version, status", [(b"1.0", 200), (b"1.1", 200), (b"1.2", 200), (b"1.9", 200), (b"0.9", 505),
                                             (b"2.0", 505), (b"3.1", 505)])
def test_a_version_is_served_by_its_major_number_and_answered_as_1_1(server, version, status):
    with Line(server.port) as line:
        line.send(b"GET /healthz HTTP/%s\r\nHost: h\r\nConnection: close\r\n\r\n" % version)
        assert line.until_end().startswith(b"HTTP/1.1 %d " % status)


def test_no_interim_answer_goes_to_http_1_0(server):
    for fields in (b"Expect: 100-continue\r\n", b"Upload-Draft-Interop-Version: 8\r\nUpload-Complete: ?1\r\n"):
        request = b"POST /files HTTP/1.0\r\nHost: h\r\nContent-Length: 3\r\n%s\r\nabc" % fields
        told = everything(server, request)
        assert told.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 ")) and told.count(b"HTTP/1.1 ") == 1
        assert b"Transfer-Encoding" not in told


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c", b"TLS/1.2, HTTP/3.0"])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_nothing_is_switched_to(server, version, upgrade):
    fields = b"Upgrade: %s\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n" % upgrade
    request = b"GET /healthz HTTP/%s\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings, close\r\n%s\r\n" % (version, fields)
    told = everything(server, request)
    assert told.startswith(b"HTTP/1.1 200 ") and b"pgrade" not in told


# Fields


def test_an_empty_element_of_a_list_is_none(server):
    location = stored(server)
    tag = ask(server.port, "HEAD", location).fields["etag"]
    assert ask(server.port, "GET", location, {"If-None-Match": f', ,"x",, {tag},'}).status == 304
    assert ask(server.port, "GET", "/", {"Accept-Encoding": ", ,gzip,"}).fields["content-encoding"] == "gzip"
    told = everything(server, HEALTH + b"Connection: , ,close\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 200 ") and b"\r\nConnection: close\r\n" in told


def test_a_clients_word_on_where_its_content_lies_changes_nothing(server):
    first = stored(server)
    answer = ask(server.port, "PUT", "/files/b", {"Content-Location": first}, b"other")
    assert answer.status == 201 and answer.location != first
    assert ask(server.port, "GET", first).body == b"0123456789"


def test_content_that_a_method_has_no_use_for_is_no_next_request(server):
    inner = HEALTH.replace(b"/healthz", b"/nothing") + b"\r\n"
    for method in (b"GET", b"HEAD", b"OPTIONS", b"DELETE"):
        head = b"%s /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (method, len(inner))
        told = everything(server, head + inner + HEALTH + b"Connection: close\r\n\r\n")
        assert told.count(b"HTTP/1.1 ") == 2 and b" 404 " not in told, method


def test_lengths_and_sizes_beyond_all_numbers_are_refused(server):
    for length, status in ((2**63 - 1, 413), (2**63, 400), (2**64 + 1, 400), (10**40, 400)):
        request = b"PUT /files/a HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % length
        assert said(server, request).status == status, length
    for size in (b"7fffffffffffffff", b"ffffffffffffffff", b"1" + b"0" * 16):
        request = b"PUT /files/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\nx" % size
        with Line(server.port) as line:
            line.send(request)
            line.half_close()
            assert line.answer().status == 400, size


def test_unknown_extensions_of_chunks_and_fields_behind_them_mean_nothing(server):
    body = b'3 ; a ;b=c;d="e;\\"f"\r\nabc\r\n0;x\r\nX-Unknown: y\r\nETag: "z"\r\n\r\n'
    answer = said(server, b"PUT /files/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert answer.status == 201
    fetched = ask(server.port, "GET", answer.location)
    assert fetched.body == b"abc" and fetched.fields["etag"] != '"z"'


# Connections


def test_an_incomplete_request_is_never_taken_for_a_whole_one(server):
    before = server.finished_files()
    head = b"PUT /files/a HTTP/1.1\r\nHost: h\r\n"
    for request in (head, head + b"Content-Length: 10\r\n\r\nabc",
                    head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"GET /heal"):
        with Line(server.port) as line:
            line.send(request)
            line.half_close()
            try:
                answer = line.answer()
            except Closed:
                continue
            assert (answer.status, answer.fields["connection"]) == (400, "close")
            assert line.is_closed()
    assert server.finished_files() == before


def test_what_follows_a_close_is_not_served(server):
    before = server.finished_files()
    follower = b"PUT /files/late HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
    told = everything(server, HEALTH + b"Connection: close\r\n\r\n" + follower)
    assert told.count(b"HTTP/1.1 ") == 1
    assert server.finished_files() == before
