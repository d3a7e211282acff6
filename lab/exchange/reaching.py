"""When the path comes to an order: to the price of one that rests, or to the stop of one that waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.exchange.book import Side, reach
from lab.exchange.candles import Path, window
from lab.exchange.markets import MARKETS, Market

if TYPE_CHECKING:
    from lab.exchange.orders import Order
    from lab.exchange.prices import Candle

Condition = Callable[["Candle"], bool]


def is_reached(market: Market, side: Side, limit: int, candle: Candle) -> bool:
    """Tell whether the book came to a resting order while the candle was made."""
    if side == "BUY":
        return reach(market, side, candle.low) <= limit
    return reach(market, side, candle.high) >= limit


def is_triggered(side: Side, stop: int, candle: Candle) -> bool:
    """Tell whether the last price came to a stop while the candle was made."""
    return candle.high >= stop if side == "BUY" else candle.low <= stop


def condition_of(order: Order) -> Condition:
    """Return what tells whether something happens to an open order while a candle is made."""
    market, side = MARKETS[order.symbol], order.side
    if not order.is_working:
        stop = market.ticks(order.stop_price)
        return lambda candle: is_triggered(side, stop, candle)
    if not order.due:
        return lambda _candle: False
    limit = market.ticks(order.price)
    return lambda candle: is_reached(market, side, limit, candle)


def first_second(path: Path, condition: Condition, seconds: range) -> int:
    """Return the first second that meets a condition, given that there is one, by halving the stretch."""
    while len(seconds) > 1:
        middle = (seconds.start + seconds.stop) // 2
        middle -= middle % 60 if len(seconds) > 180 else 0
        is_earlier = condition(window(path, seconds.start, middle))
        seconds = range(seconds.start, middle) if is_earlier else range(middle, seconds.stop)
    return seconds.start
