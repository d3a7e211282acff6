"""The parts of a page that say what a backtest brought: its curve, its months, its pairs and exit reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from freqops.core.base.markup import Markup, element
from freqops.core.base.page_parts import NOTHING, count, short, words
from freqops.core.results import curves
from freqops.core.results.backtest_archive import Backtest
from freqops.core.results.curves import Group

from . import figures
from .drawn import plot
from .numbers import money_of, percent, plain
from .tables import only, table_of

DEEPEST = 5  # drawdowns in the table
BARS = 30  # of a figure: half of them the best, half of them the worst
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def curve(backtest: Backtest) -> list[Markup]:
    """Return equity and drawdown as a plot, and the deepest drawdowns as a table."""
    points = curves.curve(backtest)
    money = money_of(backtest)
    if points[-1].at < backtest.window_end:
        points.append(points[-1]._replace(at=backtest.window_end))
    lowest, highest = (pick(points, key=lambda point: point.equity) for pick in (min, max))
    label = f"Above, equity in {short(money.currency)}; below, the drawdown"
    drawn = figures.equity([figures.Line("equity", points, [point.equity for point in points])], fractions=False)
    said = (
        f"Equity began with {money.text(points[0].equity)} {short(money.currency)} and ended with "
        f"{money.text(points[-1].equity)}. It was lowest with {money.text(lowest.equity)}, on {_day(lowest.at)}, and "
        f"highest with {money.text(highest.equity)}, on {_day(highest.at)}."
    )
    found = curves.drawdowns(points)
    headings = ("began", "deepest on", "ended", "deepest", "took")
    rows = [
        (_day(each.began), _day(each.lowest), "not within the window" if each.ended is None else _day(each.ended),
         percent(each.depth, ""), words(((each.ended or points[-1].at) - each.began).total_seconds()))
        for each in found[:DEEPEST]
    ]  # fmt: skip
    caption = f"The deepest of {count(len(found), 'drawdown')}"
    which = "in each part of the curve the highest, the lowest and the deepest point"
    parts = [
        element("p", said),
        plot("equity", drawn, label),
        *only(len(figures.thinned(points)), len(points), "point", which),
        table_of(caption, headings, rows) if rows else element("p", "There was no drawdown."),
        element("p", MEANING, class_="faint"),
    ]  # fmt: skip
    left = curves.still_open(backtest.trades)
    return [*parts, *([element("p", f"{count(left, 'trade')} did not close and counts nowhere.")] if left else [])]


MEANING = (
    "Equity is the starting balance and the profit of the trades that closed until then; open trades are not in it. "
    "Trades that closed at the same moment make one point, so the deepest drawdown may be less than the one that "
    "Freqtrade gives, which takes them one after the other."
)


def months(backtest: Backtest) -> list[Markup]:
    """Return the return of each month, as a heat map and as a table."""
    found, money = curves.months(backtest), money_of(backtest)
    years = sorted({month.year for month in found})[-12:]
    ratios = {(month.month, month.year): month.ratio for month in found}
    values = [[ratios.get((number, year)) for year in years] for number in range(1, 13)]
    headings = ("month", "return", "profit", "trades", "equity at its end", "deepest drawdown")
    rows = [
        (month_of(month.year, month.month), percent(month.ratio), money.text(month.profit, "+"), plain(month.trades, 0),
         money.text(month.equity), percent(month.drawdown, ""))
        for month in found
    ]  # fmt: skip
    left = plot("months", figures.heat_map(MONTHS, [f"{year}" for year in years], values), "The return of each month")
    caption = f"Each month; amounts in {short(money.currency)}, the return as a share of the equity at its beginning"
    return [beside([left], [table_of(caption, headings, rows)])]


def groups(key: str, word: str, found: Sequence[Group], backtest: Backtest) -> list[Markup]:
    """Return trades by what they have in common, as bars and as a table.

    Args:
        key: The name of the plot.
        word: What they have in common: a pair, or an exit reason.
        found: The trades, the best first.
        backtest: Whose they are.
    """
    money = money_of(backtest)
    drawn = _ends_of(found)
    headings = (word, "profit", "of the start", "trades", "wins", "losses", "mean of a trade")
    rows = [
        (short(group.name or NOTHING), money.text(group.profit, "+"), percent(group.profit / backtest.starting_balance),
         plain(group.trades, 0), plain(group.wins, 0), plain(group.losses, 0), percent(group.mean_ratio))
        for group in found
    ]  # fmt: skip
    left = [
        plot(key, figures.bars(drawn, money), f"Profit of each {word}, in {short(money.currency)}"),
        *only(len(drawn), len(found), word, "the best and the worst"),
    ]
    caption = (
        f"Each {word}, the best first; amounts in {short(money.currency)}, also as a share of the starting balance"
    )
    return [beside(left, [table_of(caption, headings, rows)])]


def _ends_of(found: Sequence[Group]) -> list[Group]:
    """Return the first and the last of groups, as many as a figure shows."""
    return [*found] if len(found) <= BARS else [*found[: BARS // 2], *found[-(BARS // 2) :]]


def beside(left: Sequence[Markup], right: Sequence[Markup]) -> Markup:
    """Return two parts, one beside the other where there is room."""
    return element("div", element("div", *left), element("div", *right), class_="beside")


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def month_of(year: int, month: int) -> Markup:
    """Return a month as it stands in a cell."""
    text = f"{year:04}-{month:02}"
    return element("time", text, datetime=text)
