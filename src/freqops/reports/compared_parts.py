"""The parts of a comparison that say what backtests brought: curves in one plot, months, pairs and exit reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from freqops.core.base.markup import Markup, element
from freqops.core.base.page_parts import NOTHING, short, words
from freqops.core.results import curves
from freqops.core.results.backtest_archive import Backtest, Trade
from freqops.core.results.curves import Group

from . import figures, result_parts
from .drawn import plot
from .numbers import percent, plain
from .tables import only, table_of

MONTHS, BARS = 60, 12  # that are drawn: the last months; the pairs or reasons that differ most
NONE = "None of them has a trade that closed."


class Tested(NamedTuple):
    """A run with a result.

    Attributes:
        letter: By which the page calls it.
        name: What else it is called.
        backtest: The result.
    """

    letter: str
    name: str
    backtest: Backtest


def curve(runs: Sequence[Tested]) -> list[Markup]:
    """Return equity and drawdown of runs as one plot, and what is to be read from them as a table."""
    if not runs:
        return [element("p", NONE)]
    lines, rows = [], []
    for letter, name, backtest in runs:
        points = curves.curve(backtest)
        gained = [point.equity / backtest.starting_balance - 1 for point in points]
        lines.append(figures.Line(f"{letter} {name}", points, gained))
        found = curves.drawdowns(points)
        longest = max((((each.ended or points[-1].at) - each.began).total_seconds() for each in found), default=None)
        rows.append((
            letter, percent(gained[-1]), percent(min(gained)), percent(max(gained)),
            percent(found[0].depth if found else 0, ""), NOTHING if longest is None else words(longest),
        ))  # fmt: skip
    headings = ("run", "at the end", "lowest", "highest", "deepest drawdown", "longest drawdown")
    label = "Above, the gain of each run as a share of its starting balance; below, its drawdown"
    return [
        plot("equity", figures.equity(lines, fractions=True), label),
        table_of("The equity of each run, as a gain on its starting balance", headings, rows),
        element("p", result_parts.MEANING, class_="faint"),
    ]


def months(runs: Sequence[Tested]) -> list[Markup]:
    """Return the return of each month in each run, as a heat map and as a table."""
    if not runs:
        return [element("p", NONE)]
    found = [{(month.year, month.month): month.ratio for month in curves.months(run.backtest)} for run in runs]
    every = sorted({key for each in found for key in each})
    names = [f"{year:04}-{month:02}" for year, month in every]
    values = [[each.get(key) for each in found] for key in every]
    letters = [run.letter for run in runs]
    rows = [(result_parts.month_of(*key), *map(percent, row)) for key, row in zip(every, values, strict=True)]
    left = [
        plot("months", figures.heat_map(names[-MONTHS:], letters, values[-MONTHS:]), "The return of each month"),
        *only(len(names[-MONTHS:]), len(names), "month", "the last ones"),
    ]
    return [result_parts.beside(left, [table_of("The return of each month", ("month", *letters), rows)])]


def groups(
    key: str, word: str, grouped: Callable[[Iterable[Trade]], list[Group]], runs: Sequence[Tested]
) -> list[Markup]:
    """Return what each pair, or each exit reason, brought in each run, as a share of its starting balance.

    Args:
        key: The name of the plot.
        word: What the trades have in common.
        grouped: Makes the groups of trades.
        runs: The runs.
    """
    if not runs:
        return [element("p", NONE)]
    found = [{group.name: group for group in grouped(run.backtest.trades)} for run in runs]
    shares = [
        {name: group.profit / run.backtest.starting_balance for name, group in each.items()}
        for run, each in zip(runs, found, strict=True)
    ]
    names = sorted({name for each in found for name in each}, key=lambda name: (-_apart(name, shares), name))
    headings = [word, *(heading for run in runs for heading in (run.letter, f"trades of {run.letter}"))]
    rows = [[short(name or NOTHING), *_cells(name, shares, found)] for name in names]
    drawn = [(run.letter, [each.get(name) for name in names[:BARS]]) for run, each in zip(runs, shares, strict=True)]
    label = f"Profit of each {word}, as a share of the starting balance"
    left = [
        plot(key, figures.grouped_bars(names[:BARS], drawn), label),
        *only(len(names[:BARS]), len(names), word, "those that differ most"),
    ]
    caption = f"Each {word}: profit as a share of the starting balance, and number of trades"
    return [result_parts.beside(left, [table_of(caption, headings, rows)])]


def _apart(name: str, shares: Sequence[dict[str, float]]) -> float:
    """Return how far runs are from each other in what a group brought."""
    values = [each.get(name, 0.0) for each in shares]
    return max(values) - min(values)


def _cells(name: str, shares: Sequence[dict[str, float]], found: Sequence[dict[str, Group]]) -> list[Any]:
    cells = []
    for share, group in zip(shares, found, strict=True):
        cells += [percent(share.get(name)), plain(group[name].trades, 0) if name in group else NOTHING]
    return cells
