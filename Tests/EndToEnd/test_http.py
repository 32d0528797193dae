"""HTTP's own rules, as any client or proxy may count on them: conditions, ranges, methods, hosts, other sites."""

import datetime
import email.utils
import json
import os
import re

import pytest

from file_id import append
from sluice import Sluice
from waiting import eventually
from wire import Closed, Line, ask

# What a dialect says, it says over both.
pytestmark = pytest.mark.usefixtures("protocol")

HOUR = datetime.timedelta(hours=1)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A server with a finished file: the server, its address, its tag, and the time of its last change."""
    server = Sluice(tmp_path_factory.mktemp("http"))
    server.start()
    location = ask(server.port, "PUT", "/files/a.bin", {"Content-Type": "text/x; y=z"}, b"0123456789").location
    answer = ask(server.port, "HEAD", location)
    yield server, location, answer.fields["etag"], email.utils.parsedate_to_datetime(answer.fields["last-modified"])
    server.stop()


def imf(when):
    return when.strftime("%a, %d %b %Y %H:%M:%S GMT")


def rfc850(when):
    return when.strftime("%A, %d-%b-%y %H:%M:%S GMT")


def asctime(when):
    return when.strftime("%a %b ") + f"{when.day:2}" + when.strftime(" %H:%M:%S %Y")


FORMS = [imf, rfc850, asctime]


# Conditions (RFC 9110 section 13)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", FORMS)
def test_conditions_on_dates_are_kept(stored, form, method):
    server, location, _, changed = stored
    for field, when, status in (
        ("If-Modified-Since", changed - HOUR, 200), ("If-Modified-Since", changed, 304),
        ("If-Modified-Since", changed + HOUR, 304), ("If-Unmodified-Since", changed - HOUR, 412),
        ("If-Unmodified-Since", changed, 200), ("If-Unmodified-Since", changed + HOUR, 200),
    ):
        answer = ask(server.port, method, location, {field: form(when)})
        assert answer.status == status, (field, when)
        if status == 304:
            assert answer.body == b"" and "etag" in answer.fields and "content-length" not in answer.fields
        if status == 412:
            assert answer.code == "precondition-failed"


@pytest.mark.parametrize("field,status", [
    ("If-Match", {"tag": 200, "*": 200, "W": 412, "other": 412, "list": 200, "": 412}),
    ("If-None-Match", {"tag": 304, "*": 304, "W": 304, "other": 200, "list": 304, "": 200}),
])
def test_conditions_on_tags_are_kept(stored, field, status):
    server, location, tag, _ = stored
    values = {"tag": tag, "*": "*", "W": "W/" + tag, "other": '"other"', "list": f'"x", {tag}', "": ""}
    for key, expected in status.items():
        assert ask(server.port, "GET", location, {field: values[key]}).status == expected, key


def test_conditions_are_weighed_in_their_order(stored):
    server, location, tag, changed = stored
    old, new = imf(changed - HOUR), imf(changed + HOUR)
    for fields, status in (
        # A tag that matches is worth more than a date that does not, and the other way round.
        ({"If-Match": tag, "If-Unmodified-Since": old}, 200),
        ({"If-Match": '"x"', "If-Unmodified-Since": new}, 412),
        ({"If-None-Match": '"x"', "If-Modified-Since": new}, 200),
        ({"If-None-Match": tag, "If-Modified-Since": old}, 304),
        # The first two come before the others.
        ({"If-Match": '"x"', "If-None-Match": tag}, 412),
        ({"If-Unmodified-Since": old, "If-None-Match": tag}, 412),
        ({"If-Match": tag, "If-None-Match": tag}, 304),
        # And all of them before the range.
        ({"If-Match": '"x"', "Range": "bytes=0-1"}, 412),
        ({"If-None-Match": tag, "Range": "bytes=99-"}, 304),
        ({"If-Match": tag, "If-Unmodified-Since": new, "Range": "bytes=2-3"}, 206),
        # What is no date means nothing.
        ({"If-Unmodified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Mon, 06 Nov 1994 08:49:37 GMT"}, 200),
    ):
        assert ask(server.port, "GET", location, fields).status == status, fields


def test_if_range_takes_the_same_tag_or_the_same_date_and_nothing_else(stored):
    server, location, tag, changed = stored
    for condition, status in (
        (tag, 206), ("W/" + tag, 200), ('"other"', 200), (f"{tag}, {tag}", 200), (imf(changed), 206),
        (rfc850(changed), 206), (asctime(changed), 206), (imf(changed + HOUR), 200), (imf(changed - HOUR), 200), ("x", 200),
    ):
        answer = ask(server.port, "GET", location, {"Range": "bytes=2-3", "If-Range": condition})
        assert (answer.status, answer.body) == ((206, b"23") if status == 206 else (200, b"0123456789")), condition


def test_two_files_of_one_upload_and_one_second_have_different_tags(start):
    server = start("--durability", "process")
    tags = set()
    for index in range(20):
        answer = append(server.port, f"same-{index // 2}", 0, bytes([index]) * 1000)
        assert answer.status == 200
        tag = ask(server.port, "HEAD", answer.location).fields["etag"]
        assert tag not in tags
        tags.add(tag)
        # A date is not enough where the bytes may change twice within it.
        date = ask(server.port, "HEAD", answer.location).fields["last-modified"]
        assert ask(server.port, "GET", answer.location, {"Range": "bytes=1-", "If-Range": date}).status == 200


@pytest.mark.parametrize("bytes", [b"longer than it was", b"no", b"DATA"])
def test_a_file_that_its_owner_has_changed_is_served_as_it_is(sluice, bytes):
    location = ask(sluice.port, "PUT", "/files/a", {}, b"data").location
    tag = ask(sluice.port, "HEAD", location).fields["etag"]
    [path] = sluice.finished_files()
    # Later than the file system's clock can tell apart.
    path.write_bytes(bytes)
    os.utime(path, (2_000_000_000, 2_000_000_000))
    answer = ask(sluice.port, "GET", location, {"Range": "bytes=1-", "If-Range": tag})
    assert (answer.status, answer.body) == (200, bytes)
    assert answer.fields["etag"] != tag
    assert ask(sluice.port, "GET", location, {"If-None-Match": answer.fields["etag"]}).status == 304
    tus = {"Tus-Resumable": "1.0.0"}
    assert ask(sluice.port, "DELETE", location, {"If-Match": tag} | tus).status == 412
    assert ask(sluice.port, "DELETE", location, {"If-Match": answer.fields["etag"]} | tus).status == 204


def test_a_tag_outlives_a_restart(sluice):
    location = ask(sluice.port, "PUT", "/files/a", {}, b"data").location
    tag = ask(sluice.port, "HEAD", location).fields["etag"]
    sluice.restart_after_kill()
    assert ask(sluice.port, "HEAD", location).fields["etag"] == tag


def test_the_compressed_page_has_a_tag_of_its_own(stored):
    server = stored[0]
    plain = ask(server.port, "GET", "/")
    packed = ask(server.port, "GET", "/", {"Accept-Encoding": "gzip"})
    assert plain.fields["etag"] != packed.fields["etag"] and packed.fields["etag"].endswith('-gzip"')
    for fields, status in (
        ({"If-None-Match": plain.fields["etag"]}, 304), ({"If-None-Match": packed.fields["etag"]}, 200),
        ({"If-None-Match": packed.fields["etag"], "Accept-Encoding": "gzip"}, 304),
        ({"If-None-Match": plain.fields["etag"], "Accept-Encoding": "gzip"}, 200), ({"If-Match": '"x"'}, 412),
    ):
        assert ask(server.port, "GET", "/", fields).status == status, fields


def test_a_finished_file_is_fetched_by_who_speaks_tus(stored):
    server, location, _, _ = stored
    answer = ask(server.port, "GET", location, {"Tus-Resumable": "1.0.0"})
    assert (answer.status, answer.body) == (200, b"0123456789")
    answer = ask(server.port, "HEAD", location, {"Tus-Resumable": "1.0.0"})
    assert (answer.status, answer.offset) == (200, 10)


# Methods and messages


@pytest.mark.parametrize("target,allow", [
    ("/", "GET, HEAD, OPTIONS"), ("/status", "GET, HEAD, POST, OPTIONS"), ("/upload", "POST, DELETE, OPTIONS"),
    ("/files", "POST, PUT, OPTIONS"), ("/files/", "POST, PUT, OPTIONS"), ("/files/name", "PUT, OPTIONS"),
    ("/files/0123456789abcdef0123456789abcdef", "GET, HEAD, PATCH, DELETE, PUT, OPTIONS"),
    ("/healthz", "GET, HEAD, OPTIONS"), ("*", "GET, HEAD, POST, PATCH, DELETE, PUT, OPTIONS"),
])
def test_options_tells_what_the_address_takes(stored, target, allow):
    answer = ask(stored[0].port, "OPTIONS", target)
    assert (answer.status, answer.fields["allow"]) == (204, allow)
    assert answer.fields["tus-version"] == "1.0.0"
    if target not in ("*", "/files/name"):
        refused = ask(stored[0].port, "TRACE", target)
        assert (refused.status, refused.fields["allow"]) == (405, allow)


def test_options_of_nothing_is_404(stored):
    for target in ("/nothing", "/files/a/b", "/status/"):
        assert ask(stored[0].port, "OPTIONS", target).status == 404


@pytest.mark.http1
@pytest.mark.parametrize("head", [
    b"HEAD / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", b"HEAD /nothing HTTP/1.1\r\nHost: h\r\n\r\n",
    b"HEAD / HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.1\r\nHost: h\r\nbad line\r\n\r\n",
])
def test_no_answer_to_a_head_has_content(stored, head):
    with Line(stored[0].port) as line:
        line.send(head + b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answer = line.answer("HEAD")
        assert answer.status in (400, 404, 417)
        rest = line.until_end()
    assert rest == b"" or rest.startswith(b"HTTP/1.1 200"), rest


@pytest.mark.parametrize("host", ["", "a:", "a", "A-b.c_d~:08080", "[::1]", "[::1]:", "[v1.a:b]", "a%20b", "a,b", "!$&'()*+;="])
def test_any_host_of_rfc_3986_is_legal(stored, host, protocol):
    if not host and protocol == "HTTP/2":
        # HTTP/2 asks for one (RFC 9113 8.3.1).
        with pytest.raises(Closed):
            ask(stored[0].port, "GET", "/healthz", {"Host": host})
        return
    assert ask(stored[0].port, "GET", "/healthz", {"Host": host}).status == 200


# Over HTTP/2 most of these are no fields at all, and reset.
@pytest.mark.http1
@pytest.mark.parametrize("host", ["a b", "a@b", "a/b", "a:b", "a:1:2", "[::1", "[]", "a%2", "a%zz", "é", "a?b", "a#b", '"a"'])
def test_any_other_host_is_400(stored, host):
    assert ask(stored[0].port, "GET", "/healthz", {"Host": host}).code == "bad-host"


def test_the_longest_concatenation_fits_into_a_head(stored):
    tus = {"Tus-Resumable": "1.0.0"}
    server = stored[0]
    part = ask(server.port, "POST", "/files", tus | {"Upload-Length": "0", "Upload-Concat": "partial"}, b"").location
    address = "https://uploads.a-rather-long-name.example.org:8443/and/a/prefix/of/it" + part
    assert len(address) < 120
    for count, status in ((240, 201), (241, 431)):
        answer = ask(server.port, "POST", "/files", tus | {"Upload-Concat": "final;" + " ".join([address] * count)}, b"")
        assert answer.status == status, answer
    assert answer.code == "too-many-parts"


@pytest.mark.parametrize("public", ["http://uploads.example/prefix", "/prefix", "/a/b/"])
def test_below_a_prefix_the_told_addresses_are_known(start, public):
    server = start("--public-url", public)
    tus = {"Tus-Resumable": "1.0.0"}
    told = []
    for data in (b"some ", b"data"):
        answer = ask(server.port, "POST", "/files", tus | {
            "Upload-Length": str(len(data)), "Upload-Concat": "partial", "Content-Type": "application/offset+octet-stream",
        }, data)
        assert answer.location.startswith(public.rstrip("/") + "/files/")
        told.append(answer.location)
    for references in (told, [re.sub(r"^[a-z]+://[^/]+", "", address) for address in told]):
        answer = ask(server.port, "POST", "/files", tus | {"Upload-Concat": "final;" + " ".join(references)}, b"")
        assert answer.status == 201
        assert server.finished(answer.location).read_bytes() == b"some data"


def test_what_is_kept_of_clients_words_has_bounds(start):
    server = start("--durability", "process")
    long = "a/b; x=" + "y" * 30000
    for method, target, fields in (
        ("PUT", "/files/a", {}), ("POST", "/upload", {"X-File-Id": "a"}), ("POST", "/files", {"Upload-Complete": "?0"}),
    ):
        answer = ask(server.port, method, target, fields | {"Content-Type": long}, b"")
        assert (answer.status, answer.code) == (431, "content-type-too-long")
    name = "n" * 1000 + ".txt"
    stored = json.loads(ask(server.port, "PUT", "/files/" + name, {"Content-Type": "a/" + "b" * 200}, b"").body)
    assert len(stored["name"]) == 200 and stored["name"].endswith(".txt")


# Other sites


def fields_of(origin, site=None, host=None):
    fields = {} if origin is None else {"Origin": origin}
    if site is not None:
        fields["Sec-Fetch-Site"] = site
    return fields | ({} if host is None else {"Host": host})


CHANGES = [
    ("PUT", "/files/a", {}), ("POST", "/files", {}), ("POST", "/upload", {"X-File-Id": "a"}),
    ("POST", "/files", {"Content-Type": "text/plain"}), ("POST", "/status", {"X-File-Id": "a"}),
    ("POST", "/files", {"Content-Type": "multipart/form-data; boundary=B"}),
    ("POST", "/files", {"Tus-Resumable": "1.0.0", "Upload-Length": "0"}), ("POST", "/files", {"Upload-Complete": "?1"}),
    ("DELETE", "/files/0123456789abcdef0123456789abcdef", {}),
    ("POST", "/files/0123456789abcdef0123456789abcdef", {"X-HTTP-Method-Override": "DELETE"}),
    ("GET", "/files/0123456789abcdef0123456789abcdef", {"X-HTTP-Method-Override": "DELETE", "Tus-Resumable": "1.0.0"}),
]


@pytest.mark.parametrize("method,target,fields", CHANGES)
def test_a_page_of_another_site_changes_nothing(stored, method, target, fields):
    server = stored[0]
    before = server.finished_files()
    for told in (
        fields_of("https://evil.example"), fields_of("null"), fields_of("https://evil.example", "cross-site"),
        fields_of("https://evil.example", "same-site"), fields_of(None, "cross-site"), fields_of("http://upload.test.evil"),
        fields_of("http://upload.test:81"), fields_of("http://evil.example", host="evil.example:8080"),
        fields_of("http://upload.test, http://upload.test"), fields_of(""),
    ):
        answer = ask(server.port, method, target, fields | told, b"")
        assert (answer.status, answer.code) == (403, "cross-site"), told
        assert b"--cors-origin" in answer.body
    assert server.finished_files() == before


@pytest.mark.parametrize("told", [
    fields_of(None), fields_of("https://proxied.example", "same-origin"), fields_of(None, "none"),
    fields_of("http://upload.test"), fields_of("https://upload.test"), fields_of("https://upload.test", host="upload.test:443"),
    fields_of("http://UPLOAD.test:8080", host="upload.test:8080"), fields_of("http://[::1]:80", host="[::1]"),
])
def test_own_pages_and_clients_without_pages_upload(stored, told):
    assert ask(stored[0].port, "PUT", "/files/a", told, b"x").status == 201


def test_pages_of_listed_sites_upload(start):
    server = start("--cors-origin", "https://app.example")
    assert ask(server.port, "PUT", "/files/a", fields_of("https://app.example", "cross-site"), b"x").status == 201
    assert ask(server.port, "PUT", "/files/a", fields_of("https://app.example"), b"x").status == 201
    refused = ask(server.port, "PUT", "/files/a", fields_of("https://other.example"), b"x")
    assert refused.status == 403
    everybody = start("--cors-origin", "*")
    assert ask(everybody.port, "PUT", "/files/a", fields_of("null", "cross-site"), b"x").status == 201


def test_behind_a_proxy_the_outer_name_is_known(start):
    outer = fields_of("https://outer.example:8443", host="127.0.0.1:8080")
    for options, more in (
        (["--public-url", "https://outer.example:8443/below"], {}),
        (["--trusted-proxy", "127.0.0.1"], {"X-Forwarded-Host": "outer.example:8443"}),
        (["--trusted-proxy", "127.0.0.1", "--real-ip-header", "Forwarded"],
         {"Forwarded": 'for=1.2.3.4;host="outer.example:8443";proto=https'}),
    ):
        server = start(*options)
        assert ask(server.port, "PUT", "/files/a", outer | more, b"x").status == 201
        assert ask(server.port, "PUT", "/files/a", outer | more | {"Origin": "https://evil.example"}, b"x").status == 403
    # From an address that is not trusted it is anybody's word.
    server = start()
    assert ask(server.port, "PUT", "/files/a", outer | {"X-Forwarded-Host": "outer.example:8443"}, b"x").status == 403


def test_only_the_proxys_own_field_names_the_client(start):
    for options, counts in (([], "X-Forwarded-For"), (["--real-ip-header", "Forwarded"], "Forwarded"),
                            (["--real-ip-header", "X-Real-IP"], "X-Real-IP")):
        server = start("--trusted-proxy", "127.0.0.1", *options)
        told = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.2", "X-Real-IP": "192.0.2.3"}
        ask(server.port, "GET", "/healthz", told)
        expected = told[counts].removeprefix("for=")

        def peers():
            return [json.loads(line)["peer"] for line in server.log.read_text().splitlines() if "/healthz" in line]

        eventually(peers, "the line in the log")
        assert peers() == [expected]


def test_pages_may_send_tracing_fields_and_those_that_are_listed(start):
    server = start("--cors-origin", "https://app.example", "--cors-header", "X-Tenant", "--cors-header", "X-Other")
    preflight = ask(server.port, "OPTIONS", "/files", {
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "baggage"})
    allowed = preflight.fields["access-control-allow-headers"].lower().split(", ")
    for name in ("baggage", "sentry-trace", "traceparent", "tracestate", "x-csrf-token", "cache-control", "x-tenant",
                 "x-other", "tus-resumable", "content-range", "if-match", "range"):
        assert name in allowed
    answer = ask(server.port, "GET", "/status", {"Origin": "https://app.example", "X-File-Id": "a"})
    exposed = answer.fields["access-control-expose-headers"].lower().split(", ")
    for name in ("etag", "content-range", "content-disposition", "allow", "accept-ranges"):
        assert name in exposed
