"""Delivery to a folder, with calls that fail at each of its steps, and kills between them: nothing is lost, nothing is
there twice, and nothing is left."""

import errno
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from exposition import Exposition
from receiver import Receiver
from serving import watched
from waiting import eventually
from wire import ask

MEBIBYTE = 1 << 20
BODY = os.urandom(3 * MEBIBYTE)


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def small(tmp_path):
    """A folder on a file system of its own, with room for two files and a half."""
    folder = tmp_path / "out"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "sluice-test", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def folder(request):
    """One on the file system of uploads, where files are linked, or on another, where they are copied."""
    return request.getfixturevalue(request.param)


def serve(tmp_path, calls, receiver, folder, *options):
    """A server that brings files to the folder, as a generator."""
    return watched(
        tmp_path, "--deliver", f"{folder}/{{owner}}/{{name}}", "--webhook", receiver.url, *options, calls=calls)


@pytest.fixture
def server(tmp_path, calls, receiver, request):
    name = request.node.callspec.params.get("folder", "out") if hasattr(request.node, "callspec") else "out"
    request.getfixturevalue(name)
    yield from serve(tmp_path, calls, receiver, tmp_path / "out")


def put(server, body: bytes = BODY, name: str = "a.bin") -> str:
    answer = ask(server.port, "PUT", f"/files/{name}", {}, body)
    assert answer.status == 201
    return answer.location.rpartition("/")[2]


def everything(folder) -> list[str]:
    return sorted(
        str((Path(place) / name).relative_to(folder)) for place, _, names in os.walk(folder) for name in names)


def told(receiver, upload: str) -> list:
    return [event for event in receiver.taken if event.upload == upload and event.kind == "finished"]


def metric(server, name: str) -> float:
    return Exposition(ask(server.admin_port, "GET", "/metrics").body.decode())[name]


def arrived(server, receiver, folder, upload: str, name: str = "a.bin") -> None:
    """The file is there once, told once, and nothing else is left anywhere."""
    eventually(lambda: told(receiver, upload), "the event")
    assert {event.json["data"]["path"] for event in told(receiver, upload)} == {f"{folder}/_/{name}"}
    assert len({event.id for event in told(receiver, upload)}) == 1
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0, "the queue's end")
    assert everything(folder) == [f"_/{name}"]
    assert (folder / "_" / name).read_bytes() == BODY
    assert not (server.data / "complete" / upload).exists()


LINKED = [
    ("mkdirat", "/out/_"), ("fsync", "/out"), ("linkat", "/.sluice-"), ("linkat", "/a.bin"), ("fsync", "/out/_"),
    ("unlinkat", "/complete/"), ("unlinkat", "/.sluice-"),
]
COPIED = [
    ("openat", ".part"), ("pwrite", ".part"), ("fsync", ".part"), ("renameat", "/.sluice-"), ("linkat", "/a.bin"),
    ("fsync", "/out/_"), ("unlinkat", "/complete/"), ("unlinkat", "/.sluice-"),
]
STEPS = [("out", *step) for step in LINKED] + [("small", *step) for step in COPIED]


@contextmanager
def named(server, calls, folder):
    """An upload whose file has just got its own name, and waits for the sync of that."""
    with calls.hold("linkat", path="/a.bin") as link:
        upload = put(server)
        eventually(lambda: link.waiting > 0, "the file's hidden name")
        with calls.hold("fsync", path="/out/_") as sync:
            link.end()
            eventually(lambda: sync.waiting > 0 and (folder / "_/a.bin").exists(), "the file's own name")
            yield upload, sync


@pytest.mark.parametrize("folder, call, path", STEPS, indirect=["folder"])
def test_a_server_killed_at_any_step_brings_the_file_once(server, calls, receiver, folder, call, path):
    with calls.hold(call, path=path) as held:
        upload = put(server)
        eventually(lambda: held.waiting > 0, "the step")
        server.kill()
    if path != "/complete/" and (call, path) != ("unlinkat", "/.sluice-"):
        assert told(receiver, upload) == []
    server.start()
    arrived(server, receiver, folder, upload)


@pytest.mark.parametrize("folder", ["out", "small"], indirect=True)
def test_a_server_killed_before_it_is_recorded_where_the_file_stands_finds_it_there(
        server, calls, receiver, folder):
    with named(server, calls, folder) as (upload, sync):
        with calls.hold("fdatasync", path="-wal") as record:
            sync.end()
            eventually(lambda: record.waiting > 0, "its record")
            number = (folder / "_/a.bin").stat().st_ino
            server.kill()
    assert told(receiver, upload) == []
    server.start()
    arrived(server, receiver, folder, upload)
    assert (folder / "_/a.bin").stat().st_ino == number, "it was there already"


@pytest.mark.parametrize("folder", ["out", "small"], indirect=True)
def test_an_upload_that_is_removed_when_its_file_has_its_name_leaves_nothing(server, calls, receiver, folder):
    with named(server, calls, folder) as (upload, _):
        assert ask(server.port, "DELETE", f"/files/{upload}").status == 204
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0)
    assert list(folder.iterdir()) == []
    eventually(lambda: "deleted" in receiver.of(upload))
    assert receiver.of(upload) == ["created", "deleted"]


def test_an_upload_that_is_removed_after_a_kill_leaves_nothing_either(server, calls, receiver, out):
    with named(server, calls, out) as (upload, _):
        server.kill()
    with calls.hold("openat", path="/out"):
        server.start()
        assert ask(server.port, "DELETE", f"/files/{upload}").status == 204
    eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0)
    assert list(out.iterdir()) == []
    assert "finished" not in receiver.of(upload)


FAILING = [(folder, call, path, error) for folder, call, path in STEPS for error in (errno.EIO, errno.ENOSPC)
           if call in ("pwrite", "fsync", "linkat", "mkdirat", "renameat") or error == errno.EIO]


@pytest.mark.parametrize("folder, call, path, error", FAILING, indirect=["folder"])
def test_a_call_that_fails_is_made_again(server, calls, receiver, folder, call, path, error):
    with calls.fail(call, error, path=path, times=1) as rule:
        upload = put(server)
        eventually(lambda: rule.struck == 1)
        arrived(server, receiver, folder, upload)
    assert metric(server, "sluice_delivery_failures_total") == 1
    assert os.strerror(error) in server.log.read_text() or "No space" in server.log.read_text()


def test_a_file_whose_removal_here_fails_is_not_brought_again(server, calls, receiver, out):
    with calls.fail("unlinkat", errno.EACCES, path="/complete/", times=2):
        upload = put(server)
        eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
        # Whoever takes it away now has it: it was told.
        eventually(lambda: told(receiver, upload))
        (out / "_/a.bin").rename(out / "_/taken.bin")
        eventually(lambda: metric(server, "sluice_delivery_queue_length") == 0)
    assert everything(out) == ["_/taken.bin"] and len(told(receiver, upload)) == 1
    assert not (server.data / "complete" / upload).exists()


@pytest.mark.parametrize("folder", ["small"], indirect=True)
def test_a_full_disk_takes_what_is_left_when_there_is_room_again(server, receiver, folder):
    names = [f"{number}.bin" for number in range(3)]
    uploads = {name: put(server, name=name) for name in names}
    eventually(lambda: sum(bool(told(receiver, upload)) for upload in uploads.values()) == 2)
    eventually(lambda: metric(server, "sluice_delivery_failures_total") >= 1)
    assert metric(server, "sluice_delivery_queue_length") == 1
    assert "No space left on device" in server.log.read_text()
    assert len(everything(folder)) == 2, "nothing is left of what does not fit"
    (waiting,) = [name for name, upload in uploads.items() if not told(receiver, upload)]
    assert ask(server.port, "GET", f"/files/{uploads[waiting]}").body == BODY
    for name in everything(folder):
        (folder / name).unlink()
    arrived(server, receiver, folder, uploads[waiting], waiting)


@pytest.mark.parametrize("folder", ["small"], indirect=True)
def test_a_stop_cuts_a_copy_and_the_next_start_makes_it_anew(server, calls, receiver, folder):
    with ThreadPoolExecutor(1) as pool, calls.hold("pwrite", path=".part") as held:
        upload = put(server)
        eventually(lambda: held.waiting > 0)
        stopped = pool.submit(server.stop)
        held.end()
        stopped.result()
    assert everything(folder) in ([], ["_/a.bin"])
    server.start()
    arrived(server, receiver, folder, upload)
