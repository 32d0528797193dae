"""What listeners ask of those who come: the right name, TLS; and what they have for authorities that sign certificates."""

import os
import socket
import stat
import subprocess

import pytest

from file_id import append
from sluice import Sluice
from waiting import eventually
from wire import Line, ask

# What is said, is said over both.
pytestmark = pytest.mark.usefixtures("protocol")

SECONDS = 30


def curl(*arguments):
    return subprocess.run(["curl", "-sS", *map(str, arguments)], capture_output=True, timeout=SECONDS)


# ---- names ----------------------------------------------------------------------------------------------------------

def test_only_allowed_hosts_are_answered(start):
    server = start("--allowed-host", "Uploads.Example", "--allowed-host", "[::1]", "--public-url",
                   "https://outside.example:8443/below")
    for host in ("uploads.example", "UPLOADS.example:81", "[::1]", "[::1]:8080", "outside.example", "outside.example:1"):
        assert ask(server.port, "GET", "/status", {"Host": host, "X-File-Id": "a"}).status == 200, host
    for host in ("evil.example", "127.0.0.1", f"127.0.0.1:{server.port}", "uploads.example.evil.example", "::1", "[::2]"):
        for method, path in [("GET", "/status"), ("PUT", "/files/name"), ("OPTIONS", "/files"), ("GET", "/")]:
            answer = ask(server.port, method, path, {"Host": host, "X-File-Id": "a"})
            if answer.status != 400:
                assert (answer.status, answer.fields["x-error-code"]) == (421, "host-not-allowed"), host
    assert server.finished_files() == []
    eventually(lambda: server.log.read_text().count('"rule":"host-not-allowed"') >= 6, "the rule in the log")
    for path in ("/healthz", "/readyz"):
        assert ask(server.port, "GET", path, {"Host": "10.1.2.3"}).status == 200


@pytest.mark.once
@pytest.mark.parametrize("host", ["", "https://a.example", "a.example:80", "a b", "*.example", "a/b"])
def test_what_is_no_host_is_refused(tmp_path, host):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    done = subprocess.run([binary, "serve", "--data", tmp_path / "data", "--allowed-host", host], capture_output=True,
                          text=True, timeout=SECONDS)
    assert done.returncode == 2 and "--allowed-host" in done.stderr


# ---- the way to TLS -------------------------------------------------------------------------------------------------

def test_plain_requests_are_sent_to_tls_and_served_there(start):
    server = start("--redirect-to-tls", "--hsts", "3600")
    for method, path in [("GET", "/"), ("PUT", "/files/a%20b?x=1&y=2"), ("POST", "/upload"), ("OPTIONS", "*"),
                         ("GET", "//evil.example/")]:
        answer = ask(server.port, method, path, {"Host": "uploads.example"}, b"hello" if method == "PUT" else b"")
        wanted = "/" if path == "*" else path
        assert (answer.status, answer.fields["location"]) == (308, f"https://uploads.example:{server.tls_port}{wanted}")
        assert "strict-transport-security" not in answer.fields
    assert server.finished_files() == []
    for path in ("/healthz", "/readyz"):
        assert ask(server.port, "GET", path).status == 200
    done = curl("-k", "-L", "-T", __file__, f"{server.url}files/")
    assert b'"location":"/files/' in done.stdout, done.stderr
    [stored] = server.finished_files()
    assert stored.read_bytes() == open(__file__, "rb").read()
    answer = ask(server.tls_port, "GET", "/healthz", tls=True)
    assert answer.fields["strict-transport-security"] == "max-age=3600"


def test_a_public_url_says_where_tls_is(start):
    server = start("--redirect-to-tls", "--public-url", "https://outside.example/below")
    answer = ask(server.port, "GET", "/files/a", {"Host": "10.1.2.3"})
    assert (answer.status, answer.fields["location"]) == (308, "https://outside.example/below/files/a")
    assert ask(server.port, "GET", "/below/a").fields["location"] == "https://outside.example/below/a"
    assert ask(server.port, "GET", "/belowa").fields["location"] == "https://outside.example/below/belowa"


@pytest.mark.once
@pytest.mark.parametrize("url", ["HTTPS://outside.example", "https://outside.example/"])
def test_a_public_url_alone_is_a_way_to_tls(start, url):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    options = ["--redirect-to-tls", "--public-url", url]
    done = subprocess.run([binary, "check-config", "--listen-tls", "", *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    server = start(*options)
    assert ask(server.port, "GET", "/files/a?b").fields["location"] == "https://outside.example/files/a?b"


def test_who_has_come_by_tls_to_a_trusted_proxy_is_not_sent_to_it_again(start):
    server = start("--redirect-to-tls", "--trusted-proxy", "127.0.0.1")
    for told in ("https", "HTTPS", "https, http", " https ,https"):
        assert ask(server.port, "GET", "/", {"X-Forwarded-Proto": told}).status == 200, told
    for told in ("http", "", "http, https", "httpsx"):
        assert ask(server.port, "GET", "/", {"X-Forwarded-Proto": told}).status == 308, told
    # The field that is not read says nothing.
    assert ask(server.port, "GET", "/", {"Forwarded": "proto=https"}).status == 308


def test_what_forwarded_says_of_the_scheme_counts_where_that_is_the_field(start):
    server = start("--redirect-to-tls", "--trusted-proxy", "127.0.0.1", "--real-ip-header", "Forwarded")
    for told in ("for=192.0.2.1;proto=https", 'proto="HTTPS";host=a', "proto=https, for=10.0.0.1;proto=http"):
        assert ask(server.port, "GET", "/", {"Forwarded": told}).status == 200, told
    for told in ("for=192.0.2.1", "proto=http, proto=https"):
        assert ask(server.port, "GET", "/", {"Forwarded": told}).status == 308, told
    assert ask(server.port, "GET", "/", {"X-Forwarded-Proto": "https"}).status == 308


def test_who_breaks_the_field_of_a_proxy_does_not_pass_for_the_proxy(start):
    """What it says of its client stands behind what the client has written."""
    server = start("--trusted-proxy", "127.0.0.1", "--real-ip-header", "Forwarded")
    for broken in ('x="', "=", "x", "a=b c", "for=1;for=2"):
        for fields in ([("Forwarded", broken), ("Forwarded", "for=192.0.2.1")], {"Forwarded": f"{broken}, for=192.0.2.1"}):
            answer = ask(server.port, "PUT", "/files/a", fields, b"x")
            assert (answer.status, answer.code) == (400, "bad-forwarded"), fields
    assert server.finished_files() == []
    # Where that is not the proxies' field, it is the client's own.
    assert ask(start().port, "PUT", "/files/a", {"Forwarded": 'x="'}, b"x").status == 201


def test_nobody_else_says_that_he_has_come_by_tls(start):
    server = start("--redirect-to-tls", "--trusted-proxy", "192.0.2.1")
    assert ask(server.port, "GET", "/", {"X-Forwarded-Proto": "https"}).status == 308


def test_a_host_that_is_not_allowed_is_sent_nowhere(start):
    server = start("--redirect-to-tls", "--allowed-host", "good.example")
    assert ask(server.port, "GET", "/", {"Host": "good.example"}).status == 308
    answer = ask(server.port, "GET", "/", {"Host": "evil.example"})
    assert (answer.status, answer.fields["x-error-code"]) == (421, "host-not-allowed")
    assert "location" not in answer.fields


@pytest.mark.once
def test_a_way_to_tls_that_only_this_machine_can_go_is_warned_of(tmp_path):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")

    def warned(*options):
        done = subprocess.run([binary, "check-config", "--redirect-to-tls", *options], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return "--redirect-to-tls leads to --listen-tls, which only this machine reaches" in done.stderr
    assert warned("--listen", "0.0.0.0:80")
    assert warned("--listen", "unix:/s")
    assert not warned("--listen", "0.0.0.0:80", "--public-url", "HTTPS://a.example")
    assert not warned("--listen", "127.0.0.1:80")


@pytest.mark.once
def test_the_way_to_tls_takes_a_listener_for_it(tmp_path):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    done = subprocess.run([binary, "serve", "--data", tmp_path / "data", "--listen-tls", "", "--redirect-to-tls"],
                          capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2 and "--redirect-to-tls" in done.stderr


def test_an_authority_finds_its_challenges_and_nothing_else(start, tmp_path):
    root = tmp_path / "acme"
    challenges = root / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    (challenges / "t0ken-_A").write_text("t0ken-_A.thumbprint")
    (challenges / "large").write_bytes(b"x" * 10_000)
    (root / "secret").write_text("secret")
    (challenges / "folder").mkdir()
    os.mkfifo(challenges / "pipe")
    (challenges / "link").symlink_to(root / "secret")
    server = start("--acme-webroot", str(root), "--redirect-to-tls")
    base = "/.well-known/acme-challenge/"
    answer = ask(server.port, "GET", base + "t0ken-_A")
    assert (answer.status, answer.body) == (200, b"t0ken-_A.thumbprint")
    assert ask(server.port, "HEAD", base + "t0ken-_A").fields["content-length"] == "19"
    assert ask(server.port, "PUT", base + "t0ken-_A", {}, b"mine").status == 405
    answer = ask(server.port, "OPTIONS", base + "t0ken-_A")
    assert (answer.status, answer.fields["allow"]) == (204, "GET, HEAD, OPTIONS")
    for path in ("missing", "large", "folder", "pipe", "link", "", ".", "..", "%2e%2e", "..%2f..%2fsecret", "a.b", "x" * 200):
        assert ask(server.port, "GET", base + path).status == 404, path
    # Anything else goes to TLS, where there are no challenges.
    assert ask(server.port, "GET", "/.well-known/acme-challenge/../../secret").status == 308
    assert ask(server.tls_port, "GET", base + "t0ken-_A", tls=True).status == 404
    (challenges / "later").write_text("later")
    assert ask(server.port, "GET", base + "later").body == b"later"
