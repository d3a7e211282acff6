"""Reading a file that root alone may have written, whatever stands in its place.

Nothing here follows a link, waits for a pipe or a device, or reads more than a bound. A file that another user could
have written, replaced or put there is not read: that user would decide what root does.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import FreqopsError

MAX_BYTES = 65536
ROOT_UID = 0
READABLE, BY_OTHERS = 0o400, 0o022
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
OTHER_KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


class Missing(FreqopsError):
    """The file, or the directory of the file, is not there."""


class Untrusted(FreqopsError):
    """The file cannot be read, or is not a file that only root could have written; the text says why, and the cure."""


def read(path: Path, owner: int = ROOT_UID, limit: int = MAX_BYTES) -> bytes:
    """Return the content of the file at ``path``.

    Args:
        path: The file.
        owner: The number of the user who must own the file and its directory; root, but in tests.
        limit: Bytes that the file may have at most.

    Raises:
        Missing: There is no such file.
        Untrusted: It cannot be read or trusted.
    """
    try:
        directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _refuse_others(os.fstat(directory), owner, path.parent, "its directory")
            _refuse_odd(os.stat(path.name, dir_fd=directory, follow_symlinks=False), owner, path)
            return _read(os.open(path.name, FLAGS, dir_fd=directory), owner, path, limit)
        finally:
            os.close(directory)
    except FileNotFoundError:
        raise Missing("it is missing") from None
    except OSError as error:
        raise Untrusted(f"it cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a name that no file can have
        raise Untrusted(f"it cannot be read: {error}") from None


def check_directory(path: Path, owner: int = ROOT_UID) -> None:
    """Refuse a directory in which another user than ``owner`` could put a file.

    Raises:
        Untrusted: Another one could, or it is none.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise Untrusted(f"its directory cannot be read: {error.strerror or error}") from None
    _refuse_others(found, owner, path, "its directory")


def _read(descriptor: int, owner: int, path: Path, limit: int) -> bytes:
    """Return what an open file has, and close it."""
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        found = os.fstat(descriptor)
        _refuse_odd(found, owner, path)  # again: something else may have taken its place meanwhile
        data = b""
        while len(data) <= limit:
            more = stream.read(limit + 1 - len(data))
            if not more:
                return data
            data += more
    raise Untrusted(f"it has {max(found.st_size, limit + 1)} bytes, more than {limit}")


def _refuse_odd(found: os.stat_result, owner: int, path: Path) -> None:
    """Refuse what is no plain file, or a file that others could have written.

    Raises:
        Untrusted: It is one.
    """
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for is_one, name in OTHER_KINDS if is_one(found.st_mode)), "something else")
        raise Untrusted(f"it is {kind}, not a plain file")
    _refuse_others(found, owner, path, "it")
    if not found.st_mode & READABLE:
        raise Untrusted(f"its mode {stat.S_IMODE(found.st_mode):04o} lets nobody read it: chmod 0600 {path}")


def _refuse_others(found: os.stat_result, owner: int, path: Path, what: str) -> None:
    """Refuse what another user than ``owner`` could write.

    Raises:
        Untrusted: Another one could.
    """
    if found.st_uid != owner:
        raise Untrusted(f"{what} belongs to user {found.st_uid}, not to user {owner}: chown {owner}: {path}")
    if found.st_mode & BY_OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise Untrusted(f"{what} can be written by others (mode {mode:04o}): chmod go-w {path}")
