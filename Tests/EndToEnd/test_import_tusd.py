"""Coming from tusd: its data directory is taken over, and what its clients have begun goes on."""

import base64
import json
import os
import re
import signal
import subprocess
import uuid
from contextlib import closing
from pathlib import Path
from shutil import rmtree

import pytest
from tusclient.client import TusClient

from activator import binary
from receiver import Receiver
from sluice import Sluice
from tokens import bearer, secret_file, token
from tusd_folder import TusdFolder
from waiting import eventually
from wire import ask

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def tusd(tmp_path):
    return TusdFolder(tmp_path / "tusd")


@pytest.fixture
def server(tmp_path):
    """Not started: its directory is what is imported into."""
    server = Sluice(tmp_path)
    yield server
    if server.is_running:
        server.stop()


def take(tusd, server, *options, code=0) -> str:
    done = subprocess.run([binary(), "import", "tusd", str(tusd.path), "--data", str(server.data), *options],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done
    return done.stdout + done.stderr


def head(server, id, fields=None):
    return ask(server.port, "HEAD", f"/files/{id}", TUS | (fields or {}))


def test_finished_and_half_done_uploads_keep_their_addresses(tusd, server):
    whole = tusd.add(b"hello world")
    half = tusd.add(b"hello", 11)
    empty = tusd.add(b"")
    begun = tusd.add(b"", 11)
    open_ended = tusd.add(b"hel", deferred=True)
    before = tusd.content()
    said = take(tusd, server)
    assert "2 finished and 3 unfinished uploads taken over (2 linked, 3 copied), 0 here already, 0 skipped" in said
    assert tusd.content() == before
    server.start()
    answer = ask(server.port, "GET", f"/files/{whole}")
    assert answer.body == b"hello world" and 'filename="film.mp4"' in answer.fields["content-disposition"]
    assert answer.fields["content-type"] == "video/mp4"
    assert (server.data / "complete" / whole / "film.mp4").read_bytes() == b"hello world"
    assert ask(server.port, "GET", f"/files/{empty}").body == b""
    for id, offset, length in ((half, 5, "11"), (begun, 0, "11"), (open_ended, 3, None), (whole, 11, "11")):
        told = head(server, id)
        assert (told.status, told.offset, told.fields.get("upload-length")) == (200, offset, length), id
    told = dict(pair.split(" ") for pair in head(server, half).fields["upload-metadata"].split(","))
    assert base64.b64decode(told["filename"]) == b"film.mp4"
    assert ask(server.port, "PATCH", f"/files/{half}", PATCH | {"Upload-Offset": "5"}, b" world").status == 204
    assert ask(server.port, "GET", f"/files/{half}").body == b"hello world"
    server.stop()
    assert subprocess.run([binary(), "check", "--data", str(server.data)], capture_output=True).returncode == 0


def test_a_client_goes_on_with_the_address_that_it_has_kept(tusd, server, tmp_path):
    body = os.urandom(3_000_000)
    id = tusd.add(body[:1_234_567], len(body))
    (tmp_path / "film.mp4").write_bytes(body)
    take(tusd, server)
    server.start()
    client = TusClient(f"http://127.0.0.1:{server.port}/files/")
    uploader = client.uploader(str(tmp_path / "film.mp4"), url=f"http://127.0.0.1:{server.port}/files/{id}", chunk_size=500_000)
    assert uploader.offset == 1_234_567
    uploader.upload()
    assert ask(server.port, "GET", f"/files/{id}").body == body
    # tusd's file is another one.
    assert (tusd.path / id).read_bytes() == body[:1_234_567]


def test_what_goes_on_over_there_after_it_was_taken_over_loses_nothing(tusd, server):
    id, same = tusd.add(b"hello", 11), tusd.add(b"hel", 11)
    take(tusd, server)
    with (tusd.path / id).open("ab") as file:
        file.write(b" world")
    said = take(tusd, server, code=3)
    assert id in said and "went on over there" in said and "1 here already, 1 skipped" in said
    server.start()
    assert head(server, id).offset == 5 and head(server, same).offset == 3
    assert ask(server.port, "PATCH", f"/files/{id}", PATCH | {"Upload-Offset": "5"}, b"!").status == 204
    assert (tusd.path / id).read_bytes() == b"hello world"
    server.stop()


def test_a_file_of_more_parts_than_there_may_be_is_left_where_it_is(tusd, server):
    id = tusd.add(b"hello")
    told = json.loads((tusd.path / f"{id}.info").read_text()) | {
        "IsFinal": True, "PartialUploads": ["0" * 32] * 241}
    (tusd.path / f"{id}.info").write_text(json.dumps(told))
    assert "it has more parts than a file may have" in take(tusd, server, code=3)


def test_copies_are_files_of_their_own(tusd, server):
    id, whole = tusd.add(b"hello", 11), tusd.add(b"x" * 3_000_000)
    assert "(0 linked, 2 copied)" in take(tusd, server, "--copy")
    server.start()
    assert ask(server.port, "PATCH", f"/files/{id}", PATCH | {"Upload-Offset": "5"}, b" world").status == 204
    assert (tusd.path / id).read_bytes() == b"hello"
    assert ask(server.port, "GET", f"/files/{whole}").body == b"x" * 3_000_000


def test_another_file_system_is_copied_from(server, tmp_path):
    place = f"/dev/shm/sluice-test-{uuid.uuid4().hex}"
    if not os.access("/dev/shm", os.W_OK) or os.stat("/dev/shm").st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("there is no other file system here")
    tusd = TusdFolder(Path(place))
    try:
        id = tusd.add(b"hello world")
        assert "(0 linked, 1 copied)" in take(tusd, server)
        server.start()
        assert ask(server.port, "GET", f"/files/{id}").body == b"hello world"
    finally:
        rmtree(place)


def test_parts_and_wholes_stay_what_they_are(tusd, server):
    first, second = tusd.add(b"abc", partial=True), tusd.add(b"de", 3, partial=True)
    whole = tusd.add(b"abcdef", parts=[first, second], metadata={})
    take(tusd, server)
    server.start()
    assert head(server, first).fields["upload-concat"] == "partial"
    assert head(server, whole).fields["upload-concat"] == f"final;/files/{first} /files/{second}"
    assert ask(server.port, "GET", f"/files/{whole}").body == b"abcdef"
    assert ask(server.port, "PATCH", f"/files/{second}", PATCH | {"Upload-Offset": "2"}, b"f").status == 204
    made = ask(server.port, "POST", "/files", TUS | {"Upload-Concat": f"final;/files/{first} /files/{second}"})
    assert made.status == 201 and ask(server.port, "GET", made.location).body == b"abcdef"


def test_a_second_run_changes_nothing_and_brings_what_is_new(tusd, server):
    half = tusd.add(b"hello", 11)
    take(tusd, server)
    server.start()
    assert ask(server.port, "PATCH", f"/files/{half}", PATCH | {"Upload-Offset": "5"}, b" w").status == 204
    server.stop()
    new = tusd.add(b"new")
    assert "1 finished and 0 unfinished uploads taken over" in (said := take(tusd, server)) and "1 here already" in said
    server.start()
    assert head(server, half).offset == 7 and ask(server.port, "GET", f"/files/{new}").body == b"new"
    assert ask(server.port, "DELETE", f"/files/{half}", TUS).status == 204
    server.stop()
    # What was deleted here is not brought again while its record is there; and never over one.
    take(tusd, server)


@pytest.mark.parametrize("copies", [True, False])
def test_an_import_that_is_killed_goes_on(tusd, server, copies):
    ids = [tusd.add(bytes([number % 256]) * 20_000, 20_000 + number % 2) for number in range(600)]
    options = ["--copy"] if copies else []
    kills = 0
    for wait in (0.02, 0.05, 0.1, 0.2, 0.3):
        process = subprocess.Popen([binary(), "import", "tusd", str(tusd.path), "--data", str(server.data), *options],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += process.wait() != 0
    said = take(tusd, server, *options)
    assert kills > 0 and "0 skipped" in said, said
    assert {path.name for path in (server.data / "complete").iterdir()} == set(ids[::2])
    server.start()
    for number in (0, 1, 298, 299, 598, 599):
        assert head(server, ids[number]).offset == 20_000
        if number % 2 == 0:
            assert ask(server.port, "GET", f"/files/{ids[number]}").body == bytes([number % 256]) * 20_000
    server.stop()
    done = subprocess.run([binary(), "check", "--data", str(server.data)], capture_output=True, text=True)
    assert done.returncode == 0 and "300 open, 300 finished" in done.stdout


def test_nothing_is_taken_over_while_a_server_runs(tusd, server):
    tusd.add(b"hello")
    server.start()
    assert "in use by another server" in take(tusd, server, code=1)
    assert ask(server.port, "GET", "/healthz").status == 200


def test_they_are_whose_one_says_and_expire_when_one_says(tusd, tmp_path):
    server = Sluice(tmp_path, "--jwt-secret", str(secret_file(tmp_path)))
    id = tusd.add(b"hello", 11)
    assert "owner" in take(tusd, server, "--owner", "", code=2)
    take(tusd, server, "--owner", "alice", "--expire-after", "1000")
    server.start()
    try:
        assert head(server, id).status == 401
        assert head(server, id, bearer(token("bob"))).status == 404
        mine = head(server, id, bearer(token("alice")))
        assert mine.offset == 5 and "upload-expires" in mine.fields
        assert json.loads(ask(server.port, "GET", "/usage", bearer(token("alice"))).body)["open"] == 1
    finally:
        server.stop()


def test_nobody_is_told_of_them_by_webhook_but_of_what_happens_then(tusd, tmp_path):
    with closing(Receiver()) as receiver:
        server = Sluice(tmp_path, "--webhook", receiver.url)
        server.start()
        server.stop()
        tusd.add(b"finished already")
        id = tusd.add(b"hello", 11)
        take(tusd, server)
        server.start()
        assert ask(server.port, "PATCH", f"/files/{id}", PATCH | {"Upload-Offset": "5"}, b" world").status == 204
        new = ask(server.port, "PUT", "/files/new.txt", {}, b"x").location[-32:]
        try:
            eventually(lambda: len(receiver.taken) >= 3, "three events")
        finally:
            server.stop()
        assert {(one.kind, one.upload) for one in receiver.taken} == {("finished", id), ("created", new), ("finished", new)}


# ---- What is not believed -------------------------------------------------------------------------------------------

A = "a" * 32


def info(id=A, **changes) -> str:
    return json.dumps({"ID": id, "Size": 5, "SizeIsDeferred": False, "Offset": 0, "MetaData": {}, "IsPartial": False,
                       "IsFinal": False, "PartialUploads": None,
                       "Storage": {"Type": "filestore", "Path": f"/x/{id}"}} | changes)


@pytest.mark.parametrize("text,reason", [
    ("", "not what tusd writes"),
    ("{", "not what tusd writes"),
    ("[]", "not what tusd writes"),
    ("null", "not what tusd writes"),
    ("[" * 100_000, "not what tusd writes"),
    ("{\"ID\":" * 50_000, "not what tusd writes"),
    (b"\xff\xfe\x00", "not what tusd writes"),
    (" " * (9 << 20), "larger than"),
    (info(ID=5), "not what tusd writes"),
    (info(Size="5"), "not what tusd writes"),
    (info(Size=5.5), "not what tusd writes"),
    (info(Size=1e300), "not what tusd writes"),
    (info(Size=10 ** 30), "not what tusd writes"),
    (info(MetaData={"a": 1}), "not what tusd writes"),
    (info(MetaData=[]), "not what tusd writes"),
    (info(Size=-1), "size is none"),
    (info(Size=None), "size is none"),
    (info(Size=2 ** 62), "size is none"),
    (info(Size=4), "more than the 4"),
    (info(ID="b" * 32), "another upload's"),
    (info(ID="../" + A), "another upload's"),
    (info(Storage={"Type": "s3store", "Bucket": "b"}), "not in files"),
    (info(Storage={"Type": "filestore", "Path": "/etc/passwd"}), "another place"),
    (info(Storage={"Type": "filestore", "Path": "proj/abc/film.mp4"}), "another place"),
    (info(IsFinal=True, PartialUploads=["../../x"]), "its parts"),
    (info(IsFinal=True, PartialUploads=[]), "its parts"),
    (info(IsFinal=True, Size=9, PartialUploads=["b" * 32]), "being put together"),
], ids=lambda value: ascii(value)[:40])
def test_an_info_that_cannot_be_believed_is_skipped_and_said(tusd, server, text, reason):
    tusd.info(A, text)
    (tusd.path / A).write_bytes(b"hello")
    good = tusd.add(b"good")
    said = take(tusd, server, code=3)
    assert f"skipped {A}.info: " in said and reason in said and "1 skipped" in said
    assert [path.name for path in (server.data / "complete").iterdir()] == [good]
    assert list((server.data / "uploads").iterdir()) == []


@pytest.mark.parametrize("id,reason", [
    ("short", "its id"), ("A" * 32, "its id"), ("g" * 32, "its id"), (".." + "a" * 30, "its id"), (A + "+multipart", "its id"),
    ("a\x1b[31mb", "its id"), ("b" * 31 + "\n", "its id"),
])
def test_an_id_that_cannot_be_kept_is_skipped_and_said_on_one_line(tusd, server, id, reason):
    tusd.info(id, info(id))
    (tusd.path / id).write_bytes(b"hello")
    said = take(tusd, server, code=3)
    [line, _] = said.splitlines()
    assert line.startswith("skipped ") and reason in line and "\x1b" not in said
    assert not list((server.data / "complete").iterdir())


def test_what_is_no_upload_is_said(tusd, server, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"hello")
    (tusd.path / "project").mkdir()
    (tusd.path / "stranger.txt").write_text("x")
    gone = tusd.add(b"hello")
    (tusd.path / gone).unlink()
    link = tusd.add(b"hello")
    (tusd.path / link).unlink()
    (tusd.path / link).symlink_to(secret)
    linked = uuid.uuid4().hex
    (tmp_path / "elsewhere.info").write_text(info(linked))
    (tusd.path / f"{linked}.info").symlink_to(tmp_path / "elsewhere.info")
    (tusd.path / linked).write_bytes(b"hello")
    pipe = tusd.add(b"hello")
    (tusd.path / pipe).unlink()
    os.mkfifo(tusd.path / pipe)
    locked = tusd.add(b"hello")
    (tusd.path / f"{locked}.lock").write_text("1234")
    said = take(tusd, server, code=3)
    for name, reason in (("project", "directory"), ("stranger.txt", "no .info"), (f"{gone}.info", "taken it away"),
                         (f"{link}.info", "something else"), (f"{linked}.info", "no file"), (f"{pipe}.info", "something else"),
                         (f"{locked}.info", "stop tusd")):
        assert any(line.startswith(f"skipped {name}: ") and reason in line for line in said.splitlines()), (name, said)
    assert "7 skipped" in said and not list((server.data / "complete").iterdir())
    assert secret.read_bytes() == b"hello"


def test_hostile_names_and_metadata_are_made_safe(tusd, server):
    evil = tusd.add(b"x", metadata={"filename": "../../../etc/cron.d/evil\n", "filetype": "text/html\r\nX-Evil: 1", "a b": "c",
                                    "k,y": "v", "é": "1", "big": "x" * 9000, "ok": "", "last": "Ω"})
    said = take(tusd, server)
    assert f"note {evil}: 4 of its metadata's pairs" in said
    server.start()
    [path] = (server.data / "complete" / evil).iterdir()
    assert "/" not in path.name and not path.name.startswith(".")
    answer = ask(server.port, "GET", f"/files/{evil}")
    assert answer.body == b"x" and "x-evil" not in answer.fields
    told = head(server, evil).fields["upload-metadata"]
    assert {pair.split(" ")[0] for pair in told.split(",")} == {"filename", "filetype", "ok", "last"}


def test_a_place_that_somebody_else_has_is_left_alone(tusd, server):
    id = tusd.add(b"hello")
    take(TusdFolder(tusd.path.parent / "empty"), server)
    (server.data / "complete" / id).mkdir()
    (server.data / "complete" / id / "film.mp4").write_bytes(b"somebody's own")
    assert "something else has its place" in take(tusd, server, code=3)
    assert (server.data / "complete" / id / "film.mp4").read_bytes() == b"somebody's own"


def test_a_folder_that_is_not_there_is_an_error(tusd, server, tmp_path):
    done = subprocess.run([binary(), "import", "tusd", str(tmp_path / "nowhere"), "--data", str(server.data)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "nowhere" in done.stderr and not server.data.exists()



# ---- The page -------------------------------------------------------------------------------------------------------

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/from-tusd.md").read_text()
OURS = [row.split(" | ", 1)[1] for row in PAGE.split("\n") if row.startswith("| `")]


def test_every_option_and_number_that_the_page_names_exists():
    options = set(re.findall(r"--[a-z][a-z0-9-]+", (TOP / "docs/configuration.md").read_text()))
    numbers = set(re.findall(r"`(sluice_[a-z0-9_]+)`", (TOP / "deploy/metrics.md").read_text()))
    named = " ".join(OURS)
    assert set(re.findall(r"--[a-z][a-z0-9-]+", named)) - options == set()
    assert set(re.findall(r"sluice_[a-z0-9_]+", named)) - numbers == set()
    assert len(OURS) > 30


def test_the_switch_is_made_as_the_page_says(tusd, server):
    [line] = re.findall(r"^sluice (import .*)$", PAGE, re.M)
    words = [{"/srv/tusd": str(tusd.path), "/srv/uploads": str(server.data)}.get(word, word) for word in line.split()]
    tusd.add(b"hello")
    done = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "1 finished" in done.stdout
    [line] = re.findall(r"^sluice serve (.*)$", PAGE, re.M)
    done = subprocess.run([binary(), "check-config", *line.split()], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
