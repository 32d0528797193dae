"""Two who are told of events while a server dies again and again, and what they must have been told in the end."""

import sqlite3
import time
from pathlib import Path
from random import Random

from receiver import Receiver
from uploads import Broken

TELL_SECONDS = 90


class Listening:
    """One that takes everything, and one that fails now and then."""

    def __init__(self, seed: int):
        dice = Random(seed)
        self._receivers = [Receiver(), Receiver(lambda received: dice.choices([204, 503, 400, None], [20, 1, 1, 1])[0])]
        # The server's.
        self.options = [word for receiver in self._receivers for word in ("--webhook", receiver.url)]

    def close(self) -> None:
        for receiver in self._receivers:
            receiver.close()

    def compare(self, data: Path, least: int) -> None:
        """Waits until the server has told all, and compares that with its records; of `least` uploads at least."""
        catalogue = sqlite3.connect(f"file:{data}/catalogue.sqlite?mode=ro", uri=True)
        try:
            end = time.monotonic() + TELL_SECONDS
            while waiting := catalogue.execute("SELECT count(*) FROM events").fetchone()[0]:
                if time.monotonic() > end:
                    raise Broken(f"{waiting} events are not told")
                time.sleep(0.1)
            rows = {
                row[0].lower(): row[1:] for row in
                catalogue.execute("SELECT hex(id), state, cleanup, finished_length FROM uploads")}
        finally:
            catalogue.close()
        for receiver in self._receivers:
            compare(receiver, rows, least)


def compare(receiver: Receiver, rows: dict, least: int) -> None:
    """What one of them was told with what is."""
    bodies, histories = {}, {}
    for received in receiver.all:
        if bodies.setdefault(received.id, received.body) != received.body:
            raise Broken(f"event {received.id} was told in two ways")
    for received in receiver.taken:
        sequence = int(received.id.rpartition("-")[2])
        history = histories.setdefault(received.upload, {})
        # What comes again does so after a crash; the first time counts for the order.
        if sequence not in history and history and max(history) > sequence:
            raise Broken(f"event {sequence} of {received.upload} came behind {max(history)}")
        history[sequence] = received
    for upload, history in histories.items():
        kinds = [received.kind for received in history.values()]
        if kinds[0] != "created":
            raise Broken(f"{upload} was told of as {kinds}")
        row, last = rows.get(upload), kinds[-1]
        if last == "finished" and (row is None or row[0] != 1):
            raise Broken(f"{upload} is not finished ({row}), and was told of as {kinds}")
        if row is None and last not in ("deleted", "expired"):
            raise Broken(f"nothing is known of {upload}, which was told of as {kinds}")
    for upload, (state, cleanup, length) in rows.items():
        told = list(histories.get(upload, {}).values())
        kinds = [received.kind for received in told]
        if not kinds:
            raise Broken(f"nobody was told of {upload}")
        if state == 1 and cleanup != 1:
            finished = [received for received in told if received.kind == "finished"]
            if not finished or finished[-1].json["data"]["size"] != length:
                raise Broken(f"{upload} is finished with {length} bytes, and was told of as {kinds}")
    if len(histories) < least:
        raise Broken("hardly anything was told, so that nothing was tested")
