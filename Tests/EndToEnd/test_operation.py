"""What those who look after the server are told: /metrics, /readyz."""

import ctypes
import os
import shutil
import subprocess

import pytest

from activator import Activator, listening
from exposition import CONTENT_TYPE, Exposition
from file_id import append, begin, status
from sluice import Sluice
from tokens import bearer, tokens_file
from waiting import eventually
from wire import Line, ask
from wire2 import Line2

KIBIBYTE = 1 << 10


@pytest.fixture
def site(tmp_path):
    activator = Activator(tmp_path, {name: listening() for name in ("http", "https", "admin")}, "--threads", "2",
                          "--buffer-memory", "8M")
    activator.start()
    yield activator
    activator.close()
    print(activator.log_tail())


def metrics_text(site) -> bytes:
    answer = ask(site.port("admin"), "GET", "/metrics")
    assert answer.status == 200 and answer.fields["content-type"] == CONTENT_TYPE
    return answer.body


def metrics(site) -> Exposition:
    return Exposition(metrics_text(site).decode())


def requests(page, method, status_class) -> float:
    return page["sluice_requests_total", {"method": method, "status": status_class}]


def test_refusals_are_counted_by_their_rule(tmp_path):
    tokens = tokens_file(tmp_path, carol="carols-token:download")
    guarded = Activator(tmp_path, {name: listening() for name in ("http", "https", "admin")}, "--tokens", str(tokens))
    guarded.start()
    http = guarded.port("http")
    for fields, status in [({}, 401), ({}, 401), (bearer("x"), 401), (bearer("carols-token"), 403)]:
        assert ask(http, "PUT", "/files/a", fields, b"x").status == status
    page = metrics(guarded)
    counts = {rule: page["sluice_access_refusals_total", {"rule": rule}] for rule in
              ("missing", "unknown", "scope", "upload", "expired", "signature")}
    assert counts == {"missing": 2, "unknown": 1, "scope": 1, "upload": 0, "expired": 0, "signature": 0}
    # An uploader's token opens nothing of the operator's.
    for path in ("/metrics", "/admin"):
        assert ask(http, "GET", path, bearer("carols-token")).status == 404
    guarded.close()


def test_the_numbers_are_what_happened(site):
    http, https = site.port("http"), site.port("https")
    before = metrics(site)
    assert before["sluice_received_bytes_total"] == before["sluice_settled_bytes_total"] == 0
    assert append(http, "a", 0, b"x" * 5 * KIBIBYTE).status == 200
    assert append(https, "b", 7, b"x", tls=True).status == 409
    created = ask(http, "PUT", "/files/name", {}, b"y" * 3 * KIBIBYTE)
    assert ask(http, "GET", created.location).body == b"y" * 3 * KIBIBYTE
    with Line(http) as rude:
        rude.send(b"nonsense\r\n\r\n")
        assert rude.answer().status == 400
    with Line(https) as plain:
        plain.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert plain.is_closed()
    tus = ask(http, "POST", "/files", {"Tus-Resumable": "1.0.0", "Upload-Length": "10"}, b"")
    gone = ask(http, "DELETE", tus.location, {"Tus-Resumable": "1.0.0"})
    assert (tus.status, gone.status) == (201, 204)
    page = metrics(site)
    assert requests(page, "POST", "2xx") == 2 and requests(page, "POST", "4xx") == 1
    assert requests(page, "PUT", "2xx") == requests(page, "GET", "2xx") == requests(page, "DELETE", "2xx") == 1
    assert page["sluice_malformed_heads_total"] == 1
    assert page["sluice_tls_handshake_failures_total"] == 1
    assert page["sluice_connections_accepted_total", {"listener": "http"}] == 6
    assert page["sluice_connections_accepted_total", {"listener": "https"}] == 2
    assert page["sluice_appends_total", {"dialect": "file-id"}] == page["sluice_appends_total", {"dialect": "plain"}] == 1
    assert page["sluice_received_bytes_total"] == page["sluice_settled_bytes_total"] == 8 * KIBIBYTE
    assert page.sum("sluice_written_bytes_total") == 8 * KIBIBYTE
    assert page["sluice_sent_bytes_total"] > 3 * KIBIBYTE
    assert page["sluice_uploads_created_total"] == 3
    assert page["sluice_uploads_finished_total"] == 2
    assert page["sluice_uploads_removed_total"] == 1
    assert page["sluice_settle_seconds_count"] >= 1 and page["sluice_settle_seconds_sum"] > 0
    assert page["sluice_sync_seconds_count"] >= 2 and page["sluice_sync_seconds_sum"] > 0
    assert page["sluice_catalogue_commit_changes_sum"] >= page["sluice_catalogue_commit_changes_count"] > 0
    assert page["sluice_journal_files_total"] == 2 and 1 <= page["sluice_journal_writes_total"] <= 2


def test_what_http2_brings_is_counted(tmp_path):
    site = Activator(tmp_path, {name: listening() for name in ("http", "admin")}, "--max-connections", "4")
    site.start()
    with Line2(site.port("http")) as line:
        for index in range(4):
            line.head("PUT", f"/files/{index}", {}, 100)
        one_more = line.head("PUT", "/files/x", {}, 100)
        line.until(lambda: one_more in line.resets)
        page = metrics(site)
        assert page["sluice_http2_connections"] == page["sluice_http2_connections_total"] == 1
        assert page["sluice_http2_streams"] == page["sluice_http2_streams_total"] == 4
        assert page["sluice_http2_streams_refused_total"] == 1
    eventually(lambda: metrics(site)["sluice_http2_connections"] == metrics(site)["sluice_http2_streams"] == 0)
    site.close()


def test_what_goes_on_at_this_moment_is_told(site):
    http = site.port("http")
    with Line(http) as first, Line(http) as second:
        begin(first, "a", 0, 100)
        first.send(b"x" * 40)
        while metrics(site)["sluice_received_bytes_total"] < 40:
            pass
        page = metrics(site)
        assert page["sluice_connections", {"listener": "http"}] == 2
        assert page["sluice_uploads_active"] == 1 and page["sluice_takeovers_total"] == 0
        # What no buffer fits into stays over.
        assert 7 << 20 < page["sluice_buffer_limit_bytes"] <= 8 << 20
        # A silent append is ended by the question.
        eventually(lambda: status(http, "a") == 40 and metrics(site)["sluice_takeovers_total"] == 1)
        assert first.answer().status == 409
        assert second.request("GET", "/healthz").status == 200
        page = metrics(site)
        assert page["sluice_takeovers_total"] == 1 and page["sluice_uploads_active"] == 0
    assert page["process_open_fds"] > 10 and page["process_max_fds"] > page["process_open_fds"]
    assert page["process_resident_memory_bytes"] > 1 << 20
    assert page["sluice_ready"] == 1
    assert {labels for name, labels in page.samples if name == "sluice_loop_lag_seconds"} == {
        (("loop", "0"),), (("loop", "1"),)}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_prometheus_itself_has_nothing_to_say_against_it(site):
    append(site.port("http"), "a", 0, b"hello")
    done = subprocess.run(["promtool", "check", "metrics"], input=metrics_text(site), capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_the_public_addresses_tell_readiness_but_no_metrics(site):
    for name in ("http", "https"):
        port, tls = site.port(name), name == "https"
        assert ask(port, "GET", "/readyz", tls=tls).body == b"ready\n"
        assert ask(port, "GET", "/healthz", tls=tls).body == b"ok\n"
        assert ask(port, "GET", "/metrics", tls=tls).status == 404
        assert ask(port, "POST", "/readyz", body=b"", tls=tls).status == 405


def test_the_admin_address_serves_nothing_else(site):
    admin = site.port("admin")
    assert ask(admin, "GET", "/healthz").body == b"ok\n"
    assert ask(admin, "HEAD", "/metrics").body == b""
    assert ask(admin, "POST", "/metrics", body=b"").status == 405
    for target in ("/files", "/status", "/files/0"):
        assert ask(admin, "GET", target, {"X-File-Id": "a"}).status == 404
    assert append(admin, "a", 0, b"hello").status == 404
    assert metrics(site).sum("sluice_requests_total") == 0


def test_a_disk_with_too_little_space_is_healthy_but_not_ready(start):
    server = start("--ready-free", "1000T")
    answer = ask(server.port, "GET", "/readyz")
    assert (answer.status, answer.code) == (503, "not-ready") and b"disk" in answer.body
    assert ask(server.port, "GET", "/healthz").status == 200
    assert append(server.port, "a", 0, b"hello").status == 200


def test_uploads_without_a_catalogue_are_not_served_before_a_repair(start):
    server = start()
    location = ask(server.port, "PUT", "/files/a", {}, b"hello").location
    server.stop()
    for path in server.data.glob("catalogue.sqlite*"):
        path.unlink()
    with pytest.raises(RuntimeError):
        server.start()
    assert "sluice check --repair" in server.log_tail()
    subprocess.run([server.binary, "check", "--data", server.data, "--repair"], check=True)
    server.start()
    assert ask(server.port, "GET", location).body == b"hello"


def test_a_catalogue_that_was_taken_away_has_nothing_more_told(start):
    server = start()
    location = ask(server.port, "PUT", "/files/a", {}, b"hello").location
    aside = server.data / "aside"
    aside.mkdir()
    for path in server.data.glob("catalogue.sqlite*"):
        path.rename(aside / path.name)

    def refused():
        answer = ask(server.port, "PUT", "/files/a", {}, b"hello")
        return (answer.status, answer.code) == (500, "catalogue-error")
    eventually(refused, "a look at the catalogue")
    assert ask(server.port, "GET", "/readyz").status == 503
    assert ask(server.port, "GET", location).body == b"hello"
    eventually(lambda: "catalogue.sqlite was taken away" in server.log.read_text(), "a line")
    server.stop()
    for path in aside.iterdir():
        path.rename(server.data / path.name)
    server.start()
    assert ask(server.port, "GET", location).body == b"hello"


def test_a_catalogue_that_is_a_link_is_not_followed(start, tmp_path):
    server = start()
    server.stop()
    other = tmp_path / "other"
    other.write_bytes(b"x")
    catalogue = server.data / "catalogue.sqlite"
    catalogue.unlink()
    catalogue.symlink_to(other)
    for options in ([], ["--repair"]):
        done = subprocess.run([server.binary, "check", "--data", server.data, *options], capture_output=True, text=True)
        assert done.returncode == 1 and "no regular file" in done.stderr, done
    with pytest.raises(RuntimeError):
        server.start()
    assert other.read_bytes() == b"x"


def bound_by_permissions():
    """Before a program is started: root is, too, by what directories allow."""
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.mark.parametrize("name", ["uploads", "complete"])
def test_a_server_that_may_not_write_in_one_of_its_directories_says_so(tmp_path, name):
    server = Sluice(tmp_path, preparation=bound_by_permissions)
    server.start()
    try:
        place = server.data / name
        place.chmod(0o500)
        eventually(lambda: ask(server.port, "GET", "/readyz").status == 503, "notice of it")
        eventually(lambda: f"write in the directory {name}: Permission denied" in server.log.read_text(), "a line")
        server.stop()
        with pytest.raises(RuntimeError):
            server.start()
        assert f"{name}: Permission denied" in server.log_tail().splitlines()[-1]
        place.chmod(0o700)
        server.start()
        assert ask(server.port, "PUT", "/files/a", {}, b"hello").status == 201
    finally:
        server.stop()


def test_what_a_server_makes_is_for_it_and_its_group_alone(tmp_path):
    mask = os.umask(0)
    try:
        server = Sluice(tmp_path)
        server.start()
    finally:
        os.umask(mask)
    assert ask(server.port, "PUT", "/files/a", {}, b"hello").status == 201
    assert ask(server.port, "POST", "/files", {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}, b"").status == 201

    def open_to_others():
        return [path for path in server.data.rglob("*") if path.stat().st_mode & 0o007]

    assert open_to_others() == []
    # What an older server has left is shut.
    server.stop()
    (server.data / "catalogue.sqlite").chmod(0o644)
    server.start()
    assert open_to_others() == []
    server.stop()


@pytest.mark.parametrize("name", ["uploads", "complete"])
def test_a_server_without_one_of_its_directories_says_so_and_comes_back(start, name):
    server = start()
    place = server.data / name
    shutil.rmtree(place)
    eventually(lambda: ask(server.port, "GET", "/readyz").status == 200 and place.is_dir(), "another directory")
    assert ask(server.port, "PUT", "/files/a", {}, b"hello").status == 201
    away = place.rename(server.data / "away")
    place.write_text("in the way")

    def answer():
        return ask(server.port, "GET", "/readyz")

    eventually(lambda: answer().status == 503, "notice of what is in the way")
    assert answer().code == "not-ready" and b"data directory" in answer().body
    place.unlink()
    away.rename(place)
    eventually(lambda: answer().status == 200, "the way back")
    assert ask(server.port, "PUT", "/files/a", {}, b"hello").status == 201


def test_a_file_that_was_taken_away_is_forgotten_after_a_while(start):
    server = start("--forget-after", "1")
    location = ask(server.port, "PUT", "/files/name", {}, b"hello").location
    assert append(server.port, "a", 0, b"hello").status == 200
    kept = ask(server.port, "PUT", "/files/kept", {}, b"hello").location
    taken = [path for path in server.finished_files() if path.name != "kept"]
    assert len(taken) == 2
    for path in taken:
        path.unlink()
    assert status(server.port, "a") == 5
    eventually(lambda: not any(path.parent.exists() for path in taken), "the end of the directories")
    eventually(lambda: status(server.port, "a") == 0, "the end of the record")
    assert ask(server.port, "HEAD", location, {"Tus-Resumable": "1.0.0"}).status == 404
    assert ask(server.port, "GET", kept).body == b"hello"
    assert append(server.port, "a", 0, b"hello again").status == 200


def test_who_looks_after_a_full_server_gets_in(tmp_path):
    site = Activator(tmp_path, {"http": listening(), "admin": listening()}, "--max-connections", "3")
    site.start()
    lines = [Line(site.port("http")) for _ in range(3)]
    try:
        assert all(line.request("GET", "/healthz").status == 200 for line in lines)
        assert ask(site.port("http"), "GET", "/healthz").code == "too-many-connections"
        page = metrics(site)
        assert page["sluice_connections_refused_total"] == 1
        assert page["sluice_connections", {"listener": "http"}] == 3
    finally:
        for line in lines:
            line.close()
        site.close()
