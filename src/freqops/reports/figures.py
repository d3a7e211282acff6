"""Figures of runs, in the JSON that plotly draws: equity and drawdowns, heat maps, bars, and the losses of a hyperopt.

They have no colour of paper, text or lines: the style of the page gives those, so that a figure is readable on light
and dark screens and on paper. Colours of its data can be told from both grounds. plotly takes texts for HTML, so every
text of others is escaped once more before it stands in a figure.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from freqops.core.base.page_parts import NOTHING
from freqops.core.base.visible import visible
from freqops.core.results.curves import Group, Point
from freqops.core.results.hyperopt_file import Epoch

from .numbers import Money, percent

Figure = dict[str, Any]
LABEL = 24  # characters of a name at an axis
MOST_POINTS = 10_000  # of a curve, and of the losses of a hyperopt
GOOD, BAD, ACCENT, FAINT = "#2c974b", "#d1443a", "#3b82f6", "#7d8794"
PALE_GOOD, NEUTRAL, PALE_BAD = "#7fcf96", "#d5dae0", "#f0938a"  # of cells
DARK = "#1b1f24"  # of the text in cells, and of the ground below what a pointer shows
COLOURS = (ACCENT, "#d97706", "#2c974b", "#a855f7", "#db2777", "#0e9ba4")
DASHES = ("solid", "dash", "dot", "dashdot")
HOVER = {"bgcolor": DARK, "bordercolor": DARK, "font": {"color": "#ffffff"}, "namelength": LABEL}
CLEAR = "rgba(0,0,0,0)"
LEGEND = {"showlegend": True, "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}}


@dataclass(frozen=True)
class Line:
    """The curve of a run.

    Attributes:
        name: What it is called.
        points: Its points; of more than a figure shows, `thinned` leaves out some.
        values: The values of the points, one for each.
    """

    name: str
    points: Sequence[Point]
    values: Sequence[float]


def text_of(value: Any) -> str:
    """Return the text of others as plotly shows it: no markup, and no formula, which begins with a dollar."""
    return html.escape(visible(value, LABEL) or NOTHING, quote=False).replace("$", "&#36;")


def equity(lines: Sequence[Line], *, fractions: bool) -> Figure:
    """Return equity above drawdown, over one axis of time.

    Args:
        lines: The curves.
        fractions: Whether their values are fractions, else amounts.
    """
    data: list[Figure] = []
    for number, line in enumerate(lines):
        kept = thinned(line.points)
        look = {"color": COLOURS[number % len(COLOURS)], "dash": DASHES[number // len(COLOURS) % len(DASHES)]}
        same: Figure = {
            "type": "scatter", "mode": "lines", "name": text_of(line.name), "legendgroup": f"{number}",
            "x": [_moment(line.points[each].at) for each in kept], "line": {**look, "width": 1.5, "shape": "hv"},
        }  # fmt: skip
        shown = "%{y:.2%}" if fractions else "%{y:,.8~g}"
        data.append({**same, "y": [_short(line.values[each]) for each in kept], "hovertemplate": shown})
        data.append({
            **same, "y": [_short(-line.points[each].drawdown) for each in kept], "hovertemplate": "%{y:.2%}",
            "yaxis": "y2", "showlegend": False,
            **({"fill": "tozeroy", "line": {**same["line"], "color": BAD}} if len(lines) == 1 else {}),
        })  # fmt: skip
    axis = _axis(automargin=True, fixedrange=True, nticks=6)
    return {"data": data, "layout": _layout(
        440, **(LEGEND if len(lines) > 1 else {}), hovermode="x unified",
        xaxis=_axis(type="date", anchor="y2", tickangle=0),
        yaxis={**axis, "domain": [0.36, 1], **({"tickformat": ".1~%"} if fractions else {})},
        yaxis2={**axis, "domain": [0, 0.28], "tickformat": ".1~%", "rangemode": "tozero", "nticks": 4},
    )}  # fmt: skip


def heat_map(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]]) -> Figure:
    """Return fractions in cells, those above 0 in the colour of profit, those below it in that of loss."""
    known = [abs(value) for row in values for value in row if value is not None]
    most = max([0.001, *known])
    cells = {
        "type": "heatmap", "x": [text_of(name) for name in columns], "y": [text_of(name) for name in rows],
        "z": [[None if value is None else _short(value) for value in row] for row in values],
        "text": [["" if value is None else percent(value) for value in row] for row in values],
        "texttemplate": "%{text}", "hovertemplate": "%{y} %{x}: %{text}<extra></extra>", "hoverongaps": False,
        "textfont": {"color": DARK},
        "colorscale": [[0, PALE_BAD], [0.5, NEUTRAL], [1, PALE_GOOD]], "zmin": -most, "zmax": most, "showscale": False,
        "xgap": 2, "ygap": 2,
    }  # fmt: skip
    axis = _axis(type="category", automargin=True, fixedrange=True, showgrid=False, tickmode="linear")
    layout = _layout(60 + 30 * len(rows), xaxis={**axis, "side": "top"}, yaxis={**axis, "autorange": "reversed"})
    return {"data": [cells], "layout": layout}


def bars(groups: Sequence[Group], money: Money) -> Figure:
    """Return the profit of groups as bars, each with its name."""
    names = [text_of(group.name) for group in groups]
    bar = {
        "type": "bar", "orientation": "h", "y": [*range(len(groups))], "x": [_short(group.profit) for group in groups],
        "marker": {"color": [GOOD if group.profit >= 0 else BAD for group in groups]},
        "customdata": [
            [name, money.text(group.profit, "+"), group.trades] for name, group in zip(names, groups, strict=True)
        ],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]}, %{customdata[2]} trades<extra></extra>",
    }  # fmt: skip
    layout = _layout(60 + 26 * len(groups), bargap=0.25, xaxis=_axis(fixedrange=True, nticks=6), yaxis=_names(names))
    return {"data": [bar], "layout": layout}


def grouped_bars(names: Sequence[str], runs: Sequence[tuple[str, Sequence[float | None]]]) -> Figure:
    """Return a bar of each run beside those of the others, for each name.

    Args:
        names: What the bars are about.
        runs: The name of each run, and its fraction for each of ``names``.
    """
    labels = [text_of(name) for name in names]
    data = [
        {
            "type": "bar", "orientation": "h", "name": text_of(run), "y": [*range(len(labels))],
            "x": [None if value is None else _short(value) for value in values], "customdata": labels,
            "marker": {"color": COLOURS[number % len(COLOURS)]}, "hovertemplate": "%{customdata}: %{x:.2%}",
        }
        for number, (run, values) in enumerate(runs)
    ]  # fmt: skip
    height = 90 + (12 + 14 * len(runs)) * len(labels)
    shares = _axis(fixedrange=True, nticks=6, tickformat=".1~%")
    return {"data": data, "layout": _layout(height, bargap=0.3, xaxis=shares, yaxis=_names(labels), **LEGEND)}


def losses(epochs: Sequence[Epoch], best: Epoch) -> Figure:
    """Return the loss of each epoch, the smallest loss until then, and the best epoch.

    Args:
        epochs: Those that are shown, in their order.
        best: The best of them.
    """
    lowest, until = [], math.inf
    for epoch in epochs:
        until = min(until, epoch.loss)
        lowest.append(until)
    numbers = [epoch.number for epoch in epochs]
    hover = "epoch %{x}: loss %{y:.6~g}<br>%{customdata[0]} trades, profit %{customdata[1]}<extra></extra>"
    points = {
        "type": "scatter", "mode": "markers", "name": "epoch", "x": numbers, "hovertemplate": hover,
        "y": [_short(epoch.loss) for epoch in epochs], "marker": {"size": 5, "color": FAINT, "opacity": 0.6},
        "customdata": [[epoch.trades, percent(epoch.profit)] for epoch in epochs],
    }  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines", "name": "smallest so far",
        "x": numbers, "y": [_short(each) for each in lowest],
        "line": {"color": ACCENT, "width": 2, "shape": "hv"}, "hoverinfo": "skip",
    }  # fmt: skip
    star = {
        **points, "name": "best", "x": [best.number], "y": [_short(best.loss)],
        "marker": {"symbol": "star", "size": 16, "color": GOOD, "line": {"width": 1, "color": "#ffffff"}},
        "customdata": [[best.trades, percent(best.profit)]],
    }  # fmt: skip
    return {"data": [points, line, star], "layout": _layout(
        380, **LEGEND, yaxis=_axis(automargin=True, nticks=6),
        xaxis=_axis(nticks=8, tickformat=",d", title={"text": "epoch"}, automargin=True),
    )}  # fmt: skip


def thinned(points: Sequence[Point]) -> list[int]:
    """Return which points of a curve are drawn: all, or in each part of it the first, highest, lowest and deepest."""
    if len(points) <= MOST_POINTS:
        return list(range(len(points)))
    kept = {0, len(points) - 1}
    size = math.ceil(len(points) * 4 / (MOST_POINTS - 2))
    for begins in range(0, len(points), size):
        part = range(begins, min(begins + size, len(points)))
        by_equity = sorted(part, key=lambda each: points[each].equity)
        kept |= {part[0], by_equity[0], by_equity[-1], max(part, key=lambda each: points[each].drawdown)}
    return sorted(kept)


def _layout(height: int, **more: Any) -> Figure:
    return {
        "height": height, "margin": {"l": 8, "r": 8, "t": 30, "b": 40}, "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR,
        "font": {"family": "system-ui, sans-serif", "size": 12}, "showlegend": False, "hoverlabel": HOVER,
        **more,
    }  # fmt: skip


def _axis(**more: Any) -> Figure:
    return {"zeroline": True, "tickfont": {"size": 12}, "separatethousands": True, **more}


def _names(names: Sequence[str]) -> Figure:
    """Return the axis of bars that stand in a row, the first of them above; two of the same name stay two."""
    return _axis(
        tickvals=[*range(len(names))], ticktext=[*names], range=[len(names) - 0.5, -0.5], automargin=True,
        fixedrange=True, showgrid=False, zeroline=False,
    )  # fmt: skip


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _short(value: float) -> float:
    """Return a number without digits that nobody sees."""
    return float(f"{value:.8g}")
