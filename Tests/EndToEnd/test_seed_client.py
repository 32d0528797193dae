"""The file-id dialect as its plainest client speaks it: what that client depends on, one promise a test."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from conftest import MEBIBYTE, assert_appends_start_where_told
from sluice import sha256

CLIENT = (Path(__file__).parent / "seed_client.html").read_text()


@pytest.fixture
def client(proxy, tab):
    """The client page, from the server's own origin as it was always served."""

    def open_client(**options):
        page = tab("about:blank", **options)
        page.route("**/seed", lambda route: route.fulfill(body=CLIENT, content_type="text/html; charset=utf-8"))
        page.goto(proxy.url + "seed")
        return page

    return open_client


def start(page, path):
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name="Upload").click()


def start_and_stop(page, proxy, path, after):
    """Stops the upload by its button once so many bytes have passed the proxy; the line is free again afterwards."""
    proxy.hold_after(after)
    start(page, path)
    proxy.wait(lambda: proxy.held == 1)
    page.get_by_role("button", name="Stop").click()
    expect_result(page, "stopped")
    proxy.release()


def expect_result(page, words):
    expect(page.locator("#result")).to_have_text(words)


def assert_only_stored_file_is(sluice, path):
    [stored] = sluice.finished_files()
    assert sha256(stored) == sha256(path)


def test_complete_upload(sluice, proxy, client, files):
    path = files("photo.jpg", 5 * MEBIBYTE + 3)
    page = client()
    start(page, path)
    expect_result(page, "success")
    [asked], [append] = proxy.asked(), proxy.appends()
    assert (asked.status, asked.answer) == (200, b"0")
    assert append.status == 200
    # What this client never sends, and the server therefore may not need.
    assert "x-file-size" not in append.headers and "content-type" not in append.headers
    assert_only_stored_file_is(sluice, path)


def test_status_is_digits_only_and_never_cached(proxy, client, files):
    page = client()
    start(page, files("photo.jpg", 1000))
    expect_result(page, "success")
    [asked] = proxy.asked()
    assert re.fullmatch(rb"[0-9]+", asked.answer)
    answer = page.request.get(proxy.url + "status", headers={"X-File-Id": "never seen"})
    assert (answer.status, answer.text(), answer.headers["cache-control"]) == (200, "0", "no-store")


def test_stop_and_resume(sluice, proxy, client, files):
    path = files("photo.jpg", 16 * MEBIBYTE)
    page = client()
    start_and_stop(page, proxy, path, 4 * MEBIBYTE)
    start(page, path)
    expect_result(page, "success")
    assert proxy.appends()[-1].start > 0
    assert_appends_start_where_told(proxy)
    assert_only_stored_file_is(sluice, path)


def test_second_click_after_success_sends_nothing_and_succeeds(sluice, proxy, client, files):
    path = files("photo.jpg", 2 * MEBIBYTE)
    page = client()
    for _ in range(2):
        start(page, path)
        expect_result(page, "success")
    assert [(append.start, append.body_bytes, append.status) for append in proxy.appends()] == [
        (0, 2 * MEBIBYTE, 200), (2 * MEBIBYTE, 0, 200)]
    assert_only_stored_file_is(sluice, path)


def test_empty_file(sluice, proxy, client, files):
    path = files("empty.txt", 0)
    page = client()
    for _ in range(2):
        start(page, path)
        expect_result(page, "success")
    assert_only_stored_file_is(sluice, path)


@pytest.mark.parametrize("name", ["café.txt", "a b, c; \"d\" 100%.txt", "it's (1).txt", "..hidden..txt", "ÿ-3-4.bin"])
def test_name_arrives_raw_in_the_id(sluice, proxy, client, files, name):
    path = files(name, 70_000)
    page = client()
    start(page, path)
    expect_result(page, "success")
    # One byte a character, not UTF-8: the proxy decodes Latin-1.
    assert proxy.appends()[0].file_id.startswith(name + "-70000-")
    assert_only_stored_file_is(sluice, path)


def test_start_at_zero_begins_again(sluice, proxy, client, files):
    path = files("photo.jpg", 16 * MEBIBYTE)
    page = client()
    start_and_stop(page, proxy, path, 4 * MEBIBYTE)
    page.evaluate("run(0)")
    expect_result(page, "success")
    assert (proxy.appends()[-1].start, proxy.appends()[-1].status) == (0, 200)
    assert_only_stored_file_is(sluice, path)


def test_wrong_start_byte_is_refused_with_the_true_count_and_changes_nothing(sluice, proxy, client, files):
    path = files("photo.jpg", 3 * MEBIBYTE)
    page = client()
    page.set_input_files("input[type=file]", str(path))
    page.evaluate("run(1000)")
    expect_result(page, "error: Wrong start byte")
    [append] = proxy.appends()
    assert (append.status, append.answer.strip()) == (409, b"0")
    start(page, path)
    expect_result(page, "success")
    assert_only_stored_file_is(sluice, path)


def test_killed_server_goes_on_after_its_restart(sluice, proxy, client, files):
    path = files("photo.jpg", 24 * MEBIBYTE)
    page = client()
    proxy.hold_after(8 * MEBIBYTE)
    start(page, path)
    proxy.wait(lambda: proxy.held == 1)
    sluice.kill()
    proxy.release()
    expect_result(page, "error: ")
    sluice.start()
    start(page, path)
    expect_result(page, "success")
    assert_appends_start_where_told(proxy)
    assert_only_stored_file_is(sluice, path)


def test_silent_replay_after_a_cut_of_a_reused_connection_gives_the_right_file(sluice, proxy, client, files):
    path = files("photo.jpg", 16 * MEBIBYTE)
    page = client()
    proxy.cut_after(5 * MEBIBYTE)
    start(page, path)
    # The page notices nothing: the browser sent the same request twice, from the same start.
    expect_result(page, "success")
    assert [append.start for append in proxy.appends()] == [0, 0]
    assert_only_stored_file_is(sluice, path)


def test_silent_replay_from_the_middle_is_answered_with_the_true_count(sluice, proxy, client, files):
    path = files("photo.jpg", 24 * MEBIBYTE)
    page = client()
    start_and_stop(page, proxy, path, 4 * MEBIBYTE)
    proxy.cut_after(8 * MEBIBYTE)
    start(page, path)
    expect(page.locator("#result")).to_have_text(re.compile("^error"))
    _, first, replay = proxy.appends()
    assert first.start == replay.start > 0
    start(page, path)
    expect_result(page, "success")
    assert proxy.appends()[-1].start > first.start
    assert_only_stored_file_is(sluice, path)


def test_form_without_scripts_is_stored(sluice, client, files):
    path = files("photo.jpg", MEBIBYTE)
    page = client(java_script_enabled=False)
    page.set_input_files("input[type=file]", str(path))
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Upload").click()
    assert navigation.value.status == 201
    assert_only_stored_file_is(sluice, path)


def test_request_without_id_is_refused_in_words(proxy, client):
    page = client()
    words = page.evaluate("fetch('upload', { method: 'POST', body: 'abc' }).then((answer) => [answer.status, answer.statusText])")
    assert words == [400, "No file id"]
