"""
One upload in each dialect, as a client sees it: what it sent, what it was told, and what must be true from then on.

An upload is carried by attempts. Each one does a request or a few, and may end by an exception of the connection at any
moment; the next one goes on from what was told. Whatever contradicts what was told raises `Broken`.
"""

import base64
import hashlib
import json
import re
import time
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from wire import Answer

KIBIBYTE, MEBIBYTE = 1 << 10, 1 << 20
HISTORY_LINES = 200
# How often the content of one file id is replaced: uploads of the same name with other bytes.
GENERATIONS = 3


class Broken(AssertionError):
    """The server broke a promise."""


class Gone(Exception):
    """The upload is not there any more, and that is all right: its time was over."""


@dataclass(frozen=True)
class Content:
    """
    A file's bytes, made from a seed that its name tells, so that any delivered file can be compared. Or a part of the
    bytes of another one: those of `whole` from `start` on.
    """

    seed: int
    size: int
    generation: int = 0
    whole: "Content | None" = None
    start: int = 0

    @property
    def name(self) -> str:
        return f"c{self.seed}-{self.size}.bin"

    @cached_property
    def data(self) -> bytes:
        if self.whole is not None:
            return self.whole.data[self.start : self.start + self.size]
        return Random(f"{self.seed}.{self.generation}").randbytes(self.size)

    def forget(self) -> None:
        """Lets go of the bytes; they are made again when they are asked for."""
        self.__dict__.pop("data", None)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def next(self) -> "Content":
        return Content(self.seed, self.size, self.generation + 1)

    def part(self, start: int, end: int) -> "Content":
        return Content(self.seed, end - start, self.generation, self, start)

    @staticmethod
    def named(name: str) -> list["Content"]:
        """What a delivered file of this name may hold."""
        found = re.fullmatch(r"c(\d+)-(\d+)\.bin", name)
        if found is None:
            return []
        return [Content(int(found[1]), int(found[2]), generation) for generation in range(GENERATIONS)]


class Upload:
    """
    What is common to all dialects.

    `told` is the largest offset that the server named; `sent` is how many bytes from the start it can have received;
    `accepted` is what the delivered file may hold once `finished`.
    """

    dialect = ""

    def __init__(self, number: str, content: Content, dice: Random):
        self.number, self.content = number, content
        self.tls = dice.random() < 0.5
        self.told = self.sent = self.attempts = 0
        self.finished = self.deleted = self.gone = False
        # To be left lying when something of it has come.
        self.abandoned = False
        # It was, and nobody comes back to it.
        self.lies = False
        # When the last append that was answered was begun: the upload's time runs from there.
        self.touched = time.monotonic()
        self.location: str | None = None
        self.accepted = [content]
        self.compared = False
        self.history: deque[str] = deque(maxlen=HISTORY_LINES)

    def __str__(self) -> str:
        return f"{self.dialect} upload {self.number} ({self.content.name}, {'TLS' if self.tls else 'plain'})"

    @property
    def done(self) -> bool:
        """Nothing is left to be sent."""
        return self.finished or self.deleted

    # What the server says

    def note(self, text: str) -> None:
        self.history.append(text)

    def fail(self, text: str) -> Broken:
        lines = "\n    ".join(self.history)
        return Broken(f"{self}: {text}\n  told {self.told}, sent {self.sent}, at {self.location}\n    {lines}")

    def tell(self, client, offset: int) -> int:
        """The server named an offset."""
        client.pulse.beat("told")
        if offset < self.told:
            raise self.lost(client, f"told {self.told} before, and now {offset}")
        if offset > self.sent:
            raise self.fail(f"told {offset}, and only {self.sent} bytes were ever sent")
        self.told = offset
        return offset

    def refused(self, client, answer: Answer, start: int, offset: int) -> None:
        """The server says that the upload does not stand at `start`, but at `offset`."""
        if offset == start and answer.code != "superseded":
            raise self.fail(f"refused at {start}, and told to go on at {offset}")
        self.tell(client, offset)

    def finish(self, client) -> None:
        """The server said that the file is whole."""
        self.told, self.finished, self.compared = self.content.size, True, False
        self.accepted = [self.content]
        self.note("finished")
        client.pulse.beat("finished")

    def surprise(self, client, answer: Answer) -> None:
        """An answer that no line of the dialect expects: all right if it is one of the tolerated, else an error."""
        text = f"answered {answer.status} {answer.reason} ({answer.code}): {answer.body[:200]!r}"
        if answer.status in (404, 410):
            raise self.lost(client, text)
        if answer.code not in client.tolerated:
            raise self.fail(text)

    def lost(self, client, text: str) -> Exception:
        """Something is not there any more."""
        return Gone() if client.may_have_expired(self) else self.fail(text)

    # What a dialect does

    def attempt(self, client, dice: Random) -> None:
        """Goes on with the upload, perhaps not to its end."""
        raise NotImplementedError

    def ask(self, client) -> None:
        """Asks for the offset, where the dialect has such a question."""

    def check(self, client) -> None:
        """After a crash: asks for what was told, of an upload that is not finished."""
        if self.location is not None:
            self.ask(client)

    def delivered(self) -> list[tuple[str, list[Content]]]:
        """The addresses of finished files, and what each of them may hold."""
        return [(self.location, self.accepted)] if self.finished and not self.deleted else []

    def settled(self) -> None:
        """Called when the upload needs its bytes no more."""
        for content in {self.content, *self.accepted}:
            content.forget()


class FileID(Upload):
    """javascript.info's protocol: status, then the rest; sometimes only a part of it; sometimes all anew."""

    dialect = "file-id"

    def __init__(self, number, content, dice):
        super().__init__(number, content, dice)
        self.file_id = f"{content.name}-{content.size}-{1_700_000_000_000 + content.seed % 1000}"
        self.restarts = dice.choice([0, 0, 0, 1, 2]) if content.size <= MEBIBYTE else 0

    @property
    def address(self) -> str:
        return "/files/" + hashlib.sha256(b"file-id\0" + self.file_id.encode()).hexdigest()[:32]

    @property
    def anew(self) -> bool:
        return self.content.generation > 0

    @property
    def done(self) -> bool:
        return super().done and self.content.generation == self.restarts

    def attempt(self, client, dice):
        if self.finished:
            return self.restart(client, dice)
        if self.anew:
            return self.send(client, dice, 0, self.content.size)
        if self.attempts > 1 and (self.told == 0 or dice.random() < 0.75):
            self.ask(client)
        rest = self.content.size - self.told
        partly = rest > 1 and dice.random() < 0.3
        self.send(client, dice, self.told, self.told + dice.randint(1, rest - 1) if partly else self.content.size)

    def restart(self, client, dice):
        """The same id with other bytes: until that is finished the older file stays."""
        older, self.content = self.content, self.content.next()
        self.accepted = [older, self.content]
        self.finished = False
        self.note(f"restarts as generation {self.content.generation}")
        self.send(client, dice, 0, self.content.size)

    def send(self, client, dice, start, end):
        fields = {"X-File-Id": self.file_id, "X-Start-Byte": start, "X-File-Size": self.content.size}
        # A connection that was broken off may be read after a newer one: without this it would begin anew then.
        if not self.anew:
            fields["X-Restart"] = "no"
        # A part of the file in a body that says its length would contradict the file's size.
        answer = client.send(
            self, dice, "POST", "/upload", fields, start, end, chunked=end < self.content.size)
        if answer is None:
            return
        if answer.status == 200 and end == self.content.size:
            # Without downloads no address is told; the files are compared all the same.
            self.location = answer.fields.get("location", self.address)
            if int(answer.body) != end:
                raise self.fail(f"finished with {answer.body!r} bytes")
            self.finish(client)
        elif answer.code == "body-too-short" and end < self.content.size:
            self.tell(client, end)
        elif answer.status == 409 and not self.anew:
            self.refused(client, answer, start, int(answer.body))
        elif answer.code == "superseded":
            self.note("by a connection of its own that was broken off before")
        else:
            self.surprise(client, answer)

    def ask(self, client):
        answer = client.ask(self, "GET", "/status", {"X-File-Id": self.file_id})
        if answer.status != 200:
            return self.surprise(client, answer)
        # While it is sent anew it counts for the old file or for the new one: which one, this dialect does not say.
        if not self.anew:
            self.tell(client, int(answer.body))

    def check(self, client):
        self.ask(client)

    def delivered(self):
        # The older file stays until the new one is whole.
        return [(self.location, self.accepted)] if self.location is not None else []


class Tus(Upload):
    """tus 1.0.0: creation with and without bytes, with and without a length, PATCH in chunks, checksums, DELETE."""

    dialect = "tus"
    VERSION = {"Tus-Resumable": "1.0.0"}
    BYTES = {"Content-Type": "application/offset+octet-stream"}

    def __init__(self, number, content, dice, is_part=False):
        super().__init__(number, content, dice)
        self.is_part = is_part
        self.defers = not is_part and dice.random() < 0.2
        self.deletes = not is_part and dice.random() < 0.15
        self.deleting = False

    @property
    def done(self):
        return self.deleted if self.deletes else self.finished

    def attempt(self, client, dice):
        if self.location is None:
            return self.create(client, dice)
        if self.finished:
            return self.delete(client)
        if self.attempts > 1 and dice.random() < 0.75:
            self.ask(client)
        if not self.finished:
            self.patch(client, dice)

    def create(self, client, dice):
        size = self.content.size
        end = dice.choice([0, 0, size, size, dice.randint(0, size)])
        fields = dict(self.VERSION)
        fields |= {"Upload-Defer-Length": 1} if self.defers else {"Upload-Length": size}
        fields["Upload-Metadata"] = f"filename {base64.b64encode(self.content.name.encode()).decode()}"
        if self.is_part:
            fields["Upload-Concat"] = "partial"
        if end > 0:
            fields |= self.BYTES
        # Whoever does not know the address has sent nothing.
        self.sent = 0
        answer = client.send(self, dice, "POST", "/files", fields, 0, end)
        if answer is None:
            return
        if answer.status != 201:
            return self.surprise(client, answer)
        self.location = answer.location
        offset = answer.offset if end > 0 else 0
        if offset != end:
            raise self.fail(f"created with {offset} of {end} bytes")
        self.tell(client, offset)
        if offset == size and not self.defers:
            self.finish(client)

    def patch(self, client, dice):
        start, size = self.told, self.content.size
        end = dice.choice([size, size, min(size, start + dice.randint(0, 64 * KIBIBYTE)), dice.randint(start, size)])
        fields = self.patch_fields(start, end)
        if dice.random() < 0.15:
            digest = hashlib.sha1(self.content.data[start:end]).digest()
            fields["Upload-Checksum"] = f"sha1 {base64.b64encode(digest).decode()}"
        method = "PATCH"
        if dice.random() < 0.1:
            method, fields["X-HTTP-Method-Override"] = "POST", "PATCH"
        answer = client.send(self, dice, method, self.location, fields, start, end)
        if answer is not None:
            self.patched(client, answer, start, end)

    def patch_fields(self, start, end) -> dict:
        fields = self.VERSION | self.BYTES | {"Upload-Offset": start}
        if self.defers and end == self.content.size:
            fields["Upload-Length"] = end
        return fields

    def patched(self, client, answer, start, end):
        if answer.status == 204:
            if self.tell(client, answer.offset) != end and not self.finished:
                raise self.fail(f"appended up to {answer.offset} instead of {end}")
            if end == self.content.size:
                self.finish(client)
        elif answer.status == 409 and "upload-offset" in answer.fields:
            self.refused(client, answer, start, answer.offset)
        elif answer.code == "superseded":
            self.note("by a connection of its own that was broken off before")
        else:
            self.surprise(client, answer)

    def ask(self, client):
        answer = client.ask(self, "HEAD", self.location, self.VERSION)
        if answer.status in (404, 410) and self.deleting:
            self.deleted = True
        elif answer.status != 200:
            self.surprise(client, answer)
        elif self.deleted:
            raise self.fail("was deleted, and is there again")
        else:
            offset = self.tell(client, answer.offset)
            if answer.fields.get("upload-length") == str(offset) and not self.finished:
                self.finish(client)

    def delete(self, client):
        self.deleting = True
        answer = client.ask(self, "DELETE", self.location, self.VERSION)
        if answer.status == 204 or answer.status in (404, 410) and self.attempts > 1:
            self.deleted = True
            client.pulse.beat("deleted")
        else:
            self.surprise(client, answer)

    def delivered(self):
        return [] if self.deleting or self.is_part else super().delivered()


class TusParallel(Upload):
    """tus in parts, over several connections at once, put together at the end; at times the whole is declared first."""

    dialect = "tus-parallel"
    FINAL = "final;"

    def __init__(self, number, content, dice):
        super().__init__(number, content, dice)
        count = dice.randint(2, 4)
        cuts = sorted(dice.randint(0, content.size) for _ in range(count - 1))
        self.parts = [
            Tus(f"{number} part {index}", content.part(start, end), dice, is_part=True)
            for index, (start, end) in enumerate(zip([0, *cuts], [*cuts, content.size]))]
        self.declares_early = dice.random() < 0.3
        self.removes_parts = dice.random() < 0.5
        self.sent = content.size

    def fail(self, text):
        return Broken("\n".join([str(super().fail(text)), *(str(part.fail("a part of it")) for part in self.parts)]))

    def lost(self, client, text):
        return Gone() if any(client.may_have_expired(part) for part in self.parts) else super().lost(client, text)

    @property
    def done(self):
        return self.finished and (not self.removes_parts or all(part.deleted for part in self.parts))

    def attempt(self, client, dice):
        for part in self.parts:
            part.attempts = self.attempts
            if part.location is None:
                part.create(client, dice)
        if any(part.location is None for part in self.parts):
            return
        if self.finished:
            return self.remove_parts(client)
        if self.declares_early and self.location is None:
            self.join(client)
        for part in self.parts:
            if self.attempts > 1 and not part.finished:
                part.ask(client)
        client.send_parts(self, [part for part in self.parts if not part.finished], dice)
        if all(part.finished for part in self.parts):
            self.join(client)

    def join(self, client):
        is_whole = all(part.finished for part in self.parts)
        fields = Tus.VERSION | {
            "Upload-Concat": self.FINAL + " ".join(part.location for part in self.parts),
            "Upload-Metadata": f"filename {base64.b64encode(self.content.name.encode()).decode()}"}
        answer = client.ask(self, "POST", "/files", fields, after_head="join")
        if answer.code == "part-not-found":
            raise self.lost(client, "a part is not there any more")
        if answer.status != 201:
            return self.surprise(client, answer)
        if self.location not in (None, answer.location):
            raise self.fail(f"the same final upload is now at {answer.location}")
        self.location = answer.location
        if is_whole:
            self.finish(client)

    def ask(self, client):
        answer = client.ask(self, "HEAD", self.location, Tus.VERSION)
        if answer.status != 200:
            return self.surprise(client, answer)
        if "upload-offset" in answer.fields:
            if answer.offset != self.content.size:
                raise self.fail(f"put together with {answer.offset} bytes")
            if not self.finished:
                self.finish(client)
        elif self.finished:
            raise self.fail("was put together, and is no more")

    def check(self, client):
        super().check(client)
        for part in self.parts:
            part.check(client)

    def remove_parts(self, client):
        for part in self.parts:
            if not part.deleted:
                part.delete(client)

    def settled(self):
        super().settled()
        for part in self.parts:
            part.settled()


class IETF(Upload):
    """Resumable Uploads for HTTP, one of the versions that clients speak."""

    dialect = "ietf"

    def __init__(self, number, content, dice):
        super().__init__(number, content, dice)
        self.version = dice.choice([3, 4, 5, 6, 7, 8, 9, 10, None])
        self.dialect = f"ietf-{self.version}"
        self.fields = {} if self.version is None else {"Upload-Draft-Interop-Version": self.version}

    def completeness(self, is_last: bool) -> dict:
        if self.version == 3:
            return {"Upload-Incomplete": "?0" if is_last else "?1"}
        return {"Upload-Complete": "?1" if is_last else "?0"}

    def says_complete(self, answer: Answer) -> bool:
        if self.version == 3:
            return answer.fields.get("upload-incomplete") == "?0"
        return answer.fields.get("upload-complete") == "?1"

    def attempt(self, client, dice):
        if self.location is None:
            return self.create(client, dice)
        if self.attempts > 1 and dice.random() < 0.75:
            self.ask(client)
        if not self.finished:
            self.patch(client, dice)

    def create(self, client, dice):
        size = self.content.size
        end = dice.choice([0, size, size, dice.randint(0, size)])
        fields = self.fields | self.completeness(end == size)
        if dice.random() < 0.5:
            fields["Upload-Length"] = size
        method, target = "POST", "/files"
        if dice.random() < 0.3:
            method, target = "PUT", f"/files/{self.content.name}"
        else:
            fields["Content-Disposition"] = f'attachment; filename="{self.content.name}"'
        self.sent = 0
        early = None if self.version is None else self.learn
        answer = client.send(self, dice, method, target, fields, 0, end, early=early)
        if answer is None:
            return
        if answer.status != 201:
            return self.surprise(client, answer)
        if self.location not in (None, answer.location):
            raise self.fail(f"was told of {self.location} first, and now of {answer.location}")
        self.location = answer.location
        self.appended(client, answer, end, end == size)

    def learn(self, interim: Answer) -> None:
        """The 104 before the bytes: from now on the upload must be known."""
        if interim.status != 104:
            raise self.fail(f"{interim.status} instead of 104")
        self.location = interim.location
        self.note(f"104 {self.location}")

    def patch(self, client, dice):
        start, size = self.told, self.content.size
        end = dice.choice([size, size, min(size, start + dice.randint(0, 64 * KIBIBYTE)), dice.randint(start, size)])
        fields = self.fields | self.completeness(end == size) | {"Upload-Offset": start}
        if self.version is None or self.version >= 6:
            fields["Content-Type"] = "application/partial-upload"
        answer = client.send(self, dice, "PATCH", self.location, fields, start, end)
        if answer is None:
            return
        if answer.code == "superseded" and "upload-offset" not in answer.fields:
            self.note("by a connection of its own that was broken off before")
        elif answer.status == 409:
            self.refused(client, answer, start, answer.offset)
        elif answer.status // 100 == 2:
            self.appended(client, answer, end, end == size)
        elif answer.status == 400 and self.says_complete(answer):
            # The answer to the last append was lost, and nobody asked.
            self.ask(client)
        else:
            self.surprise(client, answer)

    def appended(self, client, answer, end, is_last):
        if self.says_complete(answer) != is_last:
            raise self.fail(f"sent {'the end' if is_last else 'a part'}, and was told the contrary")
        self.tell(client, answer.offset if "upload-offset" in answer.fields else end)
        if self.told != end:
            raise self.fail(f"appended up to {self.told} instead of {end}")
        if is_last:
            self.finish(client)

    def ask(self, client):
        answer = client.ask(self, "HEAD", self.location, self.fields)
        if answer.status not in (200, 204):
            return self.surprise(client, answer)
        offset = self.tell(client, answer.offset)
        if self.says_complete(answer):
            if offset != self.content.size:
                raise self.fail(f"complete with {offset} bytes")
            if not self.finished:
                self.finish(client)
        elif self.finished:
            raise self.fail("was complete, and is no more")


class Plain(Upload):
    """PUT, or POST of the whole file. Nobody can resume it: until it is answered it is sent again."""

    dialect = "plain"

    def attempt(self, client, dice):
        self.sent = 0
        if dice.random() < 0.6:
            method, target, fields = "PUT", f"/files/{self.content.name}", {}
        else:
            method, target = "POST", "/files"
            fields = {"Content-Disposition": f'attachment; filename="{self.content.name}"'}
        answer = client.send(self, dice, method, target, fields, 0, self.content.size)
        if answer is None:
            return
        if answer.status != 201:
            return self.surprise(client, answer)
        self.location = answer.location
        self.finish(client)


class Form(Upload):
    """A form with a few files in it, small ones mostly."""

    dialect = "form"
    BOUNDARY = "----sluice-boundary"

    def __init__(self, number, content, dice):
        super().__init__(number, content, dice)
        self.contents = [Content(content.seed + index, content.size if index == 0 else dice.randint(0, 70_000))
                         for index in range(dice.randint(1, 4))]
        self.locations: list[str] = []

    def attempt(self, client, dice):
        body = b"".join(
            f'--{self.BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="{content.name}"\r\n\r\n'.encode()
            + content.data + b"\r\n"
            for content in self.contents) + f"--{self.BOUNDARY}--\r\n".encode()
        fields = {"Content-Type": f"multipart/form-data; boundary={self.BOUNDARY}"}
        target = dice.choice(["/files", "/upload"])
        answer = client.send(self, dice, "POST", target, fields, 0, len(body), body=body)
        if answer is None:
            return
        if answer.status != 201:
            return self.surprise(client, answer)
        stored = json.loads(answer.body)
        told = [(file["name"], file["size"]) for file in stored]
        if told != [(content.name, content.size) for content in self.contents]:
            raise self.fail(f"stored {told}")
        self.locations = [file["location"] for file in stored]
        self.finish(client)

    def delivered(self):
        return [(location, [content]) for location, content in zip(self.locations, self.contents)]

    def settled(self):
        super().settled()
        for content in self.contents:
            content.forget()


def differs(path: Path, accepted: list[Content]) -> str | None:
    """What is wrong with a delivered file; nil if it holds exactly one of the contents."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return str(error)
    if any(len(data) == content.size and data == content.data for content in accepted):
        return None
    content = accepted[0]
    first = next((index for index, pair in enumerate(zip(data, content.data)) if pair[0] != pair[1]), None)
    return f"{path.name}: {len(data)} bytes, {content.size} expected; first difference at byte {first}"
