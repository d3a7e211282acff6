"""The numbers that come next in a database: what its sequences, or SQLite, give the next row."""

from __future__ import annotations

from ..bot.database_contents import HOME_SPACES, POSTGRES, SEQUENCES, Contents

# A column of SQLite that is the number of its row: the only one of its primary key, and of exactly this type.
NUMBERED = (
    "select m.name as place, min(p.name) as called from sqlite_master m, pragma_table_info(m.name) p "
    "where m.type = 'table' and m.name not like 'sqlite!_%' escape '!' and p.pk > 0 "
    "group by m.name having count(*) = 1 and upper(min(p.type)) = 'INTEGER' order by 1"
)
KEEPS = "select 1 as found from sqlite_master where name = 'sqlite_sequence'"


def next_numbers(contents: Contents) -> dict[str, int]:
    """Return the number that the next insert takes, for each numbered column, like ``trades.id``."""
    return _of_postgres(contents) if contents.kind == POSTGRES else _of_sqlite(contents)


def _of_postgres(contents: Contents) -> dict[str, int]:
    found = {}
    for space, table, column, sequence in contents.asked(SEQUENCES):
        [[last, is_called]] = contents.asked(f"select last_value, is_called from {sequence}")  # noqa: S608  as quoted there
        found[_name(space, table, column)] = int(last) + bool(is_called)
    return found


def _of_sqlite(contents: Contents) -> dict[str, int]:
    rows = contents.asked("select name, seq from sqlite_sequence") if list(contents.asked(KEEPS)) else []
    given = {str(table): int(last) for table, last in rows}
    found = {}
    for table, column in contents.asked(NUMBERED):
        query = f"select max({_quoted(column)}) as highest from main.{_quoted(table)}"  # noqa: S608  quoted names
        [[highest]] = contents.asked(query)
        found[_name("main", table, column)] = max(int(highest or 0), given.get(str(table), 0)) + 1
    return found


def _name(space: str, table: str, column: str) -> str:
    return ".".join(part for part in ("" if space in HOME_SPACES else space, table, column) if part)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
