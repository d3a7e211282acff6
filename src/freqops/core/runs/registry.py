"""The registry: runs, their results, and incidents, in ``strategies_registry.sqlite``.

It is checked whole each time it is opened. A registry that is missing, damaged or of another version is an error with
its cure, never an empty one: what it does not say decides whether a run may begin.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..base.errors import FreqopsError, Refused
from ..results.artifacts import Artifact
from ..results.hyperopt_file import Epoch
from . import registry_schema as schema
from .incident_rows import IncidentRows
from .run_records import Adopted, Begun, Filters, Page
from .run_rows import RunRows
from .strategy_rows import StrategyRows

PLACE = schema.PLACE
NOTHING: Mapping[str, Any] = {}
BUSY_SECONDS = 10.0
PREPARE = "'freqops-host registry --prepare' makes it, or brings it to this version"
MOVE = "put a backup in its place, or move it away: 'freqops-host registry --prepare' then makes an empty one"


class RegistryUnreadable(FreqopsError):
    """The registry is missing, damaged, not root's, or of another version; the text has the cure."""


class Registry:
    """An open registry; see `opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._runs = RunRows(connection)

    def drawdowns(self, strategy: str, count: int) -> list[float | None]:
        """Return the drawdowns of the last finished backtests of a strategy, the newest first, None where unknown.

        What counts is when they were executed. Of runs that came from the runbook's files that is not known: where
        there are fewer than ``count`` others, all of them count, for each may have been the last.

        Args:
            strategy: The class of the strategy.
            count: How many runs count.
        """
        return self._runs.drawdowns(strategy, count)

    def begin_run(self, run: Begun) -> None:
        """Write down that a run began.

        Raises:
            Refused: There is one of its id, or a value is none that the registry takes.
        """
        with self._whole(f"run {run.id!r}"):
            self._runs.begin(run)

    def end_run(  # noqa: PLR0913  an end has so many parts
        self,
        run: str,
        status: str,
        finished: datetime,
        metrics: Mapping[str, float],
        *,
        more: Mapping[str, Any] = NOTHING,
        artifacts: Sequence[Artifact] = (),
        epochs: Iterable[Epoch] = (),
    ) -> None:
        """Write down how a run ended, and what it left, as one.

        Args:
            run: Its id.
            status: One of `registry_schema.ENDED`.
            finished: When it ended.
            metrics: Its metrics; a finished backtest has its ``max_drawdown_account``, a fraction.
            more: Other columns of the table ``runs``, by name.
            artifacts: The files that it left.
            epochs: Its epochs. Where they raise, nothing is written.

        Raises:
            Refused: No such run goes on, or a value is none that the registry takes; nothing is written then.
        """
        if status not in schema.ENDED:
            raise Refused(f"{status!r} is no end of a run; allowed: {', '.join(schema.ENDED)}")
        with self._whole(f"run {run!r}"):
            self._runs.end(run, status, finished, more)
            self._runs.add(run, metrics, artifacts, epochs)

    def adopt_run(self, run: Adopted) -> bool:
        """Have a run that others executed in the registry as it is now, and return whether that changed anything.

        Raises:
            Refused: The registry has a run of that id which freqops began, or a value is none that the registry takes;
                nothing is written then.
        """
        with self._whole(f"run {run.id!r}"):
            return self._runs.adopt(run)

    def remove_run(self, run: str) -> None:
        """Remove a run with its metrics, artifacts and epochs; its files are not touched.

        Raises:
            Refused: There is none, it goes on, or an incident is about it.
        """
        with self._whole(f"the removal of run {run!r}"):
            self._runs.remove(run)

    def runs(self, filters: Filters, page: Page) -> tuple[list[dict[str, Any]], int]:
        """Return the rows of a page, the latest execution first, with their metrics; and how many runs are wanted."""
        return self._runs.listed(filters, page)

    def run(self, run: str) -> dict[str, Any] | None:
        """Return the row of a run; None where there is none."""
        return self._runs.row(run)

    def run_rows(self) -> RunRows:
        """Return the runs, with what hangs on them."""
        return self._runs

    @contextmanager
    def runs_changed(self) -> Iterator[RunRows]:
        """Give the runs for changes that are all made, or none of them, and beside which nobody else makes any."""
        with self._whole("what happened to runs"):
            yield self._runs

    def strategies(self) -> StrategyRows:
        """Return the strategies."""
        return StrategyRows(self._connection)

    @contextmanager
    def strategies_changed(self) -> Iterator[StrategyRows]:
        """Give the strategies for changes that are all made, or none of them, while nobody else makes any."""
        with self._whole("what strategies are"):
            yield StrategyRows(self._connection)

    def incidents(self) -> IncidentRows:
        """Return the incidents."""
        return IncidentRows(self._connection)

    @contextmanager
    def incidents_still(self) -> Iterator[IncidentRows]:
        """Give the incidents as they are now, whatever others write meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield IncidentRows(self._connection)
        finally:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def incidents_changed(self) -> Iterator[IncidentRows]:
        """Give the incidents for changes that are all made, or none of them, and beside which nobody else makes any."""
        with self._whole("what happened to an incident"):
            yield IncidentRows(self._connection)

    def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        return {name: self._connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in schema.TABLES}  # noqa: S608  our own names

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield every text of every row, with the name of its table: what stands there may name a file."""
        for name in schema.TABLES:
            for row in self._connection.execute(f"SELECT * FROM {name}"):  # noqa: S608  our own names
                yield from ((name, value) for value in row if isinstance(value, str))

    def kept(self) -> list[tuple[str, str, int]]:
        """Return why rows of the runbook's files were kept as they were, each with its table and how many they are."""
        found = self._connection.execute(
            f"SELECT source, why, count(*) FROM {schema.KEPT} GROUP BY source, why ORDER BY source, why"  # noqa: S608  as above
        )
        return [(str(source), str(why), int(number)) for source, why, number in found]

    @contextmanager
    def _whole(self, what: str) -> Iterator[None]:
        """Do all of the block or nothing."""
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.IntegrityError as error:
            raise Refused(f"the registry does not take {what}: {error}") from None
        except sqlite3.Error as error:
            raise RegistryUnreadable(f"the registry could not be written ({error}), and is as it was") from None


@contextmanager
def opened(
    path: Path, *, write: bool = False, owner: int = 0, whole: bool = True, patience: float = BUSY_SECONDS
) -> Iterator[Registry]:
    """Open the registry for the block, when it was checked whole.

    Args:
        path: The file.
        write: Whether it is to be written.
        owner: The user whose it must be.
        whole: Whether all of it is checked. Its incidents have a chain and a check of their own, and are entered often.
        patience: Seconds to wait while another writes.

    Raises:
        RegistryUnreadable: It is missing, damaged, somebody else's, or of another version.
    """
    refuse_unless_plain(path, owner)
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(contextlib.closing(connected(path, "rw", patience)))
            # Not the mode "ro": in that, SQLite does not look at the checks of tables when it checks a database whole.
            connection.execute(f"PRAGMA query_only = {'OFF' if write else 'ON'}")
            found = version(connection)
            wrong = damage(connection) if whole and found == schema.VERSION else []
        except sqlite3.Error as error:
            raise RegistryUnreadable(f"{path} cannot be read ({error}); {MOVE}") from None
        if found != schema.VERSION:
            cure = PREPARE if found < schema.VERSION else "a newer freqops wrote it: deploy that"
            raise RegistryUnreadable(f"{path} has version {found}, not {schema.VERSION}; {cure}")
        if wrong:
            raise RegistryUnreadable(f"{path} is damaged ({'; '.join(wrong)}); {MOVE}")
        try:
            yield Registry(connection)
        except sqlite3.Error as error:
            raise RegistryUnreadable(f"{path} cannot be read ({error}); {MOVE}") from None


def connected(path: Path, mode: str, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Return a connection; the mode is that of SQLite: ``ro``, ``rw`` or ``rwc``."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=patience, isolation_level=None
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def version(connection: sqlite3.Connection) -> int:
    """Return the version of a registry; 0 where it has none."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def damage(connection: sqlite3.Connection) -> list[str]:
    """Return the faults of a registry of this version: its pages, its keys, its tables."""
    said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
    found = [] if said == ["ok"] else said
    found += [
        f"{row[0]} refers to {row[2]} that is not there" for row in connection.execute("PRAGMA foreign_key_check")
    ]
    names = {
        str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")
    }
    return found + [f"{name} is missing" for name in (*schema.TABLES, *schema.INDEXES) if name not in names]


def refuse_unless_plain(path: Path, owner: int) -> None:
    """Refuse what is no regular file of its owner that only he may write; no link is followed.

    Raises:
        RegistryUnreadable: It is none.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        raise RegistryUnreadable(f"{path} is missing; {PREPARE}") from None
    except OSError as error:
        raise RegistryUnreadable(f"{path}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise RegistryUnreadable(f"{path} is no regular file; {MOVE}")
    if status.st_uid != owner or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mode = f"user {status.st_uid}, mode {stat.S_IMODE(status.st_mode):04o}"
        raise RegistryUnreadable(f"{path} is not root's alone ({mode}); look at what wrote it, then chown and chmod it")


def place(root: Path) -> Path:
    """Return the place of the registry in the tree of freqops."""
    return root / PLACE


def sync(path: Path) -> None:
    """Make the content of a file last."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
