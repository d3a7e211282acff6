"""The files of a SQLite database: another one staged beside it, and put in its place by one rename.

What SQLite itself had not taken into the main file (``-wal``, ``-journal``) must never meet another main file: it would
be played into that one. So it is taken in, or moved away, before the rename.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from freqops.core.base import durable

from .database_copies import DatabaseError

BESIDE = ("-wal", "-shm", "-journal")
LOGS = ("-wal", "-journal")
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PRIVATE, READABLE = 0o600, 0o644
SECONDS = 10


@dataclass(frozen=True)
class SqliteFiles:
    """The files of one database; nothing of its bot runs.

    Attributes:
        path: The main file.
    """

    path: Path

    @property
    def staged(self) -> Path:
        """The file that is to take its place."""
        return self.path.with_name(f".{self.path.name}.restoring")

    @property
    def replacing(self) -> Path:
        """The file that is being replaced, until the file in its place is proven."""
        return self.path.with_name(f".{self.path.name}.replacing")

    @property
    def replaced(self) -> Path:
        """The file that the last proven restore replaced."""
        return self.path.with_name(f".{self.path.name}.replaced")

    @property
    def kept(self) -> str:
        """Where what was replaced is kept; as `Place.kept`."""
        return str(self.replaced)

    def identity(self) -> str:
        """Return by what the main file is known, whatever name it has; as `Place.identity`."""
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            return ""
        return f"{found.st_dev}:{found.st_ino}"

    def stage(self, source: Path) -> None:
        """Copy another database beside this one, with its owner, durably.

        Raises:
            OSError: The disk is full or failing; what is half a copy goes by `withdraw`.
        """
        _clear(self.staged)
        owner = (self.path if self.path.exists() else self.path.parent).lstat()
        with source.open("rb") as stream, os.fdopen(os.open(self.staged, FLAGS, PRIVATE), "wb") as copy:
            shutil.copyfileobj(stream, copy)
            copy.flush()
            os.chown(copy.fileno(), owner.st_uid, owner.st_gid)
            os.fchmod(copy.fileno(), READABLE)
            os.fsync(copy.fileno())

    def put(self) -> None:
        """Let the staged one take the place of what is there, which is kept as `replacing`.

        A kill at any step leaves the former one whole, or the staged one: before the rename the former main file has
        everything, or what it had not taken in lies beside `replacing` and comes back by `withdraw`.

        Raises:
            DatabaseError: Somebody has it open, or the disk does not give it; it is as it was.
            OSError: The disk does not do it; `withdraw` goes on from there.
        """
        self._rotate()
        if self.path.exists():
            _taken_in(self.path)
            os.link(self.path, self.replacing, follow_symlinks=False)
        for suffix in LOGS:
            if _beside(self.path, suffix).exists():  # of a file that is spoilt
                _beside(self.path, suffix).replace(_beside(self.replacing, suffix))
        _beside(self.path, "-shm").unlink(missing_ok=True)
        durable.sync_directory(self.path.parent)
        self.staged.replace(self.path)
        durable.sync_directory(self.path.parent)

    def keep(self) -> None:
        """Keep what was replaced now, instead of what was kept before."""
        self._rotate()
        _clear(self.staged)
        durable.sync_directory(self.path.parent)

    def _rotate(self) -> None:
        moved = [suffix for suffix in (*LOGS, "") if _beside(self.replacing, suffix).exists()]
        if moved:
            _clear(self.replaced)
        for suffix in moved:
            _beside(self.replacing, suffix).replace(_beside(self.replaced, suffix))

    def withdraw(self) -> None:
        """Take away what was staged and did not take its place, and bring back what was moved away for it."""
        for suffix in LOGS:
            if _beside(self.replacing, suffix).exists() and not _beside(self.path, suffix).exists():
                _beside(self.replacing, suffix).replace(_beside(self.path, suffix))
        _clear(self.replacing)
        _clear(self.staged)
        durable.sync_directory(self.path.parent)

    def forget(self) -> None:
        """Take away the replaced file: there is no way back to it."""
        _clear(self.replacing)
        _clear(self.replaced)


def _taken_in(path: Path) -> None:
    """Have SQLite take everything into the main file; one that is spoilt takes nothing in.

    Raises:
        DatabaseError: Somebody has it open, or the disk does not give it.
    """
    try:
        with closing(sqlite3.connect(path, timeout=SECONDS)) as connection:
            connection.execute("select count(*) from sqlite_master").fetchone()  # takes back what was not committed
            [busy, *_] = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
    except sqlite3.OperationalError as error:
        raise DatabaseError(f"{path.name}: {error}") from None
    except sqlite3.DatabaseError:
        return
    if busy:
        raise DatabaseError(f"{path.name}: somebody has it open")


def _clear(path: Path) -> None:
    for name in (path, *(_beside(path, suffix) for suffix in BESIDE)):
        name.unlink(missing_ok=True)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
