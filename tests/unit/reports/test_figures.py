"""Figures in plotly's JSON: its own library takes them, nothing is lost that matters, and no text in them is markup."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import plotly.graph_objects
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.page_parts import MINUS, NOTHING
from freqops.core.results import curves
from freqops.core.results.curves import Group, Point
from freqops.reports import drawn, figures
from freqops.reports.figures import Figure, Line
from freqops.reports.numbers import Money, money_of, percent, plain
from tests.support import run_documents as documents
from tests.unit.core.results.test_curves import backtest

GROUPS = [Group("A", 3, 2, 1, 5.0, 0.01), Group("A", 1, 0, 1, -3.0, -0.03)]
SHEETS = ((255, 255, 255), (22, 27, 34))  # of a page on a light screen, and on a dark one


def of_points(*values: float) -> list[Point]:
    made, highest = [], 0.0
    for number, value in enumerate(values):
        highest = max(highest, value)
        made.append(Point(documents.START + timedelta(hours=number), value, (highest - value) / highest))
    return made


def every() -> dict[str, Figure]:
    points = curves.curve(documents.backtest(documents.trades(30)))
    line = Line("a", points, [point.equity for point in points])
    epochs = [each for each in documents.hyperopt(20).epochs if each.loss < 100_000]
    return {
        "equity": figures.equity([line], fractions=False),
        "curves": figures.equity([line] * 8, fractions=True),
        "heat map": figures.heat_map(["Jan", "Feb"], ["2024"], [[0.1], [None]]),
        "bars": figures.bars(GROUPS, Money("USDT", 2)),
        "grouped": figures.grouped_bars(["A", "B"], [("x", [0.1, None]), ("y", [0.2, -0.3])]),
        "losses": figures.losses(epochs, epochs[0]),
    }


@pytest.mark.parametrize("name", every())
def test_plotly_takes_every_figure(name: str) -> None:
    figure = every()[name]
    plotly.graph_objects.Figure(figure)
    assert json.loads(json.dumps(figure, allow_nan=False)) == figure


def test_plotly_refuses_what_it_does_not_know() -> None:
    """Without this the test above would prove nothing."""
    with pytest.raises(ValueError, match="Invalid property"):
        plotly.graph_objects.Figure({"data": [{"type": "scatter", "nonsense": 1}]})


def test_bars_of_one_name_stay_two() -> None:
    figure = figures.bars(GROUPS, Money("USDT", 2))
    assert figure["data"][0]["y"] == [0, 1]
    assert figure["layout"]["yaxis"]["ticktext"] == ["A", "A"]
    assert figure["data"][0]["marker"]["color"] == [figures.GOOD, figures.BAD]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BTC/USDT", "BTC/USDT"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("&lt;", "&amp;lt;"),
        ("$x$", "&#36;x&#36;"),
        ("\u202e", "\\u202e"),
        ("", NOTHING),
        ("x" * 100, "x" * 24 + "… (100 characters)"),
    ],
)
def test_text_of_others_is_no_markup_for_plotly(text: str, shown: str) -> None:
    assert figures.text_of(text) == shown


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "&amp;", "]]>"])
def test_no_text_ends_the_script_that_a_figure_stands_in(text: str) -> None:
    made = drawn.plot("x", {"data": [], "layout": {"title": {"text": text}}}, "x")
    (script,) = re.findall(r"<script type=\"application/json\">(.*?)</script>", made)
    assert not set(script) & set("<>&")
    assert json.loads(script)["layout"]["title"]["text"] == text
    assert made.count("script>") == 1


def test_a_curve_of_few_points_is_whole() -> None:
    assert figures.thinned(of_points(3, 1, 2)) == [0, 1, 2]


@given(st.lists(st.floats(1, 1e9), min_size=43, max_size=200))
def test_a_curve_that_is_thinned_keeps_its_ends_its_extremes_and_its_order(values: list[float]) -> None:
    points = of_points(*values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "MOST_POINTS", 42)
        kept = figures.thinned(points)
    assert len(kept) <= 42
    assert all(first < second for first, second in pairwise(kept))
    shown = [points[each] for each in kept]
    assert (shown[0], shown[-1]) == (points[0], points[-1])
    for what in (min, max):
        assert what(point.equity for point in shown) == what(point.equity for point in points)
    assert max(point.drawdown for point in shown) == max(point.drawdown for point in points)


def light(colour: Sequence[int]) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(first: Sequence[int], second: Sequence[int]) -> float:
    low, high = sorted((light(first), light(second)))
    return (high + 0.05) / (low + 0.05)


def rgb(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


@pytest.mark.parametrize("colour", [*figures.COLOURS, figures.GOOD, figures.BAD, figures.FAINT])
def test_a_colour_can_be_told_from_a_light_and_from_a_dark_ground(colour: str) -> None:
    assert all(contrast(rgb(colour), sheet) >= 3 for sheet in SHEETS)


@pytest.mark.parametrize("colour", [figures.PALE_BAD, figures.NEUTRAL, figures.PALE_GOOD])
def test_the_text_of_a_cell_can_be_read(colour: str) -> None:
    assert contrast(rgb(colour), rgb(figures.DARK)) >= 4.5


def test_runs_beyond_the_colours_differ_by_their_lines() -> None:
    lines = [trace["line"] for trace in every()["curves"]["data"][::2]]
    assert len({(line["color"], line["dash"]) for line in lines}) == 8


# --- numbers


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (plain(1234567.891, 2), "1,234,567.89"), (plain(-0.5, 0), "0"), (plain(-1.5), f"{MINUS}1.5"),
        (plain(None), NOTHING), (plain(float("nan")), NOTHING), (plain(1e20, 2), "1e+20"),
        (plain(12345.678), "12,345.7"),
        (percent(0.12345), "+12.35 %"), (percent(-0.00001), "0.00 %"), (percent(0.5, ""), "50.00 %"),
        (percent(None), NOTHING), (plain(3, 2, "+"), "+3.00"),
        (money_of(backtest()).text(-3.456, "+"), f"{MINUS}3.46"),
        (money_of(backtest(starting_balance=0.1)).text(0.00000001), "0.00000001"),
    ],
)  # fmt: skip
def test_numbers(said: Any, shown: str) -> None:
    assert said == shown
