"""Whether an entry stays within the limits of its bot, by what Freqtrade itself has open.

The limits are read from the disk each time, and the open trades from the bot's own records. Whatever cannot be read
refuses the entry: it is not known that it would stay within the limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.bot import limits
from freqops.core.bot.limits import Limits

NEW, MORE, REPLACED = "new", "more", "replaced"
FILE = f"conf/{limits.FILE}"


@dataclass(frozen=True)
class Entry:
    """An entry that a strategy is asked about.

    Attributes:
        what: `NEW`, a new trade; `MORE` of one that is open; `REPLACED`, another price for an order that rests.
        market: Its pair.
        stake: What it would add to the stake in that pair; not a number where that is not known.
        trade: The number of the trade to which it belongs, None for a new one.
    """

    what: str
    market: str
    stake: float = 0.0
    trade: Any = None


@dataclass(frozen=True)
class Objection:
    """A reason why an entry may not be.

    Attributes:
        about: What it is about: objections about the same follow on each other in the log.
        reason: The reason without the figures of the moment; while it stays, nothing more is logged.
        text: The reason with them.
    """

    about: str
    reason: str
    text: str


def objections(home: Path, wallets: Any, entry: Entry) -> list[Objection]:
    """Return why an entry may not be; empty where it stays within the limits. It never raises.

    Args:
        home: What the container has at ``/freqops``.
        wallets: The wallets that Freqtrade gives its strategy.
        entry: The entry.
    """
    try:
        declared = limits.load(home / FILE)
    except Exception as error:  # noqa: BLE001  whatever it is: it is not known that the entry is allowed
        return [_unread("its limits cannot be read", error)]
    if not declared.declared:
        return []
    try:
        return _beyond(declared, _open_trades(), wallets, entry)
    except Exception as error:  # noqa: BLE001  as above
        return [_unread("what it has open cannot be read, and it has limits", error)]


def topics(entry: Entry) -> tuple[str, str, str]:
    """Return what objections to an entry may be about."""
    return "limits", f"trades, {entry.what}", f"{entry.market}, {entry.what}"


def number(value: Any) -> float:
    """Return a value as a number, and as not a number where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _unread(what: str, error: Exception) -> Objection:
    text = f"{what} ({error or type(error).__name__})"
    return Objection("limits", text, text)


def _beyond(declared: Limits, trades: list[Any], wallets: Any, entry: Entry) -> list[Objection]:
    _, of_trades, of_market = topics(entry)
    found = []
    if declared.max_concurrent_trades is not None:
        others = sum(trade.id != entry.trade for trade in trades)
        text = limits.concurrent_exceeded(others, declared.max_concurrent_trades)
        found.append(Objection(of_trades, f"{limits.CONCURRENT} {declared.max_concurrent_trades}", text))
    if declared.max_market_exposure is not None:
        inside = sum(_stake(trade) for trade in trades if trade.pair == entry.market)
        share = _share(inside + _not_negative(entry.stake), wallets)
        text = limits.exposure_exceeded(entry.market, share, declared.max_market_exposure)
        found.append(Objection(of_market, f"{limits.EXPOSURE} {declared.max_market_exposure}", text))
    return [each for each in found if each.text]


def _share(stake: float, wallets: Any) -> float:
    """Return the share of the wallet's total stake; not a number where there is no such total."""
    total = number(wallets.get_total_stake_amount())
    return stake / total if math.isfinite(total) and total > 0 else math.nan


def _stake(trade: Any) -> float:
    """Return the stake in an open trade, with the entry orders of it that rest.

    Freqtrade counts an order into the stake of its trade when the order is over; before the first one is, that stake
    is what was asked for, which is what rests.
    """
    resting = sum(_not_negative(order.stake_amount) for order in trade.open_orders if _is_entry(order, trade))
    filled = _not_negative(trade.stake_amount) if trade.amount else 0.0
    return filled + resting or _not_negative(trade.stake_amount)


def _is_entry(order: Any, trade: Any) -> bool:
    return bool(order.ft_order_side == trade.entry_side)


def _not_negative(stake: Any) -> float:
    """Return a stake; below zero there is none, and what would be taken off the others is not a number."""
    value = number(stake)
    return value if value >= 0 else math.nan


def _open_trades() -> list[Any]:
    from freqtrade.persistence import Trade  # noqa: PLC0415  only where a bot trades is there a Freqtrade

    return list(Trade.get_open_trades())
