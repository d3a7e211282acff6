"""``freqops-host runs`` and ``run`` as a host runs them, with names and times that are the same in every run."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

from freqops.core.runs import risk_variables
from freqops.hostctl.commands import run, runs
from freqops.hostctl.runs.run_engine import RunEngine, Stopped
from tests.crash import command
from tests.unit.hostctl.runs.laid import Later


class GoneEngine(RunEngine):
    """An engine on which nothing of a run is left."""

    def state(self, run: str) -> Stopped | None:  # noqa: ARG002  the signature is the engine's
        return None

    def remove_network(self, name: str) -> None:
        """There is none."""


def pretend(job: dict[str, Any]) -> None:
    """Put stand-ins for the clock, for what names files, for the session, and for what deploy wrote elsewhere."""
    numbers = itertools.count()
    vars(runs)["Clock"] = vars(run)["Clock"] = Later
    vars(run)["RunEngine"] = GoneEngine
    vars(runs)["IN_SESSION"] = False
    risk_variables.load.__defaults__ = (Path(job["root"]) / "risk.json",)
    os.urandom = lambda count: next(numbers).to_bytes(count, "big")


if __name__ == "__main__":
    command.main(pretend)
