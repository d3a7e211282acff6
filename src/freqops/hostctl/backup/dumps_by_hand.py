"""A dump that somebody asked for, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from freqops.core.backup import changes, recovery_points
from freqops.core.backup.recovery_points import Point
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError
from freqops.core.base.outcome import Outcome

from ..bot.engine import Engine
from . import dumps

DUMPED, NOT_DUMPED = "dumped", "NOT DUMPED"


@dataclass
class Dumped(Outcome):
    """The outcome of a dump.

    Attributes:
        dump: Its directory; empty where none was made.
        moment: All that was committed before it is in the dump.
        rows: The rows of all tables together.
        bytes: The bytes of the dump.
        seconds: How long it took.
    """

    dump: str = ""
    moment: str = ""
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


def dumped(home: Path, clock: Clock, engine: Engine, *, accept_loss: bool = False) -> Dumped:
    """Make a dump of one bot's database, and return the outcome; nothing is raised."""
    began_s = clock.monotonic()
    try:
        with dumps.at_rest(home, clock) as store:
            made = dumps.take_locked(home, clock, engine, accept_loss=accept_loss)
            took_s = clock.monotonic() - began_s
            size, moment = dumps.size(made), iso(made.manifest.moment)
            # No mark is known of that moment, so the next round that may make a dump makes one.
            point = Point(moment, began_s, changes.UNKNOWN, made.stamp, began_s, took_s, size)
            recovery_points.write(home.name, point, clock, recovery_points.FILE)
            gone = dumps.prune(store, clock)
    except (FreqopsError, OSError) as error:
        return Dumped(home.name, NOT_DUMPED, detail=[str(error)])
    detail = [f"{len(gone)} dumps are not kept any more"] if gone else []
    rows = sum(made.manifest.rows.values())
    return Dumped(
        home.name, DUMPED, changed=True, proven=True, detail=detail, dump=str(made.path), moment=moment, rows=rows,
        bytes=size, seconds=round(took_s, 2),
    )  # fmt: skip
