"""Fixtures of the tests that break things."""

import os

import pytest

from calls import Calls
from disks import Unavailable, Workshop
from serving import serving
# Imported to be found here: pytest takes hooks and fixtures from a conftest by their names.
from time_limit import pytest_configure, time_limit  # noqa: F401


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


@pytest.fixture
def calls(tmp_path):
    """System calls of a server that fail, or take long, when they are told to."""
    return Calls(tmp_path)


@pytest.fixture
def server(tmp_path, calls):
    """A server that makes its system calls by way of `calls`; some files have one of their own."""
    yield from serving(tmp_path, calls=calls)
