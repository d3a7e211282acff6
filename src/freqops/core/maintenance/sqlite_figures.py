"""The figures of a database of SQLite: what is asked, and the statements of its maintenance."""

from __future__ import annotations

from ..base import kinds

PAGES = "select page_count, freelist_count, page_size from pragma_page_count, pragma_freelist_count, pragma_page_size"
TABLES = (
    "select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!' "
    "and sql not like 'create virtual%' order by name"
)
# Every page of the file is read. A table's indexes count as the table's.
MEASURED = (
    "select m.tbl_name, sum(s.pgsize), sum(s.unused) from dbstat s join sqlite_master m on m.name = s.name group by 1"
)
CHECK = "pragma quick_check"
PASSIVE, TRUNCATE = "pragma wal_checkpoint(passive)", "pragma wal_checkpoint(truncate)"
OPTIMIZE, WOULD_OPTIMIZE = "pragma optimize(0x10002)", "pragma optimize(0x10003)"  # all tables; and only say it
# Rows that are read for statistics at most: the lock of a writer is not held for longer than that takes.
ANALYSED_ROWS = "pragma analysis_limit = 1000"
UNTRUSTED = "pragma trusted_schema = off"
ONLY_LOOK = "pragma query_only = on"
VACUUM = "vacuum"

PAGE: dict[str, kinds.Kind] = {"pages": kinds.count, "free": kinds.count, "page": kinds.count}
NAME: dict[str, kinds.Kind] = {"name": kinds.text}
TABLE: dict[str, kinds.Kind] = {"name": kinds.text, "size": kinds.count, "wasted": kinds.count}
COUNTED: dict[str, kinds.Kind] = {"rows": kinds.count}
# Busy is 1 where somebody kept it from its end. A file without a log says -1 twice.
CHECKPOINT: dict[str, kinds.Kind] = {"busy": kinds.count, "frames": kinds.whole, "taken": kinds.whole}


def counted(name: str) -> str:
    """Return the question for the rows of a table."""
    quoted = name.replace('"', '""')
    return f'select count(*) from main."{quoted}"'  # noqa: S608  a quoted name
