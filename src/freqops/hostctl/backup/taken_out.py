"""A snapshot taken out of a repository: its files, each compared with the manifest."""

from __future__ import annotations

import os
from pathlib import Path

from freqops.core.backup import snapshot
from freqops.core.backup.manifest import File
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base.errors import NotProven

from . import staging
from .vault import Vault

SHOWN = 5


def take_out(vault: Vault, number: str, found: Snapshot, wanted: tuple[str, ...], to: Path) -> None:
    """Write parts of a snapshot below a directory of root's alone, and compare every byte with the manifest.

    Args:
        vault: The repository, opened.
        number: The snapshot.
        found: Its manifest.
        wanted: The parts; nothing of the others is read.
        to: The directory, which is there and empty; the caller clears it away after an error.

    Raises:
        NotProven: Something is missing, or is not what the manifest says.
    """
    vault.restore(number, to, wanted)
    wrong = differing(to, found, wanted)
    if wrong:
        raise NotProven(f"snapshot {number[:8]} is not what its manifest says: {'; '.join(wrong[:SHOWN])}")


def differing(directory: Path, found: Snapshot, wanted: tuple[str, ...]) -> list[str]:
    """Return what below a directory is not as a manifest says, in these parts; every byte is read."""
    told = {file.path: file for file in found.files if file.path.partition("/")[0] in wanted}
    there = set[str]()
    for below, directories, names in os.walk(directory, followlinks=False):
        links = [name for name in directories if (Path(below) / name).is_symlink()]
        there |= {str((Path(below) / name).relative_to(directory)) for name in [*names, *links]}
    wrong = [f"{path} is missing" for path in sorted(told.keys() - there)]
    wrong += [f"{path} is not in the manifest" for path in sorted(there - told.keys() - {snapshot.NAME})]
    return wrong + [f"{path} differs" for path in sorted(told.keys() & there) if not _same(directory, told[path])]


def _same(directory: Path, file: File) -> bool:
    try:
        return staging.seen(directory, file.path) == file
    except OSError:
        return False
