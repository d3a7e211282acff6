"""The lines of status about the calendar of its own machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ..base.commands import Run
from ..base.errors import NotProven
from ..base.kinds import Malformed
from . import calendar_file
from . import look as looks

UNKNOWN, EMPTY = "its jobs are not known", "its calendar is empty"
NONE = "no playbook runs by itself from here: schedule.yml makes a calendar"


def speaks_of(line: str) -> bool:
    """Return whether a line of status is about a calendar."""
    return line.startswith(("job ", UNKNOWN, EMPTY))


@dataclass(frozen=True)
class Machine:
    """Where everything of a calendar lies on a machine.

    Attributes:
        calendar: The calendar.
        owner: The user who must own it; root, but in tests.
        others: What jobs leave, and their units.
    """

    calendar: Path = calendar_file.PLACE
    owner: int = 0
    others: looks.Places = field(default_factory=looks.Places)


def look(
    run: Run, now: datetime, inventories: Sequence[str] | None = None, machine: Machine | None = None
) -> tuple[list[str], list[str]]:
    """Return the faults of the calendar of this machine, and notes on it.

    Args:
        run: Runs a program of systemd.
        now: The present.
        inventories: Those that are asked about; a calendar of another one is only named. None where any is meant.
        machine: Where everything lies; where it always does, but in tests.
    """
    machine = machine or Machine()
    try:
        calendar = calendar_file.load(machine.calendar, machine.owner)
        if inventories is not None and calendar.inventory not in inventories:
            return [], [f"the calendar of this machine is that of another inventory, {calendar.inventory}"]
        seen = looks.look(run, calendar, now, machine.others)
    except calendar_file.NoCalendar:
        return [], [] if inventories is None else [NONE]
    except (Malformed, NotProven) as error:
        return [f"{UNKNOWN}: {error}"], []
    if not seen:
        return [], [EMPTY]
    return looks.wrong(seen), looks.notes(seen)
