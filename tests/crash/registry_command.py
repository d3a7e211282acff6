"""``freqops-host registry`` as a host runs it, with names and times that are the same in every run."""

from __future__ import annotations

import itertools
import os
from typing import Any

from freqops.hostctl.commands import registry
from tests.crash import command
from tests.unit.fakes import FakeClock


def pretend(_job: dict[str, Any]) -> None:
    """Put stand-ins for the clock, and for what names files that are made beside others."""
    numbers = itertools.count()
    vars(registry)["Clock"] = FakeClock
    os.urandom = lambda count: next(numbers).to_bytes(count, "big")


if __name__ == "__main__":
    command.main(pretend)
