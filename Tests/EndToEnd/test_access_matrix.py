"""Who may: every address of the server, every method that it takes, every dialect that speaks there, every kind of
credential, plain and over TLS. A new address, or a new method of one, fails here until it has its rows; a new way to begin
an upload (dialects.py) has one by itself."""

import re
import uuid
from dataclasses import dataclass

import pytest

from application import Application, Said, owner, refused
from dialects import TOP, WAYS
from sluice import Sluice
from tokens import alice, bearer, bob, secret_file, token
from wire import Line, ask

TUS = {"Tus-Resumable": "1.0.0"}
PATCH_TUS = TUS | {"Content-Type": "application/offset+octet-stream"}
IETF = {"Upload-Draft-Interop-Version": "8"}
PATCH_IETF = IETF | {"Content-Type": "application/partial-upload", "Upload-Complete": "?1"}
FORM = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nform\r\n--b--\r\n',
        {"Content-Type": "multipart/form-data; boundary=b"})


@dataclass
class Row:
    address: str
    method: str
    dialect: str
    # Which upload it needs: one of `MAKERS`; None for a request that makes one, or needs none.
    needs: str | None
    fields: dict
    body: bytes | None
    # What the right credential gets; None for any success.
    status: int | None
    # The scopes that allow it; none where nobody is asked.
    scopes: str
    path: str = ""

    @property
    def name(self) -> str:
        return f"{self.address} {self.method} {self.dialect}"

    @property
    def cell(self) -> tuple[str, str, str]:
        return self.address, self.method, self.dialect.partition(" ")[0]

    def is_met(self, answer) -> bool:
        return answer.status // 100 == 2 if self.status is None else answer.status == self.status


UNKNOWN = "0123456789abcdef0123456789abcdef"
# The kinds of addresses, as the sources name and write them.
PLACES = dict(re.findall(
    r'^        case (\w+) = "(/[^"]*)"$', (TOP / "Sources/UploadServer/Dispatch/Address.swift").read_text(), re.M))
PATHS = {address: place.replace("<id>", UNKNOWN).replace("<name>", "name.bin") for address, place in PLACES.items()}


def address_of(path: str) -> str:
    shapes = {
        address: re.escape(place).replace("<id>", "[0-9a-f]{32}").replace("<name>", "[^/]+")
        for address, place in PLACES.items()}
    return next(address for address, shape in shapes.items() if re.fullmatch(shape, path))


def begun(ways: dict) -> list[Row]:
    """Of every way to begin an upload."""
    asked = [(name, *way(4)) for name, way in ways.items()]
    return [Row(address_of(path), method, name, None, fields, body, None, "upload", path)
            for name, method, path, fields, body in asked]


def without_repeated(rows: list[Row]) -> list[Row]:
    """Without those that follow from a way to begin where others are written."""
    known = {row.cell for row in rows if row.status is not None}
    return [row for row in rows if row.status is not None or row.cell not in known]


def rows() -> list[Row]:
    member = "resource"
    return without_repeated([
        Row("page", "GET", "-", None, {}, None, 200, ""),
        Row("page", "HEAD", "-", None, {}, None, 200, ""),
        Row("health", "GET", "-", None, {}, None, 200, ""),
        Row("health", "HEAD", "-", None, {}, None, 200, ""),
        Row("readiness", "GET", "-", None, {}, None, 200, ""),
        Row("readiness", "HEAD", "-", None, {}, None, 200, ""),
        Row("events", "GET", "-", "finished", {}, None, 200, "upload download"),
        Row("events", "HEAD", "-", "finished", {}, None, 200, "upload download"),
        Row("usage", "GET", "-", None, {}, None, 200, "upload download"),
        Row("usage", "HEAD", "-", None, {}, None, 200, "upload download"),
        Row("status", "GET", "file-id", "file-id", {}, None, 200, "upload download"),
        Row("status", "HEAD", "file-id", "file-id", {}, None, 200, "upload download"),
        Row("status", "POST", "file-id", "file-id", {}, b"", 200, "upload download"),
        Row("upload", "POST", "file-id append", "file-id",
            {"X-Start-Byte": "4", "X-File-Size": "10"}, b"456789", 200, "upload"),
        Row("upload", "POST", "file-id", "fresh file-id", {"X-Start-Byte": "0"}, b"0123", 200, "upload"),
        Row("upload", "POST", "form", None, FORM[1], FORM[0], 201, "upload"),
        Row("upload", "POST", "ietf", None, IETF | {"Upload-Complete": "?1"}, b"whole", 201, "upload"),
        Row("upload", "DELETE", "file-id", "file-id", {}, None, 204, "delete"),
        Row("collection", "POST", "tus", None, TUS | {"Upload-Length": "4"}, b"", 201, "upload"),
        Row("collection", "POST", "tus with content", None,
            PATCH_TUS | {"Upload-Length": "4"}, b"0123", 201, "upload"),
        Row("collection", "POST", "tus final", "parts", TUS, b"", 201, "upload"),
        Row("collection", "POST", "ietf", None, IETF | {"Upload-Complete": "?0"}, b"part", 201, "upload"),
        Row("collection", "POST", "form", None, FORM[1], FORM[0], 201, "upload"),
        Row("collection", "POST", "plain", None, {}, b"plain", 201, "upload"),
        Row("collection", "PUT", "plain", None, {}, b"plain", 201, "upload"),
        Row("collection", "PUT", "form", None, FORM[1], FORM[0], 201, "upload"),
        Row("collection", "PUT", "ietf", None, IETF | {"Upload-Complete": "?1"}, b"whole", 201, "upload"),
        Row(member, "GET", "finished", "finished", {}, None, 200, "download"),
        Row(member, "GET", "range", "finished", {"Range": "bytes=1-2"}, None, 206, "download"),
        Row(member, "GET", "tus", "tus", {}, None, 204, "upload download"),
        Row(member, "GET", "ietf", "ietf", IETF, None, 204, "upload download"),
        Row(member, "HEAD", "finished", "finished", {}, None, 200, "upload download"),
        Row(member, "HEAD", "tus", "tus", TUS, None, 200, "upload download"),
        Row(member, "HEAD", "tus final", "final", TUS, None, 200, "upload download"),
        Row(member, "HEAD", "ietf", "ietf", IETF, None, 204, "upload download"),
        Row(member, "PATCH", "tus", "tus", PATCH_TUS | {"Upload-Offset": "4"}, b"456789", 204, "upload"),
        Row(member, "PATCH", "ietf", "ietf", PATCH_IETF | {"Upload-Offset": "4"}, b"456789", 201, "upload"),
        Row(member, "DELETE", "tus", "tus", TUS, None, 204, "delete"),
        Row(member, "DELETE", "ietf", "ietf", IETF, None, 204, "delete"),
        Row(member, "DELETE", "finished", "finished", {}, None, 204, "delete"),
        Row(member, "DELETE", "tus finished", "finished", TUS, None, 204, "delete"),
        Row(member, "PUT", "plain", None, {}, b"plain", 201, "upload"),
        Row(member, "PUT", "ietf", None, IETF | {"Upload-Complete": "?1"}, b"whole", 201, "upload"),
        Row(member, "PUT", "form", None, FORM[1], FORM[0], 201, "upload"),
        Row("name", "PUT", "plain", None, {}, b"plain", 201, "upload"),
        Row("name", "PUT", "ietf", None, IETF | {"Upload-Complete": "?1"}, b"whole", 201, "upload"),
        Row("name", "PUT", "form", None, FORM[1], FORM[0], 201, "upload"),
        *begun(WAYS),
    ])


CREDENTIALS = ["none", "malformed", "wrong", "expired", "early", "wrong scope", "other upload", "other owner", "right"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    server = Sluice(folder, "--jwt-secret", str(secret_file(folder)))
    server.start()
    yield server
    server.stop()


class Speaker:
    """Speaks to the server plainly or over TLS."""

    def __init__(self, server: Sluice, tls: bool):
        self.port = server.tls_port if tls else server.port
        self.tls = tls

    def __call__(self, method, path, fields=(), body=None):
        return ask(self.port, method, path, dict(fields), body, self.tls)


def made(needs: str, speak: Speaker, owner: dict) -> tuple[str, dict]:
    """An upload of an owner's: the path of its address and the fields that name it."""
    if needs == "file-id":
        name = {"X-File-Id": uuid.uuid4().hex}
        line_up(speak, owner | name)
        return "", name
    if needs == "fresh file-id":
        return "", {"X-File-Id": uuid.uuid4().hex}
    if needs == "parts":
        return "", {"Upload-Concat": f"final;{part(speak, owner)} {part(speak, owner)}"}
    if needs == "tus":
        location = created(speak("POST", "/files", owner | PATCH_TUS | {"Upload-Length": "10"}, b"0123"))
    elif needs == "ietf":
        location = created(speak("POST", "/files", owner | IETF | {"Upload-Complete": "?0", "Upload-Length": "10"},
                                 b"0123"))
    elif needs == "finished":
        location = created(speak("PUT", "/files/a.txt", owner, b"0123"))
    elif needs == "final":
        parts = f"{part(speak, owner)} {part(speak, owner)}"
        location = created(speak("POST", "/files", owner | TUS | {"Upload-Concat": f"final;{parts}"}, b""))
    return location, {}


def line_up(speak: Speaker, fields: dict) -> None:
    """Four of ten bytes, by a chunked body, whose end says that this is all for now."""
    with Line(speak.port, speak.tls) as line:
        line.head("POST", "/upload", fields | {
            "X-Start-Byte": "0", "X-File-Size": "10", "Transfer-Encoding": "chunked"})
        line.chunk(b"0123")
        line.last_chunk()
        line.answer()
    assert speak("GET", "/status", fields).body == b"4"


def part(speak: Speaker, owner: dict) -> str:
    fields = PATCH_TUS | {"Upload-Length": "4", "Upload-Concat": "partial"}
    return created(speak("POST", "/files", owner | fields, b"0123"))


def created(answer) -> str:
    assert answer.status == 201, (answer.status, answer.fields, answer.body)
    return answer.location


def unknown(needs: str) -> tuple[str, dict]:
    """An upload that is not there."""
    if "file-id" in needs:
        return "", {"X-File-Id": uuid.uuid4().hex}
    if needs == "parts":
        return "", {"Upload-Concat": f"final;/files/{uuid.uuid4().hex} /files/{uuid.uuid4().hex}"}
    return f"/files/{uuid.uuid4().hex}", {}


def send(row: Row, speak: Speaker, target: tuple[str, dict], credential: dict):
    path, naming = target
    if row.address == "events":
        path += "/events"
    return speak(row.method, path or row.path or PATHS[row.address], row.fields | naming | credential, row.body)


def normalized(answer) -> tuple:
    """All that a client learns, but for what is different in any two answers."""
    fields = [(name, value) for name, value in answer.fields if name not in ("date", "x-request-id")]
    text = repr((answer.status, answer.reason, fields, answer.body))
    return re.sub(r"[0-9a-f]{32}", "ID", text)


@pytest.mark.parametrize(
    "protocol, tls", [("HTTP/1.1", False), ("HTTP/2", True)], indirect=["protocol"], ids=["plain", "HTTP/2 over tls"])
@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_cell_is_as_the_rule_says(guarded, row, credential, protocol, tls):
    speak = Speaker(guarded, tls)
    target = made(row.needs, speak, alice()) if row.needs else ("", {})
    asked = {
        "none": {}, "malformed": bearer("x.y.z"), "wrong": bearer(token(key="x" * 64)),
        "expired": alice(seconds=-1), "early": alice(nbf=4102444800),
        "wrong scope": alice(scope=opposite(row.scopes)), "other upload": alice(upload=UNKNOWN[::-1]),
        "other owner": bob(), "right": alice(),
    }[credential]
    answer = send(row, speak, target, asked)
    if not row.scopes or credential == "right":
        assert row.is_met(answer), (answer.status, answer.fields, answer.body)
    elif credential in ("wrong scope", "other upload"):
        code = "wrong-scope" if credential == "wrong scope" else "wrong-upload"
        assert (answer.status, answer.code) == (403, code)
    elif credential == "other owner":
        if row.needs is None:
            assert row.is_met(answer)
        else:
            expected = send(row, speak, unknown(row.needs), bob())
            assert normalized(answer) == normalized(expected)
            # Nothing has become of it.
            assert row.is_met(send(row, speak, target, alice()))
    else:
        code = {"none": "no-token", "expired": "token-expired"}.get(credential, "bad-token")
        assert (answer.status, answer.code) == (401, code)
        assert answer.fields["www-authenticate"].startswith("Bearer realm=")
    if row.dialect.startswith("tus") and row.method != "GET":
        assert answer.fields.get("tus-resumable") == "1.0.0"


@pytest.mark.parametrize("row, scope", [(row, scope) for row in rows() for scope in row.scopes.split()],
                         ids=lambda cell: getattr(cell, "name", cell))
def test_each_scope_that_allows_a_request_allows_it_alone(guarded, row, scope):
    speak = Speaker(guarded, tls=False)
    target = made(row.needs, speak, alice()) if row.needs else ("", {})
    answer = send(row, speak, target, alice(scope=scope))
    # Who may not fetch the file is told of it, not what is in it.
    is_told = row.needs == "finished" and scope == "upload" and answer.status == 204
    assert row.is_met(answer) or is_told, (answer.status, answer.fields, answer.body)


# Who may by the word of an application that is asked: credentials as it knows them.
ANSWERS = {
    "right": lambda scopes: owner("alice"), "other owner": lambda scopes: owner("bob"),
    "wrong scope": lambda scopes: owner("alice", scope=opposite(scopes)),
    "other upload": lambda scopes: owner("alice", upload=UNKNOWN[::-1]),
    "refused": lambda scopes: refused(403), "sent away": lambda scopes: refused(302, Location="https://app.test/login"),
    "unknown": lambda scopes: refused(401, WWW_Authenticate='Basic realm="app"'), "in trouble": lambda scopes: Said(500),
    "nameless": lambda scopes: Said(200),
}


def by_name(question) -> Said:
    """A credential is the name of an answer and the scopes that the request takes."""
    name, _, scopes = question.get("authorization", "").removeprefix("Bearer ").partition(":")
    return ANSWERS[name.replace("-", " ")](scopes.replace("-", " ")) if name else refused(401)


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    with Application(by_name) as application:
        server = Sluice(tmp_path_factory.mktemp("asking"), "--auth-url", application.url)
        server.start()
        yield server
        server.stop()


@pytest.mark.usefixtures("protocol")
@pytest.mark.parametrize("credential", ["none", *ANSWERS])
@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_cell_is_as_the_application_says(asking, row, credential):
    def named(name: str) -> dict:
        return bearer(f"{name}:{row.scopes}".replace(" ", "-"))
    speak = Speaker(asking, tls=False)
    target = made(row.needs, speak, named("right")) if row.needs else ("", {})
    answer = send(row, speak, target, {} if credential == "none" else named(credential))
    if not row.scopes or credential == "right" or credential == "other owner" and row.needs is None:
        assert row.is_met(answer), (answer.status, answer.fields, answer.body)
    elif credential == "other owner":
        expected = send(row, speak, unknown(row.needs), named("other owner"))
        assert normalized(answer) == normalized(expected)
        assert row.is_met(send(row, speak, target, named("right")))
    else:
        expected = {
            "none": (401, "auth-refused"), "wrong scope": (403, "wrong-scope"), "other upload": (403, "wrong-upload"),
            "refused": (403, "auth-refused"), "sent away": (302, "auth-refused"), "unknown": (401, "auth-refused"),
            "in trouble": (503, "auth-unavailable"), "nameless": (503, "auth-unavailable"),
        }[credential]
        assert (answer.status, answer.code) == expected


def opposite(scopes: str) -> str:
    """All scopes but those."""
    return " ".join(sorted({"upload", "download", "delete", "admin"} - set(scopes.split())))


def test_every_address_and_method_has_its_rows(guarded):
    assert {"collection", "resource", "name", "usage"} <= set(PATHS), "the addresses are found"
    seen = {(row.address, row.method) for row in rows()}
    for address, path in PATHS.items():
        allowed = ask(guarded.port, "OPTIONS", path).fields["allow"].split(", ")
        for method in set(allowed) - {"OPTIONS"}:
            assert (address, method) in seen, f"{method} {path} has no row"


def test_every_way_to_begin_an_upload_has_its_rows():
    assert {row.cell for row in begun(WAYS)} <= {row.cell for row in rows()}
    assert {address_of(path) for path in ("/files/a", f"/files/{UNKNOWN}", "/")} == {"name", "resource", "page"}
    ways, new = dict(WAYS), {"never": lambda size: ("PUT", "/files/a", {}, b"x" * size)}
    try:
        WAYS.update(new)
        assert [row.name for row in rows() if row.dialect == "never"] == ["name PUT never"]
    finally:
        WAYS.clear()
        WAYS.update(ways)


def test_every_preflight_and_every_question_for_methods_is_open(guarded):
    for path in [*PATHS.values(), "*"]:
        assert ask(guarded.port, "OPTIONS", path).status == 204
        answer = ask(guarded.port, "OPTIONS", path, {
            "Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
        assert answer.status == 200
