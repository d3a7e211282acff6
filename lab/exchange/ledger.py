"""Accounts, their keys, and the money in them. Every movement is exact, and nothing goes below zero."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from lab.exchange.errors import insufficient
from lab.exchange.markets import plain

if TYPE_CHECKING:
    import sqlite3

    from lab.exchange.store import Store

PERMISSIONS = ("reading", "trading", "withdrawals", "internal-transfers", "universal-transfers", "margin", "futures")
UNBOUND_MS = 90 * 86_400_000  # for so long a key that is bound to no address may trade
DEFAULT_PERMISSIONS = ("reading", "trading")
ZERO = Decimal(0)


class LedgerError(ValueError):
    """An operator's request that the ledger cannot fulfil."""


@dataclass(frozen=True, slots=True)
class Key:
    """An API key and what it may do."""

    api_key: str
    secret: str
    account_id: int
    permissions: tuple[str, ...]
    addresses: tuple[str, ...]
    created_ms: int

    def may(self, permission: str, address: str) -> bool:
        """Tell whether the key may do this from there."""
        return permission in self.permissions and (not self.addresses or address in self.addresses)

    @property
    def trades_until_ms(self) -> int | None:
        """When the key may trade no longer, as it is told; None where it is bound to addresses, or does not trade."""
        return None if self.addresses or "trading" not in self.permissions else self.created_ms + UNBOUND_MS


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of an account in one asset."""

    free: Decimal
    locked: Decimal


class Ledger:
    """The accounts of this exchange."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_account(self, name: str, now_ms: int) -> int:
        """Create an empty account."""
        if self._store.row("SELECT id FROM accounts WHERE name = ?", name):
            raise LedgerError(f"there is an account {name!r} already")
        return self._store.run("INSERT INTO accounts (name, updated_ms) VALUES (?, ?)", name, now_ms)

    def account_id(self, name: str) -> int | None:
        """Return an account's number, or None if there is no such account."""
        row = self._store.row("SELECT id FROM accounts WHERE name = ?", name)
        return None if row is None else int(row["id"])

    def account_names(self) -> list[str]:
        """Return the names of all accounts."""
        return [str(row["name"]) for row in self._store.rows("SELECT name FROM accounts ORDER BY id")]

    def updated_ms(self, account_id: int) -> int:
        """Return when the account last moved."""
        row = self._store.row("SELECT updated_ms FROM accounts WHERE id = ?", account_id)
        return 0 if row is None else int(row["updated_ms"])

    def issue_key(self, account_id: int, permissions: tuple[str, ...], addresses: tuple[str, ...], now_ms: int) -> Key:
        """Create a key; its secret is shown once and is needed here to check signatures."""
        unknown = set(permissions) - set(PERMISSIONS)
        if unknown:
            raise LedgerError(f"no such permission: {', '.join(sorted(unknown))} (there are {', '.join(PERMISSIONS)})")
        key = Key(secrets.token_hex(32), secrets.token_hex(32), account_id, permissions, addresses, now_ms)
        self._store.run(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)",
            key.api_key,
            key.secret,
            account_id,
            json.dumps(permissions),
            json.dumps(addresses),
            now_ms,
        )
        return key

    def find_key(self, api_key: str) -> Key | None:
        """Return a key, or None."""
        row = self._store.row("SELECT * FROM keys WHERE api_key = ?", api_key)
        return None if row is None else _key(row)

    def owner(self, api_key: str) -> str | None:
        """Return the name of the account that a key belongs to, or None."""
        row = self._store.row(
            "SELECT name FROM accounts JOIN keys ON accounts.id = keys.account_id WHERE api_key = ?", api_key
        )
        return None if row is None else str(row["name"])

    def keys_of(self, account_id: int) -> list[Key]:
        """Return the keys of an account, oldest first."""
        rows = self._store.rows("SELECT * FROM keys WHERE account_id = ? ORDER BY created_ms, api_key", account_id)
        return [_key(row) for row in rows]

    def revoke_key(self, account_id: int, api_key: str) -> bool:
        """Delete a key; tell whether there was one."""
        known = self._store.row("SELECT 1 FROM keys WHERE api_key = ? AND account_id = ?", api_key, account_id)
        self._store.run("DELETE FROM keys WHERE api_key = ? AND account_id = ?", api_key, account_id)
        return known is not None

    def balance(self, account_id: int, asset: str) -> Balance:
        """Return what the account has of an asset."""
        row = self._store.row("SELECT * FROM balances WHERE account_id = ? AND asset = ?", account_id, asset)
        return Balance(ZERO, ZERO) if row is None else Balance(Decimal(row["free"]), Decimal(row["locked"]))

    def balances(self, account_id: int) -> dict[str, Balance]:
        """Return what the account has."""
        rows = self._store.rows("SELECT * FROM balances WHERE account_id = ? ORDER BY asset", account_id)
        return {row["asset"]: Balance(Decimal(row["free"]), Decimal(row["locked"])) for row in rows}

    def deposit(self, account_id: int, asset: str, amount: Decimal, now_ms: int) -> None:
        """Bring money in from outside; a negative amount takes it out."""
        self.move(account_id, asset, now_ms, free=amount)
        self._store.run(
            "INSERT INTO deposits (account_id, asset, amount, time_ms) VALUES (?, ?, ?, ?)",
            account_id,
            asset,
            plain(amount),
            now_ms,
        )

    def deposits(self, account_id: int) -> list[dict[str, object]]:
        """Return what was ever brought in or taken out."""
        rows = self._store.rows(
            "SELECT asset, amount, time_ms FROM deposits WHERE account_id = ? ORDER BY id", account_id
        )
        return [dict(row) for row in rows]

    def lock(self, account_id: int, asset: str, amount: Decimal, now_ms: int) -> None:
        """Set money aside for an open order; a negative amount releases it."""
        self.move(account_id, asset, now_ms, free=-amount, locked=amount)

    def move(self, account_id: int, asset: str, now_ms: int, *, free: Decimal = ZERO, locked: Decimal = ZERO) -> None:
        """Change a balance, or refuse if it would fall below zero."""
        before = self.balance(account_id, asset)
        after = Balance(before.free + free, before.locked + locked)
        if after.free < 0 or after.locked < 0:
            raise insufficient()
        self._store.run(
            "INSERT INTO balances VALUES (?, ?, ?, ?) "
            "ON CONFLICT (account_id, asset) DO UPDATE SET free = excluded.free, locked = excluded.locked",
            account_id,
            asset,
            plain(after.free),
            plain(after.locked),
        )
        self._store.run("UPDATE accounts SET updated_ms = ? WHERE id = ?", now_ms, account_id)


def _key(row: sqlite3.Row) -> Key:
    permissions, addresses = tuple(json.loads(row["permissions"])), tuple(json.loads(row["addresses"]))
    return Key(row["api_key"], row["secret"], row["account_id"], permissions, addresses, row["created_ms"])
