"""Uploads that have their addresses elsewhere than below /files: what an application behind a shared name needs."""

import json
import re
import subprocess
import uuid
from contextlib import closing

import pytest
from playwright.sync_api import expect

from activator import binary
from conftest import choose, wait_state
from dialects import WAYS
from receiver import Receiver
from sluice import Sluice, sha256
from waiting import eventually
from wire import ask

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
BASE = "/media/up.loads"


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    server = Sluice(tmp_path_factory.mktemp("moved"), "--base-path", BASE)
    server.start()
    yield server
    server.stop()


def at(path: str) -> str:
    """Where an address of the usual place is here."""
    return BASE + path.removeprefix("/files") if path.startswith("/files") else "/media" + path


@pytest.mark.parametrize("way", [name for name in WAYS if WAYS[name](1)[1].startswith("/files")])
def test_every_dialect_makes_uploads_there_and_tells_that_address(moved, way):
    method, path, fields, body = WAYS[way](10)
    answer = ask(moved.port, method, at(path), fields, body)
    assert answer.status in (200, 201), answer
    assert re.fullmatch(BASE + "/[0-9a-f]{32}", answer.location)
    assert {one.fields["location"] for one in answer.interim if "location" in one.fields} <= {answer.location}
    marks = TUS if way.startswith("tus") else {}
    assert ask(moved.port, "HEAD", answer.location, marks).status in (200, 204)
    assert ask(moved.port, "DELETE", answer.location, TUS if way.startswith("tus") else {}).status in (204, 404)


def test_file_id_lies_beside_it(moved):
    name = uuid.uuid4().hex
    assert ask(moved.port, "GET", "/media/status", {"X-File-Id": name}).body == b"0"
    assert ask(moved.port, "POST", "/media/upload", {"X-File-Id": name, "X-Start-Byte": "0"}, b"hello").status == 200
    assert ask(moved.port, "GET", "/media/status", {"X-File-Id": name}).body == b"5"


def test_files_are_joined_by_these_addresses(moved):
    parts = [ask(moved.port, "POST", BASE, PATCH | {"Upload-Length": "3", "Upload-Concat": "partial"}, body).location
             for body in (b"abc", b"def")]
    whole = ask(moved.port, "POST", BASE, TUS | {"Upload-Concat": f"final;{' '.join(parts)}"})
    assert whole.status == 201
    assert ask(moved.port, "GET", whole.location).body == b"abcdef"
    elsewhere = " ".join(part.replace(BASE, "/files") for part in parts)
    assert ask(moved.port, "POST", BASE, TUS | {"Upload-Concat": f"final;{elsewhere}"}).status == 400


@pytest.mark.parametrize("path", [
    "/files", "/files/a", "/", "/status", "/upload", "/usage", "/media/files", "/media/files/a", "/up.loads", "/medi", "/media/u",
    "/media//up.loads", "//media/up.loads", "/media/up.loads.", "/MEDIA/up.loads", "/media/up_loads", "/media/healthz",
    "/media/up.loads/a/b", "/media/up.loads/a/events", "/media%2Fup.loads", "/media/up.loads%2Fa", "/media/up.loads;a"])
def test_nothing_else_is_taken_for_it(moved, path):
    fields = {"X-File-Id": "a"} if path in ("/status", "/upload") else {}
    assert ask(moved.port, "GET", path, fields).status == 404
    assert ask(moved.port, "PUT", path, fields, b"x").status in (404, 405)


@pytest.mark.parametrize("path", [
    "/media/../media/up.loads", "/media/./up.loads", "/media/x/../up.loads", "/media/%2e%2e/up.loads", "/media/up.loads/..",
    "/media/up.loads/%2E%2E", "/../media/up.loads", "/media/up.loads/%00", "/media/up.loads/%zz", "/media/%2e/up.loads"])
def test_no_dots_and_no_bad_escapes_lead_there(moved, path):
    for method in ("GET", "PUT", "POST"):
        assert (answer := ask(moved.port, method, path, {}, b"x" if method != "GET" else b"")).status == 400, answer
        assert answer.code == "bad-path"


def test_an_escaped_letter_is_that_letter(moved):
    assert ask(moved.port, "PUT", "/m%65dia/up%2Eloads/a.txt", {}, b"x").status == 201


def test_health_stays_at_the_root_and_options_tell_what_is_where(moved):
    assert ask(moved.port, "GET", "/healthz").status == ask(moved.port, "GET", "/readyz").status == 200
    assert "GET" in ask(moved.port, "OPTIONS", "/media/usage").fields["allow"]
    answer = ask(moved.port, "OPTIONS", BASE)
    assert answer.status == 204 and "POST" in answer.fields["allow"] and "creation" in answer.fields["tus-extension"]
    assert "PATCH" in ask(moved.port, "OPTIONS", f"{BASE}/{'0' * 32}").fields["allow"]
    assert ask(moved.port, "OPTIONS", "/files").status == 404


def test_progress_is_told_beside_the_upload(moved):
    location = ask(moved.port, "PUT", f"{BASE}/a.txt", {}, b"hello").location
    answer = ask(moved.port, "GET", f"{location}/events")
    assert answer.status == 200 and b"event: finished" in answer.body


def test_the_page_works_below_it_and_is_found_without_its_slash(start, tab, files):
    server = start("--base-path", BASE + "/")
    answer = ask(server.port, "GET", "/media?token=a")
    assert (answer.status, answer.location) == (308, "./media/?token=a")
    path = files("film.bin", 3_000_000)
    page = tab(f"http://127.0.0.1:{server.port}/media")
    assert page.url == f"http://127.0.0.1:{server.port}/media/"
    choose(page, path)
    wait_state(page, "film.bin", "finished")
    expect(page.get_by_role("link", name="Download film.bin")).to_have_attribute("href", re.compile("^up.loads/"))
    [stored] = server.finished_files()
    assert sha256(stored) == sha256(path)


def test_events_and_a_public_url_go_with_it(start):
    with closing(Receiver()) as receiver:
        server = start("--base-path", BASE, "--public-url", "https://x.example/apps", "--webhook", receiver.url)
        location = ask(server.port, "PUT", f"{BASE}/a.txt", {}, b"hello").location
        assert location.startswith(f"https://x.example/apps{BASE}/")
        eventually(lambda: len(receiver.taken) == 2, "both events")
        assert {one.json["data"]["location"] for one in receiver.taken} == {location}


def test_put_sends_there(moved, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"x" * 100_000)
    done = subprocess.run(
        [binary(), "put", "--exact-url", str(tmp_path / "a.bin"), f"http://127.0.0.1:{moved.port}{BASE}"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and f"{BASE}/" in done.stdout, done


@pytest.mark.parametrize("path", [
    "", "/", "files", "//files", "/a//b", "/a/../b", "/a/.", "/...", "/a b", "/a%20b", "/a?b", "/a#b", "/ä", "/a\\b",
    "/status", "/upload", "/x/usage", "/healthz", "/readyz/a", "/.well-known/a", "/" + "a" * 200])
def test_a_path_that_cannot_be_meant_is_refused_at_the_start(tmp_path, path):
    done = subprocess.run([binary(), "check-config", "--data", str(tmp_path), "--base-path", path],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "base-path" in done.stderr + done.stdout, done


def test_a_slash_at_its_end_means_nothing(tmp_path):
    done = subprocess.run([binary(), "check-config", "--data", str(tmp_path), "--base-path", "/files/"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
