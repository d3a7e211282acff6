"""A tree in memory: what is asked here is what calls a command makes and what it leaves, not how fast a disk is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from freqops.hostctl.bot import holds_file
from tests.crash.command import PATIENCE
from tests.crash.cuts import Cuts

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  a file system in memory, on every Linux


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """An empty directory in memory."""
    made = Path(tempfile.mkdtemp(prefix="freqops-crash-", dir=SHARED_MEMORY)).resolve()
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def cuts(memory: Path) -> Cuts:
    """Every command that stops a bot, cut, and recovered from."""
    return Cuts(memory / "cuts")


@pytest.fixture(scope="session", autouse=True)
def _patient_latch() -> Iterator[None]:
    """Latch however slow a busy machine is; tests/unit/hostctl/bot/test_holds_file.py has the limit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(holds_file, "LATCH_SECONDS", PATIENCE)
        yield
