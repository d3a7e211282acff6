"""What must never be on a host, and what its halts say held against what is so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from freqops.core.halt import holds
from freqops.core.halt.answer import Row
from freqops.hostctl.incident.journal import Journal
from tests.halt_model.container import Container
from tests.halt_model.stage import Crew, Stage

COMMANDS = ("resume", "start", "switch", "resume-switch", "reassert")
NEVER_BY = {"halt": ("POST /start", "compose up"), "reassert": ("compose up",)}


@dataclass(frozen=True)
class Promise:
    """That a bot which a command last heard at a moment enters no more."""

    container: Container
    crew: Crew
    heard: float
    entered: int


class Judge:
    """Sees everything that is asked of the bots of a host.

    Attributes:
        stage: Where its commands act.
        containers: Its bots, by name.
        wrong: What must never be, in words, and was.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.containers: dict[str, Container] = {}
        self.wrong: list[str] = []
        self._told: dict[tuple[Crew, str], str] = {}
        self._heard: dict[tuple[Crew, str], float] = {}
        self._touched: dict[tuple[Crew, str], float] = {}
        self._promises: list[Promise] = []

    def said_of(self, snapshots: Callable[..., None], diary: Journal, row: Row, *holds_then: Any) -> None:
        """Hold the row of a halt against what is so, at the moment in which it is complete."""
        if row.proven:
            crew, container = self.stage.crew, self.containers[row.bot]
            heard = self._heard.get((crew, row.bot), self.stage.clock.now)
            self._promises.append(Promise(container, crew, heard, len(container.bot.entered)))
            self.wrong += [
                f"{row.bot}: said {row.verdict} at level {row.level}, but {text}" for text in self._untrue(row)
            ]
        snapshots(diary, row, *holds_then)

    def _untrue(self, row: Row) -> Iterator[str]:
        """Give what is not as a proven row says; what somebody did since the bot was last asked is not meant."""
        container = self.containers[row.bot]
        level = holds.effective_level(container.home / "conf" / "holds.json")
        if level < (holds.HARD if row.level == holds.HARD else holds.ENTRIES):
            yield f"the level in force is {level}"
        if row.level == holds.HARD:
            if container.phase in ("decided", "freqtrade", "ends") or container.faults.second:
                yield f"it lives: {container.phase}"
        elif not self._touched_since(self._heard.get((self.stage.crew, row.bot), 0.0), row.bot, self.stage.crew):
            yield from self._undone(container, row)

    def _touched_since(self, moment: float, bot: str, by_others_than: Crew) -> bool:
        return any(
            when > moment for (crew, name), when in self._touched.items() if name == bot and crew is not by_others_than
        )

    def broken(self) -> list[str]:
        """Return what bots did after they were proven, with their hold in force and nobody touching them."""
        kept: list[Promise] = []
        found = []
        for promise in self._promises:
            bot, held = promise.container.home.name, holds.effective_level(promise.container.home / "conf/holds.json")
            if held == 0 or self._touched_since(promise.heard, bot, promise.crew):
                continue
            kept.append(promise)
            if len(promise.container.bot.entered) > promise.entered:
                found.append(f"{bot}: entered after it was proven")
        self._promises = kept
        return found

    def _undone(self, container: Container, row: Row) -> Iterator[str]:
        if container.trading:
            yield "it trades"
        if container.phase == "freqtrade" and container.bot.entry_orders:
            yield "an entry order rests"
        asked = row.state not in ("no process", "no answer")  # else it is proven by what its start finds
        if asked and container.phase == "freqtrade" and not self._locked(container, row.incident):
            yield "no pair lock stands"
        if row.verdict.startswith("FLAT") and container.bot.trades:
            yield f"{len(container.bot.trades)} trades are open"

    @staticmethod
    def _locked(container: Container, incident: str) -> bool:
        ours = [holds.lock_reason(holder, incident) for holder in (holds.HALT, holds.BREAKER)]
        return container.faults.locks == "stand" and any(reason in container.bot.locks.values() for reason in ours)

    def said(self, container: Container, state: str) -> None:
        """Take note of what a bot told a command."""
        key = (self.stage.crew, container.home.name)
        self._told[key], self._heard[key] = state, self.stage.clock.now

    def asked(self, container: Container, request: str) -> None:
        """Take note of a request to a bot, before it has an effect."""
        if container.faults.api == "another bot" and not request.startswith("GET"):
            self.wrong.append(f"{self.stage.crew.name} did {request} to somebody else's bot")
        told = self._told.get((self.stage.crew, container.home.name), "nothing")
        if request == "POST /stopentry" and told != "running":
            self.wrong.append(f"{self.stage.crew.name} paused a bot that had said {told}")
        self.ordered(container, request)

    def touched(self, container: Container, request: str) -> None:
        """Take note that a request had its effect."""
        if not request.startswith("GET"):
            self._touched[self.stage.crew, container.home.name] = self.stage.clock.now

    def ordered(self, container: Container, what: str) -> None:
        """Take note of what starts a bot: never a halt does it, and no other command for a bot that is held.

        Of several commands at once, one may hold what another has just asked the engine for: there the gate decides.
        """
        name = self.stage.crew.name
        level = holds.effective_level(container.home / "conf" / "holds.json")
        if what in NEVER_BY.get(name, ()):
            self.wrong.append(f"{name} did {what}")
        un_pauses = what == "POST /start" and level > 0 and name in COMMANDS
        starts = what == "compose up" and level >= holds.HARD and self.stage.dice is None
        if un_pauses or starts:
            self.wrong.append(f"{name} did {what} at level {level}")
