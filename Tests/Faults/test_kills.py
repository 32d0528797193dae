"""
kill -9 in the middle of everything. What was told before is still there afterwards.

SLUICE_KILLS sets how many kills, SLUICE_SEED which plans. `make torture` does it on a larger scale.
"""

import os
import sqlite3
from contextlib import closing

import pytest

from kills import Arena, Run, arenas, fight, side_by_side
from uploads import MEBIBYTE, Broken

KILLS = int(os.environ.get("SLUICE_KILLS", "300"))
SEED = int(os.environ.get("SLUICE_SEED", "1"))
CONTROL_KILLS = 120


@pytest.mark.seconds(240 + 4 * KILLS)
def test_no_kill_takes_back_what_was_told(tmp_path):
    plans = arenas(SEED, KILLS)
    side_by_side(plans, tmp_path, fight)


# Controls: the harness has to find these.


def control(tmp_path, tamper=None, largest=MEBIBYTE) -> Run:
    return Run(Arena("control", SEED, CONTROL_KILLS, largest=largest), tmp_path, tamper)


def test_control_a_lost_tail_of_an_open_upload_is_found(tmp_path):
    def cut_one(run, dice):
        files = sorted((run.server.data / "uploads").iterdir())
        for file in dice.sample(files, min(3, len(files))):
            os.truncate(file, max(0, file.stat().st_size - 1000))

    with pytest.raises(Broken, match="damaged|told|not what was sent"):
        control(tmp_path, cut_one).run()


def test_control_a_wrong_byte_of_an_open_upload_is_found(tmp_path):
    def change_one(run, dice):
        for file in (run.server.data / "uploads").iterdir():
            with file.open("r+b") as stream:
                first = stream.read(1)
                stream.seek(0)
                stream.write(bytes([byte ^ 1 for byte in first]))

    with pytest.raises(Broken, match="not what was sent|not whole"):
        control(tmp_path, change_one).run()


def test_control_a_finished_file_that_vanishes_is_found(tmp_path):
    def remove_one(run, dice):
        told = [location for upload in run.workload.uploads for location, _ in upload.delivered()]
        if told:
            folder = run.server.data / "complete" / dice.choice(told).rpartition("/")[2]
            # Perhaps it was this one's turn before, and nobody has looked since.
            for file in folder.iterdir():
                file.unlink()

    with pytest.raises(Broken, match="not what was sent"):
        control(tmp_path, remove_one).run()


def test_control_an_older_catalogue_is_found(tmp_path):
    """What a server would do that answers before it commits."""
    kept = {}

    def turn_back(run, dice):
        catalogue = sorted(run.server.data.glob("catalogue.sqlite*"))
        if kept and dice.random() < 0.5:
            for path in catalogue:
                path.unlink()
            for path, data in kept.items():
                path.write_bytes(data)
        kept.clear()
        kept.update((path, path.read_bytes()) for path in catalogue if path.exists())

    with pytest.raises(Broken):
        control(tmp_path, turn_back).run()


def test_control_an_owners_usage_that_counts_a_file_too_much_is_found(tmp_path):
    def count_one_more(run, dice):
        with closing(sqlite3.connect(run.server.data / "catalogue.sqlite")) as catalogue, catalogue:
            catalogue.execute("UPDATE usage SET files = files + 1")

    run = Run(Arena("control", SEED, CONTROL_KILLS // 4, largest=MEBIBYTE, owners=2), tmp_path, count_one_more)
    with pytest.raises(Broken, match="usage is recorded as"):
        run.run()


@pytest.mark.parametrize("surplus", [1, 4096])
def test_control_a_client_that_hears_larger_offsets_is_found(tmp_path, monkeypatch, surplus):
    """What a server would do that tells bytes which it has not."""
    from uploads import Upload

    honest = Upload.tell

    def tell(self, client, offset):
        return honest(self, client, min(offset + surplus, self.sent))

    monkeypatch.setattr(Upload, "tell", tell)
    with pytest.raises(Broken):
        control(tmp_path).run()
