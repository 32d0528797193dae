"""
Random records, random options, random trouble: see chance.py.

SLUICE_RANDOM_ROUNDS sets how many lives the servers have together, SLUICE_SEED which; `make chance` has thousands.
"""

import os
from concurrent.futures import ProcessPoolExecutor, as_completed

import pytest

from chance import fight
from kills import WHOLE_MOSTLY, Arena
from uploads import KIBIBYTE, MEBIBYTE, Broken

ROUNDS = int(os.environ.get("SLUICE_RANDOM_ROUNDS", "16"))
SEED = int(os.environ.get("SLUICE_SEED", "1"))
# A whole test run shares its machine with others; a search for the slow ones sets less.
HONEST_SECONDS = float(os.environ.get("SLUICE_HONEST_SECONDS", "10"))


@pytest.mark.seconds(240 + 20 * ROUNDS)
def test_random_options_and_random_trouble_take_nothing_back(tmp_path):
    share = -(-ROUNDS // 2)
    plans = [
        Arena("anything", SEED, share, clients=6, largest=4 * MEBIBYTE, seconds=120 + 20 * share),
        Arena("small, in trouble", SEED + 1, share, clients=8, largest=64 * KIBIBYTE + 1, weights=WHOLE_MOSTLY,
              seconds=120 + 20 * share),
    ]
    with ProcessPoolExecutor(len(plans)) as pool:
        runs = []
        for number, arena in enumerate(plans):
            directory = tmp_path / str(number)
            directory.mkdir()
            runs.append(pool.submit(fight, arena, str(directory), HONEST_SECONDS))
        failures = []
        for run in as_completed(runs):
            try:
                print(run.result())
            except Broken as error:
                failures.append(str(error))
    if failures:
        pytest.fail("\n\n".join(failures), pytrace=False)
