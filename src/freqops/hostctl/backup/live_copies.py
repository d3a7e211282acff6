"""A copy of a bot's database while the bot trades: everything in it is of one moment, and that is proven.

Its content is read in the same transaction out of which the copy is made. The bot is not stopped, and nothing waits
for the copy; the bot's database has one connection more meanwhile.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from freqops.core.backup import archive_text
from freqops.core.backup.numbers import next_numbers
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.kinds import Malformed
from freqops.core.bot.database_contents import HOME_SPACES, POSTGRES, SEQUENCES, SQLITE, Contents, Recorded
from freqops.core.bot.postgres import CONTAINER, SUPERUSER

from ..bot.database_copies import DatabaseError, believed
from ..bot.databases import PRIVATE, SECONDS, Postgres, Sqlite
from ..bot.engine import Engine
from .psql_session import LOCK_WAIT, PsqlSession, one_moment

BUSY_SECONDS = 10.0
SOUND = [["ok"]]


@dataclass(frozen=True)
class Copy:
    """A copy that was proven.

    Attributes:
        kind: ``postgresql`` or ``sqlite``.
        began: When its moment was: all that was committed before is in it.
        contents: What the database held then.
        next_numbers: The number that comes next in each numbered column.
    """

    kind: str
    began: datetime
    contents: Recorded
    next_numbers: dict[str, int]


def copy(database: object, path: Path, clock: Clock) -> Copy:
    """Write everything that a database holds at one moment to ``path``, and prove it.

    Args:
        database: As `freqops.hostctl.bot.databases.of` names it.
        path: The file to make.
        clock: The source of the time.

    Raises:
        DatabaseError: It could not be read, or the copy does not hold what it held.
        OSError: The copy cannot be written.
    """
    if isinstance(database, Sqlite):
        return _of_sqlite(database.path, path, clock)
    if isinstance(database, Postgres):
        return _of_postgres(database.name, database.engine, path, clock)
    raise DatabaseError(f"{type(database).__name__} is no database of freqops")


def _of_sqlite(source: Path, path: Path, clock: Clock) -> Copy:
    _refuse_others(source)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    try:
        began = clock.utcnow()
        with _held(source) as held, closing(sqlite3.connect(path)) as target:
            held.backup(target)
            contents = Contents(SQLITE, lambda query: map(list, held.execute(query)))
            before, numbers = Recorded.of(contents), next_numbers(contents)
        _prove(path, source.name, before, numbers)
    except sqlite3.Error as error:
        raise DatabaseError(f"{source.name} could not be dumped: {error}") from None
    return Copy(SQLITE, began, before, numbers)


def _prove(path: Path, name: str, before: Recorded, numbers: dict[str, int]) -> None:
    """Read a copy back: its own structure, every table, and the numbers that come next."""
    copied = Sqlite(path)
    said = copied.rows("pragma integrity_check")
    if said != SOUND:
        raise DatabaseError(f"the dump of {name} is no sound database: {said[:3]}")
    believed(f"the dump of {name}", before, copied.contents())
    if next_numbers(copied.contents()) != numbers:
        raise DatabaseError(f"the dump of {name} gives other numbers to the next rows")


@contextmanager
def _held(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is there, and hold one moment of it; in WAL mode no writer waits for that."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)) as connection:
        connection.isolation_level = None
        connection.execute("begin")
        connection.execute("select count(*) from sqlite_master").fetchone()
        yield connection
        connection.execute("rollback")


def _refuse_others(path: Path) -> None:
    """Refuse anything but a plain file: the bot may write into that directory, and could lay a link there."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        raise DatabaseError(f"there is no {path.name}") from None
    if not stat.S_ISREG(found.st_mode):
        raise DatabaseError(f"{path.name} is no plain file")


def _of_postgres(name: str, engine: Engine, path: Path, clock: Clock) -> Copy:
    began = clock.utcnow()
    with one_moment(name, engine) as (session, snapshot):
        contents = Contents(POSTGRES, session.rows)
        before, sequences = Recorded.of(contents), _sequences(session)
        how = ["--format=custom", "--compress=1", f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_WAIT}"]
        _piped(engine, name, ["pg_dump", f"--username={SUPERUSER}", *how, name], output=path)
    text = ["pg_restore", "--data-only", "--file=-"]
    try:
        told = engine.lines(["docker", "exec", "--interactive", CONTAINER, *text], SECONDS, path, archive_text.read)
        following = archive_text.following(told, sequences)
    except Malformed as error:
        raise DatabaseError(f"the dump of {name} cannot be read back: {error}") from None
    except FreqopsError as error:
        raise DatabaseError(f"{name}: {error}") from None
    wrong = archive_text.compared(told, before)
    if wrong:
        raise DatabaseError(f"the dump of {name} does not hold what the database held: {'; '.join(wrong)}")
    return Copy(POSTGRES, began, before, following)


def _piped(engine: Engine, name: str, words: list[str], **files: Any) -> None:
    try:
        engine.pipe(["docker", "exec", CONTAINER, *words], SECONDS, **files)
    except FreqopsError as error:
        raise DatabaseError(f"{name}: {error}") from None


def _sequences(session: PsqlSession) -> dict[str, tuple[str, int]]:
    """Return the column of each sequence, and the number that it gives next."""
    found = {}
    for space, table, column, sequence in session.rows(SEQUENCES):
        [[last, is_called]] = session.rows(f"select last_value, is_called from {sequence}")  # noqa: S608  as quoted there
        parts = ("" if space in HOME_SPACES else space, table, column)
        found[sequence] = (".".join(part for part in parts if part), int(last) + bool(is_called))
    return found
