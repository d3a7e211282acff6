"""The bots of a host following its breaker files: held while one of them is active, resumed when none is any more."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.client import ApiError
from freqops.core.bot.layout import Home
from freqops.core.breaker import guard_note
from freqops.core.breaker.following import PERSON, Due, Standing, due
from freqops.core.breaker.guard_note import BotNote
from freqops.core.halt import holds
from freqops.core.halt.answer import Row
from freqops.core.halt.kill_level import KillLevel

from ..bot import breaker_hold
from ..bot.engine import Engine
from ..bot.rounds import Said, attempted
from ..bot.start import Started
from ..halt import answer, resume
from ..halt.halt import halt
from ..halt.order import Order
from ..halt.reassert import reassert
from ..incident.journal import Journal
from ..incident.recorded import Command

OVER = "its breaker is over"
WAITS = f"{guard_note.PERSON}: {OVER}, and resume.yml ends its hold"


@dataclass
class Follower:
    """Has bots follow the breaker files, and makes their holds true again.

    Attributes:
        clock: The source of the time.
        engine: The container engine.
        notes: What is known of each bot that a breaker holds, or that has a failure, by its name.
    """

    clock: Clock
    engine: Engine
    notes: dict[str, BotNote] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._proven: dict[Path, str] = {}
        self._waiting: dict[Path, str] = {}
        self._lifted: set[Path] = set()
        self._looked: set[Path] = set()  # for a resume that an earlier guard did not bring to its end
        self._lock = threading.Lock()

    def act(self, home: Path) -> Said:
        """Do one round of one bot; a proof ends with anything that was found otherwise, or not seen."""
        began = self.clock.utcnow()
        said = attempted(home, self._follow)
        again = attempted(home, lambda path: reassert(path, self.clock, self.engine))
        if again.done or again.failed or again.unseen:
            self._proven.pop(home, None)
        said.take_in(again)
        self._note(home, said, began)
        return said

    def _follow(self, home: Path) -> Said:
        now = breaker_hold.standing(home, self.clock)
        try:
            held = holds.load(Home(home).holds)
        except holds.HoldsUnreadable:
            return Said()  # they count as level 3, and nothing of a breaker's is higher
        what = due(now, held, waits=_waits(home) if held.of(holds.BREAKER) else False)
        if what is Due.HOLD:
            self._waiting.pop(home, None)
            return self._hold(home, now, held)
        self._proven.pop(home, None)
        hold = held.of(holds.BREAKER)
        self._waiting[home] = hold.incident if what is Due.WAIT and hold is not None else ""
        if what is Due.LIFT and hold is not None:
            return self._lift(home, hold)
        return self._unfinished(home)

    def _hold(self, home: Path, now: Standing, held: holds.Holds) -> Said:
        """Hold the bot as a halt of level 1 does, and prove that; proven once, re-assertion keeps it so."""
        present = held.of(holds.BREAKER)
        if present is not None and self._proven.get(home) == present.incident:
            return Said()
        given = breaker_hold.mandate(now, self.clock)
        if present is not None:
            given = Mandate(present.incident, present.reason, present.actor)
        order = Order(KillLevel.ENTRIES, given, None, holds.BREAKER)
        [row] = halt([home], order, self.clock, self.engine)
        said = Said(failed=self._recorded(home, order, row))
        if not row.proven:
            said.failed += [f"{home.name}: {row.verdict}: {text}" for text in row.detail or ["nothing was proven"]]
            return said
        self._proven[home] = row.incident
        said.done.append(f"{home.name}: {row.verdict} by the operator breaker under {row.incident}: {given.reason}")
        return said

    def _recorded(self, home: Path, order: Order, row: Row) -> list[str]:
        """Write the hold down where anything was done for it, and return why it could not be written."""
        if not (row.raised or row.acted):
            return []
        said = answer.answer(order, [row], whole=False)
        error = answer.record(Home(home).root, order, [row], said, self.clock)
        return [] if error is None else [f"{home.name}: {error}"]

    def _lift(self, home: Path, hold: holds.Hold) -> Said:
        given = Mandate(hold.incident, OVER, breaker_hold.ACTOR)
        self._looked.discard(home)  # what does not reach the bot now is brought to its end by a later round
        self._lifted.add(home)
        bot, command = layout.load_bot(home), Command("resume", given, Home(home).root, self.clock)
        started = command.on(bot, lambda journal: self._resumed(bot, given, journal))
        return Said([f"{home.name}: {started.outcome}: {OVER} ({hold.incident})"])

    def _resumed(self, bot: layout.Bot, given: Mandate, journal: Journal) -> Started:
        """Resume the breaker's hold; its incident may have another one, which is for a person to resume."""
        return resume.resume(bot, given, journal, self.clock, self.engine, resume.Which(holder=holds.BREAKER))

    def _unfinished(self, home: Path) -> Said:
        """Bring a resume to its end that took the hold, and did not reach the bot.

        Whether an earlier guard left one like that behind is asked until the bot answers once.
        """
        if home in self._looked or not (home / "bot.json").exists():
            return Said()
        try:
            started = resume.finished(layout.load_bot(home), self.clock)
        except ApiError:
            if home in self._lifted:
                raise
            return Said()
        self._looked.add(home)
        return Said() if started is None else Said([f"{home.name}: {started.outcome}: {OVER}"])

    def _note(self, home: Path, said: Said, began: datetime) -> None:
        """Keep the state of a bot for the note of guard."""
        incident = _incident(home)
        with self._lock:
            if incident or said.failed:
                waits = self._waiting.get(home) == incident
                wrong = [*said.failed, *said.unseen]
                proven = bool(incident) and (waits or self._proven.get(home) == incident) and not wrong
                detail = [WAITS] if waits and incident else []
                self.notes[home.name] = BotNote(incident, proven, (*detail, *wrong), began)
            else:
                self.notes.pop(home.name, None)


def _incident(home: Path) -> str:
    """Return the incident under which a breaker holds a bot, empty where none does."""
    try:
        hold = holds.load(Home(home).holds).of(holds.BREAKER)
    except holds.HoldsUnreadable:
        return ""
    return hold.incident if hold is not None else ""


def _waits(home: Path) -> bool:
    """Return whether a person ends the hold of a bot; what cannot be read is not resumed by itself."""
    try:
        bot = layout.load_bot(home)
    except layout.BotUnreadable:
        return True
    return bot.is_live and bot.breaker_resume == PERSON
