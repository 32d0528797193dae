"""
Random records, random options, random trouble: see chance.py.

SLUICE_RANDOM_ROUNDS sets how many lives the servers have together, SLUICE_SEED which; `make chance` has thousands.
"""

import os

import pytest

from chance import fight
from kills import WHOLE_MOSTLY, Arena, side_by_side
from uploads import KIBIBYTE, MEBIBYTE

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
    side_by_side(plans, tmp_path, fight, HONEST_SECONDS)
