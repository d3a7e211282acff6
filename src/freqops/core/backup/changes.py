"""Whether a database changed: a mark of it that costs next to nothing, and is another one after every commit.

**Postgres** counts rows for each database. Its count of commits moves with every reading, too, so the rows that were
inserted, updated and deleted are taken, with when they were last set to zero, and when Postgres was started: a restart
counts as a change. One query tells of all databases. A session hands its counts over up to ten seconds late, so what
is unchanged now was certainly unchanged `POSTGRES_LAG_S` ago. Where the counting is off there is no mark.

**SQLite** has ``PRAGMA data_version``, which compares with an earlier reading on the same connection alone; the process
of a timer has none. So the files are looked at. In WAL mode a commit changes the header of the ``-shm`` file: it counts
the transactions, and has the number of the last frame and its checksum. Times and sizes alone would not do: a log that
is written from its beginning again keeps its size, and two commits may fall into one tick of the file system's clock.
Without a ``-shm`` file nobody writes in WAL mode, and a commit changes the counter in the header of the main file.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..base import kinds, strict_json
from ..base.kinds import Malformed

POSTGRES_LAG_S = 12.0
MARKS = (
    "select coalesce(json_object_agg(d.datname, json_build_array(d.oid::bigint, s.tup_inserted, s.tup_updated, "
    "s.tup_deleted, s.stats_reset, pg_postmaster_start_time(), current_setting('track_counts'))), '{}') "
    "from pg_stat_database s join pg_database d on d.oid = s.datid"
)
COUNTING = "on"
ABSENT, UNKNOWN = "absent", "unknown"
MAIN_HEADER, WAL_HEADER, INDEX_HEADER = 100, 32, 48  # bytes; the rest of an index changes with its readers
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def of_postgres(said: str) -> dict[str, str | None]:
    """Return the mark of each database from the answer to `MARKS`; None for all where nothing is counted.

    Raises:
        Malformed: It is no such answer.
    """
    answer = strict_json.parse(said.encode())
    if not isinstance(answer, dict):
        raise Malformed("Postgres did not return the counters of its databases")
    return {str(name): _counted(row) for name, row in answer.items()}


def _counted(row: object) -> str | None:
    if not isinstance(row, list) or len(row) != 7 or not all(kinds.count(value) for value in row[:4]):
        raise Malformed("Postgres did not return the counters of its databases")
    return json.dumps(row) if row[6] == COUNTING else None


def of_sqlite(path: Path) -> str:
    """Return the mark of the database in a file; `ABSENT` where there is none.

    Raises:
        OSError: Something else lies there, or it cannot be read.
    """
    main = _looked_at(path, MAIN_HEADER)
    if main is None:
        return ABSENT
    log = _looked_at(path.with_name(path.name + "-wal"), WAL_HEADER)
    index = _looked_at(path.with_name(path.name + "-shm"), INDEX_HEADER)
    return json.dumps([main, log, None if index is None else index[3]])


def _looked_at(path: Path, length: int) -> tuple[int, int, int, str] | None:
    try:
        descriptor = os.open(path, FLAGS)
    except FileNotFoundError:
        return None
    try:
        found = os.fstat(descriptor)
        return found.st_ino, found.st_size, found.st_mtime_ns, os.read(descriptor, length).hex()
    finally:
        os.close(descriptor)
