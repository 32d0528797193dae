"""Servers of different ages on one directory: what an older one does with what a newer one has written."""

import sqlite3
import subprocess

import file_id
from wire import ask

TUS = {"Tus-Resumable": "1.0.0"}


def change(server, sql: str) -> None:
    with sqlite3.connect(server.data / "catalogue.sqlite") as catalogue:
        catalogue.execute(sql)
        catalogue.commit()
        catalogue.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    catalogue.close()


def files(server) -> dict:
    return {path: path.read_bytes() for path in server.data.rglob("*") if path.is_file()}


def check(server, *options) -> subprocess.CompletedProcess:
    return subprocess.run([server.binary, "check", "--data", server.data, *options], capture_output=True, text=True)


def test_uploads_of_a_kind_that_only_a_newer_server_knows_are_kept_and_refused(sluice):
    assert file_id.append(sluice.port, "id", 0, b"12345").status == 200
    made = ask(sluice.port, "POST", "/files", TUS | {"Upload-Length": "10"}, b"").location
    offset = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert ask(sluice.port, "PATCH", made, offset, b"123").status == 204
    sluice.stop()
    change(sluice, "UPDATE uploads SET metadata = dialect, dialect = 'tomorrows'")
    sluice.start()
    refused = [
        ask(sluice.port, "GET", "/status", {"X-File-Id": "id"}),
        file_id.append(sluice.port, "id", 5, b"67890"),
        ask(sluice.port, "DELETE", "/upload", {"X-File-Id": "id"}),
        ask(sluice.port, "HEAD", made, TUS),
        ask(sluice.port, "PATCH", made, offset | {"Upload-Offset": "3"}, b"4567890"),
        ask(sluice.port, "DELETE", made, TUS),
        ask(sluice.port, "GET", made),
    ]
    assert [(answer.status, answer.fields["x-error-code"]) for answer in refused] == [(503, "newer-record")] * 7
    assert all("retry-after" in answer.fields for answer in refused)
    sluice.stop()
    for options in ([], ["--repair"]):
        checked = check(sluice, *options)
        assert checked.returncode == 0 and checked.stdout.count("newer program") == 2, checked.stdout + checked.stderr
    change(sluice, "UPDATE uploads SET dialect = metadata, metadata = NULL")
    sluice.start()
    assert file_id.status(sluice.port, "id") == 5
    assert ask(sluice.port, "HEAD", made, TUS).fields["upload-offset"] == "3"


def test_a_newer_directory_is_refused_and_stays_as_it_is(sluice):
    assert file_id.append(sluice.port, "id", 0, b"12345").status == 200
    sluice.stop()
    change(sluice, "PRAGMA user_version = 1000")
    before = files(sluice)
    started = subprocess.run(
        [sluice.binary, "serve", "--listen", "127.0.0.1:0", "--data", sluice.data], capture_output=True, text=True)
    assert started.returncode != 0 and "newer program" in started.stderr and "1000" in started.stderr
    for options in ([], ["--repair"]):
        checked = check(sluice, *options)
        assert checked.returncode not in (0, 3) and "newer program" in checked.stderr, checked
    assert files(sluice) == before
