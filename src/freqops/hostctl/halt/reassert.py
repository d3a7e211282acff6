"""Re-assertion: every few seconds each hold is made true again, so that nothing undoes it for longer than that.

It acts on held bots alone, never raises or lowers a hold, and leaves a bot alone that another command has in hand.
A disk that takes no lock keeps it from nothing; it says so then, with every round.
"""

from __future__ import annotations

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
from ..bot.rounds import Said
from ..bot.start import STOP_SECONDS
from .level_1 import second_container
from .level_3 import Others

SPOILT = "deploy it again, or halt it at level 3, which needs no more of it than its name"


def reassert(home: Path, clock: Clock, engine: Engine) -> Said:
    """Make the holds of one bot true again, and return the acts that were needed and those that failed."""
    one = _Reassertion(home, clock, engine)
    try:
        one.run()
    except (FreqopsError, OSError) as error:
        one.said.failed.append(f"{home.name}: {error}")
    return one.said


class _Reassertion:
    """The holds of one bot made true again."""

    def __init__(self, home: Path, clock: Clock, engine: Engine) -> None:
        self.home, self._clock, self._engine = home, clock, engine
        self.said = Said()

    def run(self) -> None:
        """Make them true, unless nothing holds the bot, or another command has it in hand."""
        if holds.effective_level(Home(self.home).holds) == 0:
            return
        with durable.locked(Home(self.home).lock, 0, self._clock) as free:
            if free is None:
                self.said.failed.append(
                    f"{self.home.name}: its lock cannot be opened; the hold is made true all the same"
                )
            if free is not False:
                self._one(holds.effective_level(Home(self.home).holds))  # again: a resume may have had the lock

    def _one(self, level: int) -> None:
        try:
            bot = layout.load_bot(self.home)
        except layout.BotUnreadable as error:
            if level < holds.HARD:
                raise NotProven(f"its hold of level {level} is not made true: {error}; {SPOILT}") from None
            self.said.failed.append(f"{self.home.name}: {error}; its hold of level 3 is made true all the same")
            bot = Home(self.home).unread()
        if level >= holds.HARD:
            self._hard(bot)
        elif level >= holds.ENTRIES:
            self._entries(bot)

    def _hard(self, bot: layout.Bot) -> None:
        """End what lives, and have the engine bring no container of it back, the declared one or another."""
        found = alive(bot)
        if not found:
            return
        result = hard_stop.HardStop(bot.container, lambda: alive(bot), self._engine, self._clock).run(STOP_SECONDS)
        others = Others(bot, self._engine)
        others.stop()
        if result.gone is None or others.left:
            self.said.failed += others.notes
            raise NotProven(f"held at level 3 and found trading: {'; '.join([*result.notes, *others.left])}")
        stopped = f"stopped {found[0].pid} {found[0].command}"
        self.said.done += ["; ".join([f"{bot.name}: held at level 3 and found trading: {stopped}", *others.notes])]

    def _entries(self, bot: layout.Bot) -> None:
        held = self._synchronised(bot)
        running = alive(bot)
        if not running:
            return
        for hold in held.holds:
            stop = EntryStop(client(bot), bot.name, hold.lock_reason, self._clock)
            stop.step()
            if not stop.as_held:
                self.said.unseen += [f"{bot.name}: held under {hold.incident}: {each}" for each in stop.result.missing]
            if stop.result.acted:
                self.said.done.append(
                    f"{bot.name}: held under {hold.incident} and found otherwise: paused and locked again"
                )
        twice = second_container(running)
        if twice:
            raise NotProven(f"{'; '.join(twice)}; halt it at level 3, which ends both")

    def _synchronised(self, bot: layout.Bot) -> holds.Holds:
        """Return the holds, and have the next start follow from them where the disk takes that."""
        try:
            return holds_file.synchronise(bot.home, self._clock)
        except (Refused, OSError) as error:
            self.said.failed.append(f"{bot.name}: the state of its next start was not made sure: {error}")
            return holds.load(bot.holds)
