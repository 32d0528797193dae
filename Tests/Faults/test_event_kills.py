"""
kill -9, and power cuts, in the middle of everything, with two who are told of events, of whom one fails now and then.
Whatever became of an upload is told to each of them: at least once, in order for each upload, and nothing that did not
happen.

SLUICE_EVENT_KILLS sets how many kills, SLUICE_SEED which plan.
"""

import os
import sqlite3

import cuts
import kills
import pytest
from disks import KINDS
from listening import Listening
from uploads import MEBIBYTE, Broken

KILLS = int(os.environ.get("SLUICE_EVENT_KILLS", "40"))
SEED = int(os.environ.get("SLUICE_SEED", "1"))
CUTS = 6


class Killing(kills.Run):
    """An arena whose server tells of events."""

    def __init__(self, directory, tamper=None, kills_=KILLS):
        self.listening = Listening(SEED)
        arena = kills.Arena("events", SEED, kills_, clients=6, largest=MEBIBYTE, options=self.listening.options)
        super().__init__(arena, directory, tamper)

    def run(self) -> str:
        try:
            return super().run()
        finally:
            self.listening.close()

    def _await_sweep(self) -> None:
        super()._await_sweep()
        self.listening.compare(self.server.data, self.kills)


class Cutting(cuts.Run):
    """A disk whose server tells of events."""

    def __init__(self, disk, directory):
        self.listening = Listening(SEED)
        super().__init__(cuts.Plan(SEED, CUTS, largest=MEBIBYTE, options=self.listening.options), disk, directory)

    def run(self) -> str:
        try:
            return super().run()
        finally:
            self.listening.close()

    def _look(self) -> None:
        self.listening.compare(self.server.data, CUTS)


@pytest.mark.seconds(240 + 6 * KILLS)
def test_no_kill_loses_an_event_or_makes_one_up(tmp_path):
    print(Killing(tmp_path).run())


@pytest.mark.seconds(300)
@pytest.mark.parametrize("kind", KINDS)
def test_no_power_cut_loses_an_event_or_makes_one_up(disk, tmp_path, kind):
    print(Cutting(disk(kind), tmp_path).run())


# Controls: the comparison has to find these.


def control(tmp_path, change) -> None:
    def tamper(run, dice):
        catalogue = sqlite3.connect(run.server.data / "catalogue.sqlite")
        with catalogue:
            catalogue.executescript(change)
        catalogue.close()

    Killing(tmp_path, tamper, kills_=12).run()


def test_control_lost_events_are_found(tmp_path):
    with pytest.raises(Broken, match="was told of as|nobody was told"):
        control(tmp_path, """DELETE FROM event_queue WHERE sequence % 2 = 0;
            DELETE FROM events WHERE sequence % 2 = 0""")


def test_control_made_up_events_are_found(tmp_path):
    with pytest.raises(Broken, match="is not finished|nothing is known"):
        control(tmp_path, """INSERT INTO events (kind, at, upload, dialect, name, "offset", has_file, created)
            VALUES (1, 0, zeroblob(16), 'tus', 'a', 0, 0, 0)""")
