"""
The power goes in the middle of everything. What was told before is there afterwards, on ext4 and on XFS.

SLUICE_CUTS sets how many cuts there are for each file system, SLUICE_SEED which plans.
"""

import os
import sqlite3

import pytest

from cuts import Plan, Run
from disks import KINDS
from uploads import Broken, FileID, Tus

CUTS = int(os.environ.get("SLUICE_CUTS", "60"))
SEED = int(os.environ.get("SLUICE_SEED", "1"))
# Cuts in the life of one disk.
CUTS_OF_A_RUN = 6
CONTROL_RUNS = 12


@pytest.mark.seconds(300)
@pytest.mark.parametrize("seed", range(SEED, SEED + -(-CUTS // CUTS_OF_A_RUN)))
@pytest.mark.parametrize("kind", KINDS)
def test_no_cut_takes_back_what_was_told(disk, tmp_path, kind, seed):
    print(kind, seed, Run(Plan(seed, CUTS_OF_A_RUN), disk(kind), tmp_path).run())


# Controls: the harness has to find these.


def losses(disk, tmp_path, kind, plan, tamper=None) -> list[str]:
    """What was found wrong until the first finding."""
    for seed in range(SEED, SEED + CONTROL_RUNS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            Run(plan(seed), disk(kind), folder, tamper).run()
        except (Broken, OSError) as error:
            print(kind, seed, str(error)[:2000])
            return [str(error)]
    return []


@pytest.mark.seconds(300)
@pytest.mark.parametrize("kind", KINDS)
def test_control_a_server_that_syncs_nothing_loses_what_it_told(disk, tmp_path, kind):
    assert losses(disk, tmp_path, kind, lambda seed: Plan(seed, 2, options=["--durability", "process"]))


@pytest.mark.seconds(300)
def test_control_a_server_that_resumes_at_the_size_of_a_file_builds_on_garbage(disk, tmp_path):
    update = """UPDATE uploads SET "offset" = max("offset", ?1)
                WHERE id = ?2 AND state = 0 AND ?1 <= coalesce(length, ?1)"""

    def believe_sizes(run):
        catalogue = sqlite3.connect(run.server.data / "catalogue.sqlite")
        for path in (run.server.data / "uploads").iterdir():
            catalogue.execute(update, (path.stat().st_size, bytes.fromhex(path.name)))
        catalogue.commit()
        catalogue.close()

    [found] = losses(disk, tmp_path, "ext4", lambda seed: Plan(seed, CUTS_OF_A_RUN), believe_sizes)
    assert "not what was sent" in found
