"""The mark of a bot's database, wherever that lies; `core.backup.changes` says what a mark is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from freqops.core.backup import changes
from freqops.core.base.errors import NotProven
from freqops.core.bot.db_url import POSTGRES, SQLITE
from freqops.core.bot.postgres import NAME, PSQL, url_in_use

from ..bot.engine import Engine

SQLITE_URL = f"{SQLITE}:////freqops/var/"
ASK_S = 20.0


def of_postgres(engine: Engine) -> dict[str, str | None]:
    """Return the mark of each database of the host's Postgres.

    Raises:
        FreqopsError: It does not say.
    """
    return changes.of_postgres(engine.pipe([*PSQL, f"--command={changes.MARKS}"], ASK_S))


def mark_of(home: Path, told: Callable[[], Mapping[str, str | None]]) -> tuple[str | None, float]:
    """Return the mark of a bot's database, and by how many seconds it may be late.

    Args:
        home: The directory of the bot.
        told: What Postgres told, where the database lies there.

    Raises:
        NotProven: It has no database of freqops.
        OSError: The database cannot be read.
    """
    url = url_in_use(home)
    if url.startswith(SQLITE_URL):
        return changes.of_sqlite(home / "var" / url[len(SQLITE_URL) :]), 0.0
    name = url.rpartition("/")[2]
    if not url.startswith(POSTGRES) or not NAME.fullmatch(name):
        raise NotProven("its db_url names no database of freqops")
    return told().get(name, changes.ABSENT), changes.POSTGRES_LAG_S
