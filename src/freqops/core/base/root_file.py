"""Reading a file that root alone may have written, whatever stands in its place.

A file that another user could have written, replaced or put there is not read: that user would decide what root does.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from . import plain_file
from .errors import FreqopsError

MAX_BYTES = 65536
ROOT_UID = 0
READABLE, BY_OTHERS = 0o400, 0o022


class Missing(FreqopsError):
    """The file, or the directory of the file, is not there."""


class Untrusted(FreqopsError):
    """The file cannot be read, or another user could have written it; the text says why, and the cure."""


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
            return plain_file.read(Path(path.name), limit, lambda found: _judge(found, owner, path), directory)
        finally:
            os.close(directory)
    except FileNotFoundError:
        raise Missing("it is missing") from None
    except plain_file.NotRead as error:
        raise Untrusted(str(error)) from None
    except OSError as error:
        raise Untrusted(f"it cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a name that no directory can have
        raise Untrusted(f"it cannot be read: {error}") from None


def check_directory(path: Path, owner: int = ROOT_UID) -> None:
    """Refuse a directory in which another user than ``owner`` could put a file; a link to a directory is followed.

    Raises:
        Untrusted: Another one could, or it is none.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise Untrusted(f"its directory cannot be read: {error.strerror or error}") from None
    _refuse_directory(found, owner, path, "its directory")


def is_own_directory(path: Path) -> bool:
    """Return whether a directory is there in which only this user, or root, can put a file; no link to one.

    Raises:
        Untrusted: Something else is there, or others could; the text names it, and the cure.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Untrusted(f"{path} cannot be read: {error.strerror or error}") from None
    _refuse_directory(found, ROOT_UID if found.st_uid == ROOT_UID else os.geteuid(), path, str(path))
    return True


def _judge(found: os.stat_result, owner: int, path: Path) -> None:
    """Refuse a plain file that others could have written, or whose mode forbids reading.

    Raises:
        Untrusted: It is one.
    """
    _refuse_others(found, owner, path, "it")
    if not found.st_mode & READABLE:
        raise Untrusted(f"its mode {stat.S_IMODE(found.st_mode):04o} lets nobody read it: chmod 0600 {path}")


def _refuse_directory(found: os.stat_result, owner: int, path: Path, what: str) -> None:
    """Refuse anything but a directory, or one in which another user than ``owner`` could put a file.

    Raises:
        Untrusted: It is none, or another one could.
    """
    if not stat.S_ISDIR(found.st_mode):
        raise Untrusted(f"{what} is {plain_file.kind(found)}, not a directory: move {path} away")
    _refuse_others(found, owner, path, what)


def _refuse_others(found: os.stat_result, owner: int, path: Path, what: str) -> None:
    """Refuse a file or directory that another user than ``owner`` could write.

    Raises:
        Untrusted: Another one could.
    """
    if found.st_uid != owner:
        raise Untrusted(f"{what} belongs to user {found.st_uid}, not to user {owner}: chown {owner}: {path}")
    if found.st_mode & BY_OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise Untrusted(f"{what} can be written by others (mode {mode:04o}): chmod go-w {path}")
