"""The answer of ``freqops-host vacuum``, as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..base.text_table import table
from .full import shown

HEADINGS = ("bot", "outcome", "proven", "level", "database", "size", "wasted", "oldest", "measured by")
TABLES = ("bot", "table", "size", "wasted", "rows", "locked s")


def lines(rows: Sequence[Mapping[str, Any]], *, full: bool) -> Iterator[str]:
    """Yield a table of all bots, one of their tables, and what there is to say of each.

    Args:
        rows: The rows of the answer.
        full: Whether tables were to be written anew, and were locked for that.
    """
    yield from table(HEADINGS, [_whole(row) for row in rows]).splitlines()
    cells = [cell for row in rows for cell in _tables(row, full=full)]
    if cells:
        yield ""
        yield from table(TABLES, cells).splitlines()
    yield from (f"{row['bot']}: {text}" for row in rows for text in row["detail"])


def _whole(row: Mapping[str, Any]) -> list[Any]:
    before, after = row.get("before"), row.get("after")
    return [
        row["bot"], row["outcome"], row["proven"], row["level"], row["database"].rpartition("/")[2] or None,
        *(_pair(before, after, name) for name in ("size", "wasted", "oldest")),
        None if before is None else before["measured_by"],
    ]  # fmt: skip


def _tables(row: Mapping[str, Any], *, full: bool) -> Iterator[list[Any]]:
    before, after = (
        {each["name"]: each for each in (row.get(when) or {"tables": []})["tables"]} for when in ("before", "after")
    )
    locked = {act["what"]: act["seconds"] for act in row.get("acts", [])} if full else {}
    for name in sorted({*before, *after}):
        pair = before.get(name), (after.get(name) if row.get("after") is not None else None)
        yield [row["bot"], name, *(_pair(*pair, what) for what in ("size", "wasted", "rows")), locked.get(name)]


def _pair(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, name: str) -> str | None:
    """Return a figure before and after: ``12.0 -> 3.5 MiB``."""
    known = [each[name] for each in (before, after) if each is not None]
    if all(value is None for value in known):
        return None
    texts = ["unknown" if value is None else shown(value) if name in ("size", "wasted") else str(value)
             for value in known]  # fmt: skip
    return " -> ".join(texts)
