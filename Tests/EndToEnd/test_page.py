"""The upload page in a real browser, against the real server, over a line that breaks."""

import base64
import hashlib
import os
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import expect

from conftest import MEBIBYTE, choose, row, wait_state
from dialects import PATCH, TUS, WAYS, WHOLE
from sluice import make_file, sha256
from waiting import eventually
from wire import ask

PAGE = Path(__file__).parents[2] / "Sources/UploadServer/Page"


def assert_stored(sluice, *paths):
    """Exactly these files are finished, with these bytes."""
    stored = sorted((path.name, sha256(path)) for path in sluice.finished_files())
    assert stored == sorted((path.name, sha256(path)) for path in paths)


def assert_appends_start_where_told(proxy):
    """No byte below an offset that the server has told is ever sent again."""
    told = {}
    for exchange in list(proxy.exchanges):
        if exchange.method == "PATCH":
            assert int(exchange.headers["upload-offset"]) == told.get(exchange.target, 0)
        if "upload-offset" in exchange.answer_headers:
            told[exchange.target] = int(exchange.answer_headers["upload-offset"])


def metadata(exchange):
    pairs = (pair.split(" ") for pair in exchange.headers["upload-metadata"].split(","))
    return {key: base64.b64decode(value).decode() for key, value in pairs}


def upload_held_at(tab, proxy, path, count=4 * MEBIBYTE, **options):
    """A tab in the middle of sending `path`: the server has been sent about `count` bytes, and no more come through."""
    proxy.hold_after(count)
    page = tab(proxy.url, **options)
    choose(page, path)
    proxy.wait(lambda: proxy.held == 1)
    return page


def wait_for_offer(proxy):
    """The page asks once what the server takes; after that there are only uploads."""
    proxy.wait(lambda: any(exchange.method == "OPTIONS" and exchange.status for exchange in proxy.exchanges))


def button(page, name, word):
    return row(page, name).get_by_role("button", name=word)


def group(page, name):
    return page.locator(f"section[data-group={name}]")


def stored_count(page, name):
    """The number of stored bytes that the page shows."""
    title = row(page, name).locator(".numbers").get_attribute("title")
    return int(re.match(r"([\d,]+) of ", title).group(1).replace(",", ""))


def drop(page, path):
    box = page.locator(".drop").bounding_box()
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {
            "type": kind, "x": box["x"] + 50, "y": box["y"] + 20,
            "data": {"items": [], "files": [str(path)], "dragOperationsMask": 1},
        })


# Files of all kinds.


def test_small_file_is_one_request_and_can_be_downloaded(sluice, proxy, tab, files):
    path = files("notes.txt", 1234)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)
    [creation] = proxy.creations()
    assert (creation.status, creation.body_bytes) == (201, 1234)
    assert proxy.patches() == proxy.heads() == []
    assert metadata(creation) == {"filename": "notes.txt", "filetype": "text/plain"}
    expect(page.locator("#summary")).to_have_text("1 of 1 file finished · 1.2\u00a0kB")
    link = row(page, "notes.txt").get_by_role("link", name="Download notes.txt")
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_bytes() == path.read_bytes()


def test_no_download_is_offered_where_there_is_none(start, tab, files):
    server = start("--no-download")
    page = tab(server.url)
    # The page asks for a first byte.
    with page.expect_response(lambda response: "range" in response.request.headers):
        choose(page, files("notes.txt", 1234))
    wait_state(page, "notes.txt", "finished")
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    # Who asks for a file takes no answer without one for it; how much of it is there is told all the same.
    [file] = server.finished_files()
    answer = ask(server.port, "GET", f"/files/{file.parent.name}")
    assert (answer.status, answer.code) == (404, "not-found")
    assert ask(server.port, "HEAD", f"/files/{file.parent.name}").fields["upload-offset"] == "1234"


def test_empty_file_is_stored(sluice, proxy, tab, files):
    path = files("empty.bin", 0)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, "empty.bin", "finished")
    assert_stored(sluice, path)


@pytest.mark.parametrize("name", [
    "Île d’Oléron ✓.txt", "it's (1)*~!.txt", "100% sure; a, b=\"c\".txt", "日" * 80 + ".txt",
])
def test_odd_name_travels_as_ascii_and_arrives_whole(sluice, proxy, tab, files, name):
    path = files(name, 3000)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, name, "finished")
    [creation] = proxy.creations()
    assert creation.headers["upload-metadata"].isascii()
    assert metadata(creation)["filename"] == name
    [stored] = sluice.finished_files()
    assert sha256(stored) == sha256(path)


def test_dropped_folder_is_walked_and_its_paths_are_told(sluice, proxy, tab, tmp_path):
    deep = tmp_path / "photos" / ("日" * 70) / ("本" * 70) / ("語" * 70)
    deep.mkdir(parents=True)
    top = make_file(tmp_path / "photos" / "top.jpg", 2000, seed=2)
    below = make_file(deep / "below.jpg", 3000, seed=3)
    page = tab(proxy.url)
    drop(page, tmp_path / "photos")
    wait_state(page, "top.jpg", "finished")
    wait_state(page, "below.jpg", "finished")
    assert_stored(sluice, top, below)
    told = {metadata(creation)["filename"]: metadata(creation) for creation in proxy.creations()}
    assert told["top.jpg"] == {"filename": "top.jpg", "filetype": "image/jpeg", "relativePath": "photos/top.jpg"}
    assert told["below.jpg"]["relativePath"] == str(below.relative_to(tmp_path))
    expect(row(page, "below.jpg").locator("small")).to_contain_text("in photos/")


def test_chosen_folder_keeps_its_paths(sluice, proxy, tab, tmp_path):
    (tmp_path / "album" / "one").mkdir(parents=True)
    path = make_file(tmp_path / "album" / "one" / "cover.png", 2000)
    page = tab(proxy.url)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="choose a folder").click()
    chooser.value.set_files(str(tmp_path / "album"))
    wait_state(page, "cover.png", "finished")
    assert metadata(proxy.creations()[0])["relativePath"] == "album/one/cover.png"
    assert_stored(sluice, path)


def test_hundred_small_files_are_one_request_each_and_six_at_a_time(sluice, proxy, tab, files):
    paths = [files(f"photo-{number:03}.jpg", 20_000, seed=number) for number in range(100)]
    page = tab(proxy.url)
    wait_for_offer(proxy)
    before = len(proxy.exchanges)
    proxy.hold_after(1)
    choose(page, *paths)
    proxy.wait(lambda: proxy.held == 6)
    expect(group(page, "queued").locator("h2")).to_have_text("Waiting (94)")
    proxy.release()
    expect(page.locator("#summary")).to_contain_text("100 of 100 files finished")
    assert [exchange.status for exchange in proxy.creations()] == [201] * 100
    # One more asks once whether there are downloads.
    assert len(proxy.exchanges) - before <= 101
    assert_stored(sluice, *paths)


def test_list_of_thousands_is_bounded_and_shows_more_when_asked(sluice, proxy, tab, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2000):
        (folder / f"{number:04}.txt").write_text(str(number))
    page = tab(proxy.url)
    wait_for_offer(proxy)
    proxy.hold_after(1)
    drop(page, folder)
    expect(group(page, "queued").locator("h2")).to_have_text("Waiting (1,994)")
    assert page.locator("li.upload").count() <= 6 + 20
    # What is at work stands first, and the drop zone has made room for it.
    assert page.locator("section.group:visible").first.get_attribute("data-group") == "active"
    assert page.locator(".drop").bounding_box()["height"] < 80
    group(page, "queued").get_by_role("button", name="Show 200 of 1,974 more").click()
    expect(group(page, "queued").locator("li.upload")).to_have_count(220)
    # After a reload they are a group, which goes away by one click.
    proxy.release()
    page.reload()
    expect(group(page, "left").locator("h2")).to_have_text(re.compile(r"Unfinished from before \((1,\d\d\d|2,000)\)"))
    group(page, "left").get_by_role("button", name="Remove all").click()
    expect(page.locator("li.upload")).to_have_count(0)
    page.reload()
    expect(page.locator("#form")).to_be_visible()
    expect(page.locator("li.upload")).to_have_count(0)


def test_file_above_four_gibibytes_has_correct_numbers(proxy, tab, tmp_path):
    path = tmp_path / "huge.img"
    with path.open("wb") as file:
        file.truncate(5 * 2**30 + 7)
    page = upload_held_at(tab, proxy, path)
    expect(row(page, "huge.img").locator(".numbers")).to_contain_text("of 5.4\u00a0GB stored")
    assert proxy.creations()[0].headers["upload-length"] == str(5 * 2**30 + 7)
    button(page, "huge.img", "Cancel").click()
    expect(page.locator("li.upload")).to_have_count(0)


# Which file is which.


def twins(tmp_path, size, differing_at):
    """Two files of one name, size and date that differ in one byte, in folders of their own."""
    paths = []
    for folder in ("mine", "yours"):
        (tmp_path / folder).mkdir()
        paths.append(make_file(tmp_path / folder / "data.bin", size))
    with paths[1].open("r+b") as file:
        file.seek(differing_at)
        byte = file.read(1)[0]
        file.seek(differing_at)
        file.write(bytes([byte ^ 1]))
    for path in paths:
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return paths


def test_two_people_with_files_that_look_alike_both_have_theirs_stored(sluice, proxy, tab, tmp_path):
    mine, yours = twins(tmp_path, 3 * MEBIBYTE, MEBIBYTE)
    for path, options in ((mine, {}), (yours, {"locale": "de"})):
        page = tab(proxy.url, **options)
        choose(page, path)
        wait_state(page, "data.bin", "finished")
    assert_stored(sluice, mine, yours)


@pytest.mark.parametrize("size", [5000, 3 * MEBIBYTE])
def test_files_that_look_alike_in_one_list_are_both_stored(sluice, proxy, tab, tmp_path, size):
    mine, yours = twins(tmp_path, size, size // 2)
    page = tab(proxy.url)
    choose(page, mine)
    choose(page, yours)
    expect(group(page, "finished").locator("li.upload")).to_have_count(2)
    assert_stored(sluice, mine, yours)
    # The very same one again is not sent twice.
    choose(page, mine)
    expect(page.locator("#notice")).to_have_text("1 file of these is in the list already.")
    assert len(proxy.creations()) == 2


def test_unfinished_upload_does_not_go_on_with_a_file_that_only_looks_like_it(sluice, proxy, tab, tmp_path):
    mine, yours = twins(tmp_path, 16 * MEBIBYTE, 600_000)
    page = upload_held_at(tab, proxy, mine)
    page.reload()
    proxy.release()
    wait_state(page, "data.bin", "unfinished")
    choose(page, yours)
    expect(group(page, "finished").locator("li.upload")).to_have_count(1)
    expect(page.locator("#notice")).to_contain_text("is another file than the one begun before")
    expect(group(page, "left").locator("li.upload")).to_have_count(1)
    assert_stored(sluice, yours)
    choose(page, mine)
    expect(group(page, "finished").locator("li.upload")).to_have_count(2)
    assert_stored(sluice, mine, yours)
    assert_appends_start_where_told(proxy)


# Stopping and going on.


def test_pause_shows_the_servers_count_and_resume_goes_on_from_it(sluice, proxy, tab, files):
    path = files("film.mp4", 16 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path)
    button(page, "film.mp4", "Pause").click()
    wait_state(page, "film.mp4", "paused")
    proxy.wait(lambda: [head.status for head in proxy.heads()] == [200])
    told = int(proxy.heads()[0].answer_headers["upload-offset"])
    assert 0 < told < 16 * MEBIBYTE
    eventually(lambda: stored_count(page, "film.mp4") == told)
    proxy.release()
    button(page, "film.mp4", "Resume").click()
    wait_state(page, "film.mp4", "finished")
    assert_appends_start_where_told(proxy)
    assert_stored(sluice, path)


def test_cancel_removes_what_the_server_has(sluice, proxy, tab, files):
    page = upload_held_at(tab, proxy, files("film.mp4", 16 * MEBIBYTE))
    assert any((sluice.data / "uploads").iterdir())
    button(page, "film.mp4", "Cancel").click()
    expect(page.locator("li.upload")).to_have_count(0)
    expect(page.locator("#notice")).to_contain_text("“film.mp4” is cancelled")
    proxy.wait(lambda: [removal.status for removal in proxy.removals()] == [204])
    eventually(lambda: not any((sluice.data / "uploads").iterdir()))
    proxy.release()
    assert sluice.finished_files() == []


def test_cancel_while_the_server_is_away_is_told_when_it_is_back(sluice, proxy, tab, files):
    page = upload_held_at(tab, proxy, files("film.mp4", 16 * MEBIBYTE))
    sluice.kill()
    button(page, "film.mp4", "Cancel").click()
    page.close()
    sluice.start()
    proxy.release()
    page = tab(proxy.url)
    proxy.wait(lambda: proxy.removals() and proxy.removals()[-1].status == 204)
    eventually(lambda: not any((sluice.data / "uploads").iterdir()))
    expect(page.locator("li.upload")).to_have_count(0)


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
    assert_stored(sluice, path)


def test_killed_server_is_waited_for(sluice, proxy, tab, files):
    path = files("film.mp4", 24 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path, 8 * MEBIBYTE)
    before = stored_count(page, "film.mp4")
    sluice.kill()
    proxy.release()
    wait_state(page, "film.mp4", "waiting")
    expect(row(page, "film.mp4").locator(".words")).to_contain_text("The connection was lost. Trying again")
    sluice.start()
    wait_state(page, "film.mp4", "finished")
    first_told = next(head for head in proxy.heads() if head.status == 200)
    assert int(first_told.answer_headers["upload-offset"]) >= before > 0
    assert_stored(sluice, path)


def test_reload_lists_the_upload_and_the_same_file_goes_on(sluice, proxy, tab, files):
    path = files("film.mp4", 24 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path, 8 * MEBIBYTE)
    page.reload()
    proxy.release()
    wait_state(page, "film.mp4", "unfinished")
    eventually(lambda: stored_count(page, "film.mp4") >= 5 * MEBIBYTE)
    choose(page, path)
    wait_state(page, "film.mp4", "finished")
    assert len(proxy.creations()) == 1
    assert_stored(sluice, path)
    page.reload()
    expect(page.locator("#form")).to_be_visible()
    expect(page.locator("li.upload")).to_have_count(0)


def test_removing_an_unfinished_upload_frees_its_bytes(sluice, proxy, tab, files):
    page = upload_held_at(tab, proxy, files("film.mp4", 16 * MEBIBYTE))
    page.reload()
    proxy.release()
    button(page, "film.mp4", "Remove").click()
    eventually(lambda: not any((sluice.data / "uploads").iterdir()))
    page.reload()
    expect(page.locator("#form")).to_be_visible()
    expect(page.locator("li.upload")).to_have_count(0)


def test_upload_whose_last_answer_was_lost_finishes_without_the_file(sluice, proxy, tab, files):
    path = files("film.mp4", 3 * MEBIBYTE)
    page = tab(proxy.url)
    choose(page, path)
    wait_state(page, "film.mp4", "finished")
    # As if the page had ended before it heard of the end: its last note of the upload is still there.
    address = proxy.patches()[-1].target.lstrip("/")
    record = {"path": "film.mp4", "url": address, "size": 3 * MEBIBYTE, "lastModified": 1, "offset": MEBIBYTE,
              "hashed": 3 * MEBIBYTE, "sum": "", "now": page.evaluate("() => Date.now()"), "isBusy": False, "window": "x"}
    page.evaluate("(record) => localStorage.setItem('sluice / someone', JSON.stringify(record))", record)
    page.reload()
    wait_state(page, "film.mp4", "finished")
    expect(row(page, "film.mp4").get_by_role("link", name="Download")).to_be_visible()


def test_what_another_window_sends_is_not_removed_from_here(sluice, proxy, tab, files):
    path = files("film.mp4", 16 * MEBIBYTE)
    first = upload_held_at(tab, proxy, path)
    second = tab(proxy.url)
    button(second, "film.mp4", "Clear").click()
    expect(second.locator("li.upload")).to_have_count(0)
    proxy.release()
    wait_state(first, "film.mp4", "finished")
    assert proxy.removals() == []
    assert_stored(sluice, path)


def test_cancelling_in_one_window_leaves_nothing_in_the_other(sluice, proxy, tab, files):
    first = upload_held_at(tab, proxy, files("film.mp4", 16 * MEBIBYTE))
    second = tab(proxy.url)
    wait_state(second, "film.mp4", "unfinished")
    button(first, "film.mp4", "Cancel").click()
    expect(second.locator("li.upload")).to_have_count(0)
    for page in (first, second):
        page.reload()
        expect(page.locator("#form")).to_be_visible()
        expect(page.locator("li.upload")).to_have_count(0)


def test_second_window_takes_over_and_the_first_does_not_fight_back(sluice, proxy, tab, files):
    path = files("film.mp4", 24 * MEBIBYTE)
    first = upload_held_at(tab, proxy, path, 8 * MEBIBYTE)
    second = tab(proxy.url)
    expect(row(second, "film.mp4").locator(".words")).to_have_text("Another window is sending it.")
    # To look does not disturb: the second window has asked nothing so far.
    assert proxy.heads() == []
    choose(second, path)
    # The second one is held too, further on: the first must not come back while it is at work.
    proxy.wait(lambda: [head.status for head in proxy.heads()] == [200])
    proxy.hold_after(2 * MEBIBYTE)
    wait_state(first, "film.mp4", "superseded")
    expect(row(first, "film.mp4").locator(".words")).to_contain_text("Another window or device goes on")
    proxy.release()
    wait_state(second, "film.mp4", "finished")
    # Once that is done, the first window learns it; it sends no byte for it.
    wait_state(first, "film.mp4", "finished")
    assert len(proxy.heads()) == len(proxy.creations()) == 1
    assert_stored(sluice, path)


def test_file_that_changes_while_it_is_sent_is_said_in_plain_words(sluice, proxy, tab, files):
    path = files("diary.txt", 16 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path)
    make_file(path, 16 * MEBIBYTE + 1, seed=9)
    proxy.cut_all()
    wait_state(page, "diary.txt", "changed")
    expect(row(page, "diary.txt").locator(".words")).to_contain_text("changed, moved or deleted")
    choose(page, path)
    wait_state(page, "diary.txt", "finished")
    expect(page.locator("li.upload")).to_have_count(1)
    assert_stored(sluice, path)


def test_upload_that_the_server_no_longer_has_begins_anew(sluice, proxy, tab, files):
    path = files("film.mp4", 16 * MEBIBYTE)
    page = upload_held_at(tab, proxy, path)
    button(page, "film.mp4", "Pause").click()
    proxy.release()
    wait_state(page, "film.mp4", "paused")
    page.request.delete(urljoin(proxy.url, proxy.patches()[0].target), headers={"Tus-Resumable": "1.0.0"})
    button(page, "film.mp4", "Resume").click()
    wait_state(page, "film.mp4", "finished")
    assert_stored(sluice, path)


# What the server refuses.


def refuse(page, status, body="", headers=None):
    page.route("**/files", lambda route: route.fulfill(status=status, body=body, headers=headers or {}))


def test_too_large_is_told_in_human_units_before_a_byte_is_sent(start, tab, files):
    server = start("--max-size", "10M")
    page = tab(server.url)
    expect(page.locator("#bound")).to_have_text("Files of up to 10.5\u00a0MB.")
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    choose(page, files("large.iso", 12 * MEBIBYTE))
    wait_state(page, "large.iso", "refused")
    expect(row(page, "large.iso").locator(".words")).to_have_text(
        "Too large: it has 12.6\u00a0MB, and the server takes files of up to 10.5\u00a0MB.")
    assert sent == []


def test_full_disk_is_waited_for_and_can_be_retried_at_once(sluice, proxy, tab, files):
    path = files("notes.txt", 1000)
    page = tab(proxy.url)
    refuse(page, 507, "No space left")
    choose(page, path)
    wait_state(page, "notes.txt", "waiting")
    expect(row(page, "notes.txt").locator(".words")).to_have_text(
        re.compile(r"^The server has no space left\. Trying again in \d+ s\.$"))
    page.unroute("**/files")
    button(page, "notes.txt", "Retry now").click()
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)


@pytest.mark.parametrize(("status", "words"), [
    (503, "The server is stopping or busy."), (500, "The server had a problem (500"),
])
def test_passing_trouble_is_retried_without_a_click(sluice, proxy, tab, files, status, words):
    path = files("notes.txt", 1000)
    page = tab(proxy.url)
    refused = []

    def once(route):
        refused.append(route.request.url)
        route.fulfill(status=status) if len(refused) == 1 else route.continue_()

    page.route("**/files", once)
    choose(page, path)
    expect(row(page, "notes.txt").locator(".words")).to_contain_text(words)
    wait_state(page, "notes.txt", "finished")
    assert_stored(sluice, path)


def test_failures_are_counted_and_tried_again_together(sluice, proxy, tab, files):
    paths = [files(f"{number}.txt", 1000, seed=number) for number in range(3)]
    page = tab(proxy.url)
    refuse(page, 415, "Not this one.")
    choose(page, *paths)
    expect(page.locator("#summary")).to_contain_text("0 of 3 files finished · 3 not sent")
    expect(row(page, "0.txt").locator(".words")).to_have_text(
        "The server refused the upload (415). The server says: Not this one.")
    page.unroute("**/files")
    group(page, "failed").get_by_role("button", name="Try all again").click()
    expect(page.locator("#summary")).to_contain_text("3 of 3 files finished")
    assert_stored(sluice, *paths)


def test_refused_access_is_told(proxy, tab, files):
    page = tab(proxy.url)
    refuse(page, 403, "<html>Forbidden</html>")
    choose(page, files("notes.txt", 1000))
    wait_state(page, "notes.txt", "refused")
    expect(row(page, "notes.txt").locator(".words")).to_have_text("You may not upload here (403).")


@pytest.mark.parametrize("answer", [
    {"status": 401}, {"status": 200, "body": "<html>Please log in</html>", "content_type": "text/html"},
], ids=["401", "200 with a page"])
def test_answer_that_asks_for_a_log_in_is_told_as_that(sluice, proxy, tab, files, answer):
    path = files("notes.txt", 1000)
    page = tab(proxy.url)
    page.route("**/files", lambda route: route.fulfill(**answer))
    choose(page, path)
    wait_state(page, "notes.txt", "waiting")
    expect(row(page, "notes.txt").locator(".words")).to_contain_text("log in again")
    expect(page.locator("#login")).to_contain_text("You may have to log in again.")
    page.unroute("**/files")
    page.evaluate("() => dispatchEvent(new Event('focus'))")  # back from the tab of the log-in
    wait_state(page, "notes.txt", "finished")
    expect(page.locator("#login")).to_be_hidden()
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


def test_modules_import_what_they_use_and_share_one_name_for_one_thing():
    """They are joined into one script, where a missing import would go unseen and a name used twice would not."""
    sources = {path.name: path.read_text() for path in PAGE.glob("*.js")}
    declared, exported = {}, {}
    for name, text in sources.items():
        for found in re.findall(r"(?m)^(export )?(?:async )?(?:const|let|function|class) (\w+)", text):
            assert found[1] not in declared, f"{found[1]} is in {name} and {declared[found[1]]}"
            declared[found[1]] = name
            if found[0]:
                exported[found[1]] = name
    for name, text in sources.items():
        imports = re.findall(r"(?m)^import \{ (.+) \} from '\./(.+)';$", text)
        assert len(imports) == len(re.findall(r"(?m)^import ", text)), f"{name}: an import is one line"
        assert len(text.splitlines()) <= 200, f"{name} is too long to be read at once"
        for names, source in imports:
            for imported in names.split(", "):
                assert exported[imported] == source, f"{name} imports {imported}"
                assert len(re.findall(rf"\b{imported}\b", text)) > 1, f"{name} has no use for {imported}"
    names = re.findall(r'(?:src|href)="([a-z]+\.(?:js|css))"', (PAGE / "index.html").read_text())
    assert sorted(names) == sorted(path.name for path in PAGE.glob("*.[jc]s*"))


def test_page_is_one_document_and_the_policy_allows_exactly_its_style_and_script(proxy, tab):
    page = tab(proxy.url)
    answer = page.request.get(proxy.url)
    policy, text = answer.headers["content-security-policy"], answer.text()
    for name in ("style", "script"):
        [inline] = re.findall(rf"(?s)<{name}(?: [^>]*)?>(.*?)</{name}>", text)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy
    markup = re.sub(r"(?s)<(style|script)[^>]*>.*?</\1>", "", text)
    assert not re.search(r"\s(style|on[a-z]+)=", markup)
    assert not re.search(r"(src|href|action)=[\"'](/|https?:)", markup)
    assert page.evaluate("() => performance.getEntriesByType('resource').filter(e => e.name.match(/js|css/)).length") == 0


def test_form_works_without_scripts(sluice, proxy, tab, files):
    paths = [files("one.txt", 1000), files("two.bin", 3 * MEBIBYTE, seed=2)]
    page = tab(proxy.url, java_script_enabled=False)
    page.set_input_files("#files", [str(path) for path in paths])
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Upload").click()
    assert navigation.value.status == 201
    assert_stored(sluice, *paths)


def test_page_works_below_a_path_prefix(sluice, proxy, tab, files):
    path = files("film.mp4", 3 * MEBIBYTE)
    page = tab(proxy.url)
    page.route("**/deep/er/**", lambda route: route.continue_(url=route.request.url.replace("deep/er/", "")))
    page.goto(proxy.url + "deep/er/")
    choose(page, path)
    wait_state(page, "film.mp4", "finished")
    assert_stored(sluice, path)
    link = row(page, "film.mp4").get_by_role("link")
    assert link.evaluate("link => link.href").startswith(proxy.url + "deep/er/files/")


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

    def focused():
        return page.evaluate("() => document.activeElement.textContent")

    def press_until_focused(word):
        for _ in range(10):
            page.keyboard.press("Tab")
            if focused() == word:
                return
        raise AssertionError(f"Tab never reached {word}")

    press_until_focused("Pause")
    page.keyboard.press("Space")
    wait_state(page, "film.mp4", "paused")
    proxy.release()
    # The button under the focus is now the opposite one, and has moved with its row.
    eventually(lambda: focused() == "Resume")
    page.keyboard.press("Enter")
    wait_state(page, "film.mp4", "finished")
    expect(page.locator("#news")).to_contain_text("film.mp4: Finished")
    eventually(lambda: focused() == "Clear")
    page.keyboard.press("Enter")
    expect(page.locator("li.upload")).to_have_count(0)
    assert page.evaluate("() => document.activeElement.id") == "files"
    assert_stored(sluice, path)


def test_progress_is_readable_by_assistive_technology_and_announced_only_at_changes(proxy, tab, files):
    page = upload_held_at(tab, proxy, files("film.mp4", 16 * MEBIBYTE))
    bar = row(page, "film.mp4").get_by_role("progressbar", name="film.mp4")
    expect(bar).to_have_attribute("aria-valuetext", re.compile(r"MB of 16\.8.MB stored.*Sending"))
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
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
    background = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 200) == (scheme == "dark")


def test_phones_are_not_asked_to_drop_anything(proxy, tab):
    page = tab(proxy.url, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    expect(page.locator("#invitation")).to_have_text("Choose files")
    expect(page.get_by_role("button", name="choose a folder")).to_have_count(0)


def test_over_http2_small_files_go_many_at_a_time(sluice, tab, files):
    paths = [files(f"photo-{number:03}.jpg", 20_000, seed=number) for number in range(100)]
    page = tab(sluice.tls_url)
    assert page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
    held = []

    def hold(route):
        # Each request waits until many are there: over HTTP/1.1 no more than six ever would.
        held.append(route)
        if len(held) > 60:
            route.continue_()
        elif len(held) == 60:
            for other in held[:60]:
                other.continue_()

    page.route("**/files", lambda route: hold(route) if route.request.method == "POST" else route.continue_())
    choose(page, *paths)
    expect(page.locator("#summary")).to_contain_text("100 of 100 files finished")
    assert_stored(sluice, *paths)


STREAM = """
async ([address, method, fields, text]) => {
    const pieces = new ReadableStream({
        start(controller) {
            const bytes = new TextEncoder().encode(text);
            for (let start = 0; start < bytes.length; start += 10000) {
                controller.enqueue(bytes.subarray(start, start + 10000));
            }
            controller.close();
        },
    });
    const answer = await fetch(address, {method, headers: fields, body: pieces, duplex: 'half'});
    return [answer.status, answer.headers.get('location'), await answer.text()];
}
"""


def test_streaming_bodies_are_taken_by_every_dialect(sluice, tab):
    page = tab(sluice.tls_url)
    text = "".join(f"{number:09}\n" for number in range(20_000))
    created = page.evaluate(
        "async (fields) => (await fetch('/files', {method: 'POST', headers: fields})).headers.get('location')",
        TUS | {"Upload-Length": str(len(text))})
    boundary = {"Content-Type": "multipart/form-data; boundary=B"}
    form = f'--B\r\nContent-Disposition: form-data; name="f"; filename="form.txt"\r\n\r\n{text}\r\n--B--\r\n'
    ways = [("PATCH", created, PATCH | {"Upload-Offset": "0"}, text), ("POST", "/files", boundary, form)]
    ways += [(*WAYS[way](len(text))[:3], text) for way in WHOLE.values()]
    for method, address, fields, body in ways:
        answer = page.evaluate(STREAM, [address, method, fields, body])
        assert answer[0] in (200, 201, 204), (address, answer)
    stored = sluice.finished_files()
    assert len(stored) == len(ways)
    assert all(path.read_text() == text for path in stored)
