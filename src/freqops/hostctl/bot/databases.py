"""A bot's own database, dumped and restored whole: an image change is also a change of the database.

A dump is believed when every table of it was read back; a restore is staged, and read back in the same way, before it
takes the place of what is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from freqops.core.base import durable
from freqops.core.base.errors import FreqopsError
from freqops.core.bot import layout
from freqops.core.bot.database_contents import CARRIED, POSTGRES, SQLITE, Contents, Recorded
from freqops.core.bot.postgres import CONTAINER, NAME, PRESENT, PSQL, SUPERUSER

from .database_copies import Database, DatabaseError, believed, into_place
from .engine import Engine
from .postgres_places import PostgresPlace
from .sqlite_files import SqliteFiles

SECONDS = 600.0
PRIVATE = 0o600
SQLITE_URL = "sqlite:////freqops/var/"
EMPTY = "empty"
SHOWN = 5
PSQL_WORDS = ("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set=ON_ERROR_STOP=1")

# The columns that a bot writes when it trades, and that no release of Freqtrade has changed; a price that it noticed is
# no trade. A simulated stop is placed again at every start, and is none until it is filled.
TRADES = "select id, is_open, amount from trades order by id"
COUNT = "select count(*) from trades"
# The tables of Freqtrade that are not those of who owns the database, as the bot has to.
CARRIED_NAMES = ", ".join(f"'{name}'" for name in CARRIED)
STRANGE = (
    "select c.relname || ' belongs to ' || r.rolname from pg_class c join pg_roles r on r.oid = c.relowner "  # noqa: S608  names of ours
    "join pg_database d on d.datname = current_database() where c.relkind in ('r', 'p') "
    f"and c.relnamespace = 'public'::regnamespace and c.relname in ({CARRIED_NAMES}) and c.relowner <> d.datdba"
)
OPEN = "select id, pair from trades where is_open order by id"
ORDERS = "select order_id, status, filled from orders order by id"
SIMULATED = "select order_id, status, filled from orders where ft_order_side <> 'stoploss' or filled > 0 order by id"


def of(bot: layout.Bot, engine: Engine) -> Database:
    """Return the database that the secrets of ``bot`` name.

    Raises:
        DatabaseError: They name none that freqops made.
    """
    document = durable.read_json(bot.conf / "secrets.json")
    url = str(document.get("db_url", "")) if isinstance(document, dict) else ""
    if url.startswith(SQLITE_URL):
        return Sqlite(bot.home / "var" / url[len(SQLITE_URL) :], bot.is_live)
    name = urlsplit(url).path.lstrip("/")
    if not url.startswith("postgresql") or not NAME.fullmatch(name):
        raise DatabaseError(f"{bot.name}: its db_url names no database of freqops")
    return Postgres(name, engine, bot.is_live)


def present(engine: Engine) -> list[str]:
    """Return the databases and users of the host's Postgres, like ``database alpha_paper`` or ``user alpha_paper``.

    Raises:
        DatabaseError: It does not answer.
    """
    try:
        return [line for line in engine.pipe([*PSQL, f"--command={PRESENT}"], SECONDS).splitlines() if line]
    except FreqopsError as error:
        raise DatabaseError(f"Postgres does not answer: {error}") from None


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Sqlite:
    """A database in one file, in WAL mode: three files that only SQLite itself can copy."""

    path: Path
    is_live: bool = False

    def mark(self) -> str:
        """Return the fingerprint of trades and orders."""
        if not self.path.exists():
            return EMPTY
        with self._named_errors():
            return self._mark(self.path)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise DatabaseError(f"{self.path.name}: {error}") from None

    def _mark(self, path: Path) -> str:
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
            if not {"trades", "orders"} <= tables:
                return EMPTY
            return _digest(
                [
                    str(row)
                    for query in (TRADES, ORDERS if self.is_live else SIMULATED)
                    for row in connection.execute(query)
                ]
            )

    def trades(self) -> int:
        """Return the number of its trades."""
        if self.mark() == EMPTY:
            return 0
        with self._named_errors(), closing(sqlite3.connect(self.path, timeout=10)) as connection:
            return int(connection.execute(COUNT).fetchone()[0])

    def open_trades(self) -> list[str]:
        """Return the open trades."""
        if self.mark() == EMPTY:
            return []
        with self._named_errors(), closing(sqlite3.connect(self.path, timeout=10)) as connection:
            return [f"{number} {pair}" for number, pair in connection.execute(OPEN)]

    def rows(self, query: str) -> list[list[Any]]:
        """Return the rows that a query finds."""
        return list(self._each(query))

    def _each(self, query: str) -> Iterator[list[Any]]:
        """Give the rows that a query finds, one by one."""
        with self._named_errors(), closing(sqlite3.connect(self.path, timeout=10)) as connection:
            for row in connection.execute(query):
                yield list(row)

    def contents(self) -> Contents:
        """Return the contents of the database, to be asked."""
        return Contents(SQLITE, self._each)

    def dump(self, path: Path) -> Recorded:
        """Copy the database to ``path``, and compare the copy; as `Database.dump`."""
        if not self.path.exists():
            raise DatabaseError(f"there is no {self.path}")
        partial = path.with_name(path.name + ".partial")
        partial.unlink(missing_ok=True)
        try:
            os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
            with closing(sqlite3.connect(self.path, timeout=10)) as source, closing(sqlite3.connect(partial)) as target:
                source.backup(target)
            told = believed(f"the dump of {self.path.name}", self.contents(), Sqlite(partial).contents())
            into_place(partial, path)
        except sqlite3.Error as error:
            raise DatabaseError(f"{self.path.name} could not be dumped: {error}") from None
        finally:
            partial.unlink(missing_ok=True)
        return told

    @property
    def place(self) -> SqliteFiles:
        """Its files, and those that may take their place."""
        return SqliteFiles(self.path)

    def restore(self, path: Path, told: Recorded | None = None) -> None:
        """Put the dump in the place of the database; as `Database.restore`."""
        try:
            self.stage(path, told if told is not None else Sqlite(path).contents())
            self.place.put()
        except (FreqopsError, OSError):
            self.place.withdraw()
            raise
        self.place.forget()

    def stage(self, path: Path, told: Contents | Recorded, *, foreign: bool = False) -> Sqlite:  # noqa: ARG002  it has no owners
        """Copy the dump beside the database, and compare; as `Database.stage`."""
        self.place.stage(path)
        staged = Sqlite(self.place.staged)
        staged.refuse_unless_sound()
        believed(path.name, told, staged.contents())
        return staged

    def refuse_unless_sound(self) -> None:
        """Have SQLite look at every page of it.

        Raises:
            DatabaseError: One is spoilt.
        """
        found = [str(row[0]) for row in self.rows("pragma integrity_check")]
        if found != ["ok"]:
            raise DatabaseError(f"{self.path.name} is spoilt: {'; '.join(found[:SHOWN])}")


@dataclass(frozen=True)
class Postgres:
    """A database of the host's Postgres, or of another one, reached through its socket, from inside its container."""

    name: str
    engine: Engine
    is_live: bool = False
    container: str = CONTAINER

    def mark(self) -> str:
        """Return the fingerprint of trades and orders."""
        return self._mark(self.name)

    def _mark(self, name: str) -> str:
        tables = self._sql(
            name, "select to_regclass('public.trades') is not null, to_regclass('public.orders') is not null"
        )
        if tables.split() != ["t|t"]:
            return EMPTY
        return _digest([self._sql(name, query) for query in (TRADES, ORDERS if self.is_live else SIMULATED)])

    def trades(self) -> int:
        """Return the number of its trades."""
        return 0 if self.mark() == EMPTY else int(self._sql(self.name, COUNT))

    def open_trades(self) -> list[str]:
        """Return the open trades."""
        if self.mark() == EMPTY:
            return []
        return [line.replace("|", " ", 1) for line in self._sql(self.name, OPEN).splitlines() if line]

    def contents(self) -> Contents:
        """Return the contents of the database, to be asked."""
        return Contents(POSTGRES, self.rows)

    def dump(self, path: Path) -> Recorded:
        """Write a compressed archive to ``path``, restore it beside the database, and compare; as `Database.dump`."""
        partial = path.with_name(path.name + ".partial")
        try:
            self._run(["pg_dump", "--format=custom", "--compress=1", self.name], output=partial)
            with self._restored(partial) as beside:
                told = believed(f"the dump of {self.name}", self.contents(), beside.contents())
            into_place(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        return told

    def restore(self, path: Path, told: Recorded | None = None, *, foreign: bool = False) -> None:
        """Restore into a database beside the present one, then let both change places; as `Database.restore`.

        Args:
            path: The archive.
            told: What every table must hold, None where that was not written down.
            foreign: Whether users stand in it that are none of ours: everything then becomes that of the bot's own.
        """
        with self._restored(path, foreign=foreign) as beside:
            if told is not None:
                believed(path.name, told, beside.contents())
            self.place.put()
        self.place.forget()

    @property
    def place(self) -> PostgresPlace:
        """Its name, and those that may take it."""
        return PostgresPlace(self.name, self._sql)

    def stage(self, path: Path, told: Contents | Recorded, *, foreign: bool = False) -> Postgres:
        """Restore the archive beside the database, and compare; as `Database.stage`."""
        beside = self._beside(path, foreign=foreign)
        beside.refuse_unless_sound()
        believed(path.name, told, beside.contents())
        return beside

    def refuse_unless_sound(self) -> None:
        """Refuse tables of Freqtrade that are somebody else's: the bot could not write to them.

        Raises:
            DatabaseError: One is.
        """
        strange = [line for line in self._sql(self.name, STRANGE).splitlines() if line]
        if strange:
            raise DatabaseError(f"{self.name}: {'; '.join(strange)}, so its bot could not write there")

    @contextmanager
    def _restored(self, path: Path, *, foreign: bool = False) -> Iterator[Postgres]:
        """Restore an archive into a new database, which is gone afterwards."""
        try:
            yield self._beside(path, foreign=foreign)
        finally:
            self.place.withdraw()  # none has this name any more where it took the place of the present one

    def _beside(self, path: Path, *, foreign: bool = False) -> Postgres:
        """Restore an archive, all of it or nothing, into a new database of the same owner."""
        staged, whose = self.place.staged, ["--no-owner", "--no-acl", f"--role={self.name}"] if foreign else []
        self.place.withdraw()
        self._sql(SUPERUSER, f'create database "{staged}" owner "{self.place.owner()}" template template0')
        self._run(
            ["pg_restore", "--exit-on-error", "--single-transaction", "--no-password", f"--dbname={staged}", *whose],
            source=path,
        )
        return Postgres(staged, self.engine, self.is_live, self.container)

    def lent(self, password: str) -> Postgres:
        """Make an empty database beside it that a user of its own name may write to, and return it; see `take_in`."""
        self.place.lend(password)
        return Postgres(self.place.staged, self.engine, self.is_live, self.container)

    def take_in(self) -> None:
        """Make what was `lent`, and all that was written there, that of the bot's user."""
        self.place.take_in()

    def rows(self, query: str) -> list[list[Any]]:
        """Return the rows that a query finds."""
        found = json.loads(self._sql(self.name, f"select coalesce(json_agg(found), '[]') from ({query}) found"))  # noqa: S608  a constant
        return [list(row.values()) for row in found]

    def drop(self) -> None:
        """Take the database away, and the user of its name."""
        self.place.forget()
        for name in (self.place.staged, self.name):
            self.place.drop(name)
        self._sql(SUPERUSER, f'drop role if exists "{self.name}"')

    def each(self, statements: Sequence[str], seconds: float = SECONDS) -> str:
        """Run statements one after the other in one session, each a transaction of its own; the first error ends it.

        Args:
            statements: The statements; what they print is returned.
            seconds: Seconds after which nobody waits for them any more. Postgres then goes on.

        Raises:
            DatabaseError: One failed; the text has the code of the error.
        """
        words = [f"--command={sql}" for sql in statements]
        return self._run([*PSQL_WORDS, "--set=VERBOSITY=verbose", f"--dbname={self.name}", *words], seconds=seconds)

    def _sql(self, database: str, sql: str) -> str:
        """Run statements as one transaction: all of them, or none."""
        return self._run([*PSQL_WORDS, f"--dbname={database}", "--command", sql])

    def _run(
        self, words: list[str], *, source: Path | None = None, output: Path | None = None, seconds: float = SECONDS
    ) -> str:
        interactive = ["--interactive"] if source is not None else []
        program, *rest = words
        argv = ["docker", "exec", *interactive, self.container, program, f"--username={SUPERUSER}", *rest]
        try:
            return self.engine.pipe(argv, seconds, source=source, output=output)
        except FreqopsError as error:
            raise DatabaseError(f"{self.name}: {error}") from None
