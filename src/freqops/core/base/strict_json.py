"""JSON that decides what may be traded, read strictly: a regular file, of bounded length, that says nothing twice.

Such a file stands where others may have put something else: a link to elsewhere, a pipe that never ends, a number that
is none. Whatever is not plainly what it must be is unreadable, and the reader decides what that means.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from .errors import FreqopsError


class Unreadable(FreqopsError):
    """A file is missing, no regular file, too long, or no JSON that says each thing once; the text says which."""


def load(path: Path, longest: int) -> Any:
    """Return the document at ``path``; no link is followed, and nothing is waited for.

    Args:
        path: The file.
        longest: Bytes that it may have.

    Raises:
        Unreadable: It is not what it must be.
    """
    try:
        data = _read(path, longest)
    except FileNotFoundError:
        raise Unreadable(f"{path} is missing") from None
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from None
    return parse(data)


def _read(path: Path, longest: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable(f"{path} is no regular file")
        data = stream.read(longest + 1)
    if len(data) > longest:
        raise Unreadable(f"{path} is longer than {longest} bytes")
    return data


def parse(data: bytes) -> Any:
    """Return the document in ``data``.

    Raises:
        Unreadable: It is no JSON, says something twice, or has a number that is none.
    """
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Unreadable("an object in it says something twice")
    return dict(pairs)


def _no_number(word: str) -> Any:
    raise Unreadable(f"{word} in it is no number")
