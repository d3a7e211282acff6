"""The foretold effect of a restore: the rows of every table before and after, and the trades that it would forget."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ..bot.database_contents import Recorded
from .manifest import Manifest

TRADES = ("", "trades")
NUMBER = "trades.id"
MOMENTS = ("open_date", "close_date")


class Change(NamedTuple):
    """A table, and its rows; None where there is no such table."""

    table: str
    now: int | None
    then: int | None
    same: bool


def changes(present: Recorded | None, then: Recorded) -> list[Change]:
    """Return every table of the present database and of the dump.

    Args:
        present: The present database; None where there is none, or it cannot be read.
        then: The dump.
    """
    now = present.tables if present is not None else {}
    found = []
    for key in sorted({*now, *then.tables}):
        one, other = now.get(key), then.tables.get(key)
        rows = [each[1].rows if each is not None else None for each in (one, other)]
        found.append(Change(".".join(part for part in key if part), rows[0], rows[1], one == other))
    return found


def forgotten(columns: Collection[str], then: Manifest) -> str:
    """Return the query for number and pair of each trade that the dump does not know as it is now.

    These are the trades that were opened, or closed, after its moment.

    Args:
        columns: The columns of the present table of trades.
        then: The dump.
    """
    moment = f"{then.moment:%Y-%m-%d %H:%M:%S.%f}"
    known = then.next_numbers.get(NUMBER) if TRADES in then.contents.tables else None
    newer = [f"id >= {known}" if known is not None else "1 = 1"]
    newer += [f"{name} > '{moment}'" for name in MOMENTS if name in columns]
    return f"select id, pair from trades where {' or '.join(newer)} order by id"  # noqa: S608  numbers and a moment of ours
