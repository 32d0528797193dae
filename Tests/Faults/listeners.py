"""Who listens to a server beside its clients: to every number that it tells to anybody, and to how long it takes."""

import os
import threading
import time
from random import Random

from exposition import Exposition
from uploads import KIBIBYTE, Broken, Content, Upload
from wire import Closed, Line
from workload import Workload

ANSWER_SECONDS = 60
PAUSE_SECONDS = 0.02
HONEST_PAUSE_SECONDS = 0.1
HONEST_SEED = 999_000_000
DOWNLOAD_MAX = 512 * KIBIBYTE
UNHEARD = (ConnectionError, Closed)


class Listener:
    """Asks about other people's uploads by GET, which disturbs nobody, and for metrics. What it hears never goes down."""

    def __init__(self, workload: Workload, admin_port: int):
        self.workload, self._admin_port = workload, admin_port
        # The largest offset told, by address.
        self._heard: dict[str, int] = {}
        self.count = 0

    def listen(self, life: "Life", dice: Random) -> None:
        """Until the life is over."""
        counters: dict = {}
        while not life.is_over:
            try:
                self._ask(dice)
                if dice.random() < 0.1:
                    counters = self._scrape(counters)
            except UNHEARD:
                pass
            except TimeoutError:
                if not life.is_over:
                    self.workload.fail(Broken(f"a GET is not answered within {ANSWER_SECONDS} s"))
            except Broken as error:
                self.workload.fail(error)
            time.sleep(PAUSE_SECONDS)

    def compare(self) -> None:
        """While nobody speaks: what was heard counts as told."""
        for upload in self._known():
            heard = self._heard.get(upload.location, 0)
            if heard > upload.sent and not upload.finished:
                raise upload.fail(f"a GET was told {heard}, and only {upload.sent} bytes were ever sent")
            if heard > upload.told:
                upload.note(f"a GET was told {heard}")
                upload.told = heard

    def _known(self) -> list[Upload]:
        """Uploads whose offset has one meaning for good, and can be asked for by their address."""
        return [
            upload for upload in list(self.workload.uploads)
            if upload.location is not None and upload.dialect.startswith(("tus", "ietf"))
            and upload.dialect != "tus-parallel"]

    def _ask(self, dice: Random) -> None:
        known = self._known()
        if not known:
            return
        upload = dice.choice(known[-40:])
        location, heard = upload.location, self._heard.get(upload.location, 0)
        with Line(self.workload.server.port, False, ANSWER_SECONDS) as line:
            line.head("GET", location)
            answer = line.answer("GET") if upload.content.size <= DOWNLOAD_MAX else line.message("HEAD")
        self.count += 1
        if answer.status == 204 and "upload-offset" in answer.fields:
            if answer.offset < heard:
                raise upload.fail(f"a GET was told {heard} before, and now {answer.offset}")
            self._heard[location] = answer.offset
        elif answer.status == 200 and answer.body and answer.body != upload.content.data:
            raise upload.fail("a download is not what was sent")

    def _scrape(self, counters: dict) -> dict:
        """Answers the server's counters, none of which is below what it was."""
        with Line(self._admin_port, False, ANSWER_SECONDS) as line:
            answer = line.request("GET", "/metrics")
        if answer.status != 200:
            return counters
        samples = Exposition(answer.body.decode()).samples
        for key, value in counters.items():
            if samples.get(key, 0) < value:
                raise Broken(f"{key} was {value}, and is {samples.get(key)}")
        return {key: value for key, value in samples.items() if key[0].endswith("_total")}


class Life:
    """One life of the server: whether it is over, and whether its honest clients can expect to be served."""

    def __init__(self):
        self.is_over = False
        # When something that slows or fails calls was last in force.
        self.troubled = 0.0


class Honest:
    """Puts a small file now and then, and expects to be served soon where no call waits or fails."""

    def __init__(self, workload: Workload, limit_seconds: float):
        self.workload, self._limit = workload, limit_seconds
        self.longest, self.count = 0.0, 0

    def live(self, life: Life) -> None:
        while not life.is_over:
            begun = time.monotonic()
            words = []
            while not life.is_over:
                try:
                    words.append(self._put())
                except (*UNHEARD, TimeoutError) as error:
                    words.append(f"{type(error).__name__} {error}")
                    if isinstance(error, ConnectionRefusedError) and not life.is_over:
                        time.sleep(PAUSE_SECONDS)
                if words[-1] in (201, "too-many-uploads") or life.troubled >= begun:
                    break
                if time.monotonic() - begun > self._limit:
                    break
                time.sleep(PAUSE_SECONDS)
            spent = time.monotonic() - begun
            if not life.is_over and life.troubled < begun:
                self.longest = max(self.longest, spent)
                if spent > self._limit * max(1, os.getloadavg()[0] / os.cpu_count()):
                    self.workload.fail(Broken(f"an honest client was not served for {spent:.2f} s: {words[-5:]}"))
                    return
            time.sleep(HONEST_PAUSE_SECONDS)

    def _put(self) -> int | str:
        self.count += 1
        content = Content(HONEST_SEED + self.count, 2000)
        with Line(self.workload.server.port, False, ANSWER_SECONDS) as line:
            answer = line.request("PUT", f"/files/{content.name}", {}, content.data)
        return answer.status if answer.status == 201 else answer.code or answer.status


def spawn(run, *arguments) -> threading.Thread:
    thread = threading.Thread(target=run, args=arguments, daemon=True)
    thread.start()
    return thread
