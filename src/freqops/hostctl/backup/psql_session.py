"""A session with the host's Postgres that is kept: one transaction in which several questions see one moment."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from freqops.core.bot.postgres import CONTAINER, SUPERUSER

from ..bot.database_copies import DatabaseError
from ..bot.engine import Engine
from ..bot.engine_command import end

SECONDS = 600.0
SHOWN = 500
# Who wants a table for itself, as a migration does, waits for the moment that is held here, and everybody else waits
# behind that: one who held a moment and waited there, too, would keep all of them waiting, the bot included.
LOCK_WAIT = "5s"
# A session whose other end was killed must not hold its moment for ever: Postgres could remove no old row meanwhile.
BEGIN = (
    "set statement_timeout = '10min'; set idle_in_transaction_session_timeout = '15min'; "
    f"set lock_timeout = '{LOCK_WAIT}'; "
    "begin isolation level repeatable read, read only;"
)


class PsqlSession:
    """A ``psql`` inside the container of Postgres, asked over its standard input."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        self._process, self._name = process, name

    def rows(self, query: str) -> list[list[Any]]:
        """Return the rows that a query finds.

        Raises:
            DatabaseError: Postgres refused it, ended, or did not answer in time.
        """
        said = self.said(f"select coalesce(json_agg(found), '[]') from ({query}) found;")  # noqa: S608  a constant
        try:
            return [list(row.values()) for row in json.loads(said)]
        except (ValueError, AttributeError) as error:
            raise DatabaseError(f"{self._name}: Postgres gave no rows: {error}") from None

    def said(self, sql: str) -> str:
        """Send statements, and return what they printed.

        Raises:
            DatabaseError: As for `rows`.
        """
        mark = f"answered-{os.urandom(8).hex()}"
        watch = threading.Timer(SECONDS, end, [self._process])
        watch.start()
        try:
            return self._until(mark, sql)
        finally:
            watch.cancel()

    def _until(self, mark: str, sql: str) -> str:
        lines: list[str] = []
        sending, answers = self._process.stdin, self._process.stdout
        assert sending is not None  # noqa: S101  talk() opens both
        assert answers is not None  # noqa: S101
        try:
            sending.write(f"{sql}\n\\echo {mark}\n")
            sending.flush()
        except OSError as error:
            raise DatabaseError(f"{self._name}: psql ended: {error.strerror}") from None
        for line in answers:
            if line.strip() == mark:
                return "".join(lines)
            lines.append(line)
        raise DatabaseError(f"{self._name}: psql ended: {''.join(lines).strip()[-SHOWN:]}")


@contextmanager
def one_moment(name: str, engine: Engine) -> Iterator[tuple[PsqlSession, str]]:
    """Open a transaction in a database that sees one moment of it, and that writes nothing.

    Yields:
        The session, and the name under which ``pg_dump`` sees the same moment, as long as the block lasts.

    Raises:
        DatabaseError: Postgres does not open one.
    """
    process = engine.talk(
        ["docker", "exec", "--interactive", CONTAINER, "psql", f"--username={SUPERUSER}", f"--dbname={name}",
         "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
    )  # fmt: skip
    try:
        session = PsqlSession(process, name)
        snapshot = session.said(f"{BEGIN} select pg_export_snapshot();").strip()
        if not snapshot or not snapshot.replace("-", "").isalnum():
            raise DatabaseError(f"{name}: Postgres exported no moment: {snapshot[-SHOWN:]}")
        yield session, snapshot
        session.said("commit;")  # proves that the moment was held until now
    finally:
        _close(process)


def _close(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        try:
            process.stdin.close()  # psql ends, and Postgres with it its transaction
            process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            end(process)
    if process.stdout is not None:
        process.stdout.close()
