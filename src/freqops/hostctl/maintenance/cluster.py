"""A cluster of Postgres, all of it: its roles and databases, what they hold, and how they come into another one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from freqops.core.backup import numbers
from freqops.core.base.errors import FreqopsError
from freqops.core.bot.database_contents import Recorded
from freqops.core.bot.postgres import SUPERUSER
from freqops.core.maintenance import upgrade as rules
from freqops.core.maintenance.upgrade import Facts
from freqops.core.maintenance.upgrade_note import Held

from ..bot.database_copies import DatabaseError, believed
from ..bot.databases import Postgres
from ..bot.engine import Engine

LONGEST_S = 4 * 3600.0
GLOBALS = "globals.sql"
PRIVATE = 0o600
# The superuser is there in every cluster; the other lines are psql's own, which an older psql does not know.
LEFT_OUT = (b"CREATE ROLE postgres;", b"\\restrict ", b"\\unrestrict ")
SIZES = (
    "select datname::text as name, pg_database_size(oid) as size from pg_database "
    "where datallowconn and not datistemplate"
)
HIDDEN = ("SCRAM", "PASSWORD", "MD5")


@dataclass(frozen=True)
class Cluster:
    """The cluster in one container, reached through its socket."""

    engine: Engine
    container: str

    def database(self, name: str = SUPERUSER, *, is_live: bool = False) -> Postgres:
        """Return one of its databases, which may have any name that is checked."""
        return Postgres(name, self.engine, is_live, self.container)

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each database that somebody can connect to, by name."""
        return {str(name): int(size) for name, size in self.database().rows(SIZES)}

    def found(self, query: str) -> list[str]:
        """Return the only column that a query finds."""
        return sorted(str(row[0]) for row in self.database().rows(query))

    def facts(self) -> Facts:
        """Return the facts of the cluster."""
        return {kind: self._pairs(SUPERUSER, query) for kind, query in rules.CLUSTER_FACTS.items()}

    def facts_of(self, name: str) -> Facts:
        """Return the facts of one of its databases."""
        return {kind: self._pairs(name, query) for kind, query in rules.DATABASE_FACTS.items()}

    def _pairs(self, name: str, query: str) -> Mapping[str, str]:
        return {str(key): str(value) for key, value in self.database(name).rows(query)}

    def held(self, name: str, *, of_bot: bool, is_live: bool) -> Held:
        """Return what one of its databases holds, and the fingerprint of trades where it is that of a bot."""
        database = self.database(name, is_live=is_live)
        contents = database.contents()
        mark = database.mark() if of_bot else ""
        return Held(Recorded.of(contents), numbers.next_numbers(contents), mark)

    # --- out of it, and into it

    def dump(self, names: list[str], place: Path) -> None:
        """Write roles and databases to files that root alone can read.

        Raises:
            DatabaseError: Something could not be dumped.
            OSError: The disk is full.
        """
        said = place / f"{GLOBALS}.all"
        self._run(["pg_dumpall", "--globals-only", "--no-password"], output=said)
        with said.open("rb") as given, os.fdopen(_new(place / GLOBALS), "wb") as kept:
            kept.writelines(line for line in given if not line.startswith(LEFT_OUT))
        said.unlink()
        for name in names:
            dumped = ["pg_dump", "--format=custom", "--compress=1", "--no-password", name]
            self._run(dumped, output=place / f"{name}.dump")

    def take_in(self, names: list[str], place: Path) -> None:
        """Bring in what `dump` wrote, and have Postgres gather its statistics.

        Raises:
            DatabaseError: Something did not come in.
        """
        psql = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname=postgres", "--output=/dev/null"]
        self._run(psql, source=place / GLOBALS)
        for name in names:
            made = ["--dbname=postgres"] if name == SUPERUSER else ["--create", "--dbname=postgres"]
            self._run(["pg_restore", "--exit-on-error", "--no-password", *made], source=place / f"{name}.dump")
        self._run(["vacuumdb", "--all", "--analyze-only", "--quiet", "--no-password"])

    def _run(self, words: list[str], *, source: Path | None = None, output: Path | None = None) -> str:
        program, *rest = words
        interactive = ["--interactive"] if source is not None else []
        argv = ["docker", "exec", *interactive, self.container, program, f"--username={SUPERUSER}", *rest]
        try:
            return self.engine.pipe(argv, LONGEST_S, source=source, output=output)
        except FreqopsError as error:
            raise DatabaseError(f"{program} in {self.container}: {_without_secrets(str(error))}") from None


def compared(old: tuple[Facts, Mapping[str, Facts]], held: Mapping[str, Held], new: Cluster) -> None:
    """Hold everything that a cluster had against what another one has.

    Args:
        old: The facts of the former cluster, and those of each of its databases.
        held: What each of its databases held.
        new: The other one.

    Raises:
        DatabaseError: Something is not the same; the text names all of it.
    """
    wrong = list(rules.differences("the cluster", old[0], new.facts()))
    for name, before in held.items():
        try:
            wrong += rules.differences(name, old[1][name], new.facts_of(name))
            wrong += unlike(name, before, new)
        except FreqopsError as error:
            wrong.append(f"{name}: {error}")
    if wrong:
        raise DatabaseError("; ".join(wrong))


def unlike(name: str, before: Held, cluster: Cluster) -> list[str]:
    """Return in what a database does not hold what it held: rows of each table, and the numbers that come next."""
    contents = cluster.database(name).contents()
    try:
        believed(name, before.contents, contents)
    except DatabaseError as error:
        return [str(error)]
    now = numbers.next_numbers(contents)
    if now == dict(before.numbers):
        return []
    return [f"{name}: other numbers come next: {dict(before.numbers)} before, {now} after"]


def _without_secrets(text: str) -> str:
    """Return what a program said without the lines in which a password could stand."""
    return "\n".join(line for line in text.splitlines() if not any(word in line.upper() for word in HIDDEN))


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
