"""Fixtures of the tests that break things."""

import os
import signal

import pytest

from disks import Unavailable, Workshop

TEST_SECONDS = 90


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(limit): the time limit of a test that takes long")


@pytest.fixture(autouse=True)
def time_limit(request):
    """Every wait is bounded; this bounds their sum."""
    marker = request.node.get_closest_marker("seconds")
    seconds = marker.args[0] if marker else TEST_SECONDS

    def late(_signal, _frame):
        raise TimeoutError(f"the test took more than {seconds} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


@pytest.fixture(scope="session")
def workshop():
    """Where the disks of this run are made. A machine that cannot have them fails these tests, and says why."""
    if os.environ.get("SLUICE_NO_LOOP") == "1":
        pytest.skip("SLUICE_NO_LOOP=1: no tests on disks of their own")
    try:
        place = Workshop()
    except Unavailable as error:
        pytest.fail(str(error), pytrace=False)
    yield place
    place.close()


@pytest.fixture
def disk(workshop):
    """Makes disks: disk("ext4"). They are taken down after the test."""
    made = []

    def make(kind, size=None):
        made.append(workshop.disk(kind, size))
        return made[-1]

    yield make
    for one in made:
        one.detach()
        one.discard()
