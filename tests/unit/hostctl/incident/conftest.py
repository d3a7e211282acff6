from __future__ import annotations

import os
from pathlib import Path

import pytest

from freqops.core.runs import registry, registry_migration
from tests.unit.fakes import FakeClock


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The tree of a host with an empty registry."""
    registry_migration.prepare(registry.place(tmp_path), FakeClock(), os.getuid())
    return tmp_path
