"""The files of a directory of a release, each with the digest of its bytes; only plain files in plain directories."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..base import plain_file
from ..base.errors import FreqopsError
from ..base.visible import visible

MOST = 2000  # files; a deploy brings 500 of each kind at most
LARGEST = 2**25  # bytes of one; a deploy brings 16 MiB at most
SHOWN = 200


class FilesUnusable(FreqopsError):
    """A directory has something in it that is no plain file, or that cannot be read; the text says what."""


def digests(directory: Path) -> dict[str, str]:
    """Return SHA-256 of every file below a directory, by its path there; none where there is no such directory.

    Raises:
        FilesUnusable: Something in it is a link, or neither a file nor a directory, or cannot be read.
    """
    if not os.path.lexists(directory):
        return {}
    found: dict[str, str] = {}
    for path in _files(directory):
        if len(found) == MOST:
            raise FilesUnusable(f"{directory.name} has more than {MOST} files")
        found[str(path.relative_to(directory))] = _digest(path, directory)
    return found


def _files(directory: Path) -> Iterator[Path]:
    """Yield what is no directory; directories are entered, links are not followed."""
    try:
        status = directory.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise FilesUnusable(f"{visible(directory.name, SHOWN)} is {plain_file.kind(status)}, not a directory")
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries)
        for name in names:
            path = directory / name
            if stat.S_ISDIR(path.lstat().st_mode):
                yield from _files(path)
            else:
                yield path
    except OSError as error:
        raise FilesUnusable(f"{visible(directory.name, SHOWN)} cannot be read: {error.strerror or error}") from None


def _digest(path: Path, directory: Path) -> str:
    name = visible(f"{directory.name}/{path.relative_to(directory)}", SHOWN)
    try:
        return hashlib.sha256(plain_file.read(path, LARGEST)).hexdigest()
    except FileNotFoundError:
        raise FilesUnusable(f"{name} is gone while it is read") from None
    except plain_file.NotRead as error:
        raise FilesUnusable(f"{name}: {error}") from None
