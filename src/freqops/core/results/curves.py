"""What the trades of a backtest say over time: equity, drawdowns, months, pairs and exit reasons.

Equity at a moment is the starting balance and the profit of every trade that closed until then. What an open trade
would have brought is not in it, so between two closings equity stands still. Trades that close at the same moment make
one point, for nobody knows their order. A drawdown is how far equity is below the highest it ever was, as a fraction of
that. Freqtrade takes trades one after the other; where several close at one moment, its drawdown may be deeper.

The return of a month is the profit of the trades that closed in it, as a fraction of the equity at its beginning. All
times are UTC. A trade that did not close counts nowhere.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Callable, NamedTuple

from ..base.kinds import Malformed
from .backtest_archive import Backtest, Trade

SMALLEST = 1e-9  # that a backtest can begin with: less than one unit of any currency
INSTANT = timedelta(microseconds=1)
MonthOf = tuple[int, int]  # a year and the number of a month


class Point(NamedTuple):
    """What there was at a moment.

    Attributes:
        at: When.
        equity: In the currency of the stake.
        drawdown: A fraction of the highest equity until then; 0 at that.
    """

    at: datetime
    equity: float
    drawdown: float


@dataclass(frozen=True)
class Drawdown:
    """A time in which equity was below the highest that it had been.

    Attributes:
        began: When equity was highest.
        lowest: When it was lowest.
        ended: When it was as high again; None where it was not.
        depth: The deepest drawdown in it.
    """

    began: datetime
    lowest: datetime
    ended: datetime | None
    depth: float


@dataclass(frozen=True)
class Month:
    """A calendar month.

    Attributes:
        year: Its year.
        month: Its number, from 1 on.
        trades: How many trades closed in it.
        profit: What they brought, in the currency of the stake.
        ratio: That, as a fraction of the equity at its beginning; None where that was not above 0.
        equity: What there was at its end.
        drawdown: The deepest drawdown in it, that at its beginning too.
    """

    year: int
    month: int
    trades: int
    profit: float
    ratio: float | None
    equity: float
    drawdown: float


@dataclass(frozen=True)
class Group:
    """The trades that have something in common.

    Attributes:
        name: What: a pair, or an exit reason.
        trades: How many there are.
        wins: Those with a profit above 0.
        losses: Those with one below 0.
        profit: What all of them brought, in the currency of the stake.
        mean_ratio: The mean of their profits, each as a fraction of its stake.
    """

    name: str
    trades: int
    wins: int
    losses: int
    profit: float
    mean_ratio: float


def curve(backtest: Backtest) -> list[Point]:
    """Return equity and drawdown at the beginning of a backtest, and at each moment at which a trade closed.

    Raises:
        Malformed: It began with nothing.
    """
    if backtest.starting_balance < SMALLEST:
        raise Malformed(f"the starting balance is {backtest.starting_balance}, of which nothing can be a share")
    profits: dict[datetime, list[float]] = defaultdict(list)
    for at, trade in _closed(backtest.trades):
        profits[at].append(trade.profit_abs)
    equity = highest = backtest.starting_balance
    points = [Point(min([backtest.window_start, *profits]), equity, 0.0)]
    for at in sorted(profits):
        equity += math.fsum(profits[at])
        highest = max(highest, equity)
        points.append(Point(at, equity, (highest - equity) / highest))
    return points


def drawdowns(points: Sequence[Point]) -> list[Drawdown]:
    """Return every drawdown of a curve, the deepest first, and of equal ones the first."""
    found: list[Drawdown] = []
    below: list[Point] = []
    highest = points[0]
    for point in points:
        if point.drawdown > 0:
            below.append(point)
            continue
        if below:
            found.append(_drawdown(highest, below, point))
        highest, below = point, []
    if below:
        found.append(_drawdown(highest, below, None))
    return sorted(found, key=lambda each: (-each.depth, each.began))


def months(backtest: Backtest) -> list[Month]:
    """Return every month from the beginning of a backtest to its end, those without a trade too.

    Raises:
        Malformed: As `curve`.
    """
    points = curve(backtest)
    profits: dict[MonthOf, list[float]] = defaultdict(list)
    for at, trade in _closed(backtest.trades):
        profits[_month(at)].append(trade.profit_abs)
    in_month: dict[MonthOf, list[Point]] = defaultdict(list)
    for point in points[1:]:
        in_month[_month(point.at)].append(point)
    last, found = points[0], []
    ends = max(last.at, points[-1].at, backtest.window_end - INSTANT)
    for key in _through(_month(last.at), _month(ends)):
        begins, here = last, in_month[key]
        last = here[-1] if here else last
        profit = math.fsum(profits[key])
        ratio = profit / begins.equity if begins.equity > 0 else None
        deepest = max(point.drawdown for point in (begins, *here))
        found.append(Month(*key, len(profits[key]), profit, ratio, last.equity, deepest))
    return found


def by_pair(trades: Iterable[Trade]) -> list[Group]:
    """Return the trades of each pair, the pair that brought most first."""
    return _groups(lambda trade: trade.pair, trades)


def by_exit_reason(trades: Iterable[Trade]) -> list[Group]:
    """Return the trades of each exit reason, the reason that brought most first."""
    return _groups(lambda trade: trade.exit_reason, trades)


def still_open(trades: Iterable[Trade]) -> int:
    """Return how many trades did not close."""
    return sum(1 for trade in trades if trade.closed is None)


def _closed(trades: Iterable[Trade]) -> list[tuple[datetime, Trade]]:
    return [(trade.closed, trade) for trade in trades if trade.closed is not None]


def _groups(key: Callable[[Trade], str], trades: Iterable[Trade]) -> list[Group]:
    named: dict[str, list[Trade]] = defaultdict(list)
    for _, trade in _closed(trades):
        named[key(trade)].append(trade)
    groups = [_group(name, found) for name, found in named.items()]
    return sorted(groups, key=lambda group: (-group.profit, group.name))


def _group(name: str, trades: Sequence[Trade]) -> Group:
    profits = [trade.profit_abs for trade in trades]
    wins, losses = sum(profit > 0 for profit in profits), sum(profit < 0 for profit in profits)
    mean = math.fsum(trade.profit_ratio for trade in trades) / len(trades)
    return Group(name, len(trades), wins, losses, math.fsum(profits), mean)


def _drawdown(highest: Point, below: Sequence[Point], after: Point | None) -> Drawdown:
    lowest = max(below, key=lambda point: point.drawdown)
    return Drawdown(highest.at, lowest.at, after and after.at, lowest.drawdown)


def _month(at: datetime) -> MonthOf:
    moment = at.astimezone(timezone.utc)
    return moment.year, moment.month


def _through(first: MonthOf, last: MonthOf) -> Iterator[MonthOf]:
    year, month = first
    while (year, month) <= last:
        yield year, month
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
