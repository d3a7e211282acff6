"""Files put into the tree of freqops, each by one call of the kernel: a reader, or a crash, meets it whole.

No link is followed on the way, for some of these directories are a bot's own. What is put there was written below
``backup`` before, in a directory of root's alone; so nothing half written ever lies elsewhere.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from freqops.core.backup.destinations import Rights
from freqops.core.backup.manifest import File
from freqops.core.base import plain_file
from freqops.core.base.errors import NotProven, Refused

FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NO_DIRECTORY = (errno.ENOTDIR, errno.ELOOP)
PIECE = 1024 * 1024


def seen(root: Path, path: str) -> File | None:
    """Return a file of the tree as it is, None where there is none.

    Raises:
        Refused: Something else has its name, or that of a directory on the way.
        OSError: It cannot be read.
    """
    with _directory(root, path, None) as above:
        if above is None:
            return None
        try:
            found = os.stat(PurePosixPath(path).name, dir_fd=above, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                raise Refused(f"{root / path} is {plain_file.kind(found)}: look who put it there, and move it away")
            return _read(above, path)[0]
        except FileNotFoundError:
            return None


def on_disk_of(root: Path, path: str, other: Path) -> bool:
    """Return whether a file at ``path`` would lie on the same file system as ``other``."""
    place = root / path
    while not os.path.lexists(place):
        place = place.parent
    return place.lstat().st_dev == other.lstat().st_dev


def add(root: Path, path: str, source: Path, rights: Rights, told: File) -> None:
    """Put a file where there is none, and read it back.

    Args:
        root: The tree.
        path: Its place there.
        source: What it is to be, on the same file system; it is not there afterwards.
        rights: Its rights.
        told: Its size and checksum.

    Raises:
        Refused: Something is there, or on the way.
        NotProven: Something else was read back.
        OSError: The disk does not take it; nothing is there then.
    """
    _made_ready(source, rights)
    with _directory(root, path, rights) as above:
        try:
            os.link(source, PurePosixPath(path).name, dst_dir_fd=above, follow_symlinks=False)
        except FileExistsError:
            raise Refused(f"{root / path} came there meanwhile") from None
        source.unlink()
        _last(above, root, path, rights, told)


def replace(root: Path, path: str, source: Path, rights: Rights, told: File, kept: Path) -> None:
    """Put a file in the place of the one that is there, which is kept, and read it back; as `add`.

    Args:
        root: The tree.
        path: Its place there.
        source: What it is to be, on the same file system.
        rights: Its rights.
        told: Its size and checksum.
        kept: Where the present one is kept; beside it, where a call that was killed kept another one there.
    """
    _made_ready(source, rights)
    _make_private(kept.parent)
    with _directory(root, path, rights) as above:
        name = PurePosixPath(path).name
        present = os.stat(name, dir_fd=above, follow_symlinks=False)
        while os.path.lexists(kept) and not os.path.samestat(present, kept.lstat()):
            kept = kept.with_name(f"{kept.name}.again")
        if not os.path.lexists(kept):
            os.link(name, kept, src_dir_fd=above, follow_symlinks=False)
        os.rename(source, name, dst_dir_fd=above)
        _last(above, root, path, rights, told)


def make_ready(directory: Path, rights: Rights) -> None:
    """Give a whole directory of root's alone the rights that it is to have, durably.

    Raises:
        OSError: The disk does not do it.
    """
    for below, directories, names in os.walk(directory, topdown=False, followlinks=False):
        for name in names:
            _made_ready(Path(below) / name, rights)
        for name in directories:
            _own_directory(Path(below) / name, rights)
    _own_directory(directory, rights)


def add_directory(root: Path, path: str, source: Path, rights: Rights) -> None:
    """Put a whole directory where there is none, by one rename; raises as `add`.

    Args:
        root: The tree.
        path: Its place there.
        source: The directory, made ready.
        rights: Its rights.
    """
    with _directory(root, path, rights) as above:
        try:
            os.rename(source, PurePosixPath(path).name, dst_dir_fd=above)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
                raise Refused(f"{root / path} came there meanwhile") from None
            raise
        _sync(above)


def _make_private(directory: Path) -> None:
    """Make a directory of root's alone, and those above it that are missing."""
    if not directory.is_dir():
        _make_private(directory.parent)
        directory.mkdir(mode=0o700)


def _last(above: int | None, root: Path, path: str, rights: Rights, told: File) -> None:
    """Make what was put there last, and read it back.

    Raises:
        NotProven: It is not what was to be put there.
    """
    _sync(above)
    file, found = _read(above, path)
    there = (file.size, file.sha256, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)
    if there != (told.size, told.sha256, rights.mode, rights.owner, rights.owner):
        raise NotProven(f"{root / path} was put there, and something else was read back")


def _sync(above: int | None) -> None:
    if above is not None:
        os.fsync(above)


def _read(above: int | None, path: str) -> tuple[File, os.stat_result]:
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(PurePosixPath(path).name, plain_file.FLAGS, dir_fd=above), "rb") as stream:
        for piece in iter(lambda: stream.read(PIECE), b""):
            digest.update(piece)
            size += len(piece)
        return File(path, size, digest.hexdigest()), os.fstat(stream.fileno())


def _made_ready(source: Path, rights: Rights) -> None:
    """Give a file the rights that it is to have, while nobody but root can reach it, and make it last."""
    with os.fdopen(os.open(source, plain_file.FLAGS), "rb") as stream:
        os.fchown(stream.fileno(), rights.owner, rights.owner)
        os.fchmod(stream.fileno(), rights.mode)
        os.fsync(stream.fileno())


def _own_directory(path: Path, rights: Rights) -> None:
    descriptor = os.open(path, FLAGS)
    try:
        os.fchown(descriptor, rights.owner, rights.owner)
        os.fchmod(descriptor, rights.directory)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _directory(root: Path, path: str, rights: Rights | None) -> Iterator[int | None]:
    """Open the directory of a file, one step after the other; without rights a missing one is None, else it is made.

    Raises:
        Refused: A step is no directory.
    """
    here: int | None = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in PurePosixPath(path).parts[:-1]:
            if here is None:
                break
            below = _step(here, root / path, name, rights)
            os.close(here)
            here = below
        yield here
    finally:
        if here is not None:
            os.close(here)


def _step(above: int, path: Path, name: str, rights: Rights | None) -> int | None:
    try:
        return os.open(name, FLAGS, dir_fd=above)
    except FileNotFoundError:
        if rights is None:
            return None
    except OSError as error:
        if error.errno in NO_DIRECTORY:
            raise Refused(f"{path}: {name} on its way is no directory; look who made it") from None
        raise
    os.mkdir(name, 0o700, dir_fd=above)
    made = os.open(name, FLAGS, dir_fd=above)
    os.fchown(made, rights.owner, rights.owner)
    os.fchmod(made, rights.directory)
    os.fsync(above)
    return made
