"""The upload page in a real browser, against the real server, over a line that breaks."""

import base64
import hashlib
import json
import re
import time
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import expect

from conftest import MEBIBYTE, assert_appends_start_where_told, choose, row, wait_state
from sluice import make_file, sha256

PAGE = Path(__file__).parents[2] / "Sources/UploadServer/Page/index.html"


def assert_stored(sluice, path):
    assert sluice.sha256(path.name) == sha256(path)


def upload_held_at(tab, proxy, path, count=4 * MEBIBYTE, **options):
    """A tab in the middle of sending `path`: the server has been sent about `count` bytes, and no more come through."""
    proxy.hold_after(count)
    page = tab(proxy.url, **options)
    choose(page, path)
    proxy.wait(lambda: proxy.held == 1)
    return page


def button(page, name, word):
    return row(page, name).get_by_role("button", name=word)


# Files of all kinds.


def test_small_file_is_stored_and_linked(sluice, proxy, tab, files):
    path = files("notes.txt", 1234)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)
    expect(page.locator("#summary")).to_have_text("1 of 1 file finished · 1.2 kB")
    link = row(page, "notes.txt").get_by_role("link").get_attribute("href")
    assert re.fullmatch(r"files/[^/]+", link)
    assert page.request.get(urljoin(proxy.url, link)).body() == path.read_bytes()


def test_empty_file_is_stored(sluice, proxy, tab, files):
    path = files("empty.bin", 0)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, "empty.bin", "finished")
    assert_stored(sluice, path)


@pytest.mark.parametrize("name", [
    "café.txt", "日本語 ✓.bin", "it's (1)*~!.txt", "100% sure; a, b=\"c\".txt", ".hidden", "日" * 80 + ".txt",
])
def test_odd_name_travels_as_ascii_and_arrives_whole(sluice, proxy, tab, files, name):
    path = files(name, 3000)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, name, "finished")
    [append] = proxy.appends()
    assert append.file_id.isascii() and len(append.file_id) <= 1024
    [stored] = sluice.finished_files()
    assert sha256(stored) == sha256(path)


def test_unicode_name_is_kept(sluice, proxy, tab, files):
    path = files("Île d’Oléron ✓.txt", 10)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, path.name, "finished")
    assert_stored(sluice, path)


def test_dropped_folder_is_walked(sluice, proxy, tab, tmp_path):
    deep = tmp_path / "photos" / ("日" * 70) / ("本" * 70) / ("語" * 70)
    deep.mkdir(parents=True)
    top = make_file(tmp_path / "photos" / "top.jpg", 2000, seed=2)
    same_name = make_file(deep / "same.jpg", 3000, seed=3)
    page = tab(proxy.url)
    box = page.locator(".drop").bounding_box()
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {
            "type": kind, "x": box["x"] + 50, "y": box["y"] + 50,
            "data": {"items": [], "files": [str(tmp_path / "photos")], "dragOperationsMask": 1},
        })
    wait_state(page, "top.jpg", "finished")
    wait_state(page, "same.jpg", "finished")
    assert_stored(sluice, top)
    assert_stored(sluice, same_name)
    # The path is in the id, so that equal files of two folders are two uploads; a long one is shortened.
    assert all(len(append.file_id) <= 1024 for append in proxy.appends())
    expect(row(page, "same.jpg").locator("small")).to_contain_text("in photos/")


def test_many_files_are_sent_three_at_a_time(sluice, proxy, tab, files):
    paths = [files(f"part-{number:02}.bin", MEBIBYTE + number, seed=number) for number in range(9)]
    proxy.hold_after(300_000)
    page = tab(proxy.url)
    choose(page, *paths)
    proxy.wait(lambda: proxy.held == 3)
    expect(page.locator("li[data-state=queued]")).to_have_count(6)
    proxy.release()
    expect(page.locator("li[data-state=finished]")).to_have_count(9)
    for path in paths:
        assert_stored(sluice, path)
    page.get_by_role("button", name="Clear finished").click()
    expect(page.locator("li.upload")).to_have_count(0)


def test_file_above_four_gibibytes_has_correct_numbers(proxy, tab, tmp_path):
    path = tmp_path / "huge.img"
    with path.open("wb") as file:
        file.truncate(5 * 2**30 + 7)
    page = upload_held_at(tab, proxy, path)
    expect(row(page, "huge.img").locator(".numbers")).to_contain_text("of 5.4 GB")
    [append] = proxy.appends()
    assert append.headers["x-file-size"] == append.headers["content-length"] == str(5 * 2**30 + 7)
    button(page, "huge.img", "Cancel").click()
    expect(page.locator("li.upload")).to_have_count(0)


def test_same_file_again_is_recognised_as_finished(sluice, proxy, tab, files):
    path = files("twice.bin", 2 * MEBIBYTE)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, "twice.bin", "finished")
    page.reload()
    choose(page, path)
    wait_state(page, "twice.bin", "finished")
    assert [append.body_bytes for append in proxy.appends()] == [2 * MEBIBYTE, 0]
    assert_stored(sluice, path)


# Stopping and going on.


def test_pause_shows_the_servers_count_and_resume_goes_on_from_it(sluice, proxy, tab, files):
    path = files("film.mp4", 16 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path)
    button(page, "film.mp4", "Pause").click()
    wait_state(page, "film.mp4", "paused")
    proxy.wait(lambda: len(proxy.asked()) == 2 and proxy.asked()[1].status == 200)
    told = int(proxy.asked()[1].answer)
    assert 0 < told < 16 * MEBIBYTE
    expect(row(page, "film.mp4").locator(".numbers")).to_have_attribute("title", f"{told:,} of {16 * MEBIBYTE:,} bytes")
    proxy.release()
    button(page, "film.mp4", "Resume").click()
    wait_state(page, "film.mp4", "finished")
    assert [append.start for append in proxy.appends()] == [0, told]
    assert_stored(sluice, path)


def test_start_over_sends_everything_again(sluice, proxy, tab, files):
    path = files("film.mp4", 16 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path)
    button(page, "film.mp4", "Pause").click()
    button(page, "film.mp4", "Start over").click()
    proxy.release()
    wait_state(page, "film.mp4", "finished")
    assert proxy.appends()[-1].start == 0
    assert proxy.appends()[-1].body_bytes == 16 * MEBIBYTE
    assert_stored(sluice, path)


def test_cancel_forgets_here_and_the_file_can_go_on_later(sluice, proxy, tab, files):
    path = files("film.mp4", 16 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path)
    button(page, "film.mp4", "Cancel").click()
    expect(page.locator("li.upload")).to_have_count(0)
    expect(page.locator("#notice")).to_contain_text("Stopped and forgot “film.mp4”")
    assert page.evaluate("localStorage.length") == 0
    proxy.release()
    choose(page, path)
    wait_state(page, "film.mp4", "finished")
    assert proxy.appends()[-1].start > 0
    assert_appends_start_where_told(proxy)
    assert_stored(sluice, path)


@pytest.mark.parametrize("reset", [True, False], ids=["RST", "FIN"])
def test_cut_line_goes_on_by_itself(sluice, proxy, tab, files, reset):
    path = files("film.mp4", 24 * MEBIBYTE)
    proxy.cut_after(8 * MEBIBYTE, reset)
    page = tab(proxy.url)
    choose(page, path)
    proxy.wait(lambda: proxy.cuts == 1)
    proxy.cut_after(4 * MEBIBYTE, reset)
    wait_state(page, "film.mp4", "finished")
    assert proxy.cuts == 2
    assert_appends_start_where_told(proxy)
    assert_stored(sluice, path)


def test_silent_replay_of_the_browser_does_not_discard_what_is_stored(sluice, proxy, tab, files):
    # The POST follows the status request on one connection; Chromium sends it again by itself when that is cut.
    path = files("film.mp4", 24 * MEBIBYTE)
    proxy.cut_after(8 * MEBIBYTE)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, "film.mp4", "finished")
    first, replay, *_, last = proxy.appends()
    assert (first.start, replay.start) == (0, 0)
    # The refusal itself can be lost when the server stops reading a long body; what counts is what is kept.
    assert replay.status in (409, None)
    assert last.start > 0
    assert_appends_start_where_told(proxy)
    assert_stored(sluice, path)


def test_killed_server_is_waited_for(sluice, proxy, tab, files):
    path = files("film.mp4", 24 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path, 8 * MEBIBYTE)
    sluice.kill()
    proxy.release()
    wait_state(page, "film.mp4", "waiting")
    expect(row(page, "film.mp4").locator(".words")).to_contain_text("The connection was lost. Trying again")
    sluice.start()
    wait_state(page, "film.mp4", "finished")
    assert_appends_start_where_told(proxy)
    assert_stored(sluice, path)


def test_reload_lists_the_upload_and_the_same_file_goes_on(sluice, proxy, tab, files):
    path = files("film.mp4", 24 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path, 8 * MEBIBYTE)
    page.reload()
    proxy.release()
    wait_state(page, "film.mp4", "unfinished")
    proxy.wait(lambda: len(proxy.asked()) == 2 and proxy.asked()[1].status == 200)
    told = int(proxy.asked()[1].answer)
    assert told > 0
    expect(row(page, "film.mp4").locator(".numbers")).to_have_attribute("title", re.compile(f"^{told:,} of"))
    choose(page, path)
    wait_state(page, "film.mp4", "finished")
    assert proxy.appends()[-1].start == told
    assert proxy.appends()[-1].body_bytes == 24 * MEBIBYTE - told
    assert_stored(sluice, path)
    page.reload()
    expect(page.locator("li.upload")).to_have_count(0)


def test_unfinished_upload_can_be_removed_from_the_list(proxy, tab, files):
    path = files("film.mp4", 16 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path)
    page.reload()
    button(page, "film.mp4", "Remove").click()
    page.reload()
    expect(page.locator("#form")).to_be_visible()
    expect(page.locator("li.upload")).to_have_count(0)


def test_upload_whose_last_answer_was_lost_finishes_without_the_file(sluice, proxy, tab, files):
    path = files("film.mp4", MEBIBYTE)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, "film.mp4", "finished")
    [append] = proxy.appends()
    record = {"path": "film.mp4", "size": MEBIBYTE, "lastModified": int(append.file_id.rpartition("-")[2]),
              "offset": 0, "now": int(time.time() * 1000), "busyUntil": 0}
    page.evaluate("([id, record]) => localStorage.setItem(`sluice / ${id}`, record)", [append.file_id, json.dumps(record)])
    page.reload()
    wait_state(page, "film.mp4", "finished")
    assert proxy.appends()[-1].body_bytes == 0


def test_second_window_takes_over_and_the_first_does_not_fight_back(sluice, proxy, tab, files):
    path = files("film.mp4", 24 * MEBIBYTE)
    first = upload_held_at(tab, proxy, path, 8 * MEBIBYTE)
    second = tab(proxy.url)
    wait_state(second, "film.mp4", "unfinished")
    # To look does not disturb: the second window has asked nothing so far.
    assert len(proxy.asked()) == 1
    choose(second, path)
    # The second one is held too, 8 MiB further on: the first must not come back while it is at work.
    proxy.wait(lambda: len(proxy.asked()) == 2 and proxy.asked()[1].status == 200)
    proxy.hold_after(8 * MEBIBYTE)
    wait_state(first, "film.mp4", "superseded")
    expect(row(first, "film.mp4").locator(".words")).to_contain_text("Another window or device took this upload over.")
    proxy.release()
    wait_state(second, "film.mp4", "finished")
    # Once that is done, the first window learns where the file is; it sends no byte for it.
    wait_state(first, "film.mp4", "finished")
    assert proxy.appends()[-1].body_bytes == 0
    assert_appends_start_where_told(proxy)
    assert_stored(sluice, path)


def test_file_that_changes_while_it_is_sent_is_said_in_plain_words(proxy, tab, files):
    path = files("diary.txt", 16 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path)
    make_file(path, 16 * MEBIBYTE + 1, seed=9)
    proxy.cut_all()
    wait_state(page, "diary.txt", "changed")
    expect(row(page, "diary.txt").locator(".words")).to_contain_text("changed, moved or deleted")
    choose(page, path)
    wait_state(page, "diary.txt", "finished")
    expect(page.locator("li.upload")).to_have_count(1)


def test_another_version_of_an_unfinished_file_is_a_new_upload(sluice, proxy, tab, files):
    page = upload_held_at(tab, proxy, files("diary.txt", 16 * MEBIBYTE))
    page.reload()
    proxy.release()
    wait_state(page, "diary.txt", "unfinished")
    newer = files("diary.txt", MEBIBYTE, seed=5)
    choose(page, newer)
    expect(page.locator("#notice")).to_contain_text("“diary.txt” differs in size or date")
    expect(page.locator("li[data-state=finished]")).to_have_count(1)
    expect(page.locator("li[data-state=unfinished]")).to_have_count(1)
    assert_stored(sluice, newer)


# What the server refuses.


def refuse(page, status, body="", headers=None):
    page.route("**/upload", lambda route: route.fulfill(status=status, body=body, headers=headers or {}))


def test_too_large_is_final(proxy, tab, files):
    page = tab(proxy.url)
    refuse(page, 413, "Uploads here may have at most 10 MB.")
    choose(page, files("large.iso", 1000))
    wait_state(page, "large.iso", "refused")
    expect(row(page, "large.iso").locator(".words")).to_have_text(
        "The file is too large for this server. The server says: Uploads here may have at most 10 MB.")


def test_other_size_of_a_known_upload_is_final(proxy, tab, files):
    page = tab(proxy.url)
    # HTTP/1.1 with a reason phrase of the server's own, which route.fulfill cannot give: so the count is what tells.
    refuse(page, 409, "0")
    choose(page, files("notes.txt", 1000))
    wait_state(page, "notes.txt", "refused")
    expect(row(page, "notes.txt").locator(".words")).to_have_text("The server knows this upload with another size.")


def test_full_disk_is_waited_for_and_can_be_retried_at_once(sluice, proxy, tab, files):
    path = files("notes.txt", 1000)
    page = tab(proxy.url)
    refuse(page, 507, "No space left")
    choose(page, path)
    wait_state(page, "notes.txt", "waiting")
    expect(row(page, "notes.txt").locator(".words")).to_have_text(
        re.compile(r"^The server has no space left\. Trying again in \d+ s\.$"))
    page.unroute("**/upload")
    button(page, "notes.txt", "Retry now").click()
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)


@pytest.mark.parametrize(("status", "words"), [
    (503, "The server is stopping or busy."), (500, "The server had a problem (500"), (429, "The server asks for a pause."),
    (408, "The connection was too slow"),
])
def test_passing_trouble_is_retried_without_a_click(sluice, proxy, tab, files, status, words):
    path = files("notes.txt", 1000)
    page = tab(proxy.url)
    refused = []

    def once(route):
        refused.append(route.request.url)
        route.fulfill(status=status) if len(refused) == 1 else route.continue_()

    page.route("**/upload", once)
    choose(page, path)
    expect(row(page, "notes.txt").locator(".words")).to_contain_text(words)
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)


@pytest.mark.parametrize("status", [400, 401, 404, 415])
def test_final_refusal_waits_for_a_person(proxy, tab, files, status):
    page = tab(proxy.url)
    refuse(page, status, "Not this one.")
    choose(page, files("notes.txt", 1000))
    wait_state(page, "notes.txt", "refused")
    expect(row(page, "notes.txt").locator(".words")).to_contain_text("The server says: Not this one.")
    expect(button(page, "notes.txt", "Try again")).to_be_visible()


def test_log_in_page_of_a_network_is_not_taken_for_the_server(sluice, proxy, tab, files):
    path = files("notes.txt", 1000)
    page = tab(proxy.url)
    page.route("**/status", lambda route: route.fulfill(status=200, body="<html>Please log in</html>"))
    choose(page, path)
    wait_state(page, "notes.txt", "waiting")
    expect(row(page, "notes.txt").locator(".words")).to_contain_text("Something else answered in place of the server.")
    page.unroute("**/status")
    button(page, "notes.txt", "Retry now").click()
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)


def test_device_that_comes_back_online_goes_on_at_once(sluice, proxy, tab, files):
    path = files("notes.txt", 1000)
    page = tab(proxy.url)
    page.context.set_offline(True)
    choose(page, path)
    expect(row(page, "notes.txt").locator(".words")).to_contain_text("This device is offline.")
    page.context.set_offline(False)
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)


# The page itself.


def test_page_holds_one_style_one_script_and_nothing_from_elsewhere():
    text = PAGE.read_text()
    assert text.count("<style") == text.count("<style>") == 1
    assert text.count("<script") == text.count("<script>") == 1
    markup = re.sub(r"(?s)<(style|script)>.*?</\1>", "", text)
    assert not re.search(r"\s(style|on[a-z]+)=", markup)
    assert not re.search(r"(src|href|action)=[\"'](/|https?:)", markup)


def test_content_policy_allows_exactly_this_style_and_script(proxy, tab):
    page = tab(proxy.url)
    answer = page.request.get(proxy.url)
    policy, text = answer.headers["content-security-policy"], answer.text()
    for name in ("style", "script"):
        inline = re.search(f"(?s)<{name}>(.*?)</{name}>", text).group(1)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_form_works_without_scripts(sluice, proxy, tab, files):
    paths = [files("one.txt", 1000), files("two.bin", 3 * MEBIBYTE, seed=2)]
    page = tab(proxy.url, java_script_enabled=False)
    page.set_input_files("#files", [str(path) for path in paths])
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Upload").click()
    assert navigation.value.status == 201
    for path in paths:
        assert_stored(sluice, path)


def test_page_works_below_a_path_prefix(sluice, proxy, tab, files):
    path = files("notes.txt", 1000)
    page = tab(proxy.url)
    page.route("**/deep/er/**", lambda route: route.continue_(url=route.request.url.replace("deep/er/", "")))
    page.goto(proxy.url + "deep/er/")
    choose(page, path)
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)
    assert row(page, "notes.txt").get_by_role("link").evaluate("link => link.href").startswith(proxy.url + "deep/er/files/")


def test_keyboard_alone_is_enough(sluice, proxy, tab, files):
    path = files("film.mp4", 16 * MEBIBYTE)
    proxy.hold_after(4 * MEBIBYTE)
    page = tab(proxy.url)
    page.keyboard.press("Tab")
    assert page.locator("label.drop").evaluate("label => getComputedStyle(label).outlineStyle") == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(str(path))
    proxy.wait(lambda: proxy.held == 1)

    def press_until_focused(word):
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == word:
                return
        raise AssertionError(f"Tab never reached {word}")

    press_until_focused("Pause")
    page.keyboard.press("Space")
    wait_state(page, "film.mp4", "paused")
    proxy.release()
    # The button under the focus is now the opposite one.
    assert page.evaluate("document.activeElement.textContent") == "Resume"
    page.keyboard.press("Enter")
    wait_state(page, "film.mp4", "finished")
    expect(page.locator("#news")).to_contain_text("film.mp4: Finished")
    assert page.evaluate("document.activeElement.textContent") == "Remove"
    page.keyboard.press("Enter")
    expect(page.locator("li.upload")).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "files"
    assert_stored(sluice, path)


def test_progress_is_readable_by_assistive_technology_and_announced_only_at_changes(proxy, tab, files):
    page = upload_held_at(tab, proxy, files("film.mp4", 16 * MEBIBYTE))
    bar = row(page, "film.mp4").get_by_role("progressbar", name="film.mp4")
    expect(bar).to_have_attribute("aria-valuetext", re.compile(r"MB of 16\.8 MB.*Uploading"))
    assert 0 < int(bar.get_attribute("aria-valuenow")) < 100
    assert page.locator("#news").text_content() == ""
    button(page, "film.mp4", "Pause").click()
    expect(page.locator("#news")).to_have_text("film.mp4: Paused")


def test_leaving_during_an_upload_is_asked_about(proxy, tab, files):
    page = upload_held_at(tab, proxy, files("film.mp4", 16 * MEBIBYTE))
    page.locator("h1").click()
    asked = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    page.reload()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_screens_and_both_colour_schemes(proxy, tab, files, scheme):
    page = upload_held_at(tab, proxy, files("a-name-without-any-space-" * 5 + ".bin", 16 * MEBIBYTE),
                          viewport={"width": 320, "height": 640}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 200) == (scheme == "dark")
