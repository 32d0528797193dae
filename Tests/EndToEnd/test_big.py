"""One big file through the browser and TLS, with everything that can cut it cutting it."""

import os

import pytest
from playwright.sync_api import expect

from conftest import MEBIBYTE, choose, row, wait_state
from sluice import sha256

BIG_BYTES = int(os.environ.get("SLUICE_BIG_BYTES", 256 * MEBIBYTE))
# Time for the slowest disk we want to support in tests, 16 MiB a second, over every pass.
BIG_SECONDS = 90 + BIG_BYTES * 2 // (16 * MEBIBYTE)


@pytest.mark.seconds(BIG_SECONDS)
def test_big_file_survives_reset_kill_and_reload(sluice, tls_proxy, tab, files):
    path = files("big.img", BIG_BYTES)
    quarter = BIG_BYTES // 4

    # The line is reset. The browser repeats the request by itself, or the page asks and goes on.
    tls_proxy.cut_after(quarter)
    page = tab(tls_proxy.url)
    choose(page, path)
    tls_proxy.wait(lambda: tls_proxy.cuts == 1, BIG_SECONDS)

    # The server dies, with no chance to write anything down.
    tls_proxy.hold_after(quarter)
    tls_proxy.wait(lambda: tls_proxy.held == 1, BIG_SECONDS)
    sluice.kill()
    tls_proxy.release()
    wait_state(page, "big.img", "waiting")

    # The page is loaded anew in the middle, and the file chosen again.
    tls_proxy.hold_after(quarter // 2)
    sluice.start()
    tls_proxy.wait(lambda: tls_proxy.held == 1, BIG_SECONDS)
    # Over HTTP/2 the page comes by the very connection that is held.
    page.evaluate("setTimeout(() => location.reload())")
    tls_proxy.release()
    wait_state(page, "big.img", "unfinished")
    choose(page, path)

    expect(row(page, "big.img")).to_have_attribute("data-state", "finished", timeout=BIG_SECONDS * 1000)
    assert sluice.sha256("big.img") == sha256(path)
