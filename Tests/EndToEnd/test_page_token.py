"""The page where the server asks who is there."""

import pytest
from playwright.sync_api import expect

from conftest import choose, row, wait_state
from tokens import bearer, secret_file, token
from waiting import eventually
from wire import ask


@pytest.fixture
def guarded(tmp_path, start):
    return start("--jwt-secret", str(secret_file(tmp_path)))


def tell(page, text):
    page.fill("#token", text)
    page.click("#token-form button")


def test_the_page_asks_for_a_token_and_goes_on_with_it(guarded, tab, files):
    page = tab(guarded.url)
    expect(page.locator("#token-form")).to_be_hidden()
    choose(page, files("small.bin", 1000), files("large.bin", 3_000_000))
    expect(page.locator("#token-form")).to_be_visible()
    expect(page.locator("#token-form")).to_contain_text("asks who you are")
    tell(page, token("alice", key="x" * 64))
    expect(page.locator("#token-form")).to_contain_text("does not take this token")
    tell(page, token("alice"))
    for name in ("small.bin", "large.bin"):
        wait_state(page, name, "finished")
    expect(page.locator("#token-form")).to_be_hidden()
    link = row(page, "large.bin").locator("a.link")
    assert "token" not in link.get_attribute("href")
    with page.expect_download() as download:
        link.click()
    # Whoever copies the address afterwards copies no token.
    eventually(lambda: "token" not in link.get_attribute("href"))
    assert download.value.path().stat().st_size == 3_000_000
    # For this tab it is kept.
    page.reload()
    choose(page, files("later.bin", 1000, 2))
    wait_state(page, "later.bin", "finished")


def test_a_link_brings_a_token_and_the_address_loses_it(guarded, tab, files):
    page = tab(guarded.url + "?token=" + token("alice", scope="upload"))
    assert page.url == guarded.url
    choose(page, files("a.bin", 1000))
    wait_state(page, "a.bin", "finished")
    # What the token does not allow is not offered.
    expect(row(page, "a.bin").locator("a.link")).to_be_hidden()


def test_a_token_that_ends_in_the_middle_is_asked_for_anew(guarded, tab, files):
    short = token("alice", seconds=4)
    page = tab(guarded.url + "?token=" + short)
    choose(page, files("first.bin", 1000))
    wait_state(page, "first.bin", "finished")
    eventually(lambda: ask(guarded.port, "GET", "/files/" + "0" * 32, bearer(short)).status == 401)
    choose(page, files("second.bin", 2_000_000, 3))
    expect(page.locator("#token-form")).to_be_visible()
    tell(page, token("alice"))
    wait_state(page, "second.bin", "finished")
