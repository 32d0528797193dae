"""
The power goes in the middle of everything. What was told before is there afterwards, on ext4 and on XFS.

SLUICE_CUTS sets how many cuts there are for each file system, SLUICE_SEED which plans.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from cuts import Plan, Run
from disks import KINDS
from uploads import KIBIBYTE, Broken, FileID

CUTS = int(os.environ.get("SLUICE_CUTS", "42"))
SEED = int(os.environ.get("SLUICE_SEED", "1"))
# Cuts in the life of one disk.
CUTS_OF_A_RUN = 6
# In every so manieth run there are small files only, and more clients.
SMALL_EVERY = 3
SMALL_BYTES = 64 * KIBIBYTE
# For so many cuts there is one under clients that share connections of HTTP/2.
SHARED_EVERY = 5
CONTROL_RUNS = 12
RESUMES_AT_SIZE = Path(__file__).parent / "resumes_at_size.py"
FINDING_CHARACTERS = 1000


@pytest.mark.seconds(300)
@pytest.mark.parametrize("seed", range(SEED, SEED + -(-CUTS // CUTS_OF_A_RUN)))
@pytest.mark.parametrize("kind", KINDS)
def test_no_cut_takes_back_what_was_told(disk, tmp_path, kind, seed):
    plan = Plan(seed, CUTS_OF_A_RUN, owners=seed % 3)
    if seed % SMALL_EVERY == 0:
        plan = replace(plan, largest=SMALL_BYTES, clients=2 * plan.clients)
    print(kind, seed, Run(plan, disk(kind), tmp_path).run())


@pytest.mark.seconds(300)
@pytest.mark.parametrize("seed", range(SEED, SEED + -(-CUTS // CUTS_OF_A_RUN // SHARED_EVERY)))
def test_no_cut_takes_back_what_was_told_to_many_streams_of_a_connection(disk, tmp_path, seed):
    plan = Plan(seed, CUTS_OF_A_RUN, clients=16, shared=2)
    if seed % SMALL_EVERY == 0:
        plan = replace(plan, largest=SMALL_BYTES, clients=2 * plan.clients)
    print(seed, Run(plan, disk("ext4"), tmp_path).run())


# Controls: the harness has to find these.


def finds(disk, tmp_path, kind: str, finding: str, plan: Plan) -> bool:
    """Whether one of a few runs finds something wrong that is called so."""
    for seed in range(SEED, SEED + CONTROL_RUNS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            Run(replace(plan, seed=seed), disk(kind), folder).run()
        except Broken as error:
            found = str(error)
            print(kind, seed, found[:FINDING_CHARACTERS])
            if finding in found:
                return True
    return False


@pytest.mark.seconds(300)
@pytest.mark.parametrize("kind, shared", [*((kind, None) for kind in KINDS), ("ext4", 2)])
def test_control_a_server_that_syncs_nothing_loses_what_it_told(disk, tmp_path, kind, shared):
    plan = Plan(SEED, 2, options=["--durability", "process"], shared=shared)
    assert finds(disk, tmp_path, kind, "not what was sent", plan)


class Simple(FileID):
    """As much of the dialect as the control speaks."""

    def __init__(self, number, content, dice):
        super().__init__(number, content, dice)
        self.tls, self.restarts = False, 0


@pytest.mark.seconds(300)
def test_control_a_server_that_resumes_at_the_size_of_a_file_builds_on_garbage(disk, tmp_path):
    plan = Plan(SEED, CUTS_OF_A_RUN, largest=SMALL_BYTES, weights={Simple: 1}, binary=RESUMES_AT_SIZE)
    assert finds(disk, tmp_path, "ext4", "first difference at byte", plan)
