"""Stamps: the last end of each job that runs by itself, kept as the age of an empty file.

The short way leaves them, too, so nothing is imported here that it does not have loaded anyway.
"""

from __future__ import annotations

import os

DIRECTORY = "/run/freqops"


def leave(name: str) -> None:
    """Leave the stamp of ``name``; one that cannot be left grows old, and is seen by that."""
    path = _path(name)
    try:
        os.makedirs(DIRECTORY, 0o755, exist_ok=True)  # noqa: PTH103  pathlib takes longer to load than all of this
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
        os.utime(path)
    except OSError:
        return


def age(name: str, now: float) -> float | None:
    """Return the seconds since, below zero where the clock was set back, and None where there is no stamp."""
    try:
        return now - os.stat(_path(name)).st_mtime  # noqa: PTH116  as above
    except OSError:
        return None


def _path(name: str) -> str:
    return f"{DIRECTORY}/{name}.stamp"
