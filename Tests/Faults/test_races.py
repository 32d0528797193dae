"""
Two requests for one upload at one moment, in every pair of operations and of dialects, the moment swept over
microseconds; one request while the server is killed; many requests while their uploads expire. Whoever was told of a
success has it, no number that was told goes down, and nobody gets a 500.

SLUICE_RACES=5000 for more rounds, SLUICE_SEED=7 for other ones.
"""

import base64
import hashlib
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

import pytest

from sluice import Sluice
from waiting import eventually
from wire import Closed, Line, ask, b64, pattern

ROUNDS = int(os.environ.get("SLUICE_RACES", "400"))
# In one round of so many the server is killed.
KILL_EVERY = 23
# Uploads that expire together, and how often they do: a wave takes as long as the server rests between two looks.
EXPIRING, EXPIRE_SECONDS, WAVES = 64, 3, max(1, ROUNDS // 400)
SIZE, HALF, PART = 40_000, 20_000, 30_000
DATA = pattern(SIZE)
# How far the two requests are apart, in microseconds, either way.
APART = 1500
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
PARTIAL = {"Content-Type": "application/partial-upload"}


def repr_digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def text(method: str, target: str, fields: dict, body: bytes | None = None) -> bytes:
    """A whole request; one with a body of which the length is not said is sent in chunks."""
    lines = [f"{method} {target} HTTP/1.1", "Host: a"] + [f"{name}: {value}" for name, value in fields.items()]
    if body is not None and "Transfer-Encoding" not in fields:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    if "Transfer-Encoding" in fields:
        return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return head + (body or b"")


@dataclass
class Operation:
    """One request for the upload."""

    name: str
    request: bytes
    # What a success means: finish, append, delete, tell, or nothing.
    means: str = ""
    # Whether its refusal removes the upload, too.
    ends: tuple[str, ...] = ()
    answer: object = field(default=None)

    @property
    def is_success(self) -> bool:
        return self.answer is not None and self.answer.status < 300

    @property
    def removes(self) -> bool:
        if self.answer is None:
            return False
        return self.is_success and self.means == "delete" or self.answer.code in self.ends


class Tus:
    name = "tus"

    def __init__(self, server):
        self.server = server
        self.target = ask(server.port, "POST", "/files", {**BYTES, "Upload-Length": str(SIZE)}, DATA[:HALF]).location

    def operations(self):
        def patch(name, body, means="", **fields):
            extra = {key.replace("_", "-"): value for key, value in fields.items()}
            return Operation(
                name, text("PATCH", self.target, {**BYTES, "Upload-Offset": str(HALF), **extra}, body), means)
        wrong = f"sha1 {b64(hashlib.sha1(b'other').digest())}"
        return [
            patch("tus append", DATA[HALF:PART], "append"),
            patch("tus finish", DATA[HALF:], "finish"),
            patch("tus overrun", DATA[HALF:] + b"more", Transfer_Encoding="chunked"),
            patch("tus mismatch", b"x" * (SIZE - HALF), Upload_Checksum=wrong),
            Operation("tus delete", text("DELETE", self.target, TUS), "delete"),
            Operation("tus status", text("HEAD", self.target, TUS), "tell"),
        ]

    def offset(self):
        answer = ask(self.server.port, "HEAD", self.target, TUS)
        return answer.offset if answer.status == 200 else None


class IETF:
    name = "ietf"

    def __init__(self, server):
        self.server = server
        fields = {"Upload-Complete": "?0", "Upload-Length": str(SIZE)}
        self.target = ask(server.port, "POST", "/files", fields, DATA[:HALF]).location

    def operations(self):
        def patch(name, body, last, means="", ends=(), **fields):
            extra = {key.replace("_", "-"): value for key, value in fields.items()}
            head = {**PARTIAL, "Upload-Offset": str(HALF), "Upload-Complete": "?1" if last else "?0", **extra}
            return Operation(name, text("PATCH", self.target, head, body), means, ends)
        right = repr_digest(DATA)
        return [
            patch("ietf append", DATA[HALF:PART], False, "append"),
            patch("ietf finish", DATA[HALF:], True, "finish", Repr_Digest=right),
            patch("ietf overrun", DATA[HALF:] + b"more", False, ends=("upload-overrun",), Transfer_Encoding="chunked"),
            patch("ietf mismatch", b"x" * (SIZE - HALF), True, ends=("repr-digest-mismatch",), Repr_Digest=right),
            patch("ietf content mismatch", b"x" * (SIZE - HALF), True, Content_Digest=right),
            Operation("ietf delete", text("DELETE", self.target, {}), "delete"),
            Operation("ietf status", text("HEAD", self.target, {}), "tell"),
        ]

    def offset(self):
        answer = ask(self.server.port, "HEAD", self.target)
        return int(answer.fields["upload-offset"]) if answer.status < 300 else None


class FileID:
    name = "file-id"
    count = 0

    def __init__(self, server):
        self.server = server
        FileID.count += 1
        self.file_id = f"race-{FileID.count}-{SIZE}-1"
        head = {"X-File-Id": self.file_id, "X-File-Size": str(SIZE), "Transfer-Encoding": "chunked"}
        with Line(server.port) as line:
            line.send(text("POST", "/upload", head, DATA[:HALF]))
            assert line.answer().code == "body-too-short"

    @property
    def target(self):
        digest = hashlib.sha256(b"file-id\0" + self.file_id.encode()).hexdigest()
        return f"/files/{digest[:32]}"

    def operations(self):
        def post(name, start, body, means="", **fields):
            extra = {key.replace("_", "-"): value for key, value in fields.items()}
            head = {"X-File-Id": self.file_id, "X-Start-Byte": str(start), **extra}
            return Operation(name, text("POST", "/upload", head, body), means)
        chunked = {"Transfer_Encoding": "chunked", "X_File_Size": str(SIZE)}
        return [
            post("file-id append", HALF, DATA[HALF:PART], **chunked),
            post("file-id finish", HALF, DATA[HALF:], "finish"),
            post("file-id overrun", HALF, DATA[HALF:] + b"more", **chunked),
            post("file-id restart", 0, DATA, "restart"),
            Operation("file-id delete", text("DELETE", "/upload", {"X-File-Id": self.file_id}), "delete"),
            Operation("file-id status", text("GET", "/status", {"X-File-Id": self.file_id}), "tell"),
        ]

    def offset(self):
        return int(ask(self.server.port, "GET", "/status", {"X-File-Id": self.file_id}).body)


def common(target):
    """What any client may do that knows the address."""
    return [
        Operation("download", text("GET", target, {}), "fetch"),
        Operation("delete by address", text("DELETE", target, {}), "delete"),
        Operation("tus status by address", text("HEAD", target, TUS), "tell"),
    ]


def told(operation) -> int | None:
    """The offset that an answer tells."""
    answer = operation.answer
    if answer is None:
        return None
    if operation.name == "file-id status":
        return int(answer.body) if answer.status == 200 else None
    value = answer.fields.get("upload-offset")
    return int(value) if value is not None else None


def race(server, first: Operation, second: Operation, apart: float, is_held: bool) -> None:
    """Sends both, `apart` seconds apart. Of a held one all but the end is there before."""
    with Line(server.port) as one, Line(server.port) as other:
        cut = len(first.request) - 2 if is_held else 0
        one.send(first.request[:cut])
        if is_held:
            time.sleep(0.002)
        moments = sorted([(0.0, 0), (apart, 1)])
        start = time.perf_counter() + 0.0002
        for delay, which in moments:
            while time.perf_counter() < start + delay - moments[0][0]:
                pass
            try:
                one.send(first.request[cut:]) if which == 0 else other.send(second.request)
            except (BrokenPipeError, ConnectionResetError):
                pass
        for line, operation in ((one, first), (other, second)):
            method = operation.request.split(b" ", 1)[0].decode()
            try:
                operation.answer = line.answer(method)
            except Closed:
                operation.answer = None


def race_with_death(server, operation: Operation, apart: float, is_held: bool) -> None:
    """Sends it, and kills the server a little later; what was answered by then was told."""
    with Line(server.port) as line:
        cut = len(operation.request) - 2 if is_held else len(operation.request)
        line.send(operation.request[:cut])
        end = time.perf_counter() + abs(apart)
        try:
            line.send(operation.request[cut:])
            while time.perf_counter() < end:
                pass
            server.strike()
            operation.answer = line.answer(operation.request.split(b" ", 1)[0].decode())
        except (Closed, OSError):
            operation.answer = None
    server.restart_after_kill()


def check(server, upload, first: Operation, second: Operation) -> None:
    both = (first, second)
    what = " | ".join(f"{each.name}: {each.answer.status if each.answer else 'cut'} "
                      f"{each.answer.code if each.answer else ''} {told(each)}" for each in both)
    for each in both:
        assert each.answer is None or each.answer.status < 500, what
    file = ask(server.port, "GET", upload.target)
    is_removed = any(each.removes for each in both)
    is_begun_anew = any(each.means == "restart" and each.answer for each in both)
    has_finished = any(each.means in ("finish", "restart") and each.is_success for each in both)
    if has_finished and not is_removed:
        assert (file.status, file.body) == (200, DATA), what
    if file.status == 200:
        assert file.body == DATA, what
    offset = upload.offset()
    if is_removed and not is_begun_anew and not has_finished:
        assert file.status == 404 and offset in (None, 0), what
    for each in both:
        number = told(each)
        if number is not None and not is_removed and not is_begun_anew:
            assert offset is not None and offset >= number, f"{what}, then {offset}"
        if each.means == "fetch" and each.answer is not None and each.answer.status == 200:
            assert each.answer.body == DATA, what


def join_round(server, random: Random, apart: float, is_held: bool) -> None:
    """A whole is put together while something happens to one of its parts."""
    pieces = [DATA[:HALF], DATA[HALF:]]
    parts = [ask(server.port, "POST", "/files", {**BYTES, "Upload-Length": str(len(piece)), "Upload-Concat": "partial"},
                 piece).location for piece in pieces]
    final = {**TUS, "Upload-Concat": "final;" + " ".join(parts)}
    join = Operation("join", text("POST", "/files", final, b""))
    part = random.choice(parts)
    length = HALF if part == parts[0] else SIZE - HALF
    other = random.choice([
        Operation("part delete", text("DELETE", part, TUS), "delete"),
        Operation("part status", text("HEAD", part, TUS)),
        Operation("part append", text("PATCH", part, {**BYTES, "Upload-Offset": str(length)}, b"")),
        Operation("join again", text("POST", "/files", final, b"")),
    ])
    race(server, join, other, apart, is_held)
    what = f"join {join.answer.status} {join.answer.code}, {other.name} {other.answer.status} {other.answer.code}"
    assert join.answer.status in (201, 400, 409, 410), what
    assert other.answer.status < 500, what
    for each in (join, other):
        if each.name.startswith("join") and each.answer.status == 201:
            head = ask(server.port, "HEAD", each.answer.location, TUS)
            assert head.status == 200 and head.offset == SIZE, what
            assert ask(server.port, "GET", each.answer.location).body == DATA, what
    if other.means != "delete":
        assert join.answer.status == 201 or join.answer.code == "superseded", what


@pytest.mark.seconds(120 + ROUNDS // 2)
def test_whoever_was_told_of_success_has_it_whatever_came_at_the_same_moment(tmp_path):
    random = Random(int(os.environ.get("SLUICE_SEED", "1")))
    server = Sluice(tmp_path, "--log-level", "warning")
    server.start()
    try:
        for number, dialect in zip(range(ROUNDS), cycle((Tus, IETF, FileID, None))):
            apart, is_held = random.uniform(-APART, APART) / 1e6, random.random() < 0.5
            if dialect is None:
                join_round(server, random, apart, is_held)
                continue
            upload = dialect(server)
            pairs = upload.operations() + common(upload.target)
            # Every pair in its turn.
            turn = number // 4
            first = pairs[turn % len(pairs)]
            if number % KILL_EVERY == 0:
                race_with_death(server, first, 2 * apart, is_held)
                check(server, upload, first, Operation("kill", b""))
                continue
            second = (upload.operations() + common(upload.target))[turn // len(pairs) % len(pairs)]
            race(server, first, second, apart, is_held)
            check(server, upload, first, second)
    finally:
        server.stop()
    found = subprocess.run([server.binary, "check", "--data", server.data], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.seconds(60 + 60 * WAVES)
def test_who_goes_on_with_an_upload_whose_time_is_over_has_it_or_is_told_that_it_is_gone(tmp_path):
    random = Random(int(os.environ.get("SLUICE_SEED", "1")))
    server = Sluice(tmp_path, "--log-level", "warning", "--expire-after", str(EXPIRE_SECONDS))
    server.start()
    try:
        outcomes = [outcome for _ in range(WAVES) for outcome in expire_wave(server, random)]
        print({outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))})
    finally:
        server.stop()
    found = subprocess.run([server.binary, "check", "--data", server.data], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def expire_wave(server, random: Random) -> list[str]:
    """Somebody goes on with each upload at about the moment at which all of them expire; then they are looked for."""
    second = int(time.time()) + 1
    while time.time() < second:
        time.sleep(0.001)
    left, uploads = Tus(server), [Tus(server) for _ in range(EXPIRING)]
    # The second in which the last of them is over.
    end = int(time.time()) + EXPIRE_SECONDS
    moments = sorted(end + random.uniform(-0.3, 0.1) for _ in uploads)
    operations = [(upload, random.choice(upload.operations()), moment) for upload, moment in zip(uploads, moments)]

    def run(upload, operation, moment):
        with Line(server.port) as line:
            while time.time() < moment:
                time.sleep(0.0005)
            line.send(operation.request)
            answer = operation.answer = line.answer(operation.request.split(b" ", 1)[0].decode())
        after = ask(server.port, "HEAD", upload.target, TUS)
        what = f"{operation.name}: {answer.status} {answer.code} {told(operation)}, then {after.status}"
        assert answer.status < 500 and after.status < 500, what
        if operation.is_success and operation.means in ("append", "finish"):
            assert after.status == 200 and after.offset >= told(operation), what
        return f"{operation.name} {answer.status}"

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda each: run(*each), operations))
    folder = server.data / "uploads"
    eventually(lambda: not (folder / left.target.rpartition("/")[2]).exists(), "the end of what is left")
    for upload, operation, _ in operations:
        if operation.is_success and operation.means == "finish":
            assert ask(server.port, "GET", upload.target).body == DATA, operation.name
    return outcomes
