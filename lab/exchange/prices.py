"""The seeded price path: a function of seed, symbol and second.

Time is cut into blocks of two hours. The price at a block's edge is the base price times one plus a bounded drift
(value noise in four octaves, one day to two months) plus a tide. Inside a block the path is drawn top-down: a block's
open, high, low and close are fixed first, then divided among its two hours, those among their halves, quarters and
minutes, each child keeping to its parent's bounds. So every larger candle is, exactly, what its minutes add up to, and
none has to be computed from minutes. It is whole numbers throughout: the same seed, the same path on every machine.

The tide is why a trend-follower always finds something to do. It rises for four hours and falls for four, and the pairs
take turns in four phases. Its step per block exceeds everything that the drift and the noise can take away (`DRIFT`,
`JITTER`, `REACH` and `WICK` bound them), so at any moment at least two of the eight pairs stand higher than an hour
ago.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from lab.exchange.markets import MARKETS, Market
from lab.exchange.noise import DRAW_RANGE, centred, draws, shares

LISTED_S = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
SIZES = (120, 60, 30, 15, 1)
PPM = 1_000_000
TIDE = 16_000
TIDE_SHAPE = (-TIDE, 0, TIDE, 0)
JITTER = 500
DRIFT = ((12, 10_000), (48, 30_000), (192, 80_000), (768, 200_000))
REACH = {60: 500, 30: 400, 15: 300, 1: 400}
WICK = {120: 600, 60: 300, 30: 250, 15: 200, 1: 150}
_CACHED_NODES = 1 << 11


class Candle(NamedTuple):
    """Prices in ticks, volume in steps."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


class SeededPath:
    """The path of one pair."""

    def __init__(self, seed: int, market: Market) -> None:
        self._key = (seed, market.symbol)
        self._base = market.base_ticks
        self._phase = list(MARKETS).index(market.symbol)
        self._block_volume = int(market.daily_turnover * SIZES[0] // 1440 / market.base_price / market.step)
        self._lattice = lru_cache(1 << 12)(self._draw_lattice)
        self._edge = lru_cache(1 << 12)(self._draw_edge)
        self._block = lru_cache(1 << 12)(self._draw_block)
        self._children = lru_cache(_CACHED_NODES)(self._draw_children)

    def price(self, second: int) -> int:
        """Return the price at a second since the epoch."""
        minute, within = divmod(second, 60)
        return self._at(self._knots(minute), within)

    def node(self, size: int, index: int) -> Candle:
        """Return the candle of `size` minutes (one of `SIZES`) that is number `index` since the epoch."""
        if size == SIZES[0]:
            return self._block(index)
        parent_size = SIZES[SIZES.index(size) - 1]
        parent, position = divmod(index, parent_size // size)
        return self._children(size, parent)[position]

    def part(self, minute: int, first: int, last: int) -> Candle:
        """Return the candle of the seconds `first` to `last` (inclusive) of a minute."""
        whole = self.node(1, minute)
        knots = self._knots(minute)
        prices = [self._at(knots, second) for second in _turns(knots, first, last)]
        return Candle(
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
            whole.volume * (last + 1) // 60 - whole.volume * first // 60,
            whole.trades * (last + 1) // 60 - whole.trades * first // 60,
        )

    def _draw_lattice(self, period: int, index: int) -> int:
        return draws(1, *self._key, "drift", period, index)[0]

    def _draw_edge(self, block: int) -> int:
        """Return the price at the start of a block."""
        parts = PPM + TIDE_SHAPE[(block + self._phase) % len(TIDE_SHAPE)]
        parts += centred(draws(1, *self._key, "jitter", block)[0], JITTER)
        for period, reach in DRIFT:
            index, within = divmod(block, period)
            mixed = self._lattice(period, index) * (period - within) + self._lattice(period, index + 1) * within
            parts += centred(mixed // period, reach)
        return self._base * parts // PPM

    def _draw_block(self, block: int) -> Candle:
        start, end = self._edge(block), self._edge(block + 1)
        up, down, volume, trades = draws(4, *self._key, "block", block)
        reach = self._base * WICK[SIZES[0]] // PPM
        return Candle(
            start,
            max(start, end) + up * reach // DRAW_RANGE,
            min(start, end) - down * reach // DRAW_RANGE,
            end,
            self._block_volume * (DRAW_RANGE // 2 + volume) // DRAW_RANGE,
            20_000 + trades,
        )

    def _draw_children(self, size: int, parent_index: int) -> list[Candle]:
        """Divide a candle into candles of `size` minutes that add up to it."""
        parent_size = SIZES[SIZES.index(size) - 1]
        parent, count = self.node(parent_size, parent_index), parent_size // size
        drawn = draws(5 * count, *self._key, size, parent_index)
        reach, wick = self._base * REACH[size] // PPM, self._base * WICK[size] // PPM
        edges = [
            parent.open,
            *(_inner_edge(parent, i, count, centred(drawn[i], reach)) for i in range(1, count)),
            parent.close,
        ]
        pairs = list(pairwise(edges))
        highs = [min(parent.high, max(pair) + drawn[count + i] * wick // DRAW_RANGE) for i, pair in enumerate(pairs)]
        lows = [max(parent.low, min(pair) - drawn[2 * count + i] * wick // DRAW_RANGE) for i, pair in enumerate(pairs)]
        highs[max(range(count), key=lambda i: max(pairs[i]))] = parent.high
        lows[min(range(count), key=lambda i: min(pairs[i]))] = parent.low
        volumes = shares(parent.volume, [DRAW_RANGE // 4 + draw for draw in drawn[3 * count : 4 * count]])
        trades = shares(parent.trades, [DRAW_RANGE // 4 + draw for draw in drawn[4 * count :]])
        return [Candle(start, highs[i], lows[i], end, volumes[i], trades[i]) for i, (start, end) in enumerate(pairs)]

    def _knots(self, minute: int) -> list[tuple[int, int]]:
        """Return the (second, price) corners of a minute: open, one extreme, the other, close."""
        candle = self.node(1, minute)
        early, late, order = draws(3, *self._key, "knots", minute)
        first, second = (candle.high, candle.low) if order % 2 else (candle.low, candle.high)
        return [(0, candle.open), (3 + early % 25, first), (31 + late % 25, second), (59, candle.close)]

    @staticmethod
    def _at(knots: list[tuple[int, int]], second: int) -> int:
        for (since, start), (until, end) in pairwise(knots):
            if second <= until:
                return start + (end - start) * (second - since) // (until - since)
        raise ValueError(f"a minute has no second {second}")


def _inner_edge(parent: Candle, i: int, count: int, shift: int) -> int:
    return max(parent.low, min(parent.high, parent.open + (parent.close - parent.open) * i // count + shift))


def _turns(knots: list[tuple[int, int]], first: int, last: int) -> list[int]:
    """Return the seconds between which the path is straight, from `first` to `last`."""
    return sorted({first, last, *(second for second, _ in knots if first < second < last)})
