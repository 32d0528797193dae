"""Fixtures: the real server, the real browser, and a line between them that can be cut."""

import os
import re
from types import SimpleNamespace

import pytest
import wire
from playwright.sync_api import expect, sync_playwright

from activator import Activator, listening
from proxy import Proxy
from sluice import Sluice, make_file
# Imported to be found here: pytest takes hooks and fixtures from a conftest by their names.
from time_limit import pytest_configure, time_limit  # noqa: F401

WAIT_SECONDS = 30
MEBIBYTE = 1 << 20

expect.set_options(timeout=WAIT_SECONDS * 1000)


@pytest.fixture
def sluice(tmp_path):
    server = Sluice(tmp_path)
    server.start()
    yield server
    server.stop()
    print(server.log_tail())


@pytest.fixture
def start(tmp_path):
    """Starts a server with options of the test's own: start("--max-size", "1K")."""
    servers = []

    def start_server(*options):
        server = Sluice(tmp_path / f"server{len(servers)}", *options)
        server.data.parent.mkdir()
        servers.append(server)
        server.start()
        return server

    yield start_server
    for server in servers:
        server.stop()
        print(server.log_tail())


@pytest.fixture
def manage(tmp_path):
    """Starts a server with an admin address: manage("--max-size", "1K")."""
    sites = []

    def start_server(*options):
        folder = tmp_path / f"site{len(sites)}"
        folder.mkdir()
        site = Activator(folder, {"http": listening(), "admin": listening()}, *options)
        site.start()
        sites.append(site)
        return SimpleNamespace(site=site, http=site.port("http"), admin=site.port("admin"), data=site.data, log=site.log,
                               page=f"http://127.0.0.1:{site.port('admin')}/")

    yield start_server
    for site in sites:
        print(site.log_tail())
        site.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for all tests of a module that neither kill it nor look at all of its files."""
    server = Sluice(tmp_path_factory.mktemp("shared"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def proxy(sluice):
    line = Proxy(sluice.port)
    yield line
    line.close()


@pytest.fixture
def tls_proxy(sluice):
    line = Proxy(sluice.tls_port, tls=True)
    yield line
    line.close()


@pytest.fixture
def files(tmp_path):
    """Makes files to upload: files("name", size)."""
    folder = tmp_path / "files"
    folder.mkdir()
    return lambda name, size, seed=1: make_file(folder / name, size, seed)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        path = os.environ.get("SLUICE_CHROMIUM", "/usr/bin/chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser):
    """Opens tabs, all in one profile: tab(url). A script error or a breach of the content policy fails the test."""
    contexts, complaints = {}, []

    def open_tab(url, **options):
        key = repr(options)
        if key not in contexts:
            contexts[key] = browser.new_context(ignore_https_errors=True, **options)
            contexts[key].set_default_timeout(WAIT_SECONDS * 1000)
        page = contexts[key].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
        page.on("dialog", lambda dialog: dialog.accept())
        page.on("filechooser", lambda _: None)  # so that choosers are intercepted before a test waits for one
        page.goto(url)
        return page

    yield open_tab
    for context in contexts.values():
        context.close()
    assert complaints == []


@pytest.fixture
def protocol(request):
    """Has `wire` speak one of both: with `pytestmark = pytest.mark.usefixtures("protocol")` every test of a module runs
    over HTTP/1.1 and over HTTP/2, but for those that are marked (`pytest.ini`). CONTRIBUTING.md says which ones do."""
    wire.speak(request.param)
    yield request.param
    wire.speak("HTTP/1.1")


def pytest_generate_tests(metafunc):
    marks = metafunc.definition.iter_markers("parametrize")
    if "protocol" in metafunc.fixturenames and not any("protocol" in mark.args[0] for mark in marks):
        is_single = any(map(metafunc.definition.get_closest_marker, ["http1", "once"]))
        metafunc.parametrize("protocol", ["HTTP/1.1"] if is_single else ["HTTP/1.1", "HTTP/2"], indirect=True)


def pytest_collection_modifyitems(config, items):
    sampled = {(item.path, item.originalname): item for item in items if is_sampled(item)}
    left_out = [item for item in items if is_sampled(item) and item not in sampled.values()]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def is_sampled(item) -> bool:
    return item.get_closest_marker("sampled") is not None and item.callspec.params["protocol"] == "HTTP/2"


def is_complaint(message) -> bool:
    # The browser also logs every cut connection and every 4xx as an error; these are what the tests are about.
    return message.type == "error" and not message.text.startswith("Failed to load resource")


def row(page, name):
    """The upload of this name in the list."""
    return page.locator("li.upload").filter(has=page.get_by_text(name, exact=True))


def wait_state(page, name, *states):
    """Waits until the upload is in one of the states."""
    expect(row(page, name)).to_have_attribute("data-state", re.compile(f"^({'|'.join(states)})$"))


def choose(page, *paths):
    page.set_input_files("#files", [str(path) for path in paths])


def assert_appends_start_where_told(proxy, file_id=None):
    """No byte below an offset that the server has told is ever sent again."""
    told = {}
    for exchange in list(proxy.exchanges):
        if exchange.target.endswith("/status") and exchange.status == 200:
            told[exchange.file_id] = int(exchange.answer)
        if exchange.method == "POST" and exchange.file_id and file_id in (None, exchange.file_id):
            assert exchange.start == told[exchange.file_id]
