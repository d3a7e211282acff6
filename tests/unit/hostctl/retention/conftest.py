from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.hostctl.retention.aged import Field


@pytest.fixture
def field(tmp_path: Path) -> Field:
    """A host with a bot and a registry."""
    return Field(tmp_path)
