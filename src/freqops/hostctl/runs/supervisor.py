"""The supervisor of a run, inside its unit: it has the slot, and writes down the beginning and the end."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.iso_time import parse
from freqops.core.bot.host_command import TOOL
from freqops.core.runs import registry, run_id, slot_processes
from freqops.core.runs.run_records import Begun
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Acquired, Holder, Wanted

from ..logs.writer import Writer
from . import ending, holder, run_rows
from .run_directory import UNDER_WAY, RunDirectory
from .run_engine import RunEngine

REFUSED = "refused.json"
STARTING, RUNNING = "starting", "running"


def supervise(place: RunDirectory, engine: RunEngine, clock: Clock) -> int:
    """Hold a slot for a run, run it, and write down how it ended.

    Returns:
        0 where the end is written down, whatever it is.

    Raises:
        Refused: There was no slot, or somebody else supervises the run; nothing ran.
        FreqopsError: The end could not be written down.
    """
    with place.worked_on(clock) as mine:
        if not mine:
            raise Refused(f"{place.run} is supervised already")
        asked = place.asked()
        if not place.is_under_way:
            raise Refused(f"{place.run} is over")
        supervision = _Supervision(place, asked, clock)
        try:
            who = Holder(slot_processes.this(), os.uname().nodename, str(asked["actor"]))
            wanted = Wanted(run_id.slot_of(asked["kind"]), who, run_id.correlation(place.run))
            ended = holder.run(
                SlotDirectory(place.root, clock), wanted, [TOOL, "run", "contain", place.run], clock, supervision.begin
            )
            why = ended.why
        except (FreqopsError, OSError) as error:
            if not supervision.began:
                place.over()
                place.write(REFUSED, {"version": 1, "refused": str(error)})
                raise
            why = str(error)
        ending.end(place, engine, clock, interrupted=why)
    return 0


class _Supervision:
    """What is written down when a run begins.

    Attributes:
        began: Whether its row is there.
    """

    def __init__(self, place: RunDirectory, asked: dict[str, Any], clock: Clock) -> None:
        self._place, self._asked, self._clock = place, asked, clock
        self.began = False

    def begin(self, acquired: Acquired) -> None:
        """Write down that the run began, with all that reproduces it.

        Raises:
            Refused: The registry does not take it.
            FreqopsError: The registry cannot be read.
            OSError: The disk is full, read-only or failing.
        """
        overridden = "; ".join([*self._asked["overridden"], *acquired.remarks])
        row = {**run_rows.begun(self._asked), "overridden": overridden}
        note = {**(self._place.read(UNDER_WAY) or {}), "token": acquired.token}
        self._place.write(UNDER_WAY, note)
        started: datetime = parse(self._asked["started_utc"])
        with registry.opened(registry.place(self._place.root), write=True) as opened:
            opened.begin_run(Begun(self._place.run, self._asked["kind"], started, self._asked["strategy"], row))
        self.began = True
        self._place.write(UNDER_WAY, {**note, "state": RUNNING})
        Writer(self._place.root, self._clock).write(
            "INFO", "runs", "run_begun", correlation_id=self._place.run, kind=self._asked["kind"],
            actor=self._asked["actor"], lock=acquired.file, overridden=overridden,
        )  # fmt: skip
