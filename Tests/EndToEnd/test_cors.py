"""Pages of another origin, in a real browser: what they may do, what they may see, and what the browser does itself."""

import http.server
import threading

import pytest

from conftest import MEBIBYTE
from proxy import Proxy
from wire import ask


@pytest.fixture(scope="module")
def elsewhere():
    """The origin of some other site, which serves an empty page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title>")

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()


@pytest.fixture
def page(browser, elsewhere):
    context = browser.new_context()
    page = context.new_page()
    page.goto(elsewhere + "/")
    yield page
    context.close()


FETCH = """async ([url, method, headers, body, credentials]) => {
    try {
        const answer = await fetch(url, {method, headers, body: body ?? undefined, credentials})
        const names = ["location", "upload-offset", "tus-resumable", "upload-length", "upload-metadata",
            "upload-expires", "upload-complete", "upload-limit", "tus-version", "x-error-code", "x-request-id", "date"]
        return {status: answer.status, text: await answer.text(),
            seen: Object.fromEntries(names.map(name => [name, answer.headers.get(name)]))}
    } catch (error) { return {status: 0, text: String(error), seen: {}} }
}"""


def fetch(page, url, method="GET", headers=None, body=None, credentials="same-origin"):
    return page.evaluate(FETCH, [url, method, headers or {}, body, credentials])


TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}


def test_an_allowed_page_uploads_by_tus(start, page, elsewhere):
    server = start("--cors-origin", elsewhere)
    url = server.url.rstrip("/")
    made = fetch(page, url + "/files", "POST", TUS | {"Upload-Length": "9", "Upload-Metadata": "filename YS50eHQ="})
    assert (made["status"], made["seen"]["tus-resumable"]) == (201, "1.0.0")
    assert made["seen"]["upload-expires"] and made["seen"]["x-request-id"]
    assert made["seen"]["date"] is None, "nobody said that pages may see this one"
    location = url + made["seen"]["location"]
    sent = fetch(page, location, "PATCH", PATCH | {"Upload-Offset": "0"}, "some ")
    assert (sent["status"], sent["seen"]["upload-offset"]) == (204, "5")
    refused = fetch(page, location, "PATCH", PATCH | {"Upload-Offset": "0"}, "some ")
    assert (refused["status"], refused["seen"]["upload-offset"]) == (409, "5")
    assert refused["seen"]["x-error-code"] == "wrong-offset"
    head = fetch(page, location, "HEAD", TUS)
    assert (head["status"], head["seen"]["upload-length"]) == (200, "9")
    assert head["seen"]["upload-metadata"] == "filename YS50eHQ="
    assert fetch(page, location, "PATCH", PATCH | {"Upload-Offset": "5"}, "data")["status"] == 204
    assert server.finished(location).read_bytes() == b"some data"
    assert fetch(page, location, "DELETE", TUS)["status"] == 204


def test_an_allowed_page_uploads_by_the_ietf_dialect(start, page, elsewhere):
    server = start("--cors-origin", elsewhere)
    url = server.url.rstrip("/")
    fields = {"Upload-Draft-Interop-Version": "6", "Upload-Complete": "?0", "Upload-Length": "8"}
    made = fetch(page, url + "/files", "POST", fields, "some")
    assert (made["status"], made["seen"]["upload-offset"], made["seen"]["upload-complete"]) == (201, "4", "?0")
    assert made["seen"]["upload-limit"]
    location = url + made["seen"]["location"]
    fields = {
        "Upload-Draft-Interop-Version": "6", "Upload-Complete": "?1", "Upload-Offset": "4",
        "Content-Type": "application/partial-upload"}
    assert fetch(page, location, "PATCH", fields, "data")["seen"]["upload-complete"] == "?1"
    assert server.finished(location).read_bytes() == b"somedata"


XHR = """([url, headers, body]) => new Promise(done => {
    const request = new XMLHttpRequest()
    request.open("POST", url)
    for (const name in headers) request.setRequestHeader(name, headers[name])
    let progress = 0
    request.upload.onprogress = event => progress = event.loaded
    request.onload = () => done([request.status, request.statusText, progress])
    request.onerror = () => done([0, request.statusText, progress])
    request.send(new Blob([body]))
})"""


def test_an_allowed_page_uploads_by_file_id(start, page, elsewhere):
    server = start("--cors-origin", "https://app.example", "--cors-origin", elsewhere)
    fields = {"X-File-Id": "a.txt-4-1", "X-Start-Byte": "0"}
    assert page.evaluate(XHR, [server.url + "upload", fields, "data"]) == [200, "OK", 4]
    assert fetch(page, server.url + "status", headers={"X-File-Id": "a.txt-4-1"})["text"] == "4"
    status, reason, _ = page.evaluate(XHR, [server.url + "upload", fields | {"X-Start-Byte": "3"}, "x"])
    assert (status, reason) == (409, "Wrong start byte")


@pytest.mark.parametrize("options", [[], ["--cors-origin", "https://app.example"]], ids=["off", "others"])
def test_a_page_that_is_not_allowed_gets_nowhere(start, page, options):
    server = start(*options)
    url = server.url.rstrip("/")
    assert fetch(page, url + "/files", "POST", TUS | {"Upload-Length": "4"})["status"] == 0
    assert fetch(page, url + "/status", headers={"X-File-Id": "x"})["status"] == 0
    assert page.evaluate(XHR, [url + "/upload", {"X-File-Id": "a", "X-Start-Byte": "0"}, "data"])[0] == 0
    # Not even the answer of a request that needs no preflight can be seen.
    assert fetch(page, url + "/files", "GET")["status"] == 0
    assert server.finished_files() == []


def test_any_origin(start, page):
    url = start("--cors-origin", "*").url.rstrip("/")
    assert fetch(page, url + "/files", "POST", TUS | {"Upload-Length": "0"})["status"] == 201
    assert fetch(page, url + "/files", "POST", TUS | {"Upload-Length": "0"}, credentials="include")["status"] == 0


def test_credentials(start, page, elsewhere):
    url = start("--cors-origin", elsewhere, "--cors-credentials").url.rstrip("/")
    made = fetch(page, url + "/files", "POST", TUS | {"Upload-Length": "4"}, credentials="include")
    assert made["status"] == 201 and made["seen"]["location"]
    answer = ask(int(url.rpartition(":")[2]), "GET", "/status", {"Origin": elsewhere, "X-File-Id": "a"})
    assert answer.fields["access-control-allow-origin"] == elsewhere
    assert answer.fields["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.fields["vary"]


def test_refusals_of_every_kind_can_be_read(start, elsewhere):
    server = start("--cors-origin", elsewhere, "--max-size", "1K")
    for method, target, fields in (
        ("GET", "/nothing", {}), ("DELETE", "/files", {}), ("POST", "/files", TUS | {"Upload-Length": "2000"}),
        ("PATCH", "/files/x", TUS), ("POST", "/upload", {}), ("PUT", "/files/a", {"Content-Range": "bytes 0-1/2"}),
    ):
        answer = ask(server.port, method, target, {"Origin": elsewhere, **fields}, b"")
        assert answer.status >= 400
        assert answer.fields["access-control-allow-origin"] == elsewhere
        assert "X-Error-Code" in answer.fields["access-control-expose-headers"]


def test_the_preflight_promises_nothing_to_strangers(start, elsewhere):
    server = start("--cors-origin", elsewhere)
    fields = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "tus-resumable"}
    answer = ask(server.port, "OPTIONS", "/files/x", {"Origin": elsewhere, **fields})
    assert answer.status == 200 and answer.fields["access-control-allow-origin"] == elsewhere
    assert "PATCH" in answer.fields["access-control-allow-methods"]
    assert int(answer.fields["access-control-max-age"]) > 0
    stranger = ask(server.port, "OPTIONS", "/files/x", {"Origin": "https://evil.example", **fields})
    assert "access-control-allow-origin" not in stranger.fields
    for other in ("null", elsewhere + ".evil.example", elsewhere.upper().replace("HTTP", "http") + "/"):
        answer = ask(server.port, "OPTIONS", "/files/x", {"Origin": other, **fields})
        assert "access-control-allow-origin" not in answer.fields


REPLAY = """async ([url, size]) => {
    const bytes = new Uint8Array(size)
    for (let i = 0; i < size; i++) bytes[i] = i % 251
    // The connection has carried an answer before: only then does the browser repeat a request by itself.
    const head = () => fetch(url, {method: "HEAD", headers: {"Tus-Resumable": "1.0.0"}})
    const told = []
    for (let attempt = 0; attempt < 5; attempt++) {
        const offset = Number((await head()).headers.get("upload-offset"))
        told.push(offset)
        if (offset == size) return told
        try {
            const answer = await fetch(url, {method: "PATCH", body: new Blob([bytes.subarray(offset)]), headers: {
                "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream",
                "Upload-Offset": String(offset)}})
            told.push(answer.status)
        } catch (error) { told.push("network") }
    }
    return told
}"""


def test_the_browsers_silent_repetition_meets_409_and_goes_on(start, page, elsewhere):
    server = start("--cors-origin", elsewhere)
    size = 8 * MEBIBYTE
    location = ask(server.port, "POST", "/files", TUS | {"Upload-Length": str(size)}, b"").location
    line = Proxy(server.port)
    line.cut_after(3 * MEBIBYTE)
    told = page.evaluate(REPLAY, [line.url.rstrip("/") + location, size])
    patches = [exchange for exchange in line.exchanges if exchange.method == "PATCH"]
    line.close()
    assert told[-1] == size and line.cuts == 1, told
    # The first PATCH was cut, the browser's own repetition of it refused, the page's next one went on where it was.
    assert patches[0].status is None
    assert [exchange.status for exchange in patches[1:]] == [409, 204], told
    assert [exchange.headers["upload-offset"] for exchange in patches[:2]] == ["0", "0"]
    assert int(patches[2].headers["upload-offset"]) > 0
    expected = bytes(index % 251 for index in range(251)) * (size // 251 + 1)
    assert server.finished(location).read_bytes() == expected[:size]
