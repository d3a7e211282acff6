"""A host whose databases are dumped, and a bot that a restore may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.hostctl.backup.dumped import Field
from tests.unit.hostctl.backup.trading import Dumping


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dumping:
    return Dumping(tmp_path, monkeypatch)


@pytest.fixture
def field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Field:
    """A paper bot on SQLite, held at level 3, with a dump."""
    return Field(tmp_path, monkeypatch)
