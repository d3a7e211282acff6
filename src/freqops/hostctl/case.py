"""One halt of one bot: what was commanded, what is at hand to carry it out, and the row that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

from freqops.core import holds, layout
from freqops.core.client import FreqtradeClient
from freqops.core.clock import Clock
from freqops.core.entry_stop import DEADLINE, EntryStopResult
from freqops.core.positions import position
from freqops.core.processes import Process

from . import reach
from .engine import Engine
from .journal import Journal
from .output import round_seconds

FLATTEN = 2
FLATTEN_DEADLINE = 120.0


@dataclass(frozen=True)
class Order:
    """What was commanded: level, why, by whom, under which incident, and how long the proof may take."""

    level: int
    reason: str
    actor: str
    incident: str
    deadline: float | None = None

    def as_hold(self, now: str) -> holds.Hold:
        """Return the hold that this command sets; what flattens also stops entries, and that is what stays."""
        level = holds.ENTRIES if self.level == FLATTEN else self.level
        return holds.Hold("halt", level, self.reason, self.actor, self.incident, 0, now)

    @property
    def seconds(self) -> float:
        """Seconds that the proof may take at least: as given, else what the level needs."""
        return self.deadline or (FLATTEN_DEADLINE if self.level == FLATTEN else DEADLINE)


@dataclass
class Row:
    """What the halt achieved on one bot: one row of the table, and of the answer.

    Attributes:
        bot: Its name.
        level: The level acted on, which may be higher than what was asked.
        incident: The incident of the hold in force.
        mode: paper or live.
        latched: Whether the hold is on the disk.
        raised: Whether this command raised it.
        acknowledged_s: Seconds until the bot was paused and locked, or dead.
        proven_s: Seconds until the proof was complete.
        found: Trader state before, where the API answered.
        state: Trader state after, or "no process".
        verdict: The result in words.
        detail: What is missing, or worth knowing.
        positions: Open positions, None where they are not known.
        positions_found: Open positions when the bot was first asked, likewise.
        closed: Trades that were asked to exit and are gone.
        exchange: What the exchange witness found, None where it was not asked or did not answer.
        acted: Whether anything was changed.
    """

    bot: str
    level: int
    incident: str
    mode: str = "unknown"
    latched: bool = False
    raised: bool = False
    acknowledged_s: float | None = None
    proven_s: float | None = None
    found: str | None = None
    state: str = "unknown"
    verdict: str = "NOT HALTED"
    detail: list[str] = field(default_factory=list)
    positions: list[dict[str, Any]] | None = None
    positions_found: list[dict[str, Any]] | None = None
    closed: list[str] = field(default_factory=list)
    exchange: dict[str, Any] | None = None
    acted: bool = False

    @property
    def proven(self) -> bool:
        """Whether the effect was read back and will last."""
        return self.proven_s is not None and self.latched

    def to_json(self) -> dict[str, Any]:
        """Return the row as it stands in the answer."""
        row = {**vars(self), "acknowledged": self.acknowledged_s is not None, "proven": self.proven}
        return {**row, "acknowledged_s": round_seconds(self.acknowledged_s), "proven_s": round_seconds(self.proven_s)}


@dataclass
class Case:
    """Everything that the levels need to halt one bot."""

    bot: layout.Bot
    row: Row
    order: Order
    clock: Clock
    engine: Engine
    journal: Journal
    began: float

    @property
    def elapsed(self) -> float:
        """Seconds since the command began."""
        return self.clock.monotonic() - self.began

    @property
    def lock_reason(self) -> str:
        """The text by which the pair lock of this halt is known inside the bot."""
        return holds.lock_reason("halt", self.row.incident)

    def alive(self) -> list[Process]:
        """Return the processes of the bot that could trade."""
        return reach.alive(self.bot)

    def any_left(self, processes: list[Process]) -> bool:
        """Whether one of ``processes`` is still alive; what began after them, began under the hold that was latched."""
        left = {process.pid for process in self.alive()}
        return any(process.pid in left for process in processes)

    def client(self) -> FreqtradeClient:
        """Return a client whose every call stands in the journal."""
        api = reach.client(self.bot)
        api.observer = self.journal.call
        return api

    def note_entries(self, result: EntryStopResult) -> None:
        """Take what level 1 found and did into the row."""
        row = self.row
        row.found, row.state = result.found, result.state or "no answer"
        row.acted = row.acted or result.acted
        self.note_trades(result.trades)
        if result.found_trades is not None:
            row.positions_found = [position(trade) for trade in result.found_trades]
        row.detail += [f"entry order cancelled: trade {trade}" for trade in sorted(result.cancelled)]

    def note_trades(self, trades: list[dict[str, Any]] | None) -> None:
        """Take the open trades into the row, where they could be read."""
        if trades is not None:
            self.row.positions = [position(trade) for trade in trades]

    def halted(self, proven: str, *, otherwise: str = "HALTED, NOT LATCHED") -> str:
        """Return the verdict of an effect that was read back: it lasts only where the hold is on the disk."""
        return proven if self.row.latched else otherwise


Step = Callable[[Case], None]
