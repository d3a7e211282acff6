"""The answer of ``freqops-host upgrade-postgres``, as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..base.text_table import table
from .full import shown

HEADINGS = ("outcome", "proven", "stands", "wanted", "all databases", "left on the disk")
DATABASES = ("database", "bot", "size", "tables", "rows")
BOTS = ("bot", "outcome")


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the cluster that stands, its databases, the bots that were stopped, and what there is to say."""
    size, free = answer["size"], answer["free"]
    whole = [answer["outcome"], answer["proven"], _version(answer["stands"]), _version(answer["wanted"]),
             None if size is None else shown(size), None if free is None else shown(free)]  # fmt: skip
    yield from table(HEADINGS, [whole]).splitlines()
    for headings, rows in ((DATABASES, answer["databases"]), (BOTS, answer["bots"])):
        if rows:
            yield ""
            yield from table(headings, [[_cell(row, name) for name in headings] for row in rows]).splitlines()
    yield from answer["detail"]
    if answer["kept"]:
        yield f"kept: {answer['kept']}"
    if answer["way_back"]:
        yield f"the way back: {answer['way_back']}"
    if answer["delete"]:
        yield f"when it is not needed any more: {answer['delete']}"


def _version(major: int | None) -> str | None:
    return None if major is None else f"Postgres {major}"


def _cell(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    return shown(value) if name == "size" and isinstance(value, int) else value
