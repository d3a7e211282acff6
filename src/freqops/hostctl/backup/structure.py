"""The structure of a database, looked at by the database's own tools: every page, every index."""

from __future__ import annotations

from freqops.core.base.errors import FreqopsError
from freqops.core.bot.postgres import SUPERUSER

from ..bot.database_copies import DatabaseError
from ..bot.databases import SECONDS, Postgres
from ..bot.engine_command import EngineError

PROGRAM = "pg_amcheck"
INTEGRITY_CHECK = "pragma integrity_check"
BY_HAND = "the extension amcheck, for the image has no pg_amcheck"
OPTIONS = ("--install-missing", "--heapallindexed", "--no-strict-names")
MISSING = ("executable file not found", "no such file or directory")
INDEXES = (
    "select bt_index_check(i.indexrelid::regclass, true) from pg_index i join pg_class c on c.oid = i.indexrelid "
    "join pg_am a on a.oid = c.relam where a.amname = 'btree' and c.relpersistence <> 't' and i.indisvalid"
)
TABLES = (
    "select c.oid::regclass, f.msg from pg_class c join pg_am a on a.oid = c.relam, verify_heapam(c.oid) f "
    "where c.relkind = 'r' and a.amname = 'heap' and c.relpersistence <> 't'"
)


def of_postgres(database: Postgres) -> str:
    """Have Postgres look at every table and index of a database, and return what looked.

    ``pg_amcheck`` does it where the image has it, and the extension by which it works where not. Without both nothing
    is known of the structure, and that is an error.

    Raises:
        DatabaseError: Something is spoilt, or the structure could not be checked.
    """
    version = _version(database)
    if version:
        _asked(database, [PROGRAM, f"--username={SUPERUSER}", f"--database={database.name}", *OPTIONS])
        return version
    words = ["psql", f"--username={SUPERUSER}", f"--dbname={database.name}", "--no-psqlrc", "--tuples-only",
             "--no-align", "--quiet", "--set=ON_ERROR_STOP=1"]  # fmt: skip
    _asked(database, [*words, "--command=create extension if not exists amcheck"])
    _asked(database, [*words, f"--command={INDEXES}"])
    found = _asked(database, [*words, f"--command={TABLES}"]).strip()
    if found:
        raise DatabaseError(f"{database.name} is spoilt: {found[:500]}")
    return BY_HAND


def _version(database: Postgres) -> str:
    """Return what ``pg_amcheck`` says that it is; empty where the image has none."""
    try:
        said = database.engine.pipe(["docker", "exec", database.container, PROGRAM, "--version"], SECONDS).strip()
    except EngineError as error:
        if any(text in str(error).lower() for text in MISSING):
            return ""
        raise DatabaseError(f"{database.name}: {error}") from None
    return said


def _asked(database: Postgres, words: list[str]) -> str:
    try:
        return database.engine.pipe(["docker", "exec", database.container, *words], SECONDS)
    except FreqopsError as error:
        raise DatabaseError(f"{database.name}: its structure could not be checked: {error}") from None
