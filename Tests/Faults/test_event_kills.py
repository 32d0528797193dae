"""
kill -9 in the middle of everything, with two who are told of events, of whom one fails now and then. Whatever became of
an upload is told to each of them: at least once, in order for each upload, and nothing that did not happen.

SLUICE_EVENT_KILLS sets how many kills, SLUICE_SEED which plan.
"""

import os
import sqlite3
import time
from random import Random

import pytest

from kills import Arena, Run
from receiver import Receiver
from uploads import MEBIBYTE, Broken

KILLS = int(os.environ.get("SLUICE_EVENT_KILLS", "40"))
SEED = int(os.environ.get("SLUICE_SEED", "1"))
TELL_SECONDS = 90


class EventRun(Run):
    """An arena whose server tells of events."""

    def __init__(self, directory, tamper=None, kills=KILLS):
        dice = Random(SEED)
        self.receivers = [Receiver(), Receiver(lambda received: dice.choices([204, 503, 400, None], [20, 1, 1, 1])[0])]
        options = [word for receiver in self.receivers for word in ("--webhook", receiver.url)]
        super().__init__(Arena("events", SEED, kills, clients=6, largest=MEBIBYTE, options=options), directory, tamper)

    def run(self) -> str:
        try:
            return super().run()
        finally:
            for receiver in self.receivers:
                receiver.close()

    def _await_sweep(self) -> None:
        super()._await_sweep()
        self._await_events()
        with sqlite3.connect(f"file:{self.server.data}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
            rows = {
                row[0].lower(): row[1:] for row in
                catalogue.execute("SELECT hex(id), state, cleanup, finished_length FROM uploads")}
        for receiver in self.receivers:
            self._compare(receiver, rows)

    def _await_events(self) -> None:
        with sqlite3.connect(f"file:{self.server.data}/catalogue.sqlite?mode=ro", uri=True) as catalogue:
            end = time.monotonic() + TELL_SECONDS
            while waiting := catalogue.execute("SELECT count(*) FROM events").fetchone()[0]:
                if time.monotonic() > end:
                    raise Broken(f"{waiting} events are not told")
                time.sleep(0.1)

    def _compare(self, receiver: Receiver, rows: dict) -> None:
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
            told = [received for received in histories.get(upload, {}).values()]
            kinds = [received.kind for received in told]
            if not kinds:
                raise Broken(f"nobody was told of {upload}")
            if state == 1 and cleanup != 1:
                finished = [received for received in told if received.kind == "finished"]
                if not finished or finished[-1].json["data"]["size"] != length:
                    raise Broken(f"{upload} is finished with {length} bytes, and was told of as {kinds}")
        if len(histories) < self.kills:
            raise Broken("hardly anything was told, so that nothing was tested")


@pytest.mark.seconds(240 + 6 * KILLS)
def test_no_kill_loses_an_event_or_makes_one_up(tmp_path):
    print(EventRun(tmp_path).run())


# Controls: the comparison has to find these.


def control(tmp_path, change) -> None:
    def tamper(run, dice):
        catalogue = sqlite3.connect(run.server.data / "catalogue.sqlite")
        with catalogue:
            catalogue.execute(change)
        catalogue.close()

    EventRun(tmp_path, tamper, kills=12).run()


def test_control_lost_events_are_found(tmp_path):
    # Of each upload that is told of just now.
    with pytest.raises(Broken, match="was told of as|nobody was told"):
        control(tmp_path, "DELETE FROM event_queue WHERE sequence % 2 = 0")


def test_control_made_up_events_are_found(tmp_path):
    with pytest.raises(Broken, match="is not finished|nothing is known"):
        control(tmp_path, """INSERT INTO events (kind, at, upload, dialect, name, "offset", has_file, created)
            VALUES (1, 0, zeroblob(16), 'tus', 'a', 0, 0, 0)""")
