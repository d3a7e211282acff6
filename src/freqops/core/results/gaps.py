"""Gaps in candles, and how much of a profit was made across them.

A backtest sees no gap: the candle before and the one behind stand beside each other, and a price that went somewhere
meanwhile is a profit that nobody could have made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .backtest_archive import Trade


@dataclass(frozen=True)
class Gap:
    """Candles that are not there.

    Attributes:
        pair: Of which pair.
        timeframe: Of which timeframe.
        begins: When the first of them would open.
        ends: When the first one behind them opens.
    """

    pair: str
    timeframe: str
    begins: datetime
    ends: datetime


def across(trade: Trade, gaps: Iterable[Gap]) -> bool:
    """Return whether a trade was open across a gap of its pair, or was opened or closed in one."""
    return any(
        gap.pair == trade.pair and trade.opened < gap.ends and (trade.closed is None or trade.closed >= gap.begins)
        for gap in gaps
    )


def profit_across(trades: Iterable[Trade], gaps: Sequence[Gap]) -> float | None:
    """Return the share of the profit that trades across a gap made; None where there is no gap.

    The share is of the size of the profit of all trades: 1 where all of it was made across gaps, above 1 where the
    others lost, below 0 where those trades lost. Where all trades together made nothing, it is 1 or -1.

    Args:
        trades: The trades.
        gaps: The gaps in the candles of their pairs.
    """
    if not gaps:
        return None
    found = [(trade.profit_abs, across(trade, gaps)) for trade in trades]
    every, hanging = math.fsum(each for each, _ in found), math.fsum(each for each, over in found if over)
    if every == 0:
        return math.copysign(1.0, hanging) if hanging else 0.0
    return hanging / abs(every)
