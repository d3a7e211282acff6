"""Locks on directories that are always there, so that no lock file is left or raced for."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.base import console


@contextmanager
def alone_in(directory: Path, otherwise: str) -> Iterator[None]:
    """Hold the lock on `directory`; wait while another process has it, and say `otherwise` once."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.say(otherwise)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
