"""A copy of a bot's database, and when it is believed: every table of it holds what the database held."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from freqops.core.base import durable
from freqops.core.base.errors import FreqopsError
from freqops.core.bot.database_contents import Contents, Recorded, copied


class DatabaseError(FreqopsError):
    """The database did not do what it was asked, or what it gave could not be read back."""


class Place(Protocol):
    """The place of one database, and another one that is staged beside it and may take that place."""

    def identity(self) -> str:
        """Return what tells the database from every other one that has had, or gets, its name; empty without one."""

    def put(self) -> None:
        """Let what is staged take the place of what is there, by one act: a kill leaves one of both, whole.

        Raises:
            DatabaseError: It did not; `identity` says which one stands.
        """

    def keep(self) -> None:
        """Keep what was replaced, and nothing that an earlier restore replaced."""

    def withdraw(self) -> None:
        """Take away whatever is staged, and leave the database as it was before that."""

    @property
    def kept(self) -> str:
        """Where what was replaced is kept: the path of a file, or the name of a database."""


class Database(Protocol):
    """One bot's database; nothing of the bot runs while it is restored."""

    def mark(self) -> str:
        """Return a fingerprint of trades and orders: the same as long as none was written."""

    def trades(self) -> int:
        """Return the number of its trades, open and closed."""

    def open_trades(self) -> list[str]:
        """Return number and pair of each trade that is open."""

    def rows(self, query: str) -> list[list[Any]]:
        """Return the rows that a query finds."""

    def contents(self) -> Contents:
        """Return the contents of the database, to be asked."""

    def dump(self, path: Path) -> Recorded:
        """Write everything to ``path``, read every table of it back, and return what they held.

        Raises:
            DatabaseError: It could not be written, or does not hold what the database holds; there is no ``path``.
        """

    def restore(self, path: Path, told: Recorded | None = None) -> None:
        """Put what was dumped to ``path`` in the place of what is there, if every table holds what it was told to hold.

        Raises:
            DatabaseError: It could not be read, or holds something else; what is there stays.
        """

    def stage(self, path: Path, told: Contents | Recorded, *, foreign: bool = False) -> Database:
        """Bring what was dumped to ``path`` beside what is there, read every table of it back, and return it.

        Args:
            path: The file.
            told: What it must hold.
            foreign: Whether it is the database of another bot, whose user is another one.

        Raises:
            DatabaseError: It could not be read, or holds something else; `Place.withdraw` takes it away.
        """

    def refuse_unless_sound(self) -> None:
        """Have the database look at itself.

        Raises:
            DatabaseError: Something in it is spoilt.
        """

    @property
    def place(self) -> Place:
        """Its place, which another one may take."""


def believed(what: str, before: Contents | Recorded, after: Contents) -> Recorded:
    """Return what a copy holds, which is what was copied.

    Raises:
        DatabaseError: It is not; the text names each table.
    """
    told = Recorded.of(after, like=before)
    wrong = copied(before, told)
    if wrong:
        raise DatabaseError(f"{what} does not hold what the database held: {'; '.join(wrong)}")
    return told


def into_place(partial: Path, path: Path) -> None:
    """Give a file that is whole its name, for good."""
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
    partial.replace(path)
    durable.sync_directory(path.parent)
