"""A directory that must hold exactly certain files: compared, and made so."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Union

from ..base import durable

Content = Union[str, bytes]


def differing(root: Path, wanted: Mapping[str, Content]) -> list[str]:
    """Return those of the ``wanted`` files (relative path to content) that are missing below ``root`` or differ."""
    return sorted(name for name, said in wanted.items() if content(root / name) != _bytes(said))


def foreign(root: Path, wanted: Mapping[str, Content], tolerated: tuple[str, ...] = ()) -> list[str]:
    """Return the files below ``root`` that do not belong there, but for the ``tolerated`` ones."""
    present = (path for path in root.rglob("*") if path.is_symlink() or not path.is_dir())
    names = (str(path.relative_to(root)) for path in present)
    return sorted(name for name in names if name not in wanted and name not in tolerated)


def write(root: Path, wanted: Mapping[str, Content], names: list[str], mode: int = 0o444) -> None:
    """Write the files called ``names``, each whole or not at all, owned by the writer, and their directories.

    Raises:
        OSError: The disk is full, read-only or failing.
    """
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write_atomic(path, _bytes(wanted[name]), mode)


def directories(wanted: Iterable[str]) -> list[str]:
    """Return the directories that the ``wanted`` files need below their root, each before those in it."""
    return sorted({str(parent) for name in wanted for parent in PurePath(name).parents} - {"."})


def remove(root: Path, names: list[str]) -> None:
    """Remove the files called ``names``; one that is gone already is no error."""
    for name in names:
        (root / name).unlink(missing_ok=True)


def is_own_directory(path: Path, owner: int, mode: int = 0o755) -> bool:
    """Return whether there is a directory of ``owner``, and as open as it should be."""
    if not path.is_dir():
        return False
    status = path.stat()
    return (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (owner, owner, mode)


def own_directory(path: Path, owner: int, mode: int = 0o755) -> bool:
    """Make a directory of ``owner``, and return whether anything had to be done."""
    if is_own_directory(path, owner, mode):
        return False
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, owner, owner)
    path.chmod(mode)
    return True


def content(path: Path) -> bytes | None:
    """Return the content of the file at ``path``, None where there is none that can be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def text(path: Path) -> str | None:
    """Return the text of the file at ``path``, None where there is none that can be read."""
    found = content(path)
    try:
        return None if found is None else found.decode()
    except UnicodeDecodeError:
        return None


def _bytes(said: Content) -> bytes:
    return said.encode() if isinstance(said, str) else said
