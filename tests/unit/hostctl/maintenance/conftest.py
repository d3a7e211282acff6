"""Bots whose databases have grown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.hostctl.maintenance.bloated import Bot, OnPostgres


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bot:
    return Bot(tmp_path, monkeypatch)


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnPostgres:
    return OnPostgres(tmp_path, monkeypatch)
