"""An application that is asked about uploads, and files that are sent in every dialect until it lets them through."""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field

from application import Said
from dialects import IETF, PATCH, TUS
from wire import Answer, ask

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
APPEND = IETF | {"Content-Type": "application/partial-upload", "Upload-Complete": "?1"}

YES = Said()
NO = Said(422, [("Content-Type", "text/plain; charset=utf-8")], b"not this one\n")


def told(**members) -> Said:
    return Said(200, [("Content-Type", "application/json")], json.dumps(members).encode())


def kind(question) -> str:
    return question[":json"]["type"].removeprefix("sluice.ask.")


def data(question) -> dict:
    return question[":json"]["data"]


def answering(create=YES, finish=YES):
    """Answers by the kind of the question; each is an answer, or what makes one of a question."""
    def answer(question):
        said = {"create": create, "finish": finish}[kind(question)]
        return said(question) if callable(said) else said
    return answer


def form(*contents: bytes) -> bytes:
    return b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="a%d"\r\n\r\n%s\r\n' % (number, content)
        for number, content in enumerate(contents)) + b"--b--\r\n"


@dataclass
class Sending:
    """One file on its way, in some dialect. `send` brings all of it, `again` does what a client does that was refused
    at the end."""

    port: int
    content: bytes
    location: str = ""
    #: What a request says beside the dialect's own.
    fields: dict = field(default_factory=dict)
    #: Whether its bytes are kept when its end is refused.
    keeps = True

    def ask(self, method, path, fields=(), body=None) -> Answer:
        answer = ask(self.port, method, path, dict(fields) | self.fields, body)
        self.location = answer.fields.get("location") or self.location
        return answer

    @property
    def id(self) -> str:
        return self.location.rpartition("/")[2]


class Put(Sending):
    keeps = False

    def send(self):
        return self.ask("PUT", "/files/a", {}, self.content)

    again = send


class Form(Sending):
    keeps = False

    def send(self):
        return self.ask("POST", "/files", FORM, form(self.content))

    again = send


class FileID(Sending):
    def send(self):
        self.name = uuid.uuid4().hex
        return self.ask("POST", "/upload", self.said(0), self.content)

    def said(self, start: int) -> dict:
        return {"X-File-Id": self.name, "X-Start-Byte": start, "X-File-Size": len(self.content)}

    def again(self):
        return self.ask("POST", "/upload", self.said(len(self.content)), b"")

    def offset(self) -> int:
        return int(ask(self.port, "GET", "/status", {"X-File-Id": self.name} | self.fields).body)


class Tus(Sending):
    def send(self):
        begun = self.ask("POST", "/files", TUS | {"Upload-Length": len(self.content)}, b"")
        if begun.status != 201:
            return begun
        return self.ask("PATCH", self.location, PATCH | {"Upload-Offset": 0}, self.content)

    def again(self):
        return self.ask("PATCH", self.location, PATCH | {"Upload-Offset": len(self.content)}, b"")

    def offset(self) -> int:
        return ask(self.port, "HEAD", self.location, TUS | self.fields).offset


class TusContent(Tus):
    """Creation with the whole content: the refusal tells the address."""

    def send(self):
        return self.ask("POST", "/files", PATCH | {"Upload-Length": len(self.content)}, self.content)


class TusDeferred(Tus):
    def send(self):
        begun = self.ask("POST", "/files", TUS | {"Upload-Defer-Length": 1}, b"")
        if begun.status != 201:
            return begun
        return self.ask(
            "PATCH", self.location, PATCH | {"Upload-Offset": 0, "Upload-Length": len(self.content)}, self.content)


class TusChecksum(Tus):
    """Counts only once its checksum is compared."""

    def send(self):
        begun = self.ask("POST", "/files", TUS | {"Upload-Length": len(self.content)}, b"")
        if begun.status != 201:
            return begun
        digest = base64.b64encode(hashlib.sha1(self.content).digest()).decode()
        return self.ask(
            "PATCH", self.location, PATCH | {"Upload-Offset": 0, "Upload-Checksum": f"sha1 {digest}"}, self.content)


class Concatenation(Sending):
    """Two parts, and the whole that is made of them."""

    parts = ""

    def part(self, content) -> Answer:
        return ask(
            self.port, "POST", "/files",
            PATCH | {"Upload-Length": len(content), "Upload-Concat": "partial"} | self.fields, content)

    def send(self):
        middle = len(self.content) // 2
        made = [self.part(self.content[:middle]), self.part(self.content[middle:])]
        for answer in made:
            if answer.status != 201:
                return answer
        self.parts = " ".join(answer.location for answer in made)
        return self.again()

    def again(self):
        return self.ask("POST", "/files", TUS | {"Upload-Concat": f"final;{self.parts}"}, b"")

    offset = None


class IETFUpload(Sending):
    """Known by its address before its last request."""

    def send(self):
        begun = self.ask("POST", "/files", IETF | {"Upload-Complete": "?0"}, b"")
        if begun.status != 201:
            return begun
        return self.ask("PATCH", self.location, APPEND | {"Upload-Offset": 0}, self.content)

    def again(self):
        return self.ask("PATCH", self.location, APPEND | {"Upload-Offset": len(self.content)}, b"")

    def offset(self) -> int:
        answer = ask(self.port, "HEAD", self.location, IETF | self.fields)
        assert answer.fields["upload-complete"] == "?0"
        return answer.offset


class IETFWhole(IETFUpload):
    """All in one request, during which a 104 has told the address."""

    def send(self):
        answer = self.ask("POST", "/files", IETF | {"Upload-Complete": "?1"}, self.content)
        for interim in answer.interim:
            self.location = interim.fields.get("location") or self.location
        return answer


SENDINGS = {
    "plain": Put, "plain form": Form, "file-id": FileID, "tus": Tus, "tus content": TusContent,
    "tus deferred": TusDeferred, "tus checksum": TusChecksum, "tus concatenation": Concatenation, "ietf": IETFUpload,
    "ietf whole": IETFWhole,
}
KEPT = [name for name, way in SENDINGS.items() if way.keeps]
