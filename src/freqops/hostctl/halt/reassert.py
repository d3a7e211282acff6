"""``freqops-host reassert``: what a timer runs every few seconds, so that nothing undoes a hold for longer than that.

It acts on held bots alone, never raises or lowers a hold, and leaves a bot alone that another command has in hand.
A disk that takes no lock keeps it from nothing; it says so then, with every round. Each bot has a thread of its own:
one whose disk or engine hangs is named, and the others have their rounds meanwhile.
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
from .level_1 import second_container
from .level_3 import Others

ROUND_SECONDS = 5.0
SPOILT = "deploy it again, or halt it at level 3, which needs no more of it than its name"


def reassert(homes: list[Path], clock: Clock, engine: Engine) -> tuple[list[str], list[str]]:
    """Make every hold true again, on all bots at once, and return what had to be done, and what could not be."""
    return Rounds(homes, clock, engine).once()


class Rounds:
    """Rounds over the bots of a host: a bot that is still busy with an earlier one keeps no other from the next."""

    def __init__(self, homes: list[Path], clock: Clock, engine: Engine) -> None:
        self._homes, self._clock, self._engine = homes, clock, engine
        self._busy: dict[Path, _Worker] = {}

    @property
    def busy(self) -> bool:
        """Whether a bot is not done yet."""
        return bool(self._busy)

    def once(self) -> tuple[list[str], list[str]]:
        """Do one round of at most `ROUND_SECONDS`, and return what was done meanwhile, and what could not be."""
        for home in self._homes:
            if home not in self._busy:
                self._busy[home] = _Worker(home, self._clock, self._engine)
                self._busy[home].start()
        give_up = self._clock.monotonic() + ROUND_SECONDS
        for worker in self._busy.values():
            worker.join(max(0.0, give_up - self._clock.monotonic()))
        ended = [worker for worker in self._busy.values() if not worker.is_alive()]
        for worker in ended:
            del self._busy[worker.home]
        late = [
            f"{home.name}: its hold is not made true after {ROUND_SECONDS:.0f} s: its disk, its API or the engine does "
            "not answer; it goes on, and the other bots have their rounds"
            for home in self._busy
        ]
        return [line for each in ended for line in each.done], [line for each in ended for line in each.failed] + late


class _Worker(threading.Thread):
    """Makes the hold of one bot true again."""

    def __init__(self, home: Path, clock: Clock, engine: Engine) -> None:
        super().__init__(name=f"reassert {home.name}", daemon=True)
        self.home, self._clock, self._engine = home, clock, engine
        self.done: list[str] = []
        self.failed: list[str] = []

    def run(self) -> None:
        try:
            self._reassert()
        except (FreqopsError, OSError) as error:
            self.failed.append(f"{self.home.name}: {error}")
        except Exception as error:  # noqa: BLE001  what nobody thought of is said, and ends nothing
            self.failed.append(f"{self.home.name}: unexpected {type(error).__name__}: {error}")

    def _reassert(self) -> None:
        if holds.effective_level(Home(self.home).holds) == 0:
            return
        with durable.locked(Home(self.home).lock, 0, self._clock) as free:
            if free is None:
                self.failed.append(f"{self.home.name}: its lock cannot be opened; the hold is made true all the same")
            if free is not False:
                self._one(holds.effective_level(Home(self.home).holds))  # again: a resume may have had the lock

    def _one(self, level: int) -> None:
        try:
            bot = layout.load_bot(self.home)
        except layout.BotUnreadable as error:
            if level < holds.HARD:
                raise NotProven(f"its hold of level {level} is not made true: {error}; {SPOILT}") from None
            self.failed.append(f"{self.home.name}: {error}; its hold of level 3 is made true all the same")
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
            self.failed += others.notes
            raise NotProven(f"held at level 3 and found trading: {'; '.join([*result.notes, *others.left])}")
        stopped = f"stopped {found[0].pid} {found[0].command}"
        self.done += ["; ".join([f"{bot.name}: held at level 3 and found trading: {stopped}", *others.notes])]

    def _entries(self, bot: layout.Bot) -> None:
        held = self._synchronised(bot)
        running = alive(bot)
        if not running:
            return
        for hold in held.holds:
            stop = EntryStop(client(bot), bot.name, hold.lock_reason, self._clock)
            stop.step()
            if stop.result.acted:
                self.done.append(f"{bot.name}: held under {hold.incident} and found otherwise: paused and locked again")
        twice = second_container(running)
        if twice:
            raise NotProven(f"{'; '.join(twice)}; halt it at level 3, which ends both")

    def _synchronised(self, bot: layout.Bot) -> holds.Holds:
        """Return the holds, and have the next start follow from them where the disk takes that."""
        try:
            return holds_file.synchronise(bot.home, self._clock)
        except (Refused, OSError) as error:
            self.failed.append(f"{bot.name}: the state of its next start was not made sure: {error}")
            return holds.load(bot.holds)
