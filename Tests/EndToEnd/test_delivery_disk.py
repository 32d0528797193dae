"""Delivery to a folder: a file is where it was promised before anybody is told of it, and nothing leads out of it."""

import grp
import hashlib
import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dialects import NAMES, TUS, WAYS, WHOLE
from exposition import Exposition
from ports import free_port
from receiver import Receiver
from tokens import alice, bearer, secret_file, token
from waiting import eventually
from wire import ask

MEBIBYTE = 1 << 20
# More than is copied in one step.
LARGE = 70 * MEBIBYTE


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def elsewhere(tmp_path):
    """A folder on another file system than that of the tests."""
    memory = Path("/dev/shm")
    assert memory.stat().st_dev != tmp_path.stat().st_dev
    folder = Path(tempfile.mkdtemp(dir=memory))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["same", "other"])
def folder(request, tmp_path):
    """A folder on the same file system as uploads, and one on another."""
    if request.param == "other":
        return request.getfixturevalue("elsewhere")
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def here(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def to(folder, template: str = "{id}/{name}") -> list[str]:
    """Options that bring files to the folder, and tell of it in metrics."""
    return ["--deliver", f"{folder}/{template}", "--listen-admin", f"127.0.0.1:{free_port()}"]


def put(server, body: bytes, name: str = "a.bin", fields=None) -> str:
    answer = ask(server.port, "PUT", f"/files/{name}", {"Content-Type": "application/x-test"} | (fields or {}), body)
    assert answer.status == 201
    return answer.location.rpartition("/")[2]


def finished(receiver, upload: str) -> list:
    return [received for received in receiver.taken if received.upload == upload and received.kind == "finished"]


def told(receiver, upload: str) -> dict:
    eventually(lambda: finished(receiver, upload), "the event")
    return finished(receiver, upload)[0].json["data"]


def admin(server) -> int:
    return int(server.options[server.options.index("--listen-admin") + 1].rpartition(":")[2])


def metric(server, name: str) -> float:
    return Exposition(ask(admin(server), "GET", "/metrics").body.decode())[name]


def settle(server) -> None:
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0, "the queue's end")


def everything(folder) -> list[str]:
    """Every file and link below it, hidden ones included."""
    return sorted(
        str((Path(place) / name).relative_to(folder)) for place, _, names in os.walk(folder) for name in names)


def get(server, path: str) -> dict:
    answer = ask(admin(server), "GET", path, {"Host": "127.0.0.1"})
    assert answer.status == 200, answer
    return json.loads(answer.body)


@pytest.mark.parametrize("size", [0, 1, 200_000, LARGE])
def test_a_finished_file_is_in_its_folder_before_anybody_is_told(start, folder, receiver, size):
    there = []

    def look(received):
        if received.kind == "finished":
            there.append(Path(received.json["data"]["path"]).stat())
        return 204

    receiver.answer = look
    server = start(*to(folder), "--webhook", receiver.url)
    body = secrets.token_bytes(size)
    upload = put(server, body)
    data = told(receiver, upload)
    assert data["path"] == str(folder / upload / "a.bin") and data["size"] == size
    assert data["bucket"] is None and data["key"] is None
    assert [found.st_size for found in there] == [size]
    settle(server)
    assert everything(folder) == [f"{upload}/a.bin"]
    assert (folder / upload / "a.bin").read_bytes() == body
    assert server.finished_files() == [] and not (server.data / "complete" / upload).exists()
    assert metric(server, "sluice_delivery_bytes_total") == size
    assert metric(server, "sluice_delivery_files_total") == 1
    assert metric(server, "sluice_delivery_failures_total") == 0


@pytest.mark.parametrize("dialect", NAMES)
def test_a_file_of_any_protocol_is_brought(start, folder, receiver, dialect):
    server = start(*to(folder), "--webhook", receiver.url)
    for size in (3000, 3 * MEBIBYTE):
        method, path, fields, body = WAYS[WHOLE[dialect]](size)
        assert ask(server.port, method, path, fields, body).status in (200, 201, 204)
    eventually(lambda: sum(event.kind == "finished" for event in receiver.taken) == 2)
    paths = [Path(event.json["data"]["path"]) for event in receiver.taken if event.kind == "finished"]
    assert sorted(path.stat().st_size for path in paths) == [3000, 3 * MEBIBYTE]
    settle(server)
    assert len(everything(folder)) == 2 and server.finished_files() == []


def test_the_template_says_where_files_stand(start, here, receiver):
    server = start(*to(here, "{owner}/{yyyy}-{mm}-{dd}/{id}-{name}"), "--webhook", receiver.url)
    upload = put(server, b"hello", "a%20%26%20%C3%BC.txt")
    eventually(lambda: finished(receiver, upload))
    event = finished(receiver, upload)[0].json
    assert event["data"]["path"] == f"{here}/_/{event['time'][:10]}/{upload}-a & ü.txt"
    assert Path(event["data"]["path"]).read_bytes() == b"hello"


# ---- Names that are taken -------------------------------------------------------------------------------------------


def test_files_of_one_name_get_numbers(start, folder, receiver):
    server = start(*to(folder, "{name}"), "--webhook", receiver.url)
    (folder / "a.txt").write_text("the owner's")
    with ThreadPoolExecutor(8) as pool:
        uploads = list(pool.map(lambda number: put(server, b"%d" % number, "a.txt"), range(20)))
    paths = {told(receiver, upload)["path"]: b"%d" % number for number, upload in enumerate(uploads)}
    settle(server)
    assert everything(folder) == sorted(["a.txt", *(f"a ({number}).txt" for number in range(2, 22))])
    assert {path: Path(path).read_bytes() for path in paths} == paths
    assert (folder / "a.txt").read_text() == "the owner's"


def test_a_file_takes_the_place_of_another_one_where_that_is_wanted(start, folder, receiver):
    server = start(*to(folder, "{name}"), "--deliver-collision", "replace", "--webhook", receiver.url)
    target = folder.parent / f"{folder.name}-target"
    target.write_text("not the server's")
    (folder / "a.txt").symlink_to(target)
    for body in (b"first", b"second"):
        upload = put(server, body, "a.txt")
        assert told(receiver, upload)["path"] == str(folder / "a.txt")
        assert (folder / "a.txt").read_bytes() == body and not (folder / "a.txt").is_symlink()
    settle(server)
    assert everything(folder) == ["a.txt"]
    assert target.read_text() == "not the server's"
    target.unlink()


def test_a_file_waits_for_its_name_where_that_is_wanted(start, folder, receiver):
    server = start(*to(folder, "{name}"), "--deliver-collision", "refuse", "--webhook", receiver.url)
    (folder / "a.txt").write_text("the owner's")
    waiting = put(server, b"hello", "a.txt")
    other = put(server, b"other", "b.txt")
    told(receiver, other)
    eventually(lambda: "File exists" in server.log.read_text())
    assert metric(server, "sluice_delivery_failures_total") >= 1
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 1, "the other one's end")
    assert receiver.of(waiting) == ["created"]
    assert (folder / "a.txt").read_text() == "the owner's"
    assert ask(server.port, "GET", f"/files/{waiting}").body == b"hello"
    (folder / "a.txt").rename(folder / "old.txt")
    told(receiver, waiting)
    settle(server)
    assert everything(folder) == ["a.txt", "b.txt", "old.txt"]


def test_a_directory_of_the_files_name_is_never_replaced(start, here, receiver):
    server = start(*to(here, "{name}"), "--deliver-collision", "replace", "--webhook", receiver.url)
    (here / "a.txt").mkdir()
    upload = put(server, b"hello", "a.txt")
    eventually(lambda: "Is a directory" in server.log.read_text())
    (here / "a.txt").rmdir()
    told(receiver, upload)
    settle(server)
    assert everything(here) == ["a.txt"]


# ---- What is filled in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [
    "..", ".", "../../etc", "a/../../b", "/etc", "_", ".sluice-x", "%2e%2e", "a\\b", "o" * 255, "ü" * 100,
])
def test_no_owner_leads_out_of_the_folder(start, here, receiver, tmp_path, owner):
    server = start(*to(here, "{owner}/x/{name}"), "--webhook", receiver.url, "--jwt-secret", str(secret_file(tmp_path)))
    before = set(everything(tmp_path))
    upload = put(server, b"hello", "a.bin", bearer(token(owner)))
    path = Path(told(receiver, upload)["path"])
    settle(server)
    assert path.read_bytes() == b"hello"
    (segment, x, name) = path.relative_to(here).parts
    assert (x, name) == ("x", "a.bin") and len(segment.encode()) <= 255 and not segment.startswith(".")
    assert segment == owner or "%" in segment
    assert path.resolve() == path
    assert {one for one in set(everything(tmp_path)) - before if not one.startswith("server0/")} == {
        f"out/{segment}/x/a.bin"}


@pytest.mark.parametrize("name", [
    "..%2F..%2Fetc%2Fpasswd", "%2e%2e%2f%2e%2e%2fa", "a%00b", ".sluice-0", "%2E%2E", "a%2Fb%5Cc", "n" * 300 + ".tar",
    "%F0%9F%98%80" * 100,
])
def test_no_name_leads_out_of_the_folder(start, here, receiver, name):
    server = start(*to(here, "{name}/{id}-x"), "--webhook", receiver.url)
    metadata = {"X-File-Id": secrets.token_hex(8), "X-Start-Byte": "0",
                "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    answer = ask(server.port, "POST", "/upload", metadata, b"hello")
    assert answer.status == 200
    eventually(lambda: any(event.kind == "finished" for event in receiver.taken))
    path = Path(next(event for event in receiver.taken if event.kind == "finished").json["data"]["path"])
    assert path.read_bytes() == b"hello" and path.resolve() == path
    assert len(path.relative_to(here).parts) == 2
    settle(server)
    assert len(everything(here)) == 1


def test_a_name_that_is_too_long_is_shortened_and_keeps_the_rest(start, here, receiver, tmp_path):
    server = start(
        *to(here, "{owner}--{name}--{id}"), "--webhook", receiver.url, "--jwt-secret", str(secret_file(tmp_path)))
    for owner in ("alice", "o" * 255):
        upload = put(server, b"hello", "n" * 190 + ".pdf", bearer(token(owner)))
        name = Path(told(receiver, upload)["path"]).name
        assert name.endswith(f"n.pdf--{upload}") and len(name) <= 200
        assert name.startswith("alice--" if owner == "alice" else "%sha256-")


def test_no_link_is_followed_below_the_folder(start, here, receiver, tmp_path):
    (tmp_path / "secret").mkdir()
    (here / "_").symlink_to(tmp_path / "secret")
    server = start(*to(here, "{owner}/{name}"), "--webhook", receiver.url)
    upload = put(server, b"hello")
    eventually(lambda: "no link to one" in server.log.read_text())
    assert list((tmp_path / "secret").iterdir()) == [] and receiver.of(upload) == ["created"]
    (here / "_").unlink()
    told(receiver, upload)
    assert (here / "_" / "a.bin").read_bytes() == b"hello"


def test_the_folder_itself_may_be_a_link(start, here, receiver, tmp_path):
    (tmp_path / "link").symlink_to(here)
    server = start(*to(tmp_path / "link"), "--webhook", receiver.url)
    upload = put(server, b"hello")
    assert told(receiver, upload)["path"] == f"{tmp_path}/link/{upload}/a.bin"
    assert (here / upload / "a.bin").read_bytes() == b"hello"


# ---- What goes wrong ------------------------------------------------------------------------------------------------


def test_what_cannot_be_brought_waits_until_it_can(start, here, receiver):
    server = start(*to(here), "--webhook", receiver.url)
    here.rmdir()
    uploads = [put(server, b"%d" % number) for number in range(5)]
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 2)
    assert metric(server, "sluice_delivery_queue_length") == 5
    assert metric(server, "sluice_delivery_oldest_seconds") > 0
    assert f"files cannot be brought to {here}, and wait: open {here}: No such file" in server.log.read_text()
    assert not here.exists() and not any(finished(receiver, upload) for upload in uploads)
    assert len(server.finished_files()) == 5
    here.mkdir()
    for number, upload in enumerate(uploads):
        assert Path(told(receiver, upload)["path"]).read_bytes() == b"%d" % number
    settle(server)
    eventually(lambda: f"files are brought to {here} again" in server.log.read_text())


def test_a_start_goes_on_with_what_waited(start, here, receiver):
    server = start(*to(here), "--webhook", receiver.url)
    here.rmdir()
    upload = put(server, b"hello")
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    server.kill()
    here.mkdir()
    server.start()
    told(receiver, upload)
    settle(server)
    assert everything(here) == [f"{upload}/a.bin"]


def test_an_upload_that_is_removed_before_its_file_is_there_leaves_nothing_and_is_not_told(start, here, receiver):
    server = start(*to(here), "--webhook", receiver.url)
    here.rmdir()
    upload = put(server, b"hello")
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    assert ask(server.port, "DELETE", f"/files/{upload}").status == 204
    here.mkdir()
    settle(server)
    assert list(here.iterdir()) == []
    eventually(lambda: "deleted" in receiver.of(upload))
    assert receiver.of(upload) == ["created", "deleted"]


def test_a_file_that_somebody_takes_before_it_is_brought_is_told_of_in_the_log(start, here, receiver):
    server = start(*to(here), "--webhook", receiver.url)
    here.rmdir()
    upload = put(server, b"hello")
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    server.finished_files()[0].unlink()
    here.mkdir()
    settle(server)
    eventually(lambda: f"the file of upload {upload} was taken or changed here" in server.log.read_text())
    eventually(lambda: get(server, f"/uploads/{upload}")["delivery"]["state"] == "given-up")
    assert everything(here) == [] and receiver.of(upload) == ["created"]


def test_without_the_option_what_waits_stays_here_and_is_told(start, here, receiver):
    server = start(*to(here), "--webhook", receiver.url)
    here.rmdir()
    upload = put(server, b"hello")
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    server.stop()
    server.options = ["--webhook", receiver.url]
    server.start()
    assert told(receiver, upload)["path"] == str(server.finished_files()[0])


# ---- Afterwards -----------------------------------------------------------------------------------------------------


def test_a_file_stays_here_where_it_is_to_be_kept(start, folder, receiver):
    server = start(*to(folder), "--keep-local", "--webhook", receiver.url)
    upload = put(server, b"hello")
    assert told(receiver, upload)["path"] == str(folder / upload / "a.bin")
    settle(server)
    assert ask(server.port, "GET", f"/files/{upload}").body == b"hello"
    assert everything(folder) == [f"{upload}/a.bin"]
    assert ask(server.port, "DELETE", f"/files/{upload}").status == 204
    assert (folder / upload / "a.bin").read_bytes() == b"hello"


def test_a_delivered_file_is_gone_to_who_fetches_it_and_stays_where_it_is(start, folder, receiver, tmp_path):
    server = start(*to(folder), "--webhook", receiver.url, "--jwt-secret", str(secret_file(tmp_path)))
    upload = put(server, b"hello", fields=alice())
    told(receiver, upload)
    settle(server)
    for method in ("GET", "HEAD"):
        answer = ask(server.port, method, f"/files/{upload}", alice())
        assert (answer.status, answer.code) == (410, "file-delivered")
        assert str(folder) not in repr(answer.fields) + answer.body.decode()
    assert ask(server.port, "GET", f"/files/{upload}").status == 401
    assert ask(server.port, "HEAD", f"/files/{upload}", TUS | alice()).status == 200
    server.restart_after_kill()
    assert ask(server.port, "GET", f"/files/{upload}", alice()).code == "file-delivered"
    assert ask(server.port, "DELETE", f"/files/{upload}", alice()).status == 204
    assert ask(server.port, "GET", f"/files/{upload}", alice()).status == 404
    assert (folder / upload / "a.bin").read_bytes() == b"hello"


def test_an_upload_that_is_sent_anew_is_a_second_file(start, here, receiver):
    server = start(*to(here), "--webhook", receiver.url)
    for body in (b"first", b"again"):
        fields = {"X-File-Id": "again.bin", "X-Start-Byte": "0"}
        assert ask(server.port, "POST", "/upload", fields, body).status == 200
        settle(server)
    eventually(lambda: len([one for one in receiver.taken if one.kind == "finished"]) == 2)
    paths = [Path(one.json["data"]["path"]) for one in receiver.taken if one.kind == "finished"]
    assert [path.read_bytes() for path in paths] == [b"first", b"again"]
    assert [path.name for path in paths] == ["again.bin", "again (2).bin"]


def test_who_may_read_files_here_may_read_them_there(start, folder, receiver):
    group = grp.getgrgid(os.getgid()).gr_name
    server = start(*to(folder), "--file-mode", "0664", "--file-group", group, "--webhook", receiver.url)
    upload = put(server, b"hello")
    told(receiver, upload)
    assert (folder / upload / "a.bin").stat().st_mode & 0o777 == 0o664
    assert (folder / upload).stat().st_mode & 0o777 == 0o775
    assert (folder / upload / "a.bin").stat().st_gid == os.getgid()


def test_pieces_of_a_file_stay_and_the_whole_one_is_brought(start, folder, receiver):
    server = start(*to(folder), "--webhook", receiver.url)
    patch = TUS | {"Content-Type": "application/offset+octet-stream"}
    parts = [
        ask(server.port, "POST", "/files", patch | {"Upload-Length": 5, "Upload-Concat": "partial"}, body).location
        for body in (b"hello", b"world")]
    final = TUS | {"Upload-Concat": "final;" + " ".join(parts)}
    upload = ask(server.port, "POST", "/files", final).location.rpartition("/")[2]
    path = Path(told(receiver, upload)["path"])
    assert path.read_bytes() == b"helloworld"
    settle(server)
    assert everything(folder) == [str(path.relative_to(folder))]


def test_where_a_file_is_is_told_to_who_looks_after_the_server(start, here):
    server = start(*to(here), "--digest", "sha256")
    here.rmdir()
    upload = put(server, b"hello")
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    assert get(server, f"/uploads/{upload}")["delivery"]["state"] == "waiting"
    (target,) = get(server, "/queue")["targets"]
    assert (target["target"], target["delivery"], target["waiting"]) == (str(here), True, 1)
    assert target["last_failure"]["reason"].startswith(f"open {here}")
    here.mkdir()
    settle(server)
    shown = get(server, f"/uploads/{upload}")["delivery"]
    assert (shown["state"], shown["path"]) == ("delivered", f"{here}/{upload}/a.bin")
    assert (shown["bucket"], shown["key"]) == (None, None)
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    done = subprocess.run(
        [binary, "show", upload, "--admin", f"127.0.0.1:{admin(server)}"], capture_output=True, text=True, timeout=60)
    assert f"{here}/{upload}/a.bin, since 20" in done.stdout
    assert f"sha256:{hashlib.sha256(b'hello').hexdigest()}" in done.stdout


def test_tusd_hooks_name_the_file_as_tusd_does(start, here, receiver):
    server = start(*to(here), "--webhook", receiver.url, "--webhook-format", "tusd")
    upload = put(server, b"hello")
    eventually(lambda: any(event.json["Type"] == "post-finish" for event in receiver.taken))
    hook = next(event.json for event in receiver.taken if event.json["Type"] == "post-finish")
    assert hook["Event"]["Upload"]["Storage"] == {"Type": "filestore", "Path": f"{here}/{upload}/a.bin"}


def test_the_sample_of_the_page_brings_files(start, here, receiver):
    page = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text()
    sample = next(block.split("```")[0] for block in page.split("```sh\n")[1:] if "--deliver " in block)
    words = shlex.split(sample.replace("\\\n", " "))
    assert words[:4] == ["sluice", "serve", "--data", "/srv/uploads"]
    options = [
        word.replace("/srv/files", str(here)).replace("https://app.example/hooks/uploads", receiver.url)
        for word in words[4:]]
    server = start(*options)
    upload = put(server, b"hello")
    assert re.fullmatch(rf"{here}/_/\d{{4}}-\d\d/a\.bin", told(receiver, upload)["path"])


BUCKET = ["--deliver-s3", "s3://bucket/{id}"]


@pytest.mark.parametrize("options, what", [
    (["--deliver-collision", "replace"], "--deliver-collision says something of --deliver: name one"),
    (["--keep-local"], "--keep-local says something of --deliver or --deliver-s3: name one"),
    (["--deliver", "/srv/{id}", *BUCKET], "--deliver and --deliver-s3 are two places"),
    (["--deliver", "/srv/{id}", "--s3-region", "r"], "--s3-region says something of --deliver-s3"),
    (["--deliver", "files/{id}"], "takes an absolute path"),
    (["--deliver", "/{id}"], "has no directory before its first {"),
    (["--deliver", "/srv/files"], "must have {id} or {name}"),
    (["--deliver", "/srv/{owner}"], "must have {id} or {name}"),
    (["--deliver", "/srv/../{id}"], "has a segment .."),
    (["--deliver", "/srv/{id}/"], "has an empty segment"),
    (["--deliver", "/srv/.{id}"], "has a segment with a dot in front"),
    (["--deliver", "/srv/{user}/{id}"], "has {user}"),
    (["--deliver", "/srv/up/out/{id}", "--data", "/srv/up"], "lie in each other"),
    (["--deliver", "/srv/up/{id}", "--data", "/srv/up"], "lie in each other"),
    (["--deliver", "/srv/{owner}/{id}", "--data", "/srv/up"], "lie in each other"),
    (["--deliver", "/srv/{id}", "--deliver-collision", "overwrite"], "number, replace"),
])
def test_options_that_cannot_be_meant_are_refused(options, what):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    found = subprocess.run([binary, "check-config", *options], capture_output=True, text=True, timeout=30)
    assert found.returncode == 2 and what in found.stderr, found.stderr


def test_a_folder_beside_the_data_directory_is_fine(tmp_path):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    found = subprocess.run(
        [binary, "check-config", "--data", f"{tmp_path}/up", "--deliver", f"{tmp_path}/upper/{{id}}"],
        capture_output=True, text=True, timeout=30)
    assert found.returncode == 0, found.stderr
