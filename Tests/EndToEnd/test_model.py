"""
Random sequences of requests, of every dialect and mixed, against a model of the upload that fits on one page. Whatever
the server answers otherwise than the model fails, and names the seed that shows it again.

SLUICE_MODEL_SEQUENCES sets how many for each kind, SLUICE_MODEL_SEED where to begin.
"""

import os
import random
from dataclasses import dataclass

import pytest

from sluice import Sluice
from waiting import eventually
from wire import Line, pattern

SEQUENCES = int(os.environ.get("SLUICE_MODEL_SEQUENCES", "400"))
FIRST_SEED = int(os.environ.get("SLUICE_MODEL_SEED", "1"))
STEPS_MAX = 10
SIZES = (0, 1, 2, 100, 4095, 4096, 5000)
TUS = {"Tus-Resumable": "1.0.0"}
MODEL_SECONDS = 120 + SEQUENCES // 20


@dataclass
class Upload:
    """What the server should know of one upload, by the dialect that made it."""

    dialect: str
    address: str
    length: int | None
    data: bytes = b""
    is_finished: bool = False
    is_gone: bool = False

    def room_for(self, end: int) -> bool:
        return self.length is None or end <= self.length


class Sequence:
    """One life of one upload, made by one dialect and asked for by those allowed to."""

    def __init__(self, server, line, seed, maker, guests):
        self.random = random.Random(f"{maker} {seed}")
        self.server, self.line, self.maker, self.guests = server, line, maker, guests
        self.file = pattern(self.random.choice(SIZES), seed % 200)
        self.file_id = f"model-{maker}-{'-'.join(guests)}-{seed}"
        self.upload: Upload | None = None
        self.history = []

    def run(self):
        for _ in range(self.random.randint(2, STEPS_MAX)):
            dialect = self.random.choice([self.maker, *self.guests])
            if self.upload is None:
                getattr(self, f"{self.maker}_create")()
                continue
            steps = [name for name in dir(self) if name.startswith(f"{dialect}_") and not name.endswith("_create")]
            getattr(self, self.random.choice(steps))()
        self.finally_compare()

    # What is sent, and what must come back.

    def ask(self, method, target, fields, body=None):
        self.history.append((method, target, dict(fields), None if body is None else len(body)))
        answer = self.line[0].request(method, target, fields, body)
        self.history.append((answer.status, answer.fields.get("upload-offset"), answer.code))
        if answer.fields.get("connection") == "close":
            self.line[0].close()
            self.line[0] = Line(self.server.port)
        return answer

    def expect(self, answer, *statuses, offset=None):
        assert answer.status in statuses, (statuses, self.history)
        if offset is not None:
            assert answer.offset == offset, (offset, self.history)

    def cut(self, method, target, fields, length, body):
        """A request that breaks off in its body. Afterwards the offset is asked for: it is the prefix that came."""
        self.history.append((method, target, dict(fields), length, "cut after", len(body)))
        with Line(self.server.port) as line:
            line.head(method, target, fields | {"Expect": "100-continue"}, length)
            # Else the question that follows might overtake it on its own connection.
            assert line.message().status == 100, self.history
            line.send(body)

    def piece(self):
        """Where a request says that it starts, and what it brings: mostly right."""
        have = len(self.upload.data)
        offset = have if self.random.random() < 0.75 else self.random.choice([0, have + 1, max(0, have - 1), 10**6])
        rest = self.file[offset:]
        size = self.random.choice([len(rest), len(rest) // 2, 1, 0])
        body = rest[:size]
        if self.random.random() < 0.1:
            body += b"too much"
        return offset, body

    def finally_compare(self):
        upload = self.upload
        if upload is None or not upload.address:
            return
        folder = self.server.data / "complete" / upload.address.rpartition("/")[2]
        if upload.is_finished and not upload.is_gone:
            [stored] = folder.iterdir()
            assert stored.read_bytes() == upload.data, self.history
        else:
            assert not folder.exists(), self.history

    # tus

    def tus_create(self):
        length = len(self.file) if self.random.random() < 0.7 else None
        body = self.file[: self.random.choice([0, 0, len(self.file) // 2, len(self.file)])]
        fields = TUS | ({"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)})
        if body:
            fields["Content-Type"] = "application/offset+octet-stream"
        answer = self.ask("POST", "/files", fields, body)
        self.expect(answer, 201, offset=len(body) if body else None)
        self.upload = Upload("tus", answer.location, length, body)
        self.upload.is_finished = length == len(body)

    def tus_head(self):
        upload = self.upload
        answer = self.ask("HEAD", upload.address, TUS)
        if upload.is_gone:
            return self.expect(answer, 404, 410)
        self.expect(answer, 200, offset=len(upload.data))
        assert answer.fields.get("upload-length") == (None if upload.length is None else str(upload.length))

    def tus_patch(self):
        upload, (offset, body) = self.upload, self.piece()
        fields = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        told = None
        if self.random.random() < 0.2 or upload.length is None and offset + len(body) == len(self.file):
            told = self.random.choice([len(self.file), len(self.file), len(self.file) + 1])
            fields["Upload-Length"] = str(told)
        answer = self.ask("PATCH", upload.address, fields, body)
        if upload.is_gone:
            return self.expect(answer, 404, 410)
        if upload.dialect != "tus":
            return self.expect(answer, 403)
        if offset != len(upload.data):
            return self.expect(answer, 409, offset=len(upload.data))
        if told is not None and (upload.length not in (None, told) or told < len(upload.data)):
            return self.expect(answer, 400, offset=len(upload.data))
        if upload.is_finished:
            return self.expect(answer, 413 if body else 204, offset=len(upload.data))
        length = upload.length if told is None else told
        if length is not None and offset + len(body) > length:
            return self.expect(answer, 413, offset=len(upload.data))
        self.expect(answer, 204, offset=offset + len(body))
        upload.length, upload.data = length, upload.data + body
        upload.is_finished = len(upload.data) == length

    def tus_cut(self):
        upload = self.upload
        rest = self.file[len(upload.data) :]
        if upload.is_gone or upload.is_finished or upload.dialect != "tus" or len(rest) < 2:
            return self.tus_head()
        fields = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(len(upload.data))}
        if not upload.room_for(len(self.file)):
            return
        self.cut("PATCH", upload.address, fields, len(rest), rest[: len(rest) // 2])
        answer = self.ask("HEAD", upload.address, TUS)
        self.expect(answer, 200)
        self.take_prefix(answer.offset, rest, len(rest) // 2)

    def take_prefix(self, offset, rest, sent):
        have = len(self.upload.data)
        assert have <= offset <= have + sent, (offset, self.history)
        self.upload.data += rest[: offset - have]

    def tus_delete(self):
        if self.random.random() < 0.6:
            return self.tus_head()
        upload = self.upload
        answer = self.ask("DELETE", upload.address, TUS)
        if upload.is_gone:
            return self.expect(answer, 404, 410)
        self.expect(answer, 204)
        upload.is_gone = True

    # IETF, version 9

    IETF = {"Upload-Draft-Interop-Version": "9"}

    def ietf_create(self):
        length = len(self.file) if self.random.random() < 0.5 else None
        body = self.file[: self.random.choice([0, len(self.file) // 2, len(self.file)])]
        is_last = len(body) == len(self.file) and self.random.random() < 0.5
        fields = self.IETF | {"Upload-Complete": "?1" if is_last else "?0"}
        if length is not None:
            fields["Upload-Length"] = str(length)
        answer = self.ask("POST", "/files", fields, body)
        self.expect(answer, 201, offset=len(body))
        assert answer.fields["upload-complete"] == fields["Upload-Complete"], self.history
        self.upload = Upload("ietf", answer.location, len(body) if is_last else length, body, is_finished=is_last)

    def ietf_head(self):
        upload = self.upload
        answer = self.ask("HEAD", upload.address, self.IETF)
        if upload.is_gone:
            return self.expect(answer, 404)
        self.expect(answer, 204, offset=len(upload.data))
        assert answer.fields["upload-complete"] == ("?1" if upload.is_finished else "?0"), self.history
        assert answer.fields.get("upload-length") == (None if upload.length is None else str(upload.length))

    def ietf_patch(self):
        upload, (offset, body) = self.upload, self.piece()
        is_last = offset + len(body) >= len(self.file) or self.random.random() < 0.1
        fields = self.IETF | {
            "Content-Type": "application/partial-upload", "Upload-Offset": str(offset),
            "Upload-Complete": "?1" if is_last else "?0"}
        answer = self.ask("PATCH", upload.address, fields, body)
        have, end = len(upload.data), offset + len(body)
        if upload.is_gone:
            return self.expect(answer, 404)
        if upload.dialect != "ietf":
            return self.expect(answer, 400)
        if upload.is_finished:
            replays = is_last and offset == have and not body
            return self.expect(answer, 201 if replays else 400, offset=have)
        if offset != have:
            return self.expect(answer, 409, offset=have)
        if is_last and upload.length not in (None, end):
            return self.expect(answer, 400, offset=have)
        if not upload.room_for(end):
            # Past what was agreed: the upload is lost.
            self.expect(answer, 400)
            upload.is_gone = True
            return
        self.expect(answer, 201 if is_last else 204, offset=end)
        upload.data += body
        if is_last:
            upload.length, upload.is_finished = end, True

    def ietf_cut(self):
        upload = self.upload
        rest = self.file[len(upload.data) :]
        if upload.is_gone or upload.is_finished or upload.dialect != "ietf" or len(rest) < 2:
            return self.ietf_head()
        fields = self.IETF | {
            "Content-Type": "application/partial-upload", "Upload-Offset": str(len(upload.data)),
            "Upload-Complete": "?1"}
        self.cut("PATCH", upload.address, fields, len(rest), rest[: len(rest) // 2])
        # What the length came to is known from the request's head, if that was read before the end of the connection.
        answer = self.ask("HEAD", upload.address, self.IETF)
        self.expect(answer, 204)
        told = answer.fields.get("upload-length")
        assert told in (None if upload.length is None else str(upload.length), str(len(self.file))), self.history
        upload.length = None if told is None else int(told)
        self.take_prefix(answer.offset, rest, len(rest) // 2)

    def ietf_delete(self):
        if self.random.random() < 0.6:
            return self.ietf_head()
        upload = self.upload
        answer = self.ask("DELETE", upload.address, self.IETF)
        if upload.is_gone:
            return self.expect(answer, 404)
        self.expect(answer, 204)
        upload.is_gone = True

    # file-id

    def fileid_create(self):
        self.upload = Upload("fileid", "", None)
        self.fileid_status()

    def fileid_status(self):
        answer = self.ask("GET", "/status", {"X-File-Id": self.file_id})
        have = len(self.upload.data) if self.upload.dialect == "fileid" else 0
        self.expect(answer, 200)
        assert answer.body == str(have).encode(), self.history

    def fileid_upload(self):
        upload = self.upload
        if upload.dialect != "fileid":
            return self.fileid_status()
        have = len(upload.data)
        start = have if self.random.random() < 0.7 else self.random.choice([0, have + 1])
        self.send_from(start)

    def fileid_restart(self):
        if self.upload.dialect == "fileid":
            self.send_from(0)
        else:
            self.fileid_status()

    def send_from(self, start):
        upload, have = self.upload, len(self.upload.data)
        rest = self.file[start:]
        fields = {"X-File-Id": self.file_id, "X-Start-Byte": str(start)}
        if start > len(self.file):
            fields["X-File-Size"] = str(start)
        answer = self.ask("POST", "/upload", fields, rest)
        if start == 0 or start == have:
            self.expect(answer, 200)
            upload.data, upload.is_finished = self.file, True
            if "location" in answer.fields:
                upload.address = answer.location
        else:
            self.expect(answer, 400, 409)

    def fileid_cut(self):
        upload = self.upload
        have = len(upload.data)
        rest = self.file[have:]
        if upload.dialect != "fileid" or upload.is_finished or len(rest) < 2:
            return self.fileid_status()
        fields = {"X-File-Id": self.file_id, "X-Start-Byte": str(have)}
        self.cut("POST", "/upload", fields, len(rest), rest[: len(rest) // 2])
        # An append that has just moved is not ended by the question: it may still be about to write the last bytes.
        told = have

        def has_all():
            nonlocal told
            answer = self.ask("GET", "/status", {"X-File-Id": self.file_id})
            self.expect(answer, 200)
            assert int(answer.body) >= told, self.history
            told = int(answer.body)
            return told == have + len(rest) // 2

        eventually(has_all)
        self.take_prefix(told, rest, len(rest) // 2)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    server = Sluice(tmp_path_factory.mktemp("model"), "--durability", "process")
    server.start()
    yield server
    server.stop()


@pytest.mark.seconds(MODEL_SECONDS)
@pytest.mark.parametrize(
    "maker, guests", [("tus", []), ("ietf", []), ("fileid", []), ("tus", ["ietf"]), ("ietf", ["tus"])],
    ids=["tus", "ietf", "file-id", "tus and ietf", "ietf and tus"])
def test_random_sequences_agree_with_the_model(quick, maker, guests, protocol):
    line = [Line(quick.port)]
    seeds = range(FIRST_SEED, FIRST_SEED + SEQUENCES)
    if protocol == "HTTP/2":
        # The next ones, and fewer of them: what is said is the same.
        seeds = range(seeds.stop, seeds.stop + SEQUENCES // 4)
    for seed in seeds:
        sequence = Sequence(quick, line, seed, maker, guests)
        try:
            sequence.run()
        except Exception as fault:
            raise AssertionError(f"seed {seed}: {fault}\n" + "\n".join(map(str, sequence.history))) from fault
    line[0].close()
