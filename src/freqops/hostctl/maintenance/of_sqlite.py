"""The maintenance of a bot's database in a file of SQLite.

Under a bot that runs, nothing holds the lock of a writer for longer than a second: what is not to be had within that is
said. A full vacuum is one transaction of SQLite: a disk that is full, or a kill, leaves what was there before.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Callable

from freqops.core.base import kinds
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.kinds import Malformed
from freqops.core.maintenance import sqlite_figures as questions
from freqops.core.maintenance.figures import DBSTAT, FREE_PAGES, Figures, Table, checked

from ..bot.database_copies import DatabaseError
from .maintained import Act

BUSY_S = 1.0
TEMPORARY = "SQLITE_TMPDIR"
SHOWN = 5
STATISTICS, LOG, FILE = "statistics", "log", "file"


class SqliteMaintenance:
    """One database in a file."""

    def __init__(self, path: Path, home: Path, clock: Clock) -> None:
        """Remember the file.

        Args:
            path: The file.
            home: The directory of the bot, which root alone writes: a full vacuum has its copy there meanwhile.
            clock: The source of the time.
        """
        self._path, self._home, self._clock = path, home, clock

    def figures(self) -> Figures:
        """Return its figures; as `Maintained.figures`."""
        with self._open(look=True) as connection:
            page = self._one(connection, questions.PAGES, questions.PAGE)
            names = [row["name"] for row in self._asked(connection, questions.TABLES, questions.NAME)]
            measured = self._measured(connection)
            tables = [self._table(connection, name, measured) for name in names]
        how, size = FREE_PAGES if measured is None else DBSTAT, page["pages"] * page["page"]
        return Figures(size, self._log_bytes(), None, how, page["free"] * page["page"], tuple(tables))

    def refuse_unless_sound(self) -> None:
        """Have SQLite look at every page.

        Raises:
            DatabaseError: One is spoilt, or it does not answer.
        """
        with self._open(look=True) as connection:
            found = [str(row[0]) for row in connection.execute(questions.CHECK)]
        if found != ["ok"]:
            raise DatabaseError(f"{self._path.name} is spoilt: {'; '.join(found[:SHOWN])}")

    def free(self) -> int:
        """Return the smaller room of its own directory and of that in which the copy lies meanwhile."""
        return min(shutil.disk_usage(place).free for place in (self._path.parent, self._home))

    def at_work(self) -> str:
        """Return nothing: a process that is gone works on no file any more."""
        return ""

    def largest(self, tables: tuple[Table, ...]) -> int:  # noqa: ARG002  the whole file is written anew
        """Return the bytes of the file and of its log."""
        return self._path.stat().st_size + self._log_bytes()

    def online(self) -> list[Act]:
        """Bring the statistics of its tables up to date, and its log into the file."""
        return [self._timed(STATISTICS, self._optimize), self._timed(LOG, self._checkpoint)]

    def full(self, table: Table | None) -> Act:
        """Write the whole file anew; nothing of its bot runs."""
        if table is not None:
            raise ValueError("SQLite writes the whole file anew")
        return self._timed(FILE, self._vacuum)

    # --- the acts

    def _timed(self, what: str, act: Callable[[], tuple[bool, str]]) -> Act:
        began_s = self._clock.monotonic()
        try:
            done, said = act()
        except (FreqopsError, OSError) as error:
            done, said = False, str(error)
        return Act(what, done, said, round(self._clock.monotonic() - began_s, 2))

    def _optimize(self) -> tuple[bool, str]:
        with self._open() as connection:
            connection.execute(questions.ANALYSED_ROWS)
            due = [str(row[0]) for row in connection.execute(questions.WOULD_OPTIMIZE)]
            connection.execute(questions.OPTIMIZE).fetchall()
            left = [str(row[0]) for row in connection.execute(questions.WOULD_OPTIMIZE)]
        if left:
            return False, f"still due: {'; '.join(left[:SHOWN])}"
        return True, f"done: {'; '.join(due[:SHOWN])}" if due else "nothing was due"

    def _checkpoint(self) -> tuple[bool, str]:
        """Take the log in as far as that keeps nobody waiting; then make it empty, if that is to be had at once."""
        with self._open() as connection:
            taken = self._one(connection, questions.PASSIVE, questions.CHECKPOINT)
            if taken["frames"] < 0:
                return True, "it has no log"
            emptied = self._one(connection, questions.TRUNCATE, questions.CHECKPOINT)
        if not emptied["busy"]:
            return True, f"{taken['frames']} pages of the log were taken in, and it is empty"
        whole = taken["frames"] == taken["taken"]
        said = f"{taken['taken']} of {taken['frames']} pages of the log were taken in"
        return whole, f"{said}; it keeps its length, for somebody reads or writes at this moment"

    def _vacuum(self) -> tuple[bool, str]:
        before = self._path.stat().st_size
        with _temporary(self._home), self._open() as connection:
            if self._one(connection, questions.TRUNCATE, questions.CHECKPOINT)["busy"]:
                return False, "somebody has it open"
            connection.execute(questions.VACUUM)
            connection.execute(questions.OPTIMIZE).fetchall()
            busy = bool(self._one(connection, questions.TRUNCATE, questions.CHECKPOINT)["busy"])
            page = self._one(connection, questions.PAGES, questions.PAGE)
        after = self._path.stat().st_size
        if busy or page["free"] or after != page["pages"] * page["page"]:
            return False, "its file is not as short as its pages need: somebody has it open"
        return True, f"its file had {before} bytes, and has {after}"

    # --- the file

    @contextmanager
    def _open(self, *, look: bool = False) -> Iterator[sqlite3.Connection]:
        """Open the file, which must be there; each statement is a transaction of its own."""
        if self._path.is_symlink() or not self._path.is_file():
            raise DatabaseError(f"{self._path} is not there, or no plain file")
        try:
            where = f"{self._path.absolute().as_uri()}?mode=rw"
            with closing(sqlite3.connect(where, timeout=BUSY_S, uri=True, isolation_level=None)) as connection:
                connection.execute(questions.UNTRUSTED)
                if look:
                    connection.execute(questions.ONLY_LOOK)
                yield connection
        except sqlite3.Error as error:
            raise DatabaseError(f"{self._path.name}: {error}") from None

    def _asked(
        self, connection: sqlite3.Connection, query: str, names: Mapping[str, kinds.Kind]
    ) -> list[dict[str, Any]]:
        return checked(connection.execute(query).fetchall(), names, self._path.name)

    def _one(self, connection: sqlite3.Connection, query: str, names: Mapping[str, kinds.Kind]) -> dict[str, Any]:
        found = self._asked(connection, query, names)
        if len(found) != 1:
            raise Malformed(f"{self._path.name}: SQLite gave no figures")
        return found[0]

    def _measured(self, connection: sqlite3.Connection) -> dict[str, tuple[int, int]] | None:
        """Return size and wasted bytes by table; None where this SQLite cannot tell."""
        try:
            rows = self._asked(connection, questions.MEASURED, questions.TABLE)
        except sqlite3.OperationalError as error:
            if "dbstat" in str(error):
                return None
            raise
        return {row["name"]: (row["size"], row["wasted"]) for row in rows}

    def _table(
        self, connection: sqlite3.Connection, name: str, measured: Mapping[str, tuple[int, int]] | None
    ) -> Table:
        row = self._one(connection, questions.counted(name), questions.COUNTED)
        size, wasted = (0, None) if measured is None else measured.get(name, (0, 0))
        return Table(name, size, wasted, row["rows"])

    def _log_bytes(self) -> int:
        try:
            return self._path.with_name(f"{self._path.name}-wal").lstat().st_size
        except FileNotFoundError:
            return 0


@contextmanager
def _temporary(place: Path) -> Iterator[None]:
    """Have SQLite put what it needs meanwhile into a directory: that of the system may be a small one in memory."""
    former = os.environ.get(TEMPORARY)
    os.environ[TEMPORARY] = str(place)
    try:
        yield
    finally:
        if former is None:
            del os.environ[TEMPORARY]
        else:
            os.environ[TEMPORARY] = former
