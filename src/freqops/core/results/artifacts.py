"""A file that a run left behind, and its checksum."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..base import plain_file

AT_ONCE = 1024 * 1024


@dataclass(frozen=True)
class Artifact:
    """A file that a run left behind.

    Attributes:
        name: Its name.
        path: Its place, from the tree of freqops on.
        sha256: The SHA-256 of its content, in hexadecimal digits.
    """

    name: str
    path: str
    sha256: str


def artifact(root: Path, path: Path) -> Artifact:
    """Return the artifact that lies at ``path``; no link is followed.

    Args:
        root: The tree of freqops.
        path: The file, below that tree.

    Raises:
        FileNotFoundError: It is not there.
        NotRead: It is no plain file, or cannot be read.
    """
    digest = hashlib.sha256()
    with plain_file.opened(path) as stream:
        try:
            while data := stream.read(AT_ONCE):
                digest.update(data)
        except OSError as error:
            raise plain_file.NotRead(f"it cannot be read: {error.strerror or error}") from None
    return Artifact(path.name, path.relative_to(root).as_posix(), digest.hexdigest())
