"""The upload page behind nginx, with what administrators set there."""

import subprocess

import pytest
from playwright.sync_api import expect

from conftest import MEBIBYTE, choose, row, wait_state
from ports import free_port
from sluice import sha256
from test_page import STREAM, stored_count
from test_proxies import behind, snippet  # noqa: F401
from waiting import eventually

def entries(server, method):
    """The server's log lines of this method."""
    lines = server.log.read_text().splitlines()
    return [line for line in lines if f'"method":"{method}"' in line]


def test_file_larger_than_the_proxy_lets_through_goes_in_pieces(start, behind, tab, files):  # noqa: F811
    server = start()
    port = behind("nginx", server, snippet("nginx").replace("client_max_body_size 0", "client_max_body_size 100m"))
    path = files("film.mp4", 300 * MEBIBYTE)
    page = tab(f"http://127.0.0.1:{port}/")
    choose(page, path)
    wait_state(page, "film.mp4", "finished")
    assert server.sha256("film.mp4") == sha256(path)
    assert len(entries(server, "POST")) == 1


def test_bound_below_the_first_piece_is_found_as_well(start, behind, tab, files):  # noqa: F811
    server = start()
    port = behind("nginx", server, snippet("nginx").replace("client_max_body_size 0", "client_max_body_size 150k"))
    small, large = files("small.jpg", 700_000), files("film.mp4", 2 * MEBIBYTE, seed=2)
    page = tab(f"http://127.0.0.1:{port}/")
    choose(page, small, large)
    wait_state(page, "small.jpg", "finished")
    wait_state(page, "film.mp4", "finished")
    assert server.sha256("small.jpg") == sha256(small)
    assert server.sha256("film.mp4") == sha256(large)


def test_proxy_that_lets_next_to_nothing_through_is_told(start, behind, tab, files):  # noqa: F811
    server = start()
    port = behind("nginx", server, snippet("nginx").replace("client_max_body_size 0", "client_max_body_size 1k"))
    page = tab(f"http://127.0.0.1:{port}/")
    choose(page, files("notes.txt", 60_000))
    wait_state(page, "notes.txt", "refused")
    expect(row(page, "notes.txt").locator(".words")).to_contain_text("does not even let 60.0\u00a0kB through")


def test_bar_is_never_ahead_of_what_is_stored_behind_a_hop_that_buffers(start, behind, tab, files):  # noqa: F811
    server = start()
    settings = snippet("nginx").replace("proxy_request_buffering off", "proxy_request_buffering on")
    port = behind("nginx", server, settings)
    path = files("film.mp4", 12 * MEBIBYTE)
    page = tab(f"http://127.0.0.1:{port}/")
    slow_down(page, 4e6)
    choose(page, path)
    wait_state(page, "film.mp4", "sending")
    last = 0
    while row(page, "film.mp4").get_attribute("data-state") != "finished":
        shown = stored_count(page, "film.mp4")
        uploads = list((server.data / "uploads").iterdir())
        stored = uploads[0].stat().st_size if uploads else 12 * MEBIBYTE
        assert last <= shown <= stored
        last = shown
    assert server.sha256("film.mp4") == sha256(path)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "chain.pem"],
        check=True, capture_output=True)
    return folder


def slow_down(page, bytes_per_second):
    """Bounds what the browser sends."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second})


def http2(certificate, settings):
    """The settings on a TLS port of their own as well, with HTTP/2."""
    port = free_port()
    return port, (f"listen 127.0.0.1:{port} ssl http2; ssl_certificate {certificate}/chain.pem; "
                  f"ssl_certificate_key {certificate}/key.pem; {settings}")


def test_two_windows_behind_http2_make_one_take_over(start, behind, tab, files, certificate):  # noqa: F811
    server = start()
    port, settings = http2(certificate, snippet("nginx"))
    behind("nginx", server, settings)
    path = files("film.mp4", 24 * MEBIBYTE)
    first = tab(f"https://127.0.0.1:{port}/")
    assert first.evaluate("() => performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    slow_down(first, 4e6)
    choose(first, path)
    eventually(lambda: stored_count(first, "film.mp4") > MEBIBYTE)
    second = tab(f"https://127.0.0.1:{port}/")
    asked = []
    for page in (first, second):
        page.on("request", lambda request: asked.append(request.method) if "tus-resumable" in request.headers else None)
    expect(row(second, "film.mp4").locator(".words")).to_have_text("Another window is sending it.")
    choose(second, path)
    wait_state(first, "film.mp4", "superseded", "finished")
    wait_state(second, "film.mp4", "finished")
    wait_state(first, "film.mp4", "finished")
    assert server.sha256("film.mp4") == sha256(path)
    # One take-over asks once, and nobody asks to have it back.
    assert asked.count("HEAD") == 1
    assert len(entries(server, "POST")) == 1


def test_two_profiles_behind_http2_both_store_their_file(start, behind, tab, files, certificate):  # noqa: F811
    """Another device knows no address of this one's uploads: there is nothing to take over."""
    server = start()
    port, settings = http2(certificate, snippet("nginx"))
    behind("nginx", server, settings)
    path = files("film.mp4", 4 * MEBIBYTE)
    pages = [tab(f"https://127.0.0.1:{port}/", locale=locale) for locale in ("en", "de")]
    for page in pages:
        choose(page, path)
    for page in pages:
        wait_state(page, "film.mp4", "finished")
    assert [sha256(file) for file in server.finished_files()] == [sha256(path)] * 2


def test_log_in_that_has_run_out_is_told_and_made_good(start, behind, tab, files):  # noqa: F811
    server = start()
    guard = 'if ($cookie_session != "good") { return 302 /login?from=$request_uri; }'
    settings = snippet("nginx").replace("location / {", f"location / {{ {guard}")
    port = behind("nginx", server, settings + ' location /login { return 200 "<html>Who are you?</html>"; }')
    path, small = files("film.mp4", 12 * MEBIBYTE), files("notes.txt", 2000, seed=2)
    page = tab("about:blank")
    url = f"http://127.0.0.1:{port}/"
    page.context.add_cookies([{"name": "session", "value": "good", "url": url}])
    page.goto(url)
    expect(page.locator("#invitation")).to_have_text("Drop files or folders here")
    page.context.clear_cookies()
    choose(page, small)
    wait_state(page, "notes.txt", "waiting")
    expect(row(page, "notes.txt").locator(".words")).to_contain_text("log in again")
    expect(page.locator("#login")).to_be_visible()
    page.context.add_cookies([{"name": "session", "value": "good", "url": url}])
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    wait_state(page, "notes.txt", "finished")
    # In the middle of a large one.
    slow_down(page, 4e6)
    choose(page, path)
    eventually(lambda: stored_count(page, "film.mp4") > MEBIBYTE)
    page.context.clear_cookies()
    wait_state(page, "film.mp4", "waiting")
    expect(row(page, "film.mp4").locator(".words")).to_contain_text("log in again")
    page.context.add_cookies([{"name": "session", "value": "good", "url": url}])
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    wait_state(page, "film.mp4", "finished")
    assert server.sha256("film.mp4") == sha256(path)


def test_server_that_stops_and_starts_behind_the_proxy_is_waited_for(start, behind, tab, files):  # noqa: F811
    server = start()
    port = behind("nginx", server, snippet("nginx"))
    path = files("film.mp4", 24 * MEBIBYTE)
    page = tab(f"http://127.0.0.1:{port}/")
    slow_down(page, 8e6)
    choose(page, path)
    eventually(lambda: stored_count(page, "film.mp4") > MEBIBYTE)
    server.stop()
    wait_state(page, "film.mp4", "waiting")
    server.start()
    wait_state(page, "film.mp4", "finished")
    assert server.sha256("film.mp4") == sha256(path)


def test_streaming_bodies_pass_a_proxy_that_speaks_less(start, behind, tab, certificate):  # noqa: F811
    """The browser streams over HTTP/2, and nginx tells the server of it in chunks."""
    server = start("--trusted-proxy", "127.0.0.1")
    port, settings = http2(certificate, snippet("nginx"))
    behind("nginx", server, settings)
    page = tab(f"https://127.0.0.1:{port}/")
    text = "".join(f"{number:09}\n" for number in range(20_000))
    for address, method, fields in (
        ("/files/plain.txt", "PUT", {}),
        ("/files", "POST", {"Upload-Complete": "?1", "Upload-Draft-Interop-Version": "8"}),
    ):
        answer = page.evaluate(STREAM, [address, method, fields, text])
        assert answer[0] == 201, answer
    assert [path.read_text() for path in server.finished_files()] == [text, text]
    assert len(entries(server, "PUT")) == 1
    assert '"protocol":"HTTP/1.1"' in entries(server, "PUT")[0]
