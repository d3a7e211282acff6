"""A plain table: columns as wide as their widest cell, readable in a log as in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .visible import visible

CELL = 200


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return ``rows`` under ``headings``; None becomes a dash, and no cell makes a line of its own."""
    cells = [[_cell(value) for value in row] for row in [headings, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return visible(str(value), CELL)
