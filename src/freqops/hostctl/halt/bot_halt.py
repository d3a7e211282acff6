"""One halt of one bot, and its means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.bot import layout
from freqops.core.bot.client import FreqtradeClient
from freqops.core.bot.processes import Process
from freqops.core.exchange.positions import position
from freqops.core.halt import holds, time_limits
from freqops.core.halt.answer import Row
from freqops.core.halt.entry_stop import EntryStopResult

from ..bot import processes_and_api
from ..bot.engine import Engine
from ..incident.journal import Journal
from .order import Order


@dataclass
class BotHalt:
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
    def seconds(self) -> float:
        """Seconds that the proof may take at least."""
        return time_limits.of_a_proof(self.order.level, self.order.deadline)

    @property
    def lock_reason(self) -> str:
        """The text by which the pair lock of this halt is known inside the bot."""
        return holds.lock_reason(self.order.holder, self.row.incident)

    def alive(self) -> list[Process]:
        """Return the processes of the bot that could trade."""
        return processes_and_api.alive(self.bot)

    def living(self) -> list[Process]:
        """Return every process of the bot, under any name."""
        return processes_and_api.living(self.bot)

    def any_left(self, processes: list[Process]) -> bool:
        """Whether one of ``processes`` is still alive; what began after them, began under the hold that was latched."""
        left = {process.pid for process in self.alive()}
        return any(process.pid in left for process in processes)

    def client(self) -> FreqtradeClient:
        """Return a client whose every call stands in the journal."""
        api = processes_and_api.client(self.bot)
        api.observer = self.journal.call
        return api

    def note_entries(self, result: EntryStopResult) -> None:
        """Take the findings and the acts of level 1 into the row."""
        row = self.row
        row.found, row.state = result.found, result.state or "no answer"
        row.acted = row.acted or result.acted
        self.note_trades(result.trades)
        if result.found_trades is not None:
            row.positions_found = [self._position(trade) for trade in result.found_trades]
        row.detail += [f"entry order cancelled: trade {trade}" for trade in sorted(result.cancelled)]

    def note_trades(self, trades: list[dict[str, Any]] | None) -> None:
        """Take the open trades into the row, where they could be read."""
        if trades is not None:
            self.row.positions = [self._position(trade) for trade in trades]

    def _position(self, trade: dict[str, Any]) -> dict[str, Any]:
        return position(trade, paper=self.bot.mode == "paper")

    def halted(self, proven: str, *, otherwise: str = "HALTED, NOT SAVED") -> str:
        """Return the verdict of an effect that was read back: it lasts only where the hold is on the disk."""
        return proven if self.row.latched else otherwise
