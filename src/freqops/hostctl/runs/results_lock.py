"""The lock of all that indexes or removes what runs left: what one cites for the first time, no other removes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused

LOCK = Path("user_data") / ".runs.lock"
BUSY = "another command is indexing or removing what runs left on this host"


@contextmanager
def alone(root: Path, clock: Clock, patience: float = 0.0) -> Iterator[None]:
    """Hold the lock for the block.

    Args:
        root: The tree of freqops.
        clock: The source of the time.
        patience: Seconds to wait for it.

    Raises:
        Refused: Somebody else has it, or it cannot be had.
    """
    with durable.locked(root / LOCK, patience, clock) as mine:
        if not mine:
            raise Refused(BUSY if mine is False else f"{root / LOCK} cannot be opened: the disk is full, or read-only")
        yield
