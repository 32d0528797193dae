"""The application in examples/inbox, started as its page says, in a real browser: a token, an upload, a webhook."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ports import free_ports
from sluice import sha256
from waiting import eventually

TOP = Path(__file__).parents[2]
EXAMPLE = TOP / "examples" / "inbox"
STOP_SECONDS = 40
MEBIBYTE = 1 << 20


class Inbox:
    """Both programs, by the script that starts them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.port, self.uploads_port = free_ports(2)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @contextmanager
    def running(self, *options: str):
        environment = os.environ | {
            "INBOX_PORT": str(self.port), "UPLOADS_PORT": str(self.uploads_port), "DATA": str(self.folder),
            "SLUICE": os.path.abspath(os.environ.get("SLUICE_BINARY", TOP / ".build/release/sluice"))}
        environment.pop("SLUICE_BINARY", None)
        path = self.folder.parent / "example.log"
        with path.open("ab") as log:
            process = subprocess.Popen([EXAMPLE / "run", *options], env=environment, stdout=log, stderr=log)
        try:
            for port in (self.port, self.uploads_port):
                eventually(lambda: answers(port), f"somebody at {port}")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            print(path.read_text())
            assert process.wait(STOP_SECONDS) == 0
        for port in (self.port, self.uploads_port):
            assert not answers(port)

    def stored(self) -> list[Path]:
        return [path for path in self.folder.glob("uploads/complete/*/*") if path.is_file()]


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path / "data")


def come_in(tab, inbox: Inbox, name: str, **options):
    page = tab(inbox.url, **options)
    page.fill("[name=name]", name)
    page.click("button")
    expect(page.locator("#none")).to_be_visible()
    expect(page.locator("#files")).to_be_enabled()
    return page


def test_a_file_goes_to_sluice_and_the_application_hears_of_it(inbox, tab, files, tmp_path):
    photo, film = files("größer – ü.jpg", 300_000), files("film.mp4", 80 * MEBIBYTE)
    with inbox.running():
        page = come_in(tab, inbox, "Alice")
        page.set_input_files("#files", [str(photo), str(film)])
        links = page.locator("#stored a")
        expect(links).to_have_count(2)
        assert set(links.all_text_contents()) == {photo.name, film.name}
        expect(page.locator("#sending li")).to_have_count(0)
        assert {path.name: sha256(path) for path in inbox.stored()} == {
            photo.name: sha256(photo), film.name: sha256(film)}
        with page.expect_download() as download:
            page.get_by_text(photo.name).click()
        download.value.save_as(tmp_path / "again")
        assert download.value.suggested_filename == photo.name and sha256(tmp_path / "again") == sha256(photo)
        # Another user's inbox is another one, by the application and by Sluice.
        other = come_in(tab, inbox, "Bob", locale="en-GB")
        expect(other.locator("#stored a")).to_have_count(0)
        target = page.get_by_text(photo.name).get_attribute("href")
        assert other.request.get(inbox.url + target.removeprefix("/")).status == 404
        token = other.request.get(inbox.url + "token").json()["token"]
        told = other.request.get(
            f"http://127.0.0.1:{inbox.uploads_port}{target}", headers={"Authorization": f"Bearer {token}"})
        assert told.status == 404


def test_an_upload_goes_on_after_both_were_stopped_and_the_page_was_loaded_again(inbox, tab, files):
    film = files("film.mp4", 200 * MEBIBYTE)
    with inbox.running("--max-rate", "20M"):
        page = come_in(tab, inbox, "Alice")
        page.set_input_files("#files", str(film))
        eventually(
            lambda: any(path.stat().st_size > MEBIBYTE for path in inbox.folder.glob("uploads/uploads/*")), "some bytes")
    assert inbox.stored() == []
    expect(page.locator("#sending")).to_contain_text("It goes on by itself.")
    with inbox.running():
        page.reload()
        expect(page.locator("#files")).to_be_enabled()
        page.set_input_files("#files", str(film))
        expect(page.locator("#stored a")).to_have_text([film.name])
        assert [sha256(path) for path in inbox.stored()] == [sha256(film)]


def test_what_is_not_signed_by_sluice_is_not_believed(inbox):
    with inbox.running():
        event = b'{"type":"sluice.upload.finished","data":{"id":"a","owner":"alice","name":"x","size":1},"time":""}'
        for fields in ({}, {"webhook-id": "1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,x"}):
            request = urllib.request.Request(inbox.url + "hook", event, fields, method="POST")
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            assert refused.value.code == 401
