"""The proof that the bots of a host follow its breaker files: their holds and guard's note, read until they agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.bot.layout import Home
from freqops.core.breaker import guard_note
from freqops.core.breaker.answer import Row
from freqops.core.breaker.guard_note import NoAnswer, Note
from freqops.core.breaker.judge import Held, judged
from freqops.core.halt import holds

from . import writer
from .writer import Switch

HOLDER = "breaker"
POLL_SECONDS = 0.2


def rows(homes: Sequence[Path], host: Switch, clock: Clock, since: datetime | None = None) -> list[Row]:
    """Return a row for each bot, as its files, its holds and guard's note are now.

    Args:
        homes: The directories of the bots.
        host: The breaker of the host.
        clock: The source of the time.
        since: When this command wrote a file; what guard said before does not count.
    """
    now = clock.utcnow()
    note, said = _note(now), host.said(now)
    return [
        judged(home.name, [said, Switch(Home(home).breaker, home.name).said(now)], _held(home), note, since)
        for home in homes
    ]


def awaited(homes: Sequence[Path], host: Switch, clock: Clock, since: datetime, seconds: float) -> list[Row]:
    """Return the rows when all of them are proven, or when ``seconds`` are over."""
    give_up = clock.monotonic() + seconds
    while True:
        found = rows(homes, host, clock, since)
        if all(row.proven for row in found) or clock.monotonic() >= give_up:
            return found
        clock.sleep(POLL_SECONDS)


def _note(now: datetime) -> Note | NoAnswer:
    try:
        return guard_note.read(now, writer.OWNER)
    except NoAnswer as error:
        return error


def _held(home: Path) -> Held:
    try:
        found = holds.load(Home(home).holds)
    except holds.HoldsUnreadable as error:
        return Held(error=str(error))
    hold = found.of(HOLDER)
    others = found.of_others(HOLDER)
    return Held("" if hold is None else hold.incident, None, others.incidents if others.holds else "")
