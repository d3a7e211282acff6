"""Runs as CSV and JSON, for spreadsheets and programs.

A spreadsheet calculates what begins like a formula. What others wrote gets a quotation mark before it there, so that it
is text; numbers are left as they are.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..base.visible import visible

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
FIRST = ("host", "id", "kind", "strategy", "bot", "status", "started_utc", "finished_utc")


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return runs as CSV: a line for each, a column for each of their columns and metrics.

    Args:
        rows: The runs, each with its ``metrics``.
    """
    columns = list(dict.fromkeys([*FIRST, *(name for row in rows for name in row if name != "metrics")]))
    metrics = sorted({name for row in rows for name in row.get("metrics") or {}})
    room = io.StringIO()
    writer = csv.writer(room, lineterminator="\n")
    writer.writerow([*map(_cell, columns), *(_cell(f"metric.{name}") for name in metrics)])
    for row in rows:
        of_row = row.get("metrics") or {}
        writer.writerow([*(_cell(row.get(name)) for name in columns), *(_cell(of_row.get(name)) for name in metrics)])
    return room.getvalue()


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return runs as JSON: a list of objects."""
    return json.dumps(list(rows), indent=2, sort_keys=True) + "\n"


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return repr(value)
    text = visible(value, None)
    return f"'{text}" if text.startswith(FORMULAS) else text
