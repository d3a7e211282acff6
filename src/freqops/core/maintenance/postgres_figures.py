"""The figures of a database in Postgres: what is asked, and what the answers are worth.

Bloat is measured where the extension pgstattuple is installed already; nothing is installed for that. Elsewhere it is
estimated: the pages that the rows would need, by their number in ``pg_class`` and their width in ``pg_stats``, are held
against those that there are. An estimate knows neither the length of single rows nor the indexes, nor what is stored
beside the rows because it is long.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed

APPLICATION = "freqops-vacuum"
CATALOGUE = "pg_catalog"
HOME = "public"
PAGE_HEADER, ROW_HEADER, POINTER, ALIGNED = 24, 24, 4, 8

OF_DATABASE = (
    "select pg_database_size(d.oid) as size, age(d.datfrozenxid)::bigint as oldest, "
    "current_setting('block_size')::bigint as page, current_setting('track_counts') = 'on' as counts, "
    "current_setting('data_directory') as place, "
    "coalesce((select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace "
    "where e.extname = 'pgstattuple'), '') as measure from pg_database d where d.datname = current_database()"
)
# Those of the catalogue that belong to all databases of the server are left out: they are not this bot's.
TABLES = (
    "select c.oid::bigint as number, n.nspname::text as space, c.relname::text as name, "
    "pg_total_relation_size(c.oid) as size, pg_relation_size(c.oid) as heap, c.reltuples::float8 as rows, "
    "(select count(*) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) "
    "as columns, "
    "(select count(*) from pg_stats p where p.schemaname = n.nspname and p.tablename = c.relname) as known, "
    "(select coalesce(sum((1 - p.null_frac) * p.avg_width), 0)::float8 from pg_stats p "
    "where p.schemaname = n.nspname and p.tablename = c.relname) as width, "
    "coalesce(s.vacuum_count, 0) as vacuums, coalesce(s.analyze_count, 0) as analyses, "
    "coalesce(pg_relation_filenode(c.oid), 0)::bigint as file "
    "from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid "
    "where c.relkind in ('r', 'm') and c.relpersistence <> 't' and not c.relisshared "
    "and n.nspname <> 'information_schema' and (n.nspname = 'pg_catalog' or n.nspname !~ '^pg_') order by 2, 3"
)
AT_WORK = (
    "select pid::bigint as pid from pg_stat_activity "  # noqa: S608  a constant
    f"where datname = current_database() and application_name = '{APPLICATION}' and pid <> pg_backend_pid()"
)


def _length(value: object) -> bool:
    return kinds.number(value) and value >= 0  # type: ignore[operator]


def _page(value: object) -> bool:
    return kinds.count(value) and value > PAGE_HEADER  # type: ignore[operator]


DATABASE: dict[str, kinds.Kind] = {
    "size": kinds.count, "oldest": kinds.count, "page": _page,
    "counts": kinds.truth, "place": kinds.text, "measure": kinds.text,
}  # fmt: skip
TABLE: dict[str, kinds.Kind] = {
    "number": kinds.count, "space": kinds.text, "name": kinds.text, "size": kinds.count, "heap": kinds.count,
    "rows": kinds.number, "columns": kinds.count, "known": kinds.count, "width": _length, "vacuums": kinds.count,
    "analyses": kinds.count, "file": kinds.count,
}  # fmt: skip
MEASURED: dict[str, kinds.Kind] = {"number": kinds.count, "wasted": kinds.count}
COUNTED: dict[str, kinds.Kind] = {"rows": kinds.count}
PIDS: dict[str, kinds.Kind] = {"pid": kinds.count}


@dataclass(frozen=True)
class PostgresTable:
    """A table as Postgres describes it.

    Attributes:
        number: By what Postgres knows it, its oid.
        space: Its schema.
        name: Its name.
        size: Its bytes, with indexes and whatever is stored beside it.
        heap: The bytes of its rows alone.
        rows: Its rows as Postgres last estimated them; below zero where it never did.
        columns: The number of its columns.
        known: The number of those of which Postgres knows how wide they are.
        width: The bytes that a row has on average.
        vacuums: How often it was vacuumed by a command.
        analyses: How often it was analysed by a command.
        file: The number of its file, which is another one after a full vacuum.
    """

    number: int
    space: str
    name: str
    size: int
    heap: int
    rows: float
    columns: int
    known: int
    width: float
    vacuums: int
    analyses: int
    file: int

    @property
    def is_of_catalogue(self) -> bool:
        """Whether it is one of Postgres itself."""
        return self.space == CATALOGUE

    @property
    def shown(self) -> str:
        """Its name for a person."""
        return self.name if self.space == HOME else f"{self.space}.{self.name}"

    @property
    def place(self) -> str:
        """Its name as it stands in a statement."""
        return f"{_quoted(self.space)}.{_quoted(self.name)}"

    def estimated(self, page: int) -> int | None:
        """Return the bytes of its rows' pages that hold nothing, by an estimate; None where nobody ever analysed it.

        Args:
            page: The bytes of a page.
        """
        if self.rows < 0 or (self.rows == 0 and not self.known and self.heap):
            return None
        if self.rows > 0 and self.known < self.columns:
            return None
        row = ROW_HEADER + POINTER + math.ceil(self.width / ALIGNED) * ALIGNED
        needed = math.ceil(self.rows * row / (page - PAGE_HEADER)) * page
        return max(0, self.heap - needed)


def measured(schema: str, numbers: Iterable[int]) -> str:
    """Return the question that has pgstattuple read every page of tables.

    Args:
        schema: The schema of the extension, quoted by Postgres.
        numbers: The tables.
    """
    among = ", ".join(map(str, numbers))
    return (
        "select c.oid::bigint as number, (t.dead_tuple_len + t.free_space)::bigint as wasted from pg_class c, "  # noqa: S608  numbers, and a name that Postgres quoted
        f"lateral {schema}.pgstattuple(c.oid::regclass) t where c.oid in ({among})"
    )


def counted(table: PostgresTable) -> str:
    """Return the question for the rows of a table."""
    return f"select count(*) as rows from {table.place}"  # noqa: S608  a quoted name


def online(tables: Sequence[PostgresTable]) -> str:
    """Return the statement that vacuums tables while others read and write them; one of Postgres may be left locked."""
    how = "(analyze, skip_locked)" if all(table.is_of_catalogue for table in tables) else "(analyze)"
    return f"vacuum {how} {', '.join(table.place for table in tables)}"


def full(table: PostgresTable) -> str:
    """Return the statement that writes a table anew; nobody reads or writes it meanwhile."""
    return f"vacuum (full, analyze) {table.place}"


def limits(lock_s: int, longest_s: int) -> list[str]:
    """Return the statements that bound a session, so that Postgres itself ends what nobody waits for any more.

    Args:
        lock_s: The seconds for which it waits for a lock, and has others wait behind it.
        longest_s: The seconds for one statement, with that.
    """
    return [
        f"set application_name = '{APPLICATION}'", "set search_path = pg_catalog",
        f"set lock_timeout = '{lock_s}s'", f"set statement_timeout = '{longest_s}s'",
    ]  # fmt: skip


def free_bytes(said: str) -> int:
    """Return the bytes that are left, by what ``df -P -k`` says of one directory.

    Raises:
        Malformed: It says something else.
    """
    lines = said.strip().splitlines()
    words = lines[-1].split() if len(lines) > 1 else []
    if len(words) < 6 or not words[3].isascii() or not words[3].isdecimal():
        raise Malformed("df does not say how much room is left")
    return int(words[3]) * 1024


def wasted_of(rows: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Return the wasted bytes by table, as they were measured."""
    return {row["number"]: row["wasted"] for row in rows}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
