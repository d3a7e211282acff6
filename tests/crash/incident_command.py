"""``freqops-host incidents`` as a host runs it, with names and times that are the same in every run."""

from __future__ import annotations

import itertools
import os
from typing import Any

from freqops.hostctl.commands import incidents
from freqops.hostctl.incident import recorded
from tests.crash import command
from tests.unit.fakes import FakeClock


def pretend(_job: dict[str, Any]) -> None:
    """Put stand-ins for the clock, for what names files, and for the second after which evidence is given up."""
    numbers = itertools.count()
    vars(incidents)["Clock"] = FakeClock
    vars(recorded)["SECONDS"] = command.PATIENCE
    os.urandom = lambda count: next(numbers).to_bytes(count, "big")


if __name__ == "__main__":
    command.main(pretend)
