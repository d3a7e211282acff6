"""An account at an exchange and what a bot wrote down of it, in memory, and a conversation with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.bot import layout
from freqops.hostctl.bot.engine import Engine
from freqops.hostctl.exchange import witness
from freqops.hostctl.incident.journal import Journal

SINCE = 1_767_323_045_000
MARKET = {
    "base": "BTC", "quote": "USDT", "min_amount": "0.0001", "min_cost": "5", "step": "0.0001", "price": "100",
}  # fmt: skip
ACTS = ("sell", "cancel")


def resting(number: str, side: str = "buy", pair: str = "BTC/USDT", **changed: Any) -> dict[str, Any]:
    """An open order as the witness shows it."""
    return {
        "id": number, "client_id": f"x-{number}", "pair": pair, "side": side, "type": "limit", "status": "open",
        "amount": "1", "filled": "0", "cost": "0", "price": "100", "stop_price": None, **changed,
    }  # fmt: skip


def filled(order: str, side: str, amount: str, pair: str = "BTC/USDT") -> dict[str, Any]:
    """A fill as the witness shows it."""
    return {
        "id": f"{order}-{side}-{amount}", "order": order, "pair": pair, "side": side, "amount": amount, "price": "100",
        "at_ms": SINCE,
    }  # fmt: skip


def recorded(number: str, trade: int = 1, side: str = "buy", pair: str = "BTC/USDT") -> dict[str, Any]:
    """An order as it stands in a bot's records."""
    return {"id": number, "trade": trade, "side": side, "is_open": False, "pair": pair}


def opened(number: int = 1, amount: str = "1", pair: str = "BTC/USDT", *, is_open: bool = True) -> dict[str, Any]:
    """A trade as it stands in a bot's records."""
    return {
        "id": number, "pair": pair, "base": pair.partition("/")[0], "amount": amount, "is_open": is_open,
        "is_short": False, "opened_ms": SINCE,
    }  # fmt: skip


@dataclass
class Account:
    """An account, the bot's records of it, and what goes wrong.

    Attributes:
        coins: What is there, by coin.
        open_orders: What rests.
        fills: What was bought and sold.
        markets: By pair.
        trades: The bot's records.
        orders: The bot's records.
        kept: Whether the bot has any records.
        asked: Every question and act, in their order.
        faults: What to raise instead of an answer, by the name of the question; None answers.
        mute: What is never answered.
        before: Is told of everything that is asked, before it is answered.
        placed: Orders by the name under which they were sent.
        keys: The keys that it accepts; None accepts any.
        rights: What the exchange says of the key.
        number: What it says of the account.
        ahead_ms: By how much its clock is ahead of the host's.
    """

    coins: dict[str, Decimal] = field(default_factory=lambda: {"USDT": Decimal(1000)})
    open_orders: list[dict[str, Any]] = field(default_factory=list)
    fills: list[dict[str, Any]] = field(default_factory=list)
    markets: dict[str, dict[str, Any]] = field(default_factory=lambda: {"BTC/USDT": dict(MARKET)})
    trades: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    kept: bool = True
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: dict[str, list[Exception | None]] = field(default_factory=dict)
    mute: set[str] = field(default_factory=set)
    before: Callable[[str], None] | None = None
    placed: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: set[str] | None = None
    rights: dict[str, Any] = field(default_factory=lambda: {"told": False})
    number: dict[str, Any] = field(default_factory=lambda: {"told": False})
    ahead_ms: float = 0.0

    def buy(self, number: str, amount: str, trade: int = 1, coin: str = "BTC") -> None:
        """Let the bot have bought: in its records, in the fills and on the account."""
        pair = f"{coin}/USDT"
        self.orders.append(recorded(number, trade, pair=pair))
        self.fills.append(filled(number, "buy", amount, pair))
        self.coins[coin] = self.coins.get(coin, Decimal(0)) + Decimal(amount)
        self.trades.append(opened(trade, amount, pair))

    def count(self, what: str) -> int:
        """Return how often ``what`` was asked."""
        return [name for name, _ in self.asked].count(what)

    @property
    def looks(self) -> int:
        """How often the whole account was looked at."""
        return self.count("balances")

    def answer(self, what: str, with_: dict[str, Any]) -> Any:
        """Return what the witness would."""
        self.asked.append((what, with_))
        if self.before is not None:
            self.before(what)
        if what in self.mute:
            raise witness.Unanswered(f"{what}: the exchange is silent")
        faults = self.faults.get(what, [])
        fault = faults.pop(0) if faults else None
        if isinstance(fault, Lost):  # done, and never confirmed
            self._answers()[what](**with_)
        if fault is not None:
            raise fault
        return self._answers()[what](**with_)

    def _answers(self) -> dict[str, Callable[..., Any]]:
        return {
            "records": self._records,
            "balances": self._balances,
            "open_orders": lambda **_: list(self.open_orders),
            "fills": lambda pair, **_: [fill for fill in self.fills if fill["pair"] == pair],
            "markets": lambda pairs, **_: {pair: self.markets[pair] for pair in pairs if pair in self.markets},
            "order": lambda client_id, **_: self.placed.get(client_id),
            "rights": lambda **_: self.rights,
            "account": lambda **_: self.number,
            "time": lambda **_: {
                "asked_ms": SINCE,
                "exchange_ms": SINCE + 20 + self.ahead_ms,
                "answered_ms": SINCE + 40,
            },
            "cancel": self._cancel,
            "sell": self._sell,
        }

    def _time(self) -> dict[str, float]:
        return {"asked_ms": SINCE, "exchange_ms": SINCE + 20 + self.ahead_ms, "answered_ms": SINCE + 40}

    def _records(self, since: int) -> dict[str, Any]:
        if not self.kept:
            return {"trades": [], "orders": [], "pairs": [], "since": since, "kept": False}
        pairs = sorted({each["pair"] for each in self.trades})
        return {"trades": self.trades, "orders": self.orders, "pairs": pairs, "since": since, "kept": True}

    def _balances(self) -> dict[str, dict[str, str]]:
        return {coin: {"free": str(amount), "used": "0"} for coin, amount in self.coins.items() if amount}

    def _cancel(self, order_id: str, **_: Any) -> dict[str, Any]:
        self.open_orders = [each for each in self.open_orders if each["id"] != order_id]
        return {"cancelled": order_id}

    def _sell(self, pair: str, amount: str, client_id: str) -> dict[str, Any]:
        number = f"s{len(self.placed)}"
        coin = pair.partition("/")[0]
        self.coins[coin] -= Decimal(amount)
        self.fills.append(filled(number, "sell", amount, pair))
        answer = resting(number, "sell", pair, client_id=client_id, status="closed", filled=amount, amount=amount)
        self.placed[client_id] = answer
        return answer


class Lost(witness.Unanswered):
    """The exchange did it, and its answer was lost."""


class Talk(witness.Witness):
    """A conversation whose other side is an `Account`; everything but the pipe is the real one's."""

    def __init__(
        self, bot: layout.Bot, journal: Journal, clock: Clock, account: Account, conf: Path | None = None
    ) -> None:
        super().__init__(bot, journal, clock, lambda: SimpleNamespace(stdout=None))  # type: ignore[arg-type, return-value]
        self._account, self._key = account, ""
        if account.keys is not None:
            self._key = json.loads(((conf or bot.conf) / "secrets.json").read_text())["exchange"]["key"]

    def ready(self) -> float:
        """Be there at once."""
        return self._clock.monotonic()

    def once(self, what: str, deadline: float, **with_: Any) -> Any:
        """Ask the account, over JSON as the real one does."""
        if self._clock.monotonic() > deadline:
            raise witness.Unanswered(f"{what}: asked after its deadline")
        if self._account.keys is not None and self._key not in self._account.keys:
            raise witness.KeyRefused(f"{what}: AuthenticationError")
        return json.loads(json.dumps(self._account.answer(what, json.loads(json.dumps(with_)))))


def conversations(account: Account) -> Any:
    """Return what stands in for `witness.conversation`."""

    @contextmanager
    def conversation(
        bot: layout.Bot, journal: Journal, clock: Clock, engine: Engine, conf: Path | None = None
    ) -> Iterator[Talk]:
        yield Talk(bot, journal, clock, account, conf)

    return conversation
