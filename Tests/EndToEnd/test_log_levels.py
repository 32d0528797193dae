"""How important a line of the log is, and that `--log-level` goes by it; what a start says of itself."""

import json

import pytest

from tokens import secret_file
from waiting import eventually
from wire import ask


def requests(server) -> dict[int, str]:
    """The level of each request's line, by its status."""
    lines = map(json.loads, server.log.read_text().splitlines())
    return {line["status"]: line["level"] for line in lines if line["message"] in ("request", "bad request")}


@pytest.mark.parametrize("level, statuses", [("info", {201: "info", 404: "notice", 400: "notice"}),
                                             ("notice", {404: "notice", 400: "notice"}), ("warning", {})])
def test_a_request_that_went_well_is_information_a_refused_one_a_notice_and_less_is_left_out(start, level, statuses):
    server = start("--log-level", level)
    assert ask(server.port, "PUT", "/files/name", {}, b"hello").status == 201
    assert ask(server.port, "GET", "/files/nothing").status == 404
    assert ask(server.port, "GET", "/ nothing").status == 400
    server.stop()
    assert requests(server) == statuses


def test_a_start_says_what_runs_and_on_what(start):
    server = start()
    eventually(lambda: '"started"' in server.log.read_text(), "started")
    line = next(line for line in map(json.loads, server.log.read_text().splitlines()) if line["message"] == "started")
    assert line["data"] == str(server.data) and line["version"] and line["level"] == "notice"


@pytest.mark.parametrize("mode, is_told", [(0o644, True), (0o640, False), (0o600, False)])
def test_a_secret_that_everybody_may_read_is_a_warning(tmp_path, start, mode, is_told):
    secret = secret_file(tmp_path)
    secret.chmod(mode)
    server = start("--jwt-secret", str(secret))
    eventually(lambda: '"started"' in server.log.read_text(), "started")
    assert (f"--jwt-secret {secret}: everybody on this machine may read it" in server.log.read_text()) == is_told
