"""A bot that a restore may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.hostctl.backup.dumped import Field


@pytest.fixture
def field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Field:
    """A paper bot on SQLite, held at level 3, with a dump."""
    return Field(tmp_path, monkeypatch)
