"""The files that a killed restic had begun to write in a repository on this disk, and that no restic takes away.

restic writes each file of a repository beside its place, as ``<id>-tmp-<number>``, and renames it when it is whole. It
passes such files over where it reads, and so does nobody give their room back.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

HALF = re.compile(r"[0-9a-f]{64}-tmp-[0-9]{1,20}", re.ASCII)
OLD = timedelta(days=1)  # no restic writes one file for so long
PLACES = ("keys", "locks", "snapshots", "index", "data")


def take_away(url: Path, now: datetime) -> int:
    """Remove what was begun more than a day ago and is not whole, and return how many files that were.

    Args:
        url: The directory of the repository.
        now: The present time.

    Raises:
        OSError: One of them could not be removed.
    """
    gone = 0
    for path in _half_written(url):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and now.timestamp() - status.st_mtime > OLD.total_seconds():
            path.unlink()
            gone += 1
    return gone


def _half_written(url: Path) -> Iterator[Path]:
    for name in PLACES:
        with suppress(FileNotFoundError), os.scandir(url / name) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if HALF.fullmatch(entry.name):
                    yield Path(entry.path)
                elif name == "data" and entry.is_dir(follow_symlinks=False):
                    yield from sorted(path for path in Path(entry.path).iterdir() if HALF.fullmatch(path.name))
