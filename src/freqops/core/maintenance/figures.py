"""The figures of a database, table by table: its size, what a full vacuum would give back, its oldest transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed

PGSTATTUPLE, ESTIMATE = "pgstattuple", "estimate from pg_class and pg_stats"
DBSTAT, FREE_PAGES = "dbstat", "free pages alone, half-empty ones are not counted"


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: Its name, with its schema where that is not the usual one.
        size: Its bytes, with its indexes.
        wasted: The bytes of it that hold nothing; None where that is not known.
        rows: Its rows, counted.
    """

    name: str
    size: int
    wasted: int | None
    rows: int


@dataclass(frozen=True)
class Figures:
    """A database at one moment.

    Attributes:
        size: The bytes of its files.
        log: The bytes of the log of SQLite beside them; 0 with Postgres.
        oldest: The transactions since the oldest one that it must remember; None with SQLite, which has none.
        measured_by: How the wasted bytes were found.
        free: The bytes of free pages that belong to no table, of SQLite.
        tables: Its tables.
    """

    size: int
    log: int
    oldest: int | None
    measured_by: str
    free: int
    tables: tuple[Table, ...]

    @property
    def held(self) -> int:
        """The bytes among which what holds nothing was looked for."""
        return self.size if self.measured_by == FREE_PAGES else self.free + sum(table.size for table in self.tables)

    @property
    def wasted(self) -> int:
        """The bytes that hold nothing, as far as that is known."""
        return self.free + sum(table.wasted or 0 for table in self.tables)

    @property
    def unknown(self) -> list[str]:
        """The tables of which it is not known how much of them holds nothing."""
        return [table.name for table in self.tables if table.wasted is None]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as they stand in an answer."""
        wasted = None if self.unknown else self.wasted
        return {**asdict(self), "tables": [asdict(table) for table in self.tables], "wasted": wasted}


def checked(rows: Iterable[Sequence[Any]], names: Mapping[str, kinds.Kind], what: str) -> list[dict[str, Any]]:
    """Return the rows that a database gave, each value of its kind.

    Args:
        rows: The rows.
        names: The name and the kind of each column, in their order.
        what: What was asked for.

    Raises:
        Malformed: A row has another number of values, or one is not of its kind.
    """
    found = []
    for row in rows:
        if len(row) != len(names):
            raise Malformed(f"{what}: a row has {len(row)} values, and not {len(names)}")
        try:
            found.append(kinds.checked(dict(zip(names, row)), names, tuple(names)))
        except Malformed as error:
            raise Malformed(f"{what}: {error}") from None
    return found


def moved_back(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Return the columns whose next number is lower than before, or is not known any more, a line each."""
    return [f"the next {name} was {number}, and is {after.get(name, 'not known')}"
            for name, number in before.items() if after.get(name, -1) < number]  # fmt: skip
