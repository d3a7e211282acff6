"""The contents of a Freqtrade's database, table by table, and whether a copy has all of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple, Protocol

from ..base import kinds

SQLITE, POSTGRES = "sqlite", "postgresql"
# The tables that Freqtrade's own conversion carries from SQLite into Postgres; it leaves every other one behind.
CARRIED = ("trades", "orders", "pairlocks", "KeyValueStore", "trade_custom_data", "wallet_history")
COLUMNS = {
    SQLITE: (
        "select 'main' as space, m.name as place, p.name as called from sqlite_master m, pragma_table_info(m.name) p "
        "where m.type = 'table' and m.name not like 'sqlite!_%' escape '!' order by m.name, p.cid"
    ),
    POSTGRES: (
        "select n.nspname as space, c.relname as place, a.attname as called from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid "
        "where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped "
        "and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2, a.attnum"
    ),
}
# The sequences that number rows: those of a column's default, and those of identity columns.
SEQUENCES = (
    "select n.nspname as space, t.relname as place, a.attname as called, s.oid::regclass::text as sequence "
    "from pg_class s join pg_depend d on s.relkind = 'S' "
    "and ((d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = s.oid) "
    "or (d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype = 'i')) "
    "left join pg_attrdef f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid "
    "join pg_attribute a on a.attrelid = coalesce(f.adrelid, d.refobjid) and a.attnum = coalesce(f.adnum, d.refobjsubid) "  # noqa: E501
    "join pg_class t on t.oid = a.attrelid join pg_namespace n on n.oid = t.relnamespace order by 1, 2, 3"
)
MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?$", re.ASCII)
SUM_BYTES = 16
HOME_SPACES = ("main", "public")
RECORD: dict[str, kinds.Kind] = {
    "kind": lambda value: value in (SQLITE, POSTGRES),
    "tables": kinds.list_of(
        kinds.having(schema=kinds.text, table=kinds.text, columns=kinds.list_of(kinds.text), rows=kinds.count,
                     mark=kinds.text)
    ),
    "behind": kinds.list_of(kinds.text),
}  # fmt: skip


# Each row as Postgres writes it, and the sum of their checksums, halved so that it fits: the rows never leave Postgres.
SUMMED = (
    "select count(*) as rows, coalesce(sum(('x' || left(mark, 16))::bit(64)::bigint), 0)::text as one, "
    "coalesce(sum(('x' || right(mark, 16))::bit(64)::bigint), 0)::text as other "
    "from (select md5(row({columns})::text) as mark from {place}) marked"
)
SORTED = re.compile(r"[0-9a-f]{16}", re.ASCII)  # the marks of conversions, and of dumps of an older freqops


class Table(NamedTuple):
    """A table: how many rows it has, and a mark that is the same for the same rows in any order."""

    rows: int
    mark: str


class Told(Protocol):
    """The contents of a database, asked now or written down earlier."""

    @property
    def kind(self) -> str:
        """Return ``sqlite`` or ``postgresql``."""

    def columns(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the columns of every table, by schema and name."""

    def table(self, key: tuple[str, str], columns: Sequence[str], *, converted: bool = False) -> Table:
        """Return what a table holds in these columns; with ``converted``, however its kind of database writes it."""


@dataclass(frozen=True)
class Contents:
    """A database that can be asked.

    Attributes:
        kind: ``sqlite`` or ``postgresql``.
        asked: Returns the rows that a query finds, which may come one by one.
    """

    kind: str
    asked: Callable[[str], Iterable[list[Any]]]

    def columns(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the columns of every table, by schema and name; that of Freqtrade has the schema ``""``."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for space, name, column in self.asked(COLUMNS[self.kind]):
            key = ("" if space in HOME_SPACES else space, name)
            found[key] = (*found.get(key, ()), column)
        return found

    def table(self, key: tuple[str, str], columns: Sequence[str], *, converted: bool = False) -> Table:
        """Return what a table holds in these columns; with ``converted``, however its kind of database writes it."""
        if converted:
            return self._sorted(key, columns, converted=True)
        return self._summed(key, columns) if self.kind == POSTGRES else self._streamed(key, columns)

    def made_like(self, told: Table, key: tuple[str, str], columns: Sequence[str]) -> Table:
        """Return what a table holds, marked as it was when ``told`` was written down."""
        return self._sorted(key, columns) if SORTED.fullmatch(told.mark) else self.table(key, columns)

    def _summed(self, key: tuple[str, str], columns: Sequence[str]) -> Table:
        names = ", ".join(map(_quoted, columns))
        [[rows, one, other]] = self.asked(SUMMED.format(columns=names, place=self._place(key)))
        return Table(int(rows), f"{one}:{other}")

    def _streamed(self, key: tuple[str, str], columns: Sequence[str]) -> Table:
        """Return the sum of the checksums of all rows, of which no more than one is kept."""
        rows, total = 0, 0
        for row in self._rows(key, columns):
            told = json.dumps(_cells(key, columns, row, converted=False)).encode()
            rows, total = rows + 1, total + int.from_bytes(hashlib.blake2b(told, digest_size=SUM_BYTES).digest(), "big")
        return Table(rows, f"{total % (1 << (8 * SUM_BYTES)):x}:")

    def _sorted(self, key: tuple[str, str], columns: Sequence[str], *, converted: bool = False) -> Table:
        told = sorted(json.dumps(_cells(key, columns, row, converted=converted)) for row in self._rows(key, columns))
        return Table(len(told), hashlib.sha256("\n".join(told).encode()).hexdigest()[:16])

    def _rows(self, key: tuple[str, str], columns: Sequence[str]) -> Iterable[list[Any]]:
        return self.asked(f"select {', '.join(map(_quoted, columns))} from {self._place(key)}")  # noqa: S608  quoted names

    def _place(self, key: tuple[str, str]) -> str:
        space = key[0] or ("main" if self.kind == SQLITE else "public")
        return f"{_quoted(space)}.{_quoted(key[1])}"

    def behind(self) -> list[str]:
        """Return the columns whose next number is taken already, or that no sequence numbers, a line each."""
        if self.kind != POSTGRES:
            return []  # SQLite takes the next number from the rows themselves
        wrong, numbered = [], set()
        for space, name, column, sequence in self.asked(SEQUENCES):
            key = ("" if space in HOME_SPACES else space, name)
            numbered.add(key)
            highest = f"select max({_quoted(column)}) from {self._place(key)}"  # noqa: S608  quoted names
            query = f"select last_value, is_called, ({highest}) as highest from {sequence}"  # noqa: S608  as quoted there
            [[last, is_called, taken]] = self.asked(query)
            following = int(last) + bool(is_called)
            if taken is not None and following <= int(taken):
                wrong.append(f"{_shown(key)}: the next {column} is {following}, and {taken} is taken already")
        present = self.columns()
        return wrong + [f"{name}: no sequence numbers its rows" for name in CARRIED
                        if ("", name) in present and ("", name) not in numbered]  # fmt: skip


@dataclass(frozen=True)
class Recorded:
    """The contents of a database when a dump was made of it, kept beside the name of that dump.

    Attributes:
        kind: ``sqlite`` or ``postgresql``.
        tables: The columns of every table, and what it held, by schema and name.
        behind: What `Contents.behind` said then: a restore brings that back, too.
    """

    kind: str
    tables: Mapping[tuple[str, str], tuple[tuple[str, ...], Table]]
    behind: tuple[str, ...] = ()

    @classmethod
    def of(cls, contents: Contents, like: Contents | Recorded | None = None) -> Recorded:
        """Return what a database holds now.

        Args:
            contents: The database.
            like: What it is to be compared with; a table is marked in the way in which it was marked there.
        """
        told = like.tables if isinstance(like, Recorded) else {}
        found = {}
        for key, columns in contents.columns().items():
            known = told.get(key)
            table = contents.made_like(known[1], key, columns) if known else contents.table(key, columns)
            found[key] = (columns, table)
        return cls(contents.kind, found, tuple(contents.behind()))

    @classmethod
    def read(cls, document: object) -> Recorded:
        """Return the document that was written down.

        Raises:
            Malformed: It is not what `to_json` writes.
        """
        found = kinds.checked(document, RECORD, tuple(RECORD))
        keys = [(row["schema"], row["table"]) for row in found["tables"]]
        kinds.refuse_twice([_shown(key) for key in keys])
        tables = {
            key: (tuple(row["columns"]), Table(row["rows"], row["mark"])) for key, row in zip(keys, found["tables"])
        }
        return cls(found["kind"], tables, tuple(found["behind"]))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        rows = [{"schema": key[0], "table": key[1], "columns": list(columns), **table._asdict()}
                for key, (columns, table) in self.tables.items()]  # fmt: skip
        return {"kind": self.kind, "tables": rows, "behind": list(self.behind)}

    def columns(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the columns of every table, by schema and name."""
        return {key: columns for key, (columns, _) in self.tables.items()}

    def table(self, key: tuple[str, str], columns: Sequence[str], *, converted: bool = False) -> Table:
        """Return what a table held.

        Raises:
            ValueError: It is not known for these columns alone, nor as a conversion writes it.
        """
        known, table = self.tables[key]
        if converted or tuple(columns) != known:
            raise ValueError(f"{_shown(key)} was not written down like that")
        return table


def copied(before: Contents | Recorded, after: Contents | Recorded) -> list[str]:
    """Return the differences between a database and its copy, a line each; next numbers may be taken in both."""
    if before.kind != after.kind:
        return [f"it is a copy of {before.kind}, and this is {after.kind}"]
    known = _behind(before)
    return [line for line in compared(before, after)[0] if line not in known]


def compared(
    before: Told, after: Contents | Recorded, leave: Collection[str] = ()
) -> tuple[list[str], dict[str, tuple[Table, Table | None]]]:
    """Hold everything that a database had against what another one has now, before anything is written there.

    A conversion adds the columns of a newer Freqtrade, numbers rows again where nothing refers to their number, and
    closes simulated orders that were left open. Everything else must be the same.

    Args:
        before: The database that was copied.
        after: The one into which it was brought.
        leave: The tables that may stay behind.

    Returns:
        What is wrong, a line each, and of each table its two states.
    """
    converted = before.kind != after.kind
    old, new = before.columns(), after.columns()
    wrong: list[str] = []
    seen: dict[str, tuple[Table, Table | None]] = {}
    for key, columns in old.items():
        name = _shown(key)
        if key not in new:
            lost = before.table(key, columns)
            seen[name] = (lost, None)
            if name not in leave and (lost.rows or not converted):
                wrong.append(f"table {name}: it did not come through, with {lost.rows} rows")
            continue
        missing = [column for column in columns if column not in new[key]]
        if missing:
            wrong.append(f"table {name}: it has no {', '.join(missing)} any more")
            continue
        if not converted and columns != new[key]:
            wrong.append(f"table {name}: it has other columns")
            if isinstance(after, Recorded):
                continue  # what it holds in the columns of before was not written down
        same = [column for column in columns if not (converted and column == "id" and key[1] != "trades")]
        one = before.table(key, same, converted=converted)
        if isinstance(after, Contents) and not converted:
            other = after.made_like(one, key, same)
        else:
            other = after.table(key, same, converted=converted)
        seen[name] = (one, other)
        wrong += [f"table {name}: {line}" for line in _differences(one, other)]
    wrong += _unheard_of(after, new.keys() - old.keys())
    return [*wrong, *_behind(after)], seen


def _behind(told: Contents | Recorded) -> Sequence[str]:
    return told.behind if isinstance(told, Recorded) else told.behind()


def _differences(before: Table, after: Table) -> Iterator[str]:
    if before.rows != after.rows:
        yield f"{before.rows} rows before, {after.rows} after"
    elif before.mark != after.mark:
        yield f"{before.rows} rows, and not what was in them"


def _unheard_of(after: Contents | Recorded, keys: Collection[tuple[str, str]]) -> list[str]:
    """Return a line for each table that was not there before and is not empty."""
    present = after.columns()
    counts = {key: after.table(key, present[key]).rows for key in sorted(keys)}
    return [f"table {_shown(key)}: {rows} rows that were not there before" for key, rows in counts.items() if rows]


def _cells(key: tuple[str, str], columns: Sequence[str], row: Sequence[Any], *, converted: bool) -> list[Any]:
    cells = dict(zip(columns, row))
    if converted and key == ("", "orders") and str(cells.get("order_id")).startswith("dry"):
        cells.pop("ft_is_open", None)
    return [_cell(cells[column]) for column in columns if column in cells]


def _cell(value: Any) -> Any:
    if isinstance(value, (bool, int)):
        return int(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    moment = MOMENT.match(value) if isinstance(value, str) else None
    if moment is None:
        return value
    day, time, fraction = moment.groups()
    return f"{day} {time}.{(fraction or '').rstrip('0')}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _shown(key: tuple[str, str]) -> str:
    return ".".join(part for part in key if part)
