"""
Many clients that upload in every dialect at once, and remember what they were told.

    workload = Workload(seed=1)
    workload.run(server)       # clients begin; `server` is a `Sluice`, or has `port`, `tls_port` and `data` like one
    workload.await_crash(60)   # if a kill was planned with `workload.pulse`; or crash the server in any way, and then
    workload.park()            # every client has noticed, none of them speaks any more
    ...                        # bring the server back
    workload.verify(server)    # every offset that was told is reached, every finished file is there, byte by byte
    workload.run(server)       # go on; or
    workload.resume(server)    # carry every upload to its end, compare every file, stop the clients

A broken promise raises `uploads.Broken` from whichever of these calls comes next, with seed and history of the upload.

The seed fixes each client's uploads: dialects, sizes, bytes, and of each attempt the pieces, and where it breaks off.
What it cannot fix is how clients and server interleave, so a plan repeats and a run does not. Moments for a crash are
counted (the n-th offset told, the n-th byte sent, ...) by `Pulse`, which is as close as one comes.
"""

import os
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

from sluice import sha256
from streams import Pool
from tokens import bearer, token
from uploads import (
    IETF, KIBIBYTE, MEBIBYTE, Broken, Content, FileID, Form, Gone, Plain, Tus, TusParallel, Upload, differs)
from wire import Answer, Closed, Line
from wire2 import Line2

CLIENTS = 12
ANSWER_SECONDS = 60
# How long a client tries to get through to a server that should be there.
PATIENCE_SECONDS = 60
STRANGER_SECONDS = 3 * PATIENCE_SECONDS
# Longer than any run.
TOKEN_SECONDS = 1_000_000
# Attempts that were answered, or broken off by the client, without any progress.
ATTEMPTS_MAX = 300
IDLE_ATTEMPTS = 20
PARK_SECONDS = ANSWER_SECONDS + 10
RETRY_SECONDS = 0.005
KEPT_UPLOADS = 200
# How often each kind of upload is begun.
WEIGHTS = {FileID: 5, Tus: 6, TusParallel: 2, IETF: 5, Plain: 5, Form: 2}


class Pulse:
    """
    Counts what happens, and acts when a count is reached, in the thread that reaches it.

    kinds: `request` (heads sent), `sent` (bytes of bodies), `last` (bodies sent whole), `join` (concatenations asked
    for), `told` (offsets named), `finished`, `deleted`, `gone` (expired).
    """

    def __init__(self):
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._armed: tuple | None = None

    def arm(self, kind: str, count: int, action) -> None:
        """Calls `action` once, when `count` more have been counted."""
        with self._lock:
            self._armed = (kind, self.counts[kind] + count, action)

    def disarm(self) -> bool:
        """Whether the action had not been called."""
        with self._lock:
            armed, self._armed = self._armed, None
            return armed is not None

    def beat(self, kind: str, count: int = 1) -> None:
        with self._lock:
            self.counts[kind] += count
            if self._armed is None or self._armed[0] != kind or self.counts[kind] < self._armed[1]:
                return
            action, self._armed = self._armed[2], None
        action()


class Client:
    """Connections to the server, kept alive over requests now and then, and what goes over them."""

    def __init__(self, workload: "Workload"):
        self.workload = workload
        self.pulse, self.tolerated = workload.pulse, workload.tolerated
        self._lines: dict[bool, Line] = {}
        # Every third connection speaks HTTP/2, unless all are streams of a few that are shared.
        self._connections = 0

    def may_have_expired(self, upload: Upload) -> bool:
        return self.workload.expires_after is not None and (
            time.monotonic() - upload.touched > self.workload.expires_after - 1.5)

    # Requests

    def ask(self, upload: Upload, method: str, target: str, fields: dict, after_head: str = "request") -> Answer:
        """A request without a body."""
        line = self._line(upload.tls)
        upload.note(f"{method} {target} {brief(fields)}")
        line.head(
            method, target, fields | self.workload.credential(upload), None if method in ("GET", "HEAD") else 0)
        self.pulse.beat(after_head)
        return self._read(upload, line, method)

    def send(self, upload: Upload, dice: Random, method: str, target: str, fields: dict, start: int, end: int,
             body: bytes | None = None, early=None, chunked: bool = False) -> Answer | None:
        """
        A request with bytes of the upload's content, or with another body. nil where the client itself broke it off.

        `early` is called with the 1xx answer that comes before the body. `chunked` bodies do not tell their length.
        """
        data = upload.content.data[start:end] if body is None else body
        fields = dict(fields)
        begun = time.monotonic()
        line = self._line(upload.tls, fresh=dice.random() < 0.4)
        chunked = chunked or bool(data) and dice.random() < 0.15
        expects = early is None and bool(data) and dice.random() < 0.1
        breaks = dice.choice(["reset", "close", "ask"]) if len(data) > 1 and dice.random() < 0.1 else None
        stop = dice.randint(0, len(data) - 1) if breaks else len(data)
        if chunked:
            fields["Transfer-Encoding"] = "chunked"
        if expects:
            fields["Expect"] = "100-continue"
        upload.note(f"{method} {target} {start}..{end} {brief(fields)}" + (f" {breaks} at {stop}" if breaks else ""))
        line.head(method, target, fields | self.workload.credential(upload), None if chunked else len(data))
        self.pulse.beat("request")
        if early or expects:
            interim = line.message(method)
            if interim.status >= 200:
                # The body that the head announced will not come, so nothing else can go over this connection.
                if self._lines.pop(upload.tls, None) is line:
                    line.close()
                return self._final(upload, line, interim, begun)
            if early:
                early(interim)
        try:
            for position, size in pieces(dice, stop, self.workload.slow_pause):
                upload.sent = max(upload.sent, start + position + size)
                (line.chunk if chunked else line.send)(data[position : position + size])
                self.pulse.beat("sent", size)
            if breaks:
                return self._break_off(upload, line, breaks)
            if chunked:
                line.last_chunk()
            self.pulse.beat("last")
        except (BrokenPipeError, ConnectionResetError):
            upload.note("the server stopped reading")
        return self._read(upload, line, method, begun)

    def send_parts(self, upload: TusParallel, parts: list[Tus], dice: Random) -> None:
        """The rest of each part, on a connection of its own, all at once."""
        lines, bodies = [], []
        begun = time.monotonic()
        try:
            for part in parts:
                start, end = part.told, part.content.size
                part.note(f"PATCH {part.location} {start}..{end}")
                lines.append(self._connect(part.tls))
                fields = part.patch_fields(start, end) | self.workload.credential(part)
                lines[-1].head("PATCH", part.location, fields, end - start)
                self.pulse.beat("request")
                bodies.append((part, lines[-1], start, pieces(dice, end - start, self.workload.slow_pause)))
            left = list(bodies)
            while left:
                for body in list(left):
                    part, line, start, rest = body
                    position, size = next(rest, (0, 0))
                    if size == 0:
                        self.pulse.beat("last")
                        left.remove(body)
                        continue
                    first = start + position
                    part.sent = max(part.sent, first + size)
                    line.send(part.content.data[first : first + size])
                    self.pulse.beat("sent", size)
            for part, line, start, _ in bodies:
                part.patched(self, self._read(part, line, "PATCH", begun), start, part.content.size)
        finally:
            for line in lines:
                line.close()

    # Connections

    def drop(self) -> None:
        """Ends every connection."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    def _connect(self, tls: bool) -> Line:
        server = self.workload.server
        self._connections += 1
        port = server.tls_port if tls else server.port
        if self.workload.pool is not None:
            return self.workload.pool.lane(port, tls, self._connections)
        speak = Line2 if self._connections % 3 == 0 else Line
        return speak(port, tls, ANSWER_SECONDS)

    def _line(self, tls: bool, fresh: bool = False) -> Line:
        if fresh and tls in self._lines:
            self._lines.pop(tls).close()
        if tls not in self._lines:
            self._lines[tls] = self._connect(tls)
        return self._lines[tls]

    def _break_off(self, upload: Upload, line: Line, how: str) -> None:
        """Leaves a request in the middle of its body, as a network or a user does."""
        self._lines.pop(upload.tls)
        if how == "reset":
            line.reset()
        elif how == "close":
            line.close()
        else:
            # A newer request takes the upload over while the older connection still stands.
            try:
                upload.check(self)
            finally:
                line.reset()

    def _read(self, upload: Upload, line: Line, method: str, begun: float | None = None) -> Answer:
        answer = line.message(method)
        while answer.status < 200:
            # Progress. The offset counts from the moment on in which it is read here.
            if "upload-offset" in answer.fields:
                upload.tell(self, answer.offset)
            answer = line.message(method)
        return self._final(upload, line, answer, begun)

    def _final(self, upload: Upload, line: Line, answer: Answer, begun: float | None) -> Answer:
        offset = answer.fields.get("upload-offset", answer.body[:20].decode("latin-1"))
        upload.note(f"  {answer.status} {answer.code or ''} {offset}")
        if begun is not None and answer.status < 300:
            # The server counts from when it settled, which is later. Of what was not answered it may know nothing.
            upload.touched = begun
        if answer.fields.get("connection") == "close" and self._lines.get(upload.tls) is line:
            self._lines.pop(upload.tls).close()
        return answer


def brief(fields: dict) -> str:
    dull = ("Tus-Resumable", "Content-Type")
    return " ".join(f"{name}={value}" for name, value in fields.items() if name not in dull)


def pieces(dice: Random, size: int, slow_pause: float):
    """Positions and sizes in which a body of so many bytes is sent: at once, in large pieces, in small ones, slowly."""
    pace = dice.choice(["once", "large", "large", "small", "slow"])
    largest = {"once": size, "large": 256 * KIBIBYTE, "small": max(1000, size // 50), "slow": max(1, size // 8)}[pace]
    position = 0
    while position < size:
        count = min(size - position, largest if pace in ("once", "large") else dice.randint(1, largest))
        yield position, count
        position += count
        if pace == "slow":
            time.sleep(slow_pause)


class Workload:
    """The clients, and the ledger of their uploads."""

    def __init__(self, seed: int, clients: int = CLIENTS, *, largest: int = 8 * MEBIBYTE, tolerated=("stopping",),
                 expires_after: float | None = None, weights: dict | None = None, quota: int | None = None,
                 pause: float = 0, slow_pause: float = 0.002, kept: int = KEPT_UPLOADS,
                 attempts_max: int = ATTEMPTS_MAX, owners: int = 0, shared: int | None = None):
        """
        `largest`: bytes of the largest file. `tolerated`: error codes after which a client just tries again.
        `expires_after`: the server's --expire-after in seconds; now and then an upload is left lying then.
        `weights`: how often each class of uploads is chosen. `quota`: uploads a client, unbounded unless set.
        `pause`: seconds between a client's uploads, in the mean. `slow_pause`: seconds between pieces of a slow body.
        `kept`: how many uploads are looked at again and again; of older ones the file is compared and removed.
        `attempts_max`: attempts without any progress after which an upload counts as stuck.
        `owners`: whose uploads they are, a client's all of one: for a server that knows the secret of tokens.SECRET.
        `shared`: all speak HTTP/2, over so many connections together (and as many with TLS).
        """
        self.seed, self.largest, self.tolerated = seed, largest, set(tolerated)
        self.expires_after, self.quota = expires_after, quota
        self.weights = weights or WEIGHTS
        self.pause, self.slow_pause, self.kept, self.attempts_max = pause, slow_pause, kept, attempts_max
        self._credentials = [bearer(token(f"owner-{number}", seconds=TOKEN_SECONDS)) for number in range(owners)]
        self.pool = Pool(shared, ANSWER_SECONDS) if shared is not None else None
        self.pulse = Pulse()
        self.server = None
        self.uploads: list[Upload] = []
        self.retired = 0
        self._count = clients
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._open, self._parked, self._ends = False, 0, False
        self._crashed = threading.Event()
        self._failure: BaseException | None = None
        # Files whose answer was lost, and when they were first seen.
        self._strangers: dict[str, float] = {}
        # Uploads whose finished file was taken away.
        self.taken: set[str] = set()

    # What the test does

    def run(self, server) -> None:
        """Lets the clients speak to the server; returns at once."""
        self.server = server
        self._crashed.clear()
        with self._changed:
            self._open = True
            self._changed.notify_all()
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._client, args=(number,), daemon=True) for number in range(self._count)]
            for thread in self._threads:
                thread.start()

    def crash(self, kill) -> None:
        """Calls `kill` in a moment in which clients know that the server will be gone. For `pulse.arm`."""
        with self._changed:
            self._open = False
        kill()
        self._crashed.set()

    def await_crash(self, seconds: float) -> bool:
        """Waits for `crash`; false if it did not come, or all clients are through."""
        end = time.monotonic() + seconds
        while not self._crashed.wait(0.05):
            self.raise_failure()
            if time.monotonic() > end or not any(thread.is_alive() for thread in self._threads):
                return self._crashed.is_set()
        self.raise_failure()
        return True

    def park(self) -> None:
        """Waits until no client speaks. Without a crash they finish their attempts first."""
        with self._changed:
            self._open = False
            if not self._changed.wait_for(lambda: self._parked >= self._alive(), PARK_SECONDS):
                self.fail(Broken("the clients do not come to rest"))
        self.raise_failure()

    def credential(self, upload: Upload) -> dict[str, str]:
        """What says whose upload it is, which goes by its client."""
        if not self._credentials:
            return {}
        return self._credentials[int(upload.number.partition(".")[0]) % len(self._credentials)]

    def verify(self, server, thorough: bool = False) -> None:
        """
        Compares ledger and server while the clients are parked: every open upload is asked for, every finished file
        compared when it is looked at for the first time since it was finished, and its size afterwards.

        - thorough: asks for finished uploads, too, and compares every byte.
        """
        self.server = server
        self.verify_files(server.data, thorough)
        inspector = Client(self)
        try:
            for upload in list(self.uploads):
                if (not upload.finished or thorough) and not upload.gone:
                    self._inspect(inspector, upload)
        finally:
            inspector.drop()
        self.raise_failure()

    def verify_files(self, data: Path, thorough: bool = False) -> None:
        """
        The part of `verify` that needs no server: a told file is there before any recovery. Clients may be at work.
        """
        known = set()
        for upload in list(self.uploads):
            known.update(identity(location) for location, _ in upload.delivered())
            was_finished = upload.finished
            self._compare(data, upload, thorough or not upload.compared)
            upload.compared = was_finished and upload.finished
        self._look_at_strangers(data, known)
        self._retire(data)

    def resume(self, server, seconds: float = 300) -> None:
        """Carries every upload to its end, then compares everything, and lets the clients go."""
        self._ends = True
        self.run(server)
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.1, end - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads) and self._failure is None:
            self.fail(Broken("the clients do not come to an end"))
        self.raise_failure()
        self.verify(server, thorough=True)
        for upload in self.uploads:
            for location, accepted in upload.delivered():
                if sha256(the_file(server.data, location)) not in [content.sha256 for content in accepted]:
                    raise upload.fail("SHA-256 differs")
                upload.settled()

    def stop(self) -> None:
        """Lets the clients go without carrying anything to its end."""
        with self._changed:
            self._ends, self._open, self.quota = True, True, -1
            self._changed.notify_all()
        if self.pool is not None:
            self.pool.close()

    def raise_failure(self) -> None:
        if self._failure is not None:
            raise Broken(f"seed {self.seed}: {self._failure}") from self._failure

    def summary(self) -> str:
        counts = self.pulse.counts
        return (f"seed {self.seed}: {len(self.uploads) + self.retired} uploads, {counts['finished']} finishes told, "
                f"{counts['told']} offsets told, {counts['deleted']} deleted, {counts['gone']} expired, "
                f"{counts['request']} requests, {counts['sent'] >> 20} MiB sent"
                + (f", {self.pool.streams} streams of shared connections" if self.pool else ""))

    # Clients

    def _alive(self) -> int:
        return sum(thread.is_alive() for thread in self._threads)

    def _client(self, number: int) -> None:
        client = Client(self)
        try:
            for index in range(1 << 30):
                if self._ends or self.quota is not None and index >= self.quota:
                    break
                upload = self._plan(number, index)
                self.uploads.append(upload)
                self._carry(client, upload)
                if self.pause and not self._ends:
                    time.sleep(Random(f"{self.seed}/{upload.number}/pause").uniform(0, 2 * self.pause))
        except BaseException as error:
            self.fail(error)
        finally:
            client.drop()

    def _plan(self, number: int, index: int) -> Upload:
        """A client's n-th upload. Follows from the seed alone."""
        dice = Random(f"{self.seed}/{number}/{index}")
        kind = dice.choices(list(self.weights), list(self.weights.values()))[0]
        content = Content((self.seed % 1000 * 100 + number) * 1_000_000 + index * 10, plan_size(dice, self.largest))
        upload = kind(f"{number}.{index}", content, dice)
        upload.abandoned = self.expires_after is not None and dice.random() < 0.3
        return upload

    def _carry(self, client: Client, upload: Upload) -> None:
        since, idle = time.monotonic(), 0
        while not upload.done:
            if not self._pass_gate(client):
                return
            before = (upload.told, upload.location, upload.finished)
            upload.attempts += 1
            dice = Random(f"{self.seed}/{upload.number}/{upload.attempts}")
            try:
                upload.attempt(client, dice)
                since = time.monotonic()
                idle = idle + 1 if before == (upload.told, upload.location, upload.finished) else 0
                if idle > IDLE_ATTEMPTS:
                    # What is refused is asked for again, but not as fast as it is refused.
                    time.sleep(RETRY_SECONDS * min(idle, 10))
                if idle > self.attempts_max:
                    raise upload.fail(f"{self.attempts_max} answered attempts brought nothing")
                if upload.abandoned and upload.told > 0 and not upload.done:
                    upload.lies = True
                    return upload.note("left lying")
            except Gone:
                return self._let_go(upload)
            except Broken:
                raise
            except (AssertionError, LookupError, ValueError) as error:
                raise upload.fail(f"an answer that cannot be read: {type(error).__name__} {error}") from error
            except TimeoutError:
                raise upload.fail(f"no answer within {ANSWER_SECONDS} s") from None
            except (OSError, Closed) as error:
                upload.note(f"  {type(error).__name__} {error}")
                client.drop()
                if self._open and time.monotonic() - since > PATIENCE_SECONDS:
                    raise upload.fail(f"did not get through for {PATIENCE_SECONDS} s") from None
                time.sleep(RETRY_SECONDS)
                if not self._open:
                    since = time.monotonic()
        upload.settled()

    def _let_go(self, upload: Upload) -> None:
        upload.gone = True
        self.pulse.beat("gone")

    def _pass_gate(self, client: Client) -> bool:
        with self._changed:
            if not self._open:
                client.drop()
                self._parked += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._open)
                self._parked -= 1
            return self.quota != -1 and self._failure is None

    def fail(self, error: BaseException) -> None:
        with self._changed:
            if self._failure is None:
                self._failure = error
            self._changed.notify_all()

    # Looking

    def _inspect(self, inspector: Client, upload: Upload) -> None:
        try:
            upload.check(inspector)
        except Gone:
            self._let_go(upload)
        except (OSError, Closed) as error:
            self.fail(upload.fail(f"the server does not answer after its start: {type(error).__name__} {error}"))
        except Broken as error:
            self.fail(error)
        self.raise_failure()

    def _compare(self, data: Path, upload: Upload, whole: bool) -> None:
        """Compares an upload's files with what was sent, or only their sizes."""
        for chance in (1, 2):
            troubles = [look(data, location, accepted, whole) for location, accepted in upload.delivered()]
            if not any(troubles):
                return upload.settled() if upload.done else None
            # A client at work may have replaced or deleted it meanwhile; then it knows by now.
        self.fail(upload.fail(f"a finished file is not what was sent: {troubles}"))
        self.raise_failure()

    def _look_at_strangers(self, data: Path, known: set[str]) -> None:
        """Files whose answer was lost are whole as well: nothing appears under its name before it is."""
        for name in known & self._strangers.keys():
            del self._strangers[name]
        for entry in os.scandir(data / "complete"):
            if entry.name in known or entry.name in self._strangers or entry.name in self.taken:
                continue
            try:
                for file in Path(entry.path).iterdir():
                    accepted = Content.named(file.name)
                    trouble = differs(file, accepted) if accepted else "a name that nobody gave it"
                    if trouble and file.exists():
                        self.fail(Broken(f"{file} is there, and not whole: {trouble}"))
                        self.raise_failure()
                    self._strangers[entry.name] = time.monotonic()
            except FileNotFoundError:
                # Deleted by its client just now.
                continue

    def _retire(self, data: Path) -> None:
        """Bounds what a long run keeps: older files are compared for the last time, and removed."""
        for name, seen in list(self._strangers.items()):
            # By now its client would have asked.
            if time.monotonic() - seen > STRANGER_SECONDS:
                self.taken.add(name)
                del self._strangers[name]
                for file in (data / "complete" / name).glob("*"):
                    file.unlink()
        over = len(self.uploads) - self.kept
        if over < self.kept / 4:
            return
        for upload in self.uploads[:over]:
            if not upload.done and not upload.gone and not upload.lies:
                continue
            self._compare(data, upload, whole=True)
            # Who downloads it at this moment finds out by this that it may be gone.
            self.uploads.remove(upload)
            self.retired += 1
            for location, _ in upload.delivered():
                self.taken.add(identity(location))
                the_file(data, location).unlink()


def look(data: Path, location: str, accepted: list[Content], whole: bool) -> str | None:
    """What is wrong with a delivered file; nil if nothing is."""
    try:
        path = the_file(data, location)
        if whole:
            return differs(path, accepted)
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        return f"{type(error).__name__} {error}"
    return None if any(size == content.size for content in accepted) else f"{size} bytes"


def plan_size(dice: Random, largest: int) -> int:
    """Small files mostly, and the sizes at which something changes: a page, 64 KiB, a buffer."""
    kind = dice.random()
    if kind < 0.25:
        size = dice.choice([0, 1, 100, 4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072, MEBIBYTE])
    elif kind < 0.65:
        size = dice.randint(1, 64 * KIBIBYTE)
    elif kind < 0.85:
        size = dice.randint(64 * KIBIBYTE, 512 * KIBIBYTE)
    else:
        size = dice.randint(512 * KIBIBYTE, max(512 * KIBIBYTE, largest))
    return min(size, largest)


def identity(location: str) -> str:
    return location.rpartition("/")[2]


def the_file(data: Path, location: str) -> Path:
    """The one delivered file of this address."""
    [path] = (data / "complete" / identity(location)).iterdir()
    return path
