"""The files of the operator that a strategy reads: part of a release, and mounted where the strategy looks for them.

A strategy finds them below its ``user_data_dir``, on its host as at home. On the host that is the bot's ``var``, which
the bot may write: so whatever is there already is judged without following a link, and never given to another user.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

DIRECTORY = "user_files"  # of a release, and below user_data_dir
DATA = "/freqops/var"  # user_data_dir of a bot in its container
ITS_OWN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
MODE = 0o755


def mounts(release: Path, data: str) -> tuple[str, ...]:
    """Return how those of a release are mounted into a container; nothing where it has none.

    Args:
        release: The directory of the release on the host.
        data: The directory that Freqtrade calls ``user_data_dir`` there.
    """
    source = release / DIRECTORY
    return (f"{source}:{data}/{DIRECTORY}:ro",) if source.is_dir() else ()


def in_the_way(var: Path) -> str:
    """Return why they cannot be mounted below a bot's ``var``, with the cure; empty where they can."""
    place = var / DIRECTORY
    try:
        if not stat.S_ISDIR(place.lstat().st_mode):
            return f"{place} is there and no directory, so user_files cannot be mounted there: move it away"
        own = sorted(entry.name for entry in place.iterdir())
    except (FileNotFoundError, NotADirectoryError):  # the directory itself is judged elsewhere
        return ""
    return f"{place} has files of the bot's own, which user_files would hide: move them away" if own else ""


def is_mount_point(path: Path) -> bool:
    """Return whether a path below a bot's ``var`` is the directory on which they are mounted, with nothing in it."""
    return path.name == DIRECTORY and not path.is_symlink() and path.is_dir() and not any(path.iterdir())


def make_mount_point(var: Path, owner: int) -> bool:
    """Make the directory on which they are mounted, and return whether it had to be made.

    Raises:
        OSError: It cannot be made, or is none any more.
    """
    parent = os.open(var, ITS_OWN)
    try:
        try:
            os.mkdir(DIRECTORY, MODE, dir_fd=parent)
        except FileExistsError:
            return False
        made = os.open(DIRECTORY, ITS_OWN, dir_fd=parent)
        try:
            os.fchown(made, owner, owner)
            os.fchmod(made, MODE)
        finally:
            os.close(made)
    finally:
        os.close(parent)
    return True
