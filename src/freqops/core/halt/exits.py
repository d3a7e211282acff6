"""Level 2: market exits trade by trade, each by itself, so that one that fails stops no other.

The answer of Freqtrade to a forced exit says little: 200 where the sale was refused for lack of funds, 502 where an
entry was cancelled as asked. A trade is closed when ``GET /status`` does not list it any more, and not before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from ..base.clock import Clock
from ..bot.client import ApiError, Unreachable

SECOND_TRY = 1.0
LONGEST_PAUSE = 5.0
ASKED = "asked to exit, and still open"


class ExitApi(Protocol):
    """The part of a bot's API that level 2 needs; `freqops.core.bot.client.FreqtradeClient` is the real one."""

    def force_exit(self, trade_id: int) -> None:
        """Sell one trade at the market."""


@dataclass
class _Attempts:
    """The attempts to close one trade."""

    count: int = 0
    due: float = 0.0
    reason: str = ""


@dataclass
class Exits:
    """Forces the exits of one bot, round by round.

    Attributes:
        api: The bot.
        clock: The source of the time.
        closed: Trades that were asked to exit and are gone, in the order in which they went.
    """

    api: ExitApi
    clock: Clock
    closed: list[str] = field(default_factory=list)
    _attempts: dict[int, _Attempts] = field(default_factory=dict)
    _pairs: dict[int, str] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether any trade was asked to exit."""
        return bool(self._attempts)

    def round(self, trades: list[dict[str, Any]]) -> None:
        """Ask every open trade that is due to exit, those that never failed first.

        A bot that falls silent ends the round: whether it still answers is for the next reading to say.

        Args:
            trades: The open trades, as just read.
        """
        self.seen(trades)
        order = sorted(trades, key=lambda trade: (self._of(trade).count, trade["trade_id"]))
        for trade in order:
            if self.clock.monotonic() >= self._of(trade).due and not self._ask(trade):
                return

    def seen(self, trades: list[dict[str, Any]]) -> None:
        """Take in the open trades, and so those that were asked to exit and have gone."""
        present = {trade["trade_id"] for trade in trades}
        for identity in [identity for identity in self._attempts if identity not in present]:
            del self._attempts[identity]
            self.closed.append(f"{identity} {self._pairs[identity]}")

    def open(self, trades: list[dict[str, Any]]) -> list[str]:
        """Return a line for each open trade: which one, and why it is still there."""
        return [
            f"trade {trade['trade_id']} {trade['pair']} {trade.get('amount')}: "
            f"{self._of(trade).reason or 'not asked to exit yet'}"
            for trade in trades
        ]

    def _of(self, trade: dict[str, Any]) -> _Attempts:
        return self._attempts.get(trade["trade_id"], _Attempts())

    def _ask(self, trade: dict[str, Any]) -> bool:
        """Ask one trade to exit, and return whether the bot answered, whatever it said."""
        answered = True
        attempts = self._attempts.setdefault(trade["trade_id"], _Attempts())
        self._pairs[trade["trade_id"]] = trade["pair"]
        attempts.count += 1
        try:
            self.api.force_exit(trade["trade_id"])
        except ApiError as error:
            answered = not isinstance(error, Unreachable)
            attempts.reason = f"asked to exit {attempts.count} times, the last answer: {error}"
        else:
            attempts.reason = f"{ASKED} ({attempts.count} times, without an error)"
        pause = min(SECOND_TRY * 2 ** (attempts.count - 1), LONGEST_PAUSE)
        attempts.due = self.clock.monotonic() + pause
        return answered
