"""Tables of the pages of runs: figures in columns, and what is too long cut by number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from freqops.core.base.markup import Markup, element
from freqops.core.base.page_parts import count, rest, row, some, table

ROWS = 200
WHOLE = "freqops-host runs show --json"  # which has what is left out


def table_of(
    caption: str, headings: Sequence[str], rows: Sequence[Sequence[Any]], *, text: Sequence[str] = ()
) -> Markup:
    """Return a table whose columns have numbers, but the first, and those that have text.

    Args:
        caption: What it is about.
        headings: The names of the columns.
        rows: The cells of each row.
        text: The columns that have text.
    """
    numbers = [heading for heading in headings[1:] if heading not in text]
    made = some(
        rows, ROWS, lambda cells: row(headings, cells, text=text, numbers=numbers),
        lambda left: rest(left, len(headings), WHOLE),
    )  # fmt: skip
    return table(caption, headings, made, numbers=numbers)


def only(shown: int, all_of_them: int, word: str, which: str) -> list[Markup]:
    """Return the sentence that says what a figure leaves out; none where it shows everything."""
    if shown >= all_of_them:
        return []
    text = f"Drawn are {shown:,} of {count(all_of_them, word)}: {which}."
    return [element("p", text, class_="faint")]
