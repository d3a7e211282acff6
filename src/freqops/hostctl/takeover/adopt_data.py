"""The trades of a foreign Freqtrade on their way into a bot's database: copied whole, and read back as they were."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from freqops.core.base.errors import FreqopsError
from freqops.core.bot import layout
from freqops.core.bot.database_contents import POSTGRES, SQLITE, Contents
from freqops.core.bot.postgres import CONTAINER
from freqops.core.takeover import foreign
from freqops.core.takeover.foreign import Foreign, Picture

from ..bot import conversion, databases
from ..bot.database_copies import Database, DatabaseError
from ..bot.engine import Engine

SECONDS = 600.0
PRIVATE = 0o400
SESSIONS = (
    "select usename, client_addr, application_name from pg_stat_activity "
    "where datname = current_database() and pid <> pg_backend_pid() and usesysid is not null"
)
SQLITE_OUT = """
import sqlite3, sys
copy = sqlite3.connect(":memory:")
sqlite3.connect(sys.argv[1], timeout=10).backup(copy)
sys.stdout.buffer.write(copy.serialize())
"""


def picture_of(database: Database) -> Picture:
    """Return the trades and orders of a database.

    Raises:
        DatabaseError: It cannot be read.
    """
    if database.mark() == databases.EMPTY:
        return Picture()
    return foreign.picture({name: database.rows(query) for name, query in foreign.QUERIES.items()})


class Source:
    """The database of a foreign Freqtrade."""

    def __init__(self, found: Foreign, engine: Engine) -> None:
        self._found, self._engine = found, engine

    def backup(self, path: Path, reader: str) -> None:
        """Write everything to ``path`` while the bot runs, and have it read back.

        Args:
            path: The file to write.
            reader: The container whose ``pg_restore`` must understand it.

        Raises:
            DatabaseError: It could not be written, or what was written cannot be read.
        """
        if self._found.kind == SQLITE:
            self._pipe(
                ["docker", "exec", self._found.container, "python3", "-c", SQLITE_OUT, self._found.database], path
            )
            picture_of(databases.Sqlite(path))
        else:
            self._dumped(path, reader)
        path.chmod(PRIVATE)

    def at_rest(self, path: Path, reader: str) -> Picture:
        """Write everything to ``path`` now that the bot is stopped, and return what was traded.

        Raises:
            DatabaseError: As `backup`.
        """
        if self._found.kind == SQLITE:
            return self._copied(path)
        others = self._asked(SESSIONS)
        if others:
            raise DatabaseError(f"others are connected to {self._found.database}, maybe a second bot: {others}")
        self._dumped(path, reader)
        rows = {name: self._asked(query) for name, query in foreign.QUERIES.items()}
        return foreign.picture(rows)

    def contents(self, path: Path) -> Contents:
        """Return everything that was in the database at rest: in its copy, or in Postgres itself."""
        if self._found.kind == SQLITE:
            return databases.Sqlite(path).contents()
        return Contents(POSTGRES, self._asked)

    def _copied(self, path: Path) -> Picture:
        container, source = self._found.container, self._found.database
        if not self._engine.copy_out(container, source, path):
            raise DatabaseError(f"there is no {source} in {self._found.name} any more")
        self._engine.copy_out(container, f"{source}-wal", path.with_name(f"{path.name}-wal"))
        try:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("pragma wal_checkpoint(truncate)")
                broken = connection.execute("pragma quick_check").fetchone()[0]
        except sqlite3.Error as error:
            raise DatabaseError(f"the copy of {source} cannot be read: {error}") from None
        if broken != "ok":
            raise DatabaseError(f"the copy of {source} is broken: {broken}")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return picture_of(databases.Sqlite(path))

    def _dumped(self, path: Path, reader: str) -> None:
        user = f"--username={self._found.database_user}"
        words = ["pg_dump", user, "--format=custom", "--compress=1", "--no-owner", "--no-acl", self._found.database]
        self._pipe(["docker", "exec", self._found.database_container, *words], path)
        restore = ["docker", "exec", "--interactive", reader, "pg_restore", "--file=/dev/null"]
        try:
            self._engine.pipe(restore, SECONDS, source=path)
        except FreqopsError as error:
            raise DatabaseError(f"the dump of {self._found.database} cannot be read back: {error}") from None

    def _pipe(self, words: list[str], path: Path) -> None:
        try:
            self._engine.pipe(words, SECONDS, output=path)
        except FreqopsError as error:
            raise DatabaseError(f"the database of {self._found.name} could not be copied: {error}") from None

    def _asked(self, query: str) -> list[list[Any]]:
        whose = [f"--username={self._found.database_user}", f"--dbname={self._found.database}"]
        words = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", *whose]
        sql = f"--command=select coalesce(json_agg(found), '[]') from ({query}) found"  # noqa: S608  a constant
        said = self._engine.pipe(["docker", "exec", self._found.database_container, *words, sql], SECONDS)
        return [list(row.values()) for row in json.loads(said)]


def reader_for(found: Foreign, kind: str) -> str:
    """Return the container whose ``pg_restore`` has to understand the dump: ours, where it is to go there."""
    return CONTAINER if kind == POSTGRES else found.database_container


def bring(path: Path, found: Foreign, bot: layout.Bot, engine: Engine) -> None:
    """Put what was copied into the bot's own database.

    Raises:
        DatabaseError: It could not be put there.
    """
    database = databases.of(bot, engine)
    if isinstance(database, databases.Sqlite):
        database.restore(path)
    elif found.kind == POSTGRES and isinstance(database, databases.Postgres):
        database.restore(path, foreign=True)
    else:
        mark = f"{os.getpid()}-{threading.get_ident() % 10000}"
        conversion.convert(path, path.parent / "convert", bot, engine, mark=mark)
