"""Making the registry, and bringing the runbook's files to its schema without losing a row.

The new file is made whole beside the old one and takes its place by one rename, so a crash leaves the old one or the
new one. The old one is copied beside first. A row that the schema refuses, or of which a value had to change, is kept
as it was in the table ``kept_rows``, with the reason; tables that only the runbook has come along as they are.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base import durable
from ..base.clock import Clock
from ..base.errors import Refused
from . import incident_rows, old_epochs, registry, registry_rows, registry_schema
from .old_epochs import OldEpochs
from .registry import RegistryUnreadable
from .registry_rows import Converted

MODE, DIRECTORY = 0o644, 0o755
LOCK, LOCK_SECONDS = ".registry.lock", 10.0
LEFT = ("[0-9a-f]" * 8, "before-v")  # how the names begin of what is half written: a new registry, a former one
MINE = registry_schema.TABLES


@dataclass(frozen=True)
class Prepared:
    """The result of a migration of the registry.

    Attributes:
        changed: Whether it was made or brought to this version.
        before: The version that was there; None where there was none.
        backup: The copy of the old file, None where there was none.
        kept: Reasons why rows were kept as they were, with table and number of rows.
    """

    changed: bool
    before: int | None = None
    backup: Path | None = None
    kept: list[tuple[str, str, int]] = field(default_factory=list)


def prepare(path: Path, clock: Clock, owner: int = 0) -> Prepared:
    """Have a registry of this version at ``path``, and prove that by opening it.

    Raises:
        Refused: Somebody else works on it, or a newer freqops wrote it; nothing was touched.
        RegistryUnreadable: What is there is no registry, or is damaged; nothing was touched.
        OSError: The disk is full, read-only or failing; the registry is then the old one or the new one.
    """
    path.parent.mkdir(mode=DIRECTORY, parents=True, exist_ok=True)
    with durable.locked(path.with_name(LOCK), LOCK_SECONDS, clock) as held:
        if held is not True:
            raise Refused(f"another command is working on {path}, or its lock cannot be had")
        for begins in LEFT:
            for left in path.parent.glob(f".{path.name}.{begins}*"):  # of one that was killed; a restore keeps others
                left.unlink()
        done = _prepared(path, clock, owner)
    with registry.opened(path, owner=owner) as present:
        return Prepared(done.changed, done.before, done.backup, present.kept())


def needed(path: Path) -> bool:
    """Return whether `prepare` would make a registry, or bring an older one to this version.

    Raises:
        RegistryUnreadable: What is there is no registry.
    """
    return not path.exists() or _version(path) < registry_schema.VERSION


def _prepared(path: Path, clock: Clock, owner: int) -> Prepared:
    if path.exists() or path.is_symlink():
        registry.refuse_unless_plain(path, owner)
    if not path.exists() or path.stat().st_size == 0:
        _refuse_leftovers(path)
        _renewed(path, None)
        return Prepared(changed=True)
    before = _version(path)
    if before == registry_schema.VERSION:
        return Prepared(changed=False, before=before)
    if before > registry_schema.VERSION:
        raise Refused(f"{path} has version {before}, which a newer freqops wrote; deploy that")
    with contextlib.closing(_alone(path)) as old:
        _refuse_unless_known(old, path)
        backup = _backed_up(path, clock)
        _renewed(path, old)
    return Prepared(changed=True, before=before, backup=backup)


def _refuse_leftovers(path: Path) -> None:
    """Refuse what a database left beside a file that is gone: SQLite would take it for a part of the next one."""
    left = [each.name for each in _companions(path) if each.exists()]
    if left:
        raise RegistryUnreadable(f"{path} is gone or empty, and {', '.join(left)} lies there; move it away first")


def _version(path: Path) -> int:
    try:
        with contextlib.closing(registry.connected(path, "rw")) as connection:
            return registry.version(connection)
    except sqlite3.Error as error:
        raise RegistryUnreadable(f"{path} is no registry ({error}); {registry.MOVE}") from None


def _alone(path: Path) -> sqlite3.Connection:
    """Return a connection beside which nobody else writes until it is closed.

    Raises:
        Refused: Somebody has the file open for writing.
        RegistryUnreadable: It is no database, or damaged.
    """
    connection = registry.connected(path, "rw")
    try:
        connection.execute("PRAGMA journal_mode = DELETE")  # nothing of it lies in another file any more
        connection.execute("BEGIN IMMEDIATE")
        said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
    except sqlite3.OperationalError as error:
        connection.close()
        raise Refused(f"{path} is in use, or cannot be written ({error}); end what uses it, and try again") from None
    except sqlite3.Error as error:
        connection.close()
        raise RegistryUnreadable(f"{path} is no registry ({error}); {registry.MOVE}") from None
    beside = [each.name for each in _companions(path) if each.exists()]
    if said != ["ok"] or beside:
        connection.close()
        wrong = "; ".join(said if said != ["ok"] else [f"{name} lies beside it" for name in beside])
        raise RegistryUnreadable(f"{path} is damaged or in use ({wrong}); {registry.MOVE}")
    return connection


def _refuse_unless_known(old: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is none of the runbook's: it has tables, and none of a registry."""
    names = _tables(old)
    virtual = sorted(name for name, made in names.items() if made.upper().startswith("CREATE VIRTUAL"))
    if virtual:
        raise RegistryUnreadable(f"{path} has a virtual table, {virtual[0]}; {registry.MOVE}")
    if names and not set(names) & set(MINE):
        raise RegistryUnreadable(f"{path} is another database, with {', '.join(sorted(names)[:5])}; {registry.MOVE}")


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the tables of a database, each with the statement that made it."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^'"
    )
    return {str(name): str(sql) for name, sql in found}


def _backed_up(path: Path, clock: Clock) -> Path:
    """Copy the old file beside, page by page and durably, and return the copy."""
    backup = path.with_name(f"{path.name}.before-v{registry_schema.VERSION}-{clock.utcnow():%Y%m%dT%H%M%SZ}")
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(_in_place_of(backup))
        copy = stack.enter_context(contextlib.closing(registry.connected(made, "rw")))
        source = stack.enter_context(contextlib.closing(registry.connected(path, "ro")))
        source.backup(copy)
    return backup


def _renewed(path: Path, old: sqlite3.Connection | None) -> None:
    """Make a registry of this version in the place of ``path``, with the rows of ``old``."""
    with _in_place_of(path) as made, contextlib.closing(registry.connected(made, "rw")) as new:
        new.execute("BEGIN")
        _fill(new, old)
        new.execute("COMMIT")
        new.execute("PRAGMA journal_mode = WAL")


@contextmanager
def _in_place_of(path: Path) -> Iterator[Path]:
    """Give a new file beside ``path``, which takes its place when the block ends well."""
    handle, made = durable.beside(path)
    os.close(handle)
    try:
        yield made
        made.chmod(MODE)
        registry.sync(made)
        made.replace(path)
    except BaseException:
        for left in (made, *_companions(made)):
            left.unlink(missing_ok=True)
        raise
    durable.sync_directory(path.parent)


def _companions(path: Path) -> list[Path]:
    """Return the files that SQLite has beside a database while it is in use, or after a crash."""
    return [path.with_name(f"{path.name}{end}") for end in ("-journal", "-wal", "-shm")]


def _fill(new: sqlite3.Connection, old: sqlite3.Connection | None) -> None:
    """Make the schema, and bring every row of the old file."""
    for statement in registry_schema.statements():
        new.execute(statement)
    if old is None:
        return
    tables = _tables(old)
    epochs = OldEpochs(old, new)
    for name in [each for each in MINE if each in tables]:
        for row in _rows(old, name):
            _bring(new, old, name, row, epochs)
    epochs.settle()
    incident_rows.adopt(new)
    for name in sorted(set(tables) - set(MINE)):
        new.execute(tables[name])
        for row in _rows(old, name):
            _insert(new, name, row)


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    found = connection.execute(f"SELECT * FROM {_quoted(table)}")  # noqa: S608  quoted
    columns = [str(column[0]) for column in found.description]
    return (dict(zip(columns, row)) for row in found)


def _bring(
    new: sqlite3.Connection, old: sqlite3.Connection, table: str, row: Mapping[str, Any], epochs: OldEpochs
) -> None:
    """Insert a row as the schema has it, and keep it as it was where that is not the same."""
    known = {str(column[1]) for column in new.execute(f"PRAGMA table_info({_quoted(table)})")}
    before = registry.version(old)
    as_ours = registry_rows.later(table, row) if before else registry_rows.convert(old, table, row, known)
    made = _with_keys_that_hold(new, table, as_ours)
    new.execute("SAVEPOINT one")
    try:
        if epochs.take(table, made.row):
            made = Converted(made.row, "; ".join(filter(None, (made.why, old_epochs.WHY))))
        else:
            _insert(new, table, made.row)
    except (sqlite3.Error, ValueError, TypeError) as error:
        new.execute("ROLLBACK TO one")
        _keep(new, table, row, str(error), refused=True)
    else:
        if made.why:
            _keep(new, table, row, made.why, refused=False)
    new.execute("RELEASE one")


def _with_keys_that_hold(new: sqlite3.Connection, table: str, made: Converted) -> Converted:
    """Return a row without references to what is not there; where it must have one, it is refused for that later."""
    row, why = dict(made.row), made.why
    for key in new.execute(f"PRAGMA foreign_key_list({_quoted(table)})").fetchall():
        parent, column, target = str(key[2]), str(key[3]), str(key[4])
        value = row.get(column)
        query = f"SELECT 1 FROM {_quoted(parent)} WHERE {_quoted(target)} = ?"  # noqa: S608  quoted
        if (
            value is not None
            and new.execute(query, (value,)).fetchone() is None
            and table not in ("metrics", "artifacts")
        ):
            row[column], why = None, "; ".join(filter(None, (why, f"{column} refers to what is not there")))
    return Converted(row, why)


def _insert(new: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    names = ", ".join(_quoted(name) for name in row)
    marks = ", ".join("?" * len(row))
    new.execute(f"INSERT INTO {_quoted(table)} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608  quoted


def _keep(new: sqlite3.Connection, table: str, row: Mapping[str, Any], why: str, *, refused: bool) -> None:
    row_json = as_kept(row)
    _insert(new, registry_schema.KEPT, {"source": table, "row_json": row_json, "why": why, "refused": int(refused)})


def as_kept(row: Mapping[str, Any]) -> str:
    """Return a row as it is kept: as JSON, what is no text and no number in hexadecimal digits."""
    return json.dumps(row, sort_keys=True, default=lambda value: {"hex": bytes(value).hex()})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
