"""Parts that the pages of freqops are made of: lists, tables, moments and durations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Callable

from .markup import Markup, element
from .visible import visible

LINES = 200  # of a list
LONGEST = 300
SHORT, DETAIL = 60, 300  # characters of a name, and of a sentence
NOTHING, MINUS = "\u2013", "\u2212"
PLURALS = {"entry": "entries"}


def on_lines(parts: Iterable[Markup]) -> list[Markup]:
    """Return parts, each on a line of its own in the file."""
    return [Markup(f"\n{part}") for part in parts]


def some(
    found: Sequence[Any], most: int, made: Callable[[Any], Markup], left_out: Callable[[int], Markup]
) -> list[Markup]:
    """Return markup of everything found; where it is too much, of the first and the last, and of how many are not.

    Args:
        found: What there is.
        most: How many of them are shown.
        made: Makes one of them.
        left_out: Says how many are left out.
    """
    if len(found) <= most:
        return [made(each) for each in found]
    last = most // 2
    between = left_out(len(found) - most)
    return [*map(made, found[: most - last]), between, *map(made, found[len(found) - last :])]


def items(lines: Sequence[str], file: str, most: int = LINES) -> list[Markup]:
    """Return lines as items of a list, and the file that has those that are too many for it."""
    return some(
        lines, most, lambda line: element("li", visible(line, LONGEST)),
        lambda left: element("li", element("em", f"{count(left, 'more line')} LEFT OUT here: see {file}")),
    )  # fmt: skip


def listed(lines: Sequence[str], file: str) -> Markup:
    """Return lines as a list; see `items`."""
    return element("ul", *items(lines, file), class_="lines")


def table(caption: str, headings: Sequence[str], rows: Iterable[Markup], *, numbers: Sequence[str] = ()) -> Markup:
    """Return a table of rows that `row` made.

    Args:
        caption: What it is about.
        headings: The names of the columns.
        rows: The rows.
        numbers: The columns that have numbers.
    """
    columns = [element("th", each, scope="col", class_="number" if each in numbers else None) for each in headings]
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *columns)),
        element("tbody", *on_lines(rows)),
    )


def row(
    headings: Sequence[str],
    values: Sequence[Any],
    *,
    text: Sequence[str] = (),
    numbers: Sequence[str] = (),
    bad: bool = False,
) -> Markup:
    """Return a row whose first cell is its heading; each other has its column's name with it, for narrow screens.

    Args:
        headings: The names of the columns.
        values: The cells.
        text: The columns that have sentences.
        numbers: The columns that have numbers.
        bad: Whether it is marked.
    """
    kinds = {**dict.fromkeys(numbers, "number"), **dict.fromkeys(text, "text")}
    others = [
        element("td", value, class_="none" if value == NOTHING else kinds.get(heading), data_label=heading)
        for heading, value in zip(headings[1:], values[1:])
    ]
    return element("tr", element("th", values[0], scope="row"), *others, class_="bad" if bad else None)


def rest(left: int, columns: int, file: str) -> Markup:
    """Return the row in the place of those that are left out."""
    text = f"{count(left, 'more row')} LEFT OUT here: see {file}"
    return element("tr", element("td", text, colspan=columns), class_="between")


def short(value: Any) -> str:
    """Return a name of others as it stands in a cell."""
    return visible(value, SHORT)


def detail(value: Any) -> str:
    """Return a sentence of others as it stands in a cell."""
    return visible(value, DETAIL)


def moment_of(at: datetime) -> Markup:
    """Return a moment to the second, with its day."""
    stamp = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return element("time", stamp[:-1].replace("T", " "), datetime=stamp)


def time_of(at: datetime) -> Markup:
    """Return a moment as time of its day, to the millisecond."""
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return element("time", stamp[11:-1], datetime=stamp)


def since(seconds: float) -> str:
    """Return a moment by its distance from the beginning."""
    return f"{'+' if seconds >= 0 else MINUS}{words(abs(seconds))}"


def words(seconds: float) -> str:
    """Return a duration in words: 1.20 s, 2 min 03.4 s, 5 h 02 min, 3 d 04 h."""
    if seconds < 59.995:
        return f"{seconds:.2f} s"
    if seconds < 3599.95:
        minutes, left = divmod(round(seconds, 1), 60)
        return f"{minutes:.0f} min {left:04.1f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours < 48 else f"{hours // 24:,} d {hours % 24:02} h"


def count(number: int, word: str) -> str:
    """Return a number of things with their word."""
    return f"{number:,} {word if number == 1 else PLURALS.get(word, word + 's')}"
