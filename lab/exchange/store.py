"""The one SQLite file in which everything lies that someone did. What is committed survives a kill."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, updated_ms INTEGER NOT NULL);
CREATE TABLE keys (
    api_key TEXT PRIMARY KEY, secret TEXT NOT NULL, account_id INTEGER NOT NULL REFERENCES accounts,
    permissions TEXT NOT NULL, addresses TEXT NOT NULL, created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE balances (
    account_id INTEGER NOT NULL REFERENCES accounts, asset TEXT NOT NULL, free TEXT NOT NULL, locked TEXT NOT NULL,
    PRIMARY KEY (account_id, asset)
) WITHOUT ROWID;
CREATE TABLE deposits (
    id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts, asset TEXT NOT NULL, amount TEXT NOT NULL,
    time_ms INTEGER NOT NULL
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES accounts, symbol TEXT NOT NULL,
    client_id TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL, time_in_force TEXT NOT NULL, price TEXT NOT NULL,
    quantity TEXT NOT NULL, quote_quantity TEXT NOT NULL, executed TEXT NOT NULL, spent TEXT NOT NULL,
    status TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, stop_price TEXT NOT NULL,
    fillable TEXT NOT NULL, working_ms INTEGER
);
CREATE INDEX orders_of_account ON orders (account_id, symbol, id);
CREATE INDEX open_orders ON orders (symbol, account_id) WHERE status IN ('NEW', 'PARTIALLY_FILLED');
CREATE TABLE trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT, order_id INTEGER NOT NULL REFERENCES orders, account_id INTEGER NOT NULL,
    symbol TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL, quote TEXT NOT NULL, fee TEXT NOT NULL,
    fee_asset TEXT NOT NULL, is_buyer INTEGER NOT NULL, is_maker INTEGER NOT NULL, time_ms INTEGER NOT NULL
);
CREATE INDEX trades_of_account ON trades (account_id, symbol, id);
CREATE INDEX trades_of_order ON trades (order_id);
CREATE TABLE scripts (
    id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER, mode TEXT NOT NULL,
    points TEXT NOT NULL
);
CREATE TABLE faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, symbol TEXT, account TEXT, side TEXT,
    latency_ms INTEGER NOT NULL, status INTEGER, code INTEGER, msg TEXT, retry_after INTEGER, answer TEXT,
    after INTEGER NOT NULL, partial TEXT, times INTEGER, hits INTEGER NOT NULL
);
"""


class StateError(RuntimeError):
    """A state file that this exchange cannot go on with."""


class Store:
    """A connection to the state file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=5)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._prepare()

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        elif version != SCHEMA_VERSION:
            raise StateError(
                f"the state file has version {version}, this exchange needs {SCHEMA_VERSION}: start with a new file"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside, or none of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def run(self, sql: str, *values: object) -> int:
        """Execute one statement and return the number of the row that it inserted."""
        return self._db.execute(sql, values).lastrowid or 0

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """Return the only row of a query, or None."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def get(self, key: str) -> str | None:
        """Return a remembered word."""
        row = self.row("SELECT value FROM meta WHERE key = ?", key)
        return None if row is None else str(row["value"])

    def put(self, key: str, value: str) -> None:
        """Remember a word."""
        self.run("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
