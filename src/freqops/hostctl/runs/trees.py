"""A file or directory of a run: measured and removed without following a link, leaving a file system or a doubt.

What goes gets a name first by which it does not count; a removal that is killed there is ended by the next one.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from freqops.core.base import plain_file
from freqops.core.base.errors import NotProven

from ..logs.files import DIRECTORY

GOING = ".retention-"


@dataclass
class Measured:
    """What lies below a path.

    Attributes:
        bytes: What its plain files take together.
        changed: The newest change of any of it, of its content or of its entry on this disk.
        foreign: Why it is none of ours to remove; empty where nothing speaks against it.
    """

    bytes: int = 0
    changed: float = 0.0
    foreign: str = ""


def measured(path: Path) -> Measured:
    """Measure a file or a directory with all that is in it.

    Raises:
        OSError: It cannot be looked at.
    """
    found, top = Measured(), path.lstat()
    for each in _below(path):
        status = each.lstat()
        found.changed = max(found.changed, status.st_mtime, status.st_ctime)
        if status.st_dev != top.st_dev or (each != path and os.path.ismount(each)):
            found.foreign = found.foreign or f"{each.name} in it is of another file system"
        elif stat.S_ISREG(status.st_mode):
            found.bytes += status.st_size
        elif not stat.S_ISDIR(status.st_mode):
            found.foreign = found.foreign or f"{each.name} is {plain_file.kind(status)}, which no run leaves"
    return found


def _below(path: Path) -> Iterator[Path]:
    yield path
    if stat.S_ISDIR(path.lstat().st_mode):
        for each in sorted(path.iterdir()):
            yield from _below(each)


def rename(root: Path, below: Path, name: str, to: str) -> None:
    """Give a file or a directory another name in the same directory, durably; nothing is replaced.

    Args:
        root: The tree of freqops.
        below: Its directory in that; where it or what is above it is a link, nothing is renamed.
        name: Its name.
        to: Its new name.

    Raises:
        OSError: It cannot be renamed, or the new name is taken.
    """
    with _open(root, below) as directory:
        if to in os.listdir(directory):  # noqa: PTH208  of what is open
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), to)
        os.rename(name, to, src_dir_fd=directory, dst_dir_fd=directory)
        os.fsync(directory)


def remove(root: Path, below: Path, name: str) -> None:
    """Remove a file or a directory.

    Args:
        root: The tree of freqops.
        below: Its directory in that; where it or what is above it is a link, nothing is removed.
        name: Its name; one that begins with a point does not count already.

    Raises:
        NotProven: It is still there.
        OSError: It cannot be removed.
    """
    going = name if name.startswith(".") else f"{GOING}{name}"
    if going != name:
        rename(root, below, name, going)
    with _open(root, below) as directory:
        if stat.S_ISDIR(os.stat(going, dir_fd=directory, follow_symlinks=False).st_mode):
            shutil.rmtree(Path(f"/proc/self/fd/{directory}") / going)
        else:
            os.unlink(going, dir_fd=directory)
        os.fsync(directory)
        if {name, going} & set(os.listdir(directory)):  # noqa: PTH208  as above
            raise NotProven("it was removed, and is still there")


@contextmanager
def _open(root: Path, below: Path) -> Iterator[int]:
    opened = [os.open(root, DIRECTORY)]
    try:
        for part in below.parts:
            opened.append(os.open(part, DIRECTORY, dir_fd=opened[-1]))
        yield opened[-1]
    finally:
        for descriptor in opened:
            os.close(descriptor)
