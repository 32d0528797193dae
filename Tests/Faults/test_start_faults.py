"""What a start needs and does not get: the server ends with the reason, and says nothing of serving before."""

import errno
import os
import subprocess

import pytest

from sluice import Sluice


@pytest.mark.parametrize("watched", ["socket:", "[signalfd]"], ids=["listener", "signals"])
def test_a_server_that_the_kernel_tells_nothing_ends_with_the_reason(tmp_path, calls, watched):
    sluice = Sluice(tmp_path)
    with calls.fail("epoll_ctl", errno.ENOSPC, path=watched, times=1) as rule:
        started = subprocess.run(
            [sluice.binary, "serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data"],
            env=os.environ | calls.environment, capture_output=True, text=True, timeout=60)
    assert rule.struck == 1
    assert (started.returncode, started.stdout) == (1, "")
    assert "cannot start the event loops: No space left on device" in started.stderr
