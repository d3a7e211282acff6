"""``freqops-host breaker`` as a host runs it, but for the time, which is a stand-in; jobs as `tests.crash.command`."""

from __future__ import annotations

import itertools
import os
from typing import Any

from freqops.core.base import stamp
from freqops.hostctl.breaker import writer
from freqops.hostctl.commands import breaker
from tests.crash import command
from tests.unit.fakes import FakeClock


def pretend(job: dict[str, Any]) -> None:
    """Put stand-ins where the command would look at this machine."""
    clock, numbers = FakeClock(), itertools.count()
    stand_ins: list[tuple[Any, str, Any]] = [
        (breaker, "Clock", lambda: clock),
        (writer, "OWNER", os.getuid()),
        (stamp, "DIRECTORY", f"{job['root']}/no-guard"),
        (os, "urandom", lambda count: next(numbers).to_bytes(count, "big")),
        *((module, name, command.PATIENCE) for module, name in command.BOUNDS),
    ]
    for module, name, stand_in in stand_ins:
        if name not in vars(module):
            raise AssertionError(f"{module.__name__} has no {name}")
        setattr(module, name, stand_in)


if __name__ == "__main__":
    command.main(pretend)
