"""The names of one database in Postgres: another one staged beside it, and put in its place by one transaction."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Callable

from freqops.core.bot.postgres import SUPERUSER, create_database, create_user, scram_verifier

SALT = 16
RESTORING, REPLACED, OUTDATED = "_restoring", "_replaced", "_outdated"


@dataclass(frozen=True)
class PostgresPlace:
    """The place of one database.

    Attributes:
        name: Its name.
        sql: Runs statements in a database, as one transaction, and returns what they say.
    """

    name: str
    sql: Callable[[str, str], str]

    @property
    def staged(self) -> str:
        """The database that is to take its place."""
        return f"{self.name}{RESTORING}"

    @property
    def kept(self) -> str:
        """The database that the last restore replaced; as `Place.kept`."""
        return f"{self.name}{REPLACED}"

    @property
    def outdated(self) -> str:
        """The database that a restore before that one replaced, until the new one is proven."""
        return f"{self.name}{OUTDATED}"

    def identity(self) -> str:
        """Return by what Postgres knows it, whatever name it has; as `Place.identity`."""
        return self.sql(SUPERUSER, f"select oid from pg_database where datname = '{self.name}'").strip()  # noqa: S608  a checked name

    def put(self) -> None:
        """Let both change places in one transaction; as `Place.put`."""
        self.drop(self.outdated)
        names = ", ".join(f"'{name}'" for name in (self.name, self.staged, self.kept))
        there = self.sql(SUPERUSER, f"select datname from pg_database where datname in ({names})").split()  # noqa: S608  checked names
        self.sql(SUPERUSER, f"select pg_terminate_backend(pid) from pg_stat_activity where datname in ({names})")  # noqa: S608  checked names
        moves = [(self.kept, self.outdated), (self.name, self.kept), (self.staged, self.name)]
        wanted = [f'alter database "{old}" rename to "{new}"' for old, new in moves if old in {*there, self.staged}]
        self.sql(SUPERUSER, "; ".join(wanted))

    def lend(self, password: str) -> None:
        """Make an empty database as what is to take its place, with a user of its own name until `take_in`."""
        self.withdraw()
        self.sql(SUPERUSER, create_user(self.staged, scram_verifier(password, os.urandom(SALT))))
        self.sql(SUPERUSER, create_database(self.staged))

    def take_in(self) -> None:
        """Give what was lent, and all that was written there, to the user of the database; the lent user is gone."""
        self.sql(self.staged, f'reassign owned by "{self.staged}" to "{self.owner()}"')
        self.sql(SUPERUSER, f'drop role "{self.staged}"')

    def owner(self) -> str:
        """Return the user whose database it is: that of its name, where there is no database."""
        asked = f"select pg_get_userbyid(datdba) from pg_database where datname = '{self.name}'"  # noqa: S608  a checked name
        return self.sql(SUPERUSER, asked).strip() or self.name

    def keep(self) -> None:
        """Keep what was replaced now, and nothing older; as `Place.keep`."""
        self.drop(self.staged)
        self.drop(self.outdated)

    def withdraw(self) -> None:
        """Take away what was staged, and whom it was lent to; as `Place.withdraw`."""
        self.drop(self.staged)
        self.sql(SUPERUSER, f'drop role if exists "{self.staged}"')

    def forget(self) -> None:
        """Take away the replaced database: there is no way back to it."""
        self.drop(self.outdated)
        self.drop(self.kept)

    def drop(self, name: str) -> None:
        """Take a database away where there is one, even with users connected."""
        self.sql(SUPERUSER, f'drop database if exists "{name}" with (force)')
