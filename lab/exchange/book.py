"""The order book: a ladder of offers around the price, which is the same for everyone who looks within a second.

The ladder is the counterparty of every order; accounts never trade with each other. What one order takes is there
again for the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from lab.exchange.markets import Market
from lab.exchange.noise import DRAW_RANGE, draws

if TYPE_CHECKING:
    from collections.abc import Iterator

Side = Literal["BUY", "SELL"]
MAX_LEVELS = 1000
_LEVEL_TURNOVER = 5_000
_GAP_PARTS = 20_000
_RUNGS = (8, 64)


@dataclass(frozen=True, slots=True)
class Level:
    """A price in ticks and the steps that can be had there."""

    ticks: int
    steps: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A part of an order that the book filled."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """The book of one pair at one second."""

    market: Market
    seed: int
    second: int
    last: int

    def best(self, side: Side) -> int:
        """Return the best price that a `side` order finds: the ask for a buyer, the bid for a seller."""
        return reach(self.market, side, self.last)

    def levels(self, side: Side, count: int) -> list[Level]:
        """Return the offers that a `side` order meets, best first."""
        away = 1 if side == "BUY" else -1
        gap = max(1, self.market.base_ticks // _GAP_PARTS)
        usual = int(_LEVEL_TURNOVER / self.market.price(self.last) / self.market.step)
        drawn = draws(count, self.seed, self.market.symbol, side, self.second)
        ladder = (
            Level(
                self.best(side) + away * gap * i, 1 + usual * (DRAW_RANGE // 4 + draw) * (100 + i) // (100 * DRAW_RANGE)
            )
            for i, draw in enumerate(drawn)
        )
        return [level for level in ladder if level.ticks > 0]

    def sweep(self, side: Side, quantity: Decimal, limit: Decimal | None) -> list[Taken]:
        """Take up to `quantity` at prices no worse than `limit`."""
        taken: list[Taken] = []
        for price, offered in self._offers(side):
            if not quantity or (limit is not None and (price > limit if side == "BUY" else price < limit)):
                break
            take = min(offered, quantity)
            taken.append(Taken(price, take))
            quantity -= take
        return taken

    def sweep_money(self, side: Side, money: Decimal) -> list[Taken]:
        """Take as many whole steps as `money` of the quote asset pays, or brings in."""
        taken: list[Taken] = []
        for price, offered in self._offers(side):
            take = min(offered, money // (price * self.market.step) * self.market.step)
            if take > 0:
                taken.append(Taken(price, take))
                money -= price * take
            if take < offered:
                break
        return taken

    def _offers(self, side: Side) -> Iterator[tuple[Decimal, Decimal]]:
        """Yield price and quantity of the ladder, best first; few orders need more than its first rungs."""
        for since, until in pairwise((0, *_RUNGS, MAX_LEVELS)):
            for level in self.levels(side, until)[since:]:
                yield self.market.price(level.ticks), self.market.quantity(level.steps)


def reach(market: Market, side: Side, last: int) -> int:
    """Return the best price for a `side` order when the last price is `last`."""
    return max(1, last + market.half_spread if side == "BUY" else last - market.half_spread)
