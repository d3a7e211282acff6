"""A tree in memory: what is asked here is what calls a command makes and what it leaves, not how fast a disk is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  a file system in memory, on every Linux


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """An empty directory in memory."""
    made = Path(tempfile.mkdtemp(prefix="freqops-crash-", dir=SHARED_MEMORY)).resolve()
    yield made
    shutil.rmtree(made)
