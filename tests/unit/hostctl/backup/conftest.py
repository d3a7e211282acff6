"""A host whose databases are dumped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.hostctl.backup.trading import Dumping


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dumping:
    return Dumping(tmp_path, monkeypatch)
