"""--max-uploads: how many uploads may be unfinished at once, whoever begins them and whatever becomes of them."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from activator import Activator, listening
from dialects import PATCH, TUS, WAYS
from exposition import Exposition
from file_id import append, status
from waiting import eventually
from wire import Line, ask


def begin(port, length=10):
    return ask(port, "POST", "/files", TUS | {"Upload-Length": str(length)}, b"")


@pytest.mark.usefixtures("protocol")
def test_no_more_uploads_are_open_than_allowed_whoever_begins_them(start):
    server = start("--max-uploads", "5", "--threads", "2")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: begin(server.port), range(40)))
    assert sorted(answer.status for answer in answers) == [201] * 5 + [503] * 35
    assert {answer.code for answer in answers if answer.status == 503} == {"too-many-uploads"}
    assert all(int(answer.fields["retry-after"]) > 0 for answer in answers if answer.status == 503)
    begun = [answer.location for answer in answers if answer.status == 201]
    # Every dialect, and before the body: the client that asks first is not told to go on.
    for way, made in WAYS.items():
        method, path, fields, content = made(3)
        with Line(server.port) as line:
            line.head(method, path, fields | {"Expect": "100-continue"}, len(content))
            answer = line.answer()
        assert (answer.status, answer.code, answer.interim) == (503, "too-many-uploads", []), way
    # What has begun goes on; what ends, in either way, makes room for one.
    assert ask(server.port, "PATCH", begun[0], PATCH | {"Upload-Offset": "0"}, b"0123456789").status == 204
    assert begin(server.port).status == 201
    assert begin(server.port).status == 503
    assert ask(server.port, "DELETE", begun[1], TUS).status == 204
    assert append(server.port, "a", 0, b"whole").status == 200
    assert ask(server.port, "PUT", "/files/plain", {}, b"whole").status == 201
    assert begin(server.port).status == 201
    assert begin(server.port).status == 503


def test_a_reload_moves_the_bound_and_cuts_nothing(tmp_path, start):
    file = tmp_path / "sluice.yaml"

    def bounded(text):
        file.write_text(text)
        os.kill(server.pid, signal.SIGHUP)
    file.write_text("max-uploads: 2\n")
    server = start("--config", str(file))
    begun = [begin(server.port).location for _ in range(2)]
    assert begin(server.port).status == 503
    bounded("max-uploads: 3\n")
    eventually(lambda: begin(server.port).status == 201)
    assert begin(server.port).status == 503
    # Lower than what is there: that goes on.
    bounded("max-uploads: 1\n")
    eventually(lambda: server.log.read_text().count('"new configuration"') == 2, "the second reload")
    assert ask(server.port, "PATCH", begun[0], PATCH | {"Upload-Offset": "0"}, b"0123456789").status == 204
    assert begin(server.port).status == 503
    bounded("")
    eventually(lambda: begin(server.port).status == 201)
    bounded("reserve: 1000T\n")
    eventually(lambda: (begin(server.port).status, begin(server.port).code) == (507, "no-space"))
    bounded("reserve: 0\n")
    eventually(lambda: begin(server.port).status == 201)


@pytest.mark.parametrize("way", ["killed", "stopped"])
def test_the_count_is_right_after_a_restart(start, way):
    server = start("--max-uploads", "3")
    first = begin(server.port).location
    assert begin(server.port).status == 201
    assert append(server.port, "done", 0, b"whole").status == 200
    if way == "killed":
        server.kill()
    else:
        server.terminate()
        server.wait()
    server.start()
    assert begin(server.port).status == 201
    assert begin(server.port).status == 503
    assert ask(server.port, "DELETE", first, TUS).status == 204
    assert begin(server.port).status == 201
    assert begin(server.port).status == 503


def test_a_server_without_room_is_not_ready_and_says_so_at_its_start(start):
    server = start("--max-uploads", "2")
    assert ask(server.port, "GET", "/readyz").status == 200
    upload = begin(server.port).location
    assert begin(server.port).status == 201
    answer = ask(server.port, "GET", "/readyz")
    assert (answer.status, answer.code) == (503, "not-ready") and b"unfinished" in answer.body
    server.restart_after_kill()
    eventually(lambda: "--max-uploads 2" in server.log.read_text(), "the warning")
    assert ask(server.port, "DELETE", upload, TUS).status == 204
    assert ask(server.port, "GET", "/readyz").status == 200


def test_expired_uploads_make_room(start):
    server = start("--max-uploads", "2", "--expire-after", "1")
    assert begin(server.port).status == begin(server.port).status == 201
    # The sweep comes by every 15 seconds.
    eventually(lambda: begin(server.port).status == 201, "room")


def test_a_finished_upload_that_begins_anew_needs_room(start):
    server = start("--max-uploads", "1")
    assert append(server.port, "a", 0, b"whole").status == 200
    assert begin(server.port).status == 201
    answer = append(server.port, "a", 0, b"anew!")
    assert (answer.status, answer.code) == (503, "too-many-uploads")
    assert status(server.port, "a") == 5


def test_the_number_and_its_bound_are_told(tmp_path):
    site = Activator(tmp_path, {"http": listening(), "admin": listening()}, "--max-uploads", "7")
    site.start()
    try:
        assert begin(site.port("http")).status == 201
        page = Exposition(ask(site.port("admin"), "GET", "/metrics").body.decode())
        assert page["sluice_uploads_open"] == 1 and page["sluice_uploads_open_limit"] == 7
    finally:
        site.close()
