"""``freqops-host slot`` as a host runs it, on a clock that stands, so that every run names its files alike."""

from __future__ import annotations

import itertools
import os
from typing import Any

from freqops.hostctl.commands import slot
from tests.crash import command
from tests.unit.fakes import FakeClock


def pretend(_job: dict[str, Any]) -> None:
    """Put stand-ins where a name would depend on the hour, or on chance."""
    numbers = itertools.count()
    slot.Clock = FakeClock  # type: ignore[attr-defined]
    os.urandom = lambda count: next(numbers).to_bytes(count, "big")


if __name__ == "__main__":
    command.main(pretend)
