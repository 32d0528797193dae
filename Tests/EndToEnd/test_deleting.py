"""Away with it: whatever made an upload, and however far it is, its owner removes it, and has the room back."""

import json

import pytest

from dialects import IETF, TUS, WAYS, WHOLE
from sluice import Sluice
from tokens import alice, bob, secret_file
from waiting import eventually
from wire import Line, ask

PATCH = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
SIZE = 200_000
BODY = bytes(SIZE)
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deleting")
    server = Sluice(folder, "--jwt-secret", str(secret_file(folder)), "--listen-admin", f"unix:{folder}/admin.sock")
    server.start()
    yield server
    server.stop()


def made(server, kind: str) -> str:
    """An upload of this kind; its address."""
    def send(method, path, fields, body):
        answer = ask(server.port, method, path, fields | alice(), body)
        assert answer.status in (200, 201, 204), answer
        return answer
    half = BODY[: SIZE // 2]
    if kind == "tus open":
        location = send("POST", "/files", TUS | {"Upload-Length": str(SIZE)}, None).location
        send("PATCH", location, PATCH, half)
        return location
    if kind == "ietf open":
        return send("POST", "/files", IETF | {"Upload-Complete": "?0", "Upload-Length": str(SIZE)}, half).location
    if kind == "form finished":
        part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
        answer = send("POST", "/upload", FORM, part + BODY + b"\r\n--b--\r\n")
        return json.loads(answer.body)[0]["location"]
    method, path, fields, _ = WAYS[WHOLE[kind.removesuffix(" finished")]](SIZE)
    return send(method, path, fields, BODY).location


def usage(server) -> dict:
    return json.loads(ask(server.port, "GET", "/usage", alice()).body)


def stored(server, id: str) -> bool:
    return (server.data / "uploads" / id).exists() or (server.data / "complete" / id).exists()


KINDS = ["tus open", "ietf open", "form finished", *(f"{name} finished" for name in WHOLE)]


@pytest.mark.parametrize("fields", [{}, TUS, IETF], ids=["plain", "tus", "ietf"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_owner_removes_an_upload_of_any_kind_in_any_protocols_words(server, kind, fields):
    location = made(server, kind)
    id = location.rpartition("/")[2]
    assert stored(server, id) and usage(server)["bytes"] == SIZE
    assert ask(server.port, "DELETE", location, fields | bob()).status == 404
    assert ask(server.port, "DELETE", location, fields | alice(scope="upload download")).code == "wrong-scope"
    assert stored(server, id)
    assert ask(server.port, "DELETE", location, fields | alice(scope="delete")).status == 204
    eventually(lambda: not stored(server, id), "the bytes to go")
    assert (usage(server)["bytes"], usage(server)["files"], usage(server)["open"]) == (0, 0, 0)
    assert ask(server.port, "DELETE", location, fields | alice()).status in (404, 410)


def test_an_unfinished_upload_of_a_clients_own_name_goes_by_that_name(server):
    name = {"X-File-Id": "half", "X-Start-Byte": "0", "X-File-Size": str(SIZE)} | alice()
    with Line(server.port) as line:
        line.head("POST", "/upload", name, SIZE)
        line.send(BODY[: SIZE // 2])
        eventually(lambda: usage(server)["open"] == 1, "the upload")
    # What came before the cut is kept, and is what goes.
    eventually(lambda: ask(server.port, "GET", "/status", {"X-File-Id": "half"} | alice()).body == b"%d" % (SIZE // 2))
    assert ask(server.port, "DELETE", "/upload", {"X-File-Id": "half"} | alice()).status == 204
    eventually(lambda: usage(server)["bytes"] == 0 and usage(server)["open"] == 0, "the room")
    assert ask(server.port, "GET", "/status", {"X-File-Id": "half"} | alice()).body != b"%d" % (SIZE // 2)


def test_a_plain_upload_that_is_cut_leaves_nothing(server):
    with Line(server.port) as line:
        line.head("PUT", "/files/cut.bin", alice(), SIZE)
        line.send(BODY[: SIZE // 2])
        eventually(lambda: usage(server)["open"] == 1, "the upload")
    eventually(lambda: usage(server)["bytes"] == 0 and usage(server)["open"] == 0, "the room")


@pytest.mark.parametrize("sent", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "MADE-UP", "POST"])
def test_only_a_post_and_what_speaks_tus_stand_for_another_method(server, sent):
    """Proxies repeat some methods on their own, and let some pass where they forbid others."""
    location = made(server, f"{next(iter(WHOLE))} finished")
    deletes = {"X-HTTP-Method-Override": "DELETE"} | alice(scope="delete")
    answer = ask(server.port, sent, location, deletes)
    if sent == "POST":
        assert answer.status == 204
    else:
        assert (answer.status, answer.code) == (400, "bad-method-override")
        assert ask(server.port, "HEAD", location, alice()).status == 200
