"""How long a test may take, whatever it waits for: for every conftest.py to import."""

import os
import signal

import pytest

TEST_SECONDS = int(os.environ.get("SLUICE_TEST_SECONDS", "90"))


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
