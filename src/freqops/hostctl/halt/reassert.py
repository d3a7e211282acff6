"""``freqops-host reassert``: what a timer runs every few seconds, so that nothing undoes a hold for longer than that.

It acts on held bots alone, never raises or lowers a hold, and leaves a bot alone that another command has in hand.
A disk that takes no lock keeps it from nothing; it says so then, with every round.
"""

from __future__ import annotations

import threading
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds
from freqops.core.halt.entry_stop import EntryStop

from ..bot import hard_stop, holds_file
from ..bot.engine import Engine
from ..bot.processes_and_api import alive, client
from ..bot.start import STOP_SECONDS


def reassert(homes: list[Path], clock: Clock, engine: Engine) -> tuple[list[str], list[str]]:
    """Make every hold true again, on all bots at once, and return what had to be done, and what could not be."""
    done: list[str] = []
    failed: list[str] = []
    held = [home for home in homes if holds.effective_level(Home(home).holds) > 0]
    workers = [threading.Thread(target=_reassert, args=(home, clock, engine, done, failed)) for home in held]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return done, failed


def _reassert(home: Path, clock: Clock, engine: Engine, done: list[str], failed: list[str]) -> None:
    try:
        with durable.locked(Home(home).lock, 0, clock) as free:
            if free is None:
                failed.append(f"{home.name}: its lock cannot be opened; the hold is made true all the same")
            if free is not False:
                done += _one(layout.load_bot(home), clock, engine, failed)
    except (FreqopsError, OSError) as error:
        failed.append(f"{home.name}: {error}")


def _one(bot: layout.Bot, clock: Clock, engine: Engine, failed: list[str]) -> list[str]:
    level = holds.effective_level(bot.holds)  # again: a resume may have had the lock until now
    if level >= holds.HARD:
        return _hard(bot, clock, engine)
    return _entries(bot, clock, failed) if level >= holds.ENTRIES else []


def _hard(bot: layout.Bot, clock: Clock, engine: Engine) -> list[str]:
    found = alive(bot)
    if not found:
        return []
    result = hard_stop.HardStop(bot.container, lambda: alive(bot), engine, clock).run(STOP_SECONDS)
    if result.gone is None:
        raise NotProven(f"held at level 3 and found trading: {'; '.join(result.notes)}")
    return [f"{bot.name}: held at level 3 and found trading: stopped {found[0].pid} {found[0].command}"]


def _synchronised(bot: layout.Bot, clock: Clock, failed: list[str]) -> holds.Holds:
    """Return the holds, and have the next start follow from them where the disk takes that."""
    try:
        return holds_file.synchronise(bot.home, clock)
    except (Refused, OSError) as error:
        failed.append(f"{bot.name}: the state of its next start was not made sure: {error}")
        return holds.load(bot.holds)


def _entries(bot: layout.Bot, clock: Clock, failed: list[str]) -> list[str]:
    held = _synchronised(bot, clock, failed)
    if not alive(bot):
        return []
    done = []
    for hold in held.holds:
        stop = EntryStop(client(bot), bot.name, hold.lock_reason, clock)
        stop.step()
        if stop.result.acted:
            done.append(f"{bot.name}: held under {hold.incident} and found otherwise: paused and locked again")
    return done
