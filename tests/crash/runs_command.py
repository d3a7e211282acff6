"""``freqops-host runs`` as a host runs it, with names and times that are the same in every run."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

from freqops.core.runs import risk_variables
from freqops.hostctl.commands import runs
from tests.crash import command
from tests.unit.hostctl.runs.laid import Later


def pretend(job: dict[str, Any]) -> None:
    """Put stand-ins for the clock, for what names files, for the session, and for what deploy wrote elsewhere."""
    numbers = itertools.count()
    vars(runs)["Clock"] = Later
    vars(runs)["IN_SESSION"] = False
    risk_variables.load.__defaults__ = (Path(job["root"]) / "risk.json",)
    os.urandom = lambda count: next(numbers).to_bytes(count, "big")


if __name__ == "__main__":
    command.main(pretend)
