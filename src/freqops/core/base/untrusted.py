"""Files that others may have written, read so that nothing in their place blocks, leads away or fills the memory."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from .errors import FreqopsError

FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Unreadable(FreqopsError):
    """A file is not what it must be; the text says why."""


def text(path: Path, most: int) -> str:
    """Return the text of a plain file.

    Args:
        path: The file; a link in its place is not followed, and a pipe is not waited for.
        most: Bytes that it has at most.

    Raises:
        FileNotFoundError: There is none.
        Unreadable: It is a link, no plain file, too large, no UTF-8, or the disk does not give it.
    """
    try:
        descriptor = os.open(path, FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable("it is a link" if error.errno == errno.ELOOP else f"it cannot be read: {error}") from None
    try:
        return _plain(descriptor, most)
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error}") from None
    except UnicodeDecodeError:
        raise Unreadable("it is no text in UTF-8") from None
    finally:
        os.close(descriptor)


def _plain(descriptor: int, most: int) -> str:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise Unreadable("it is no plain file")
    read = b""
    while len(read) <= most and (more := os.read(descriptor, most + 1 - len(read))):
        read += more
    if len(read) > most:
        raise Unreadable(f"it has more than {most} bytes")
    return read.decode()


def json_object(written: str) -> dict[str, Any]:
    """Return the one JSON object that a text is.

    Raises:
        Unreadable: It is empty, no JSON, no object, has a name twice, or a number that is not finite.
    """
    if not written.strip():
        raise Unreadable("it is empty")
    try:
        document = json.loads(written, object_pairs_hook=_once, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise Unreadable("it is no JSON object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise Unreadable("a name stands in it twice")
    return document


def _finite(name: str) -> float:
    raise Unreadable(f"it has the number {name}")


def is_own_directory(path: Path) -> bool:
    """Return whether a directory is there, in which nobody but this user, or root, can change anything.

    Raises:
        Unreadable: Something else is there, or others may write in it; the text has the cure.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None
    if not stat.S_ISDIR(status.st_mode):
        raise Unreadable(f"{path} is no directory: move it away")
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        raise Unreadable(f"others may write in {path}: chown {os.geteuid()} {path} && chmod go-w {path}")
    return True
