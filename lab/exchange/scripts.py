"""Scripted stretches: an operator's price path laid over the seeded one.

A script takes over at the second after it was set and holds its last price until it is replaced or cleared, so history
never changes, unless all scripts are forgotten.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

from lab.exchange.candles import Path, merge
from lab.exchange.markets import Market
from lab.exchange.prices import SIZES, Candle

Mode = Literal["linear", "step"]


class ScriptError(ValueError):
    """A script that cannot be followed."""


@dataclass(frozen=True, slots=True)
class Script:
    """Corners (second, price in ticks) that hold from `since` until `until` (exclusive; None = still)."""

    since: int
    until: int | None
    mode: Mode
    points: tuple[tuple[int, int], ...]

    def covers(self, second: int) -> bool:
        """Tell whether the script rules this second."""
        return self.since <= second and (self.until is None or second < self.until)

    def touches(self, start: int, end: int) -> bool:
        """Tell whether the script rules any second of [start, end)."""
        return self.since < end and (self.until is None or start < self.until)

    def price(self, second: int) -> int:
        """Return the scripted price at a second that the script covers."""
        after = bisect_right(self.points, second, key=lambda point: point[0])
        since, start = self.points[after - 1]
        if self.mode == "step" or after == len(self.points):
            return start
        until, end = self.points[after]
        return start + (end - start) * (second - since) // (until - since)


class ScriptedPath:
    """A path with scripts laid over it."""

    def __init__(self, below: Path, scripts: list[Script]) -> None:
        self._below = below
        self._scripts = scripts
        self._scripted_node = lru_cache(1 << 14)(self._merge_node)

    def price(self, second: int) -> int:
        """Return the price at a second since the epoch."""
        for script in self._scripts:
            if script.covers(second):
                return script.price(second)
        return self._below.price(second)

    def node(self, size: int, index: int) -> Candle:
        """Return the candle of `size` minutes that is number `index` since the epoch."""
        start = index * size * 60
        if self._scripts and self._touched(start, start + size * 60):
            return self._scripted_node(size, index)
        return self._below.node(size, index)

    def part(self, minute: int, first: int, last: int) -> Candle:
        """Return the candle of some seconds of a minute; a scripted one keeps the seeded volume."""
        seeded = self._below.part(minute, first, last)
        start = minute * 60
        if not self._touched(start + first, start + last + 1):
            return seeded
        prices = [self.price(start + second) for second in range(first, last + 1)]
        return Candle(prices[0], max(prices), min(prices), prices[-1], seeded.volume, seeded.trades)

    def _touched(self, start: int, end: int) -> bool:
        return any(script.touches(start, end) for script in self._scripts)

    def _merge_node(self, size: int, index: int) -> Candle:
        if size == 1:
            return self.part(index, 0, 59)
        child = SIZES[SIZES.index(size) + 1]
        count = size // child
        return merge([self.node(child, index * count + i) for i in range(count)])


def parse(market: Market, body: dict[str, Any], since: int, price_now: int) -> Script:
    """Read a script as it is sent to the control port; `since` is its first second."""
    mode = body.get("mode", "linear")
    if mode not in ("linear", "step"):
        raise ScriptError(f"mode must be linear or step, not {mode!r}")
    points = [(_second(when, since), _ticks(market, price)) for when, price in _pairs(body.get("points"))]
    if points[0][0] > since:
        points.insert(0, (since, price_now))
    if any(later[0] <= earlier[0] for earlier, later in pairwise(points)):
        raise ScriptError("the points must come in the order of their times")
    return Script(since, None, mode, tuple(points))


def _pairs(points: object) -> list[tuple[object, object]]:
    if not isinstance(points, list) or not points:
        raise ScriptError("points must be a list of [ISO time or offset in seconds, price], at least one")
    for point in points:
        if not isinstance(point, list) or len(point) != 2:
            raise ScriptError(f"not a [time, price] pair: {point!r}")
    return [(point[0], point[1]) for point in points]


def _second(when: object, since: int) -> int:
    if isinstance(when, int) and not isinstance(when, bool):
        second = since + when
    elif isinstance(when, str):
        second = _iso_second(when)
    else:
        raise ScriptError(f"not an ISO time or a whole number of seconds: {when!r}")
    if second < since:
        raise ScriptError(f"{when!r} lies in the past; history does not change")
    return second


def _iso_second(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ScriptError(f"not an ISO time: {text!r}") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _ticks(market: Market, price: object) -> int:
    if isinstance(price, bool) or not isinstance(price, int | float | str):
        raise ScriptError(f"not a price: {price!r}")
    try:
        ticks = market.ticks(Decimal(str(price)))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ScriptError(f"not a price: {price!r}") from error
    if not 0 < ticks <= market.ticks(market.max_price):
        raise ScriptError(f"{price!r} is no price for {market.symbol}")
    return ticks
