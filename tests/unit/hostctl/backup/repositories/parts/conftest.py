"""Repositories with all parts of a host, made once, and the host that lost them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.hostctl.backup.repositories.parts.parted import Lost, Saved


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Saved:
    """Return repositories with all parts of a host."""
    return Saved(tmp_path_factory.mktemp("parted") / "srv", made)


@pytest.fixture
def lost(tmp_path: Path, saved: Saved, made: Path, monkeypatch: pytest.MonkeyPatch) -> Lost:
    """Return the host that lost them."""
    return Lost(tmp_path / "srv", saved, made, monkeypatch)
