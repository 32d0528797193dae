"""The page of who looks after the server, in a real browser: what comes in, what has ended, how the server is, live."""

import json
import re
import threading
from base64 import b64encode
from contextlib import closing
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from bucket import Bucket, BucketServer
from receiver import Receiver
from tokens import secret_file, token
from waiting import eventually
from wire import Line, ask

TUS = {"Tus-Resumable": "1.0.0"}
MEBIBYTE = 1 << 20
HOSTILE = ["<img src=x onerror=alert(1)>.png", "</script><script>alert(2)</script>", "a&amp;\"'b.txt", "x" * 190 + ".bin"]


@pytest.fixture
def server(manage):
    return manage()


def create(server, name, length=64 * MEBIBYTE) -> str:
    told = {"Upload-Length": str(length), "Upload-Metadata": f"filename {b64encode(name.encode()).decode()}"}
    answer = ask(server.http, "POST", "/files", TUS | told)
    assert answer.status == 201, answer
    return answer.location.rpartition("/")[2]


def begin(line, id, length=64 * MEBIBYTE):
    """Opens an append on the line, of which the test sends the bytes."""
    line.send(f"PATCH /files/{id} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
              f"Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n".encode())


def put(server, name, body=b"hello"):
    answer = ask(server.http, "PUT", f"/files/{quote(name, safe='')}", {}, body)
    assert answer.status == 201, answer
    return answer.location.rpartition("/")[2]


def coming(page, name):
    return page.locator("#coming li").filter(has=page.get_by_text(name, exact=True))


def ended(page, name):
    return page.locator("#ended li").filter(has=page.get_by_text(name, exact=True))


def test_an_empty_server_is_shown_as_ready_and_idle(server, tab):
    page = tab(server.page)
    expect(page.locator("#state")).to_have_text("Takes uploads")
    expect(page.get_by_text("Nothing is coming in.")).to_be_visible()
    expect(page.get_by_text("No webhook and no program is told of events.")).to_be_visible()
    expect(page.locator("#disk-words")).to_contain_text("free of")
    expect(page.locator("#facts")).to_contain_text("Unfinished uploads")
    expect(page.locator(".plot")).to_have_count(4)


def test_an_upload_is_shown_with_a_bar_bytes_and_a_rate_and_then_among_the_ended(server, tab):
    page, size = tab(server.page), 8 * MEBIBYTE
    id = create(server, "film.mp4", size)
    with Line(server.http) as line:
        begin(line, id, size)
        line.send(bytes(2 * MEBIBYTE))
        row = coming(page, "film.mp4")
        expect(row.locator(".numbers")).to_have_text("25 % · 2.1\u00a0MB of 8.4\u00a0MB")
        line.send(bytes(2 * MEBIBYTE))
        expect(row.locator(".bar")).to_have_attribute("aria-valuenow", "50")
        expect(page).to_have_title("1 coming in · Sluice")
        line.send(bytes(4 * MEBIBYTE))
        assert line.answer("PATCH").status == 204
    expect(coming(page, "film.mp4")).to_have_count(0)
    expect(ended(page, "film.mp4")).to_have_attribute("data-kind", "finished")
    expect(ended(page, "film.mp4").locator(".size")).to_have_text("8.4\u00a0MB")


def test_a_rate_is_told_while_bytes_come(server, tab):
    page = tab(server.page)
    id = create(server, "slow.bin")
    with Line(server.http) as line:
        begin(line, id)
        def moves():
            line.send(bytes(64 * 1024))
            return "/s" in (row.inner_text() if (row := coming(page, "slow.bin").locator(".rate")).count() else "")
        eventually(moves, "a rate")
        # A line that stands still has none.
        expect(coming(page, "slow.bin").locator(".rate")).to_have_text("no bytes at the moment")


def test_what_ended_before_the_page_was_opened_is_listed_newest_first(server, tab):
    for name in ("one.txt", "two.txt", "three.txt"):
        put(server, name)
    page = tab(server.page)
    expect(page.locator("#ended li bdi")).to_have_text(["three.txt", "two.txt", "one.txt"])
    put(server, "four.txt")
    expect(page.locator("#ended li bdi").first).to_have_text("four.txt")


def test_of_a_thousand_that_ended_the_last_hundred_are_shown(server, tab):
    page = tab(server.page)
    expect(page.locator("#state")).to_have_text("Takes uploads")
    with Line(server.http) as line:
        for lot in range(10):
            for number in range(100):
                line.send(f"PUT /files/{lot * 100 + number}.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".encode())
            assert {line.answer("PUT").status for _ in range(100)} == {201}
    expect(page.locator("#ended li bdi").first).to_have_text("999.txt")
    expect(page.locator("#ended li")).to_have_count(100)


def test_failed_uploads_are_told_from_finished_ones(server, tab):
    # What somebody has taken the bytes of.
    put(server, "good.txt")
    id = create(server, "bad.bin")
    with Line(server.http) as line:
        begin(line, id)
        line.send(bytes(MEBIBYTE))
        eventually(lambda: (server.data / "uploads" / id).exists(), "the data file")
    eventually(lambda: ask(server.http, "HEAD", f"/files/{id}", TUS).fields["upload-offset"] != "0", "the settled offset")
    server.site.kill()
    (server.data / "uploads" / id).unlink()
    server.site.start()
    page = tab(server.page)
    ask(server.http, "HEAD", f"/files/{id}", TUS)
    expect(ended(page, "bad.bin")).to_have_attribute("data-kind", "failed")
    page.get_by_role("button", name="Failed").click()
    expect(page.locator("#ended li bdi")).to_have_text(["bad.bin"])
    page.get_by_role("button", name="Finished").click()
    expect(page.locator("#ended li bdi")).to_have_text(["good.txt"])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_breaks_no_layout(server, tab, name):
    """The fixture fails for a dialog that opens, a script error, and a breach of the policy."""
    page = tab(server.page, viewport={"width": 360, "height": 740})
    page.on("dialog", lambda dialog: pytest.fail(f"{name} ran"))
    put(server, name)
    shown = name.replace("/", "_")
    id = create(server, name)
    with Line(server.http) as line:
        begin(line, id)
        line.send(bytes(MEBIBYTE))
        expect(coming(page, shown)).to_have_count(1)
        expect(ended(page, shown)).to_have_count(1)
        coming(page, shown).get_by_role("button").click()
        expect(page.locator("#sure-name")).to_have_text(shown)
        page.get_by_role("button", name="Keep it").click()
    assert page.locator("main img, main script, main a").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_upload_is_cancelled_from_the_page_when_somebody_has_said_yes(server, tab):
    page = tab(server.page)
    id = create(server, "unwanted.iso")
    with Line(server.http) as line:
        begin(line, id)
        line.send(bytes(2 * MEBIBYTE))
        coming(page, "unwanted.iso").get_by_role("button").click()
        page.get_by_role("button", name="Keep it").click()
        expect(page.locator("#sure")).to_be_hidden()
        assert ask(server.admin, "GET", f"/uploads/{id}", {"Host": "127.0.0.1"}).status == 200
        coming(page, "unwanted.iso").get_by_role("button").click()
        page.get_by_role("button", name="Cancel the upload").click()
        expect(coming(page, "unwanted.iso")).to_have_count(0)
        assert line.answer("PATCH").code == "superseded"
    eventually(lambda: not (server.data / "uploads" / id).exists(), "the bytes to go")
    expect(ended(page, "unwanted.iso")).to_have_attribute("data-kind", "deleted")


def test_no_other_sites_page_cancels_or_frames(server, browser):
    id = create(server, "wanted.iso")
    with closing(Receiver(lambda received: 200)) as other:
        # Not a tab of the fixture's, for which the browser's complaints about this are failures.
        elsewhere = browser.new_page()
        elsewhere.goto(other.url)
        tried = elsewhere.evaluate(
            """async (address) => {
                const tries = [fetch(address, { method: 'DELETE' }), fetch(address), fetch(address, { mode: 'no-cors' })];
                return (await Promise.allSettled(tries)).map((one) => one.status === 'fulfilled' && one.value.type !== 'opaque');
            }""", f"{server.page}uploads/{id}")
        elsewhere.close()
        assert tried == [False] * 3
    assert "cross-site" in server.site.log.read_text()
    assert ask(server.admin, "GET", f"/uploads/{id}", {"Host": "127.0.0.1"}).status == 200
    answer = ask(server.admin, "GET", "/")
    policy = answer.fields["content-security-policy"]
    assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "unsafe" not in policy
    # Browsers that do not say how they got here say of whom they are.
    own = f"http://127.0.0.1:{server.admin}"
    def code(origin):
        return ask(server.admin, "DELETE", f"/uploads/{id}", {"Host": own[7:], "Origin": origin}).status
    assert [code("http://127.0.0.1:1"), code("http://evil.example"), code("null"), code(own)] == [403, 403, 403, 204]


def test_with_tokens_the_page_asks_for_one_and_sends_it_in_no_address(manage, tab, tmp_path):
    server = manage("--jwt-secret", str(secret_file(tmp_path)))
    page = tab(server.page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator("#token-label")).to_have_text("The server asks who you are. A token with the scope admin:")
    def tell(text):
        page.locator("#token").fill(text)
        page.get_by_role("button", name="Go on").click()
    tell("nonsense")
    expect(page.locator("#token-label")).to_contain_text("does not take this token")
    good = token("root", scope="admin delete")
    tell(good)
    expect(page.locator("#state")).to_have_text("Takes uploads")
    expect(page.locator("#token-form")).to_be_hidden()
    assert not any(good in url for url in asked)


def test_a_restarted_server_is_found_again_and_its_state_is_told(manage, tab):
    server = manage("--ready-free", "1000T")
    page = tab(server.page)
    expect(page.locator("#state")).to_have_text("Takes no uploads: the disk is nearly full.")
    expect(page.locator("#disk")).to_have_class("disk bad")
    server.site.kill()
    expect(page.locator("#state")).to_have_text("Not connected")
    server.site.start()
    expect(page.locator("#state")).to_contain_text("Takes no uploads")
    put(server, "after.txt")
    expect(ended(page, "after.txt")).to_have_count(1)


def test_queues_of_events_are_shown_with_what_they_wait_for(manage, tab):
    with closing(Receiver(lambda received: 503)) as receiver:
        server = manage("--webhook", receiver.url)
        put(server, "a.txt")
        page = tab(server.page)
        expect(page.locator("#queues li")).to_contain_text("2 waiting")
        expect(page.locator("#queues li")).to_contain_text("failed attempt")


def test_files_on_their_way_to_the_bucket_are_shown_until_they_are_there(manage, tab, tmp_path):
    (held, goes_on) = (threading.Event(), threading.Event())

    def hold(step):
        if step.name == "part" and step.query["partNumber"] == ["2"]:
            held.set()
            goes_on.wait(60)

    with closing(BucketServer()) as buckets, closing(Bucket(buckets, tmp_path)) as bucket:
        bucket.gate.before = lambda step: 503
        server = manage(*bucket.options())
        put(server, "before.bin")
        page = tab(server.page)
        expect(ended(page, "before.bin").locator(".badge")).to_have_text("waits to be delivered")
        queue = page.locator("#queues li")
        expect(queue).to_contain_text(f"s3://{bucket.name} at")
        expect(queue).to_contain_text("1 file waiting")
        expect(queue).to_contain_text("503")
        expect(queue).to_have_class("warn")
        expect(page.locator(".plot figcaption")).to_contain_text(["Being delivered"])
        put(server, "large.bin", bytes(32 * MEBIBYTE))
        expect(ended(page, "large.bin").locator(".badge")).to_have_text("waits to be delivered")
        bucket.gate.before = hold
        assert held.wait(60)
        expect(ended(page, "large.bin").locator(".badge")).to_have_text("50 % delivered")
        goes_on.set()
        for name in ("before.bin", "large.bin"):
            badge = ended(page, name).locator(".badge")
            expect(badge).to_have_text("delivered")
            expect(badge).to_have_attribute("title", re.compile(f"^s3://{bucket.name}/[0-9a-f]+/{name}"))
        expect(queue).to_contain_text("nothing waits")
        expect(queue).to_contain_text("2 delivered")


def test_the_badge_of_a_file_that_was_taken_before_it_was_delivered_says_so(manage, tab, tmp_path):
    with closing(BucketServer()) as buckets, closing(Bucket(buckets, tmp_path)) as bucket:
        bucket.gate.before = lambda step: 503
        server = manage(*bucket.options())
        id = put(server, "taken.bin")
        page = tab(server.page, viewport={"width": 360, "height": 740})
        expect(ended(page, "taken.bin").locator(".badge")).to_have_text("waits to be delivered")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        (server.data / "complete" / id / "taken.bin").unlink()
        bucket.gate.before = lambda step: None
        expect(ended(page, "taken.bin").locator(".badge")).to_have_text("not delivered")


def test_the_overview_tells_how_the_server_is_and_what_went_on(server):
    put(server, "a.txt", b"12345")
    answer = ask(server.admin, "GET", "/overview", {"Host": "127.0.0.1"})
    told = json.loads(answer.body)
    assert answer.fields["cache-control"] == "no-store"
    assert (told["ready"], told["obstacle"], told["open"]) == (True, None, 0)
    assert 0 < told["disk"]["free"] <= told["disk"]["size"]
    assert told["totals"]["received"] == 5 and told["totals"]["finished"] == 1 and told["totals"]["requests"] == 1
    assert told["hour"]["seconds"] == 15 and len(told["hour"]["received"]) == told["hour"]["count"] <= 240
    assert told["events"]["waiting"] == 0 and told["delivery"] is None
