"""``freqops-host move`` as a host runs it, but for the processes of the bot, its engine and the time."""

from __future__ import annotations

import io
import itertools
import os
import sys
from pathlib import Path
from typing import Any

from freqops.core.halt.answer import Row
from freqops.core.halt.kill_level import KillLevel
from freqops.hostctl.bot import holds_file
from freqops.hostctl.commands import move
from freqops.hostctl.halt.order import Order
from freqops.hostctl.migration import expected, fencing
from tests.crash import command
from tests.unit.fakes import FakeClock, FakeEngine

PROVEN = "PROVEN"


def halted(homes: list[Path], order: Order, clock: FakeClock, _engine: object) -> list[Row]:
    """Latch the hold as a halt does; its proof that no process lives is the halt's own test."""
    [home] = homes
    latched = holds_file.latch(home, order.as_hold("2026-01-02T03:04:05Z"), clock)
    row = Row(home.name, KillLevel.HARD, order.mandate.incident)
    row.latched, row.raised = latched.error is None, latched.raised
    row.proven_s = 0.0 if row.latched else None
    row.verdict = PROVEN if row.latched else f"NOT {PROVEN}"
    row.detail = [] if latched.error is None else [latched.error]
    return [row]


def pretend(job: dict[str, Any]) -> None:
    """Put stand-ins where the command would look at this machine."""
    numbers = itertools.count()
    stand_ins: list[tuple[Any, str, Any]] = [
        (move, "Clock", FakeClock),
        (move, "Engine", FakeEngine),
        *((module, "alive", lambda _bot: []) for module in (expected, fencing)),
        (fencing, "halt", halted),
        *((module, name, command.PATIENCE) for module, name in command.BOUNDS),
        (os, "urandom", lambda count: next(numbers).to_bytes(count, "big")),
        (sys, "stdin", io.TextIOWrapper(io.BytesIO(str(job.get("stdin", "")).encode()))),
    ]
    for module, name, stand_in in stand_ins:
        if name not in vars(module):
            raise AssertionError(f"{module.__name__} has no {name}")
        setattr(module, name, stand_in)


if __name__ == "__main__":
    command.main(pretend)
