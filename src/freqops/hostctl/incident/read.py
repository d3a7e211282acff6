"""The files of an incident on its host, as ``freqops-host incident`` shows them or hands them out."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from freqops.core.base.errors import Refused
from freqops.core.halt.holds import INCIDENT
from freqops.core.incident.evidence import NO_INCIDENT

LIMIT = 16 * 1024 * 1024
NEWEST = 5


@dataclass
class Files:
    """The text of each file by its name, and the names of those that are not here to their end."""

    texts: dict[str, str] = field(default_factory=dict)
    truncated: list[str] = field(default_factory=list)


def read(root: Path, incident: str, limit: int = LIMIT) -> Files:
    """Return the files of ``incident``, together no longer than ``limit`` bytes.

    Small files are whole: what is left over for the large ones is the same for each of them.

    Raises:
        Refused: This host has no such incident.
        PermissionError: Only root may look.
    """
    if not INCIDENT.fullmatch(incident):
        raise Refused(f"{incident!r} is not an incident id")
    try:
        sizes = _sizes(root / "incidents" / incident)
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(f"{NO_INCIDENT} {incident} on this host; {_newest(root / 'incidents')}") from None
    files = Files()
    left = limit
    for done, (_, path) in enumerate(sizes):
        share = left // (len(sizes) - done)
        data, whole = _beginning(path, share)
        left -= len(data)
        files.texts[path.name] = data.decode(errors="replace")
        if not whole:
            files.truncated.append(path.name)
    return files


def _sizes(directory: Path) -> list[tuple[int, Path]]:
    """Return size and path of all plain files, the smallest first; a writer's temporary ones begin with a dot."""
    with os.scandir(directory) as entries:
        found = [
            (entry.stat(follow_symlinks=False).st_size, directory / entry.name)
            for entry in entries
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
        ]
    return sorted(found)


def _beginning(path: Path, share: int) -> tuple[bytes, bool]:
    """Return the beginning of a file, and whether that is all of it; a disk that fails leaves nothing."""
    try:
        with path.open("rb") as stream:
            data = stream.read(share + 1)
    except OSError:
        return b"", False
    return data[:share], len(data) <= share


def _newest(directory: Path) -> str:
    try:
        with os.scandir(directory) as entries:
            found = sorted(((entry.stat().st_mtime, entry.name) for entry in entries if entry.is_dir()), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        found = []
    return f"the newest are {', '.join(name for _, name in found[:NEWEST])}" if found else "it has none at all"
