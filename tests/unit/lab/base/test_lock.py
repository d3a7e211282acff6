"""Two commands of one checkout never run at once."""

import fcntl
import os
from pathlib import Path

import pytest

from lab.base.lock import alone_in


def test_the_lock_is_held_inside_and_free_after(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    with alone_in(tmp_path, "waiting"), pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with alone_in(tmp_path, "waiting"):
        pass
    assert list(tmp_path.iterdir()) == []
