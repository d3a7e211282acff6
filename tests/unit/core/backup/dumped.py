"""Dumps as they lie on a disk, for the tests of what reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from freqops.core.backup.manifest import DATABASE, MANIFEST, File, Manifest
from freqops.core.backup.store import checksum, stamp_of
from freqops.core.bot.database_contents import SQLITE, Recorded, Table

BEGAN = datetime(2026, 1, 31, 18, 0, 0, 250000, tzinfo=UTC)
TRADES = {("", "trades"): (("id", "pair"), Table(2, "0123456789abcdef"))}


def manifest(*files: File, began: datetime = BEGAN) -> Manifest:
    """Return the manifest of a dump that was begun then."""
    contents = Recorded(SQLITE, TRADES)
    ended = began + timedelta(seconds=1)
    return Manifest("alpha", "paper", SQLITE, "image@sha256:1", "f00", began, ended, contents, {"trades.id": 3}, files)


def lay(directory: Path, moment: datetime = BEGAN, data: bytes = b"what it held") -> Path:
    """Make a dump that counts, and return its directory."""
    path = directory / stamp_of(moment)
    path.mkdir(parents=True)
    (path / DATABASE).write_bytes(data)
    file = File(DATABASE, len(data), checksum(path / DATABASE))
    (path / MANIFEST).write_text(json.dumps(manifest(file, began=moment).to_json()))
    return path
