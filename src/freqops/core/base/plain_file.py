"""Reading a plain file, whatever stands in its place.

No link is followed, no pipe or device is waited for, and no more is read than a bound. Every reader of a file that
others may have put there reads it here.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, Callable, cast

from .errors import FreqopsError

FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
KINDS = (
    (stat.S_ISREG, "a plain file"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)

Judge = Callable[[os.stat_result], None]


class NotRead(FreqopsError):
    """The file is no plain file, is too large, or the disk does not give it; the text says which."""


def any_status(_found: os.stat_result) -> None:
    """Refuse no plain file: whoever owns it, and whatever its mode."""


def read(path: Path, limit: int, judge: Judge = any_status, directory: int | None = None) -> bytes:
    """Return the content of the file at ``path``.

    Args:
        path: The file.
        limit: Bytes that the file may have at most.
        judge: Raises an error of its own for the status of a plain file that the caller does not want to be read. It is
            asked before the file is opened, and again about what was opened.
        directory: The descriptor of the directory from which on ``path`` is meant; None for the present one.

    Raises:
        FileNotFoundError: There is no such file.
        NotRead: It is not what it must be, or cannot be read.
    """
    with opened(path, judge, directory) as stream:
        try:
            return _content(stream, limit)
        except OSError as error:
            raise NotRead(f"it cannot be read: {error.strerror or error}") from None


def opened(path: Path, judge: Judge = any_status, directory: int | None = None) -> BinaryIO:
    """Return the file at ``path``, open to be read, without a buffer; the arguments are those of `read`.

    Raises:
        FileNotFoundError: There is no such file.
        NotRead: It is not what it must be, or cannot be opened.
    """
    try:
        _refuse(os.stat(path, dir_fd=directory, follow_symlinks=False), judge)
        stream = os.fdopen(os.open(path, FLAGS, dir_fd=directory), "rb", buffering=0)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotRead(f"it cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a name that no file can have
        raise NotRead(f"it cannot be read: {error}") from None
    try:
        _refuse(os.fstat(stream.fileno()), judge)  # again: something else may have taken its place meanwhile
    except BaseException:
        stream.close()
        raise
    return cast("BinaryIO", stream)


def kind(found: os.stat_result) -> str:
    """Return in words what it is that has a status."""
    return next((name for is_one, name in KINDS if is_one(found.st_mode)), "something else")


def _content(stream: BinaryIO, limit: int) -> bytes:
    """Return what an open file has."""
    data = b""
    while len(data) <= limit:
        more = stream.read(limit + 1 - len(data))
        if not more:
            return data
        data += more
    size = os.fstat(stream.fileno()).st_size
    raise NotRead(f"it has {max(size, limit + 1)} bytes, more than {limit}")


def _refuse(found: os.stat_result, judge: Judge) -> None:
    """Refuse what is no plain file, or what the caller refuses."""
    if not stat.S_ISREG(found.st_mode):
        raise NotRead(f"it is {kind(found)}, not a plain file")
    judge(found)
