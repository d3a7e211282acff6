"""Orders and fills as they are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from lab.exchange.errors import rejected
from lab.exchange.markets import plain

if TYPE_CHECKING:
    import sqlite3

    from lab.exchange.book import Side
    from lab.exchange.store import Store

OPEN = ("NEW", "PARTIALLY_FILLED")
_FROM_OPEN = "FROM orders INDEXED BY open_orders WHERE status IN ('NEW', 'PARTIALLY_FILLED')"


@dataclass(frozen=True, slots=True)
class Order:
    """One order.

    `spent` is the quote amount of what was executed. Matching executes no more than `fillable`, which is less than
    `quantity` only if an operator wants the order to be filled in part. `working_ms` is when the order came into the
    book: a stop is not there before the last price reaches `stop_price`.
    """

    id: int
    account_id: int
    symbol: str
    client_id: str
    side: Side
    type: str
    time_in_force: str
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    executed: Decimal
    spent: Decimal
    status: str
    created_ms: int
    updated_ms: int
    stop_price: Decimal
    fillable: Decimal
    working_ms: int | None

    @property
    def remaining(self) -> Decimal:
        """Return what is still to be executed."""
        return self.quantity - self.executed

    @property
    def due(self) -> Decimal:
        """Return what matching may still execute; an operator's hand may execute all that remains."""
        return max(self.fillable - self.executed, Decimal(0))

    @property
    def is_stop(self) -> bool:
        """Tell whether the order waits, or waited, for a stop price."""
        return self.type == "STOP_LOSS_LIMIT"

    @property
    def is_working(self) -> bool:
        """Tell whether the order is, or was, in the book."""
        return self.working_ms is not None

    @property
    def is_open(self) -> bool:
        """Tell whether the order may still be filled."""
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution; the fee is taken from what was received."""

    id: int
    order_id: int
    account_id: int
    symbol: str
    price: Decimal
    quantity: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str
    is_buyer: bool
    is_maker: bool
    time_ms: int


class Orders:
    """The orders of all accounts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def insert(self, order: Order) -> Order:
        """Keep a new order and give it its number."""
        if self._store.row(
            f"SELECT 1 {_FROM_OPEN} AND account_id = ? AND client_id = ?",
            order.account_id,
            order.client_id,
        ):
            raise rejected("Duplicate order sent.")
        number = self._store.run(
            "INSERT INTO orders (account_id, symbol, client_id, side, type, time_in_force, price, quantity, "
            "quote_quantity, executed, spent, status, created_ms, updated_ms, stop_price, fillable, working_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            order.account_id,
            order.symbol,
            order.client_id,
            order.side,
            order.type,
            order.time_in_force,
            plain(order.price),
            plain(order.quantity),
            plain(order.quote_quantity),
            plain(order.executed),
            plain(order.spent),
            order.status,
            order.created_ms,
            order.updated_ms,
            plain(order.stop_price),
            plain(order.fillable),
            order.working_ms,
        )
        return replace(order, id=number)

    def update(self, order: Order) -> None:
        """Keep what changed of an order."""
        self._store.run(
            "UPDATE orders SET quantity = ?, executed = ?, spent = ?, status = ?, updated_ms = ?, fillable = ?, "
            "working_ms = ? WHERE id = ?",
            plain(order.quantity),
            plain(order.executed),
            plain(order.spent),
            order.status,
            order.updated_ms,
            plain(order.fillable),
            order.working_ms,
            order.id,
        )

    def add_fill(self, fill: Fill) -> Fill:
        """Keep a fill and give it its number."""
        number = self._store.run(
            "INSERT INTO trades (order_id, account_id, symbol, price, quantity, quote, fee, fee_asset, is_buyer, "
            "is_maker, time_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            fill.order_id,
            fill.account_id,
            fill.symbol,
            plain(fill.price),
            plain(fill.quantity),
            plain(fill.quote),
            plain(fill.fee),
            fill.fee_asset,
            fill.is_buyer,
            fill.is_maker,
            fill.time_ms,
        )
        return replace(fill, id=number)

    def find(self, account_id: int, symbol: str, order_id: int | None, client_id: str | None) -> Order | None:
        """Return the newest order that fits, or None."""
        row = self._store.row(
            "SELECT * FROM orders WHERE account_id = ? AND symbol = ? AND (? IS NULL OR id = ?) "
            "AND (? IS NULL OR client_id = ?) ORDER BY id DESC LIMIT 1",
            account_id,
            symbol,
            order_id,
            order_id,
            client_id,
            client_id,
        )
        return None if row is None else _order(row)

    def open_of(self, account_id: int, symbol: str | None = None) -> list[Order]:
        """Return an account's open orders."""
        rows = self._store.rows(
            f"SELECT * {_FROM_OPEN} AND account_id = ? AND (? IS NULL OR symbol = ?) ORDER BY id",
            account_id,
            symbol,
            symbol,
        )
        return [_order(row) for row in rows]

    def get(self, account_id: int, order_id: int) -> Order | None:
        """Return an account's order by its number, or None."""
        row = self._store.row("SELECT * FROM orders WHERE id = ? AND account_id = ?", order_id, account_id)
        return None if row is None else _order(row)

    def all_open(self) -> list[Order]:
        """Return everybody's open orders."""
        return [_order(row) for row in self._store.rows(f"SELECT * {_FROM_OPEN} ORDER BY id")]

    def of_account(self, account_id: int, symbol: str | None = None) -> list[Order]:
        """Return all orders of an account, oldest first."""
        rows = self._store.rows(
            "SELECT * FROM orders WHERE account_id = ? AND (? IS NULL OR symbol = ?) ORDER BY id",
            account_id,
            symbol,
            symbol,
        )
        return [_order(row) for row in rows]

    def fills_of(self, account_id: int, symbol: str | None = None, order_id: int | None = None) -> list[Fill]:
        """Return the fills of an account, oldest first."""
        rows = self._store.rows(
            "SELECT * FROM trades WHERE account_id = ? AND (? IS NULL OR symbol = ?) "
            "AND (? IS NULL OR order_id = ?) ORDER BY id",
            account_id,
            symbol,
            symbol,
            order_id,
            order_id,
        )
        return [_fill(row) for row in rows]


def _order(row: sqlite3.Row) -> Order:
    return Order(
        id=row["id"],
        account_id=row["account_id"],
        symbol=row["symbol"],
        client_id=row["client_id"],
        side=row["side"],
        type=row["type"],
        time_in_force=row["time_in_force"],
        price=Decimal(row["price"]),
        quantity=Decimal(row["quantity"]),
        quote_quantity=Decimal(row["quote_quantity"]),
        executed=Decimal(row["executed"]),
        spent=Decimal(row["spent"]),
        status=row["status"],
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
        stop_price=Decimal(row["stop_price"]),
        fillable=Decimal(row["fillable"]),
        working_ms=row["working_ms"],
    )


def _fill(row: sqlite3.Row) -> Fill:
    return Fill(
        row["id"],
        row["order_id"],
        row["account_id"],
        row["symbol"],
        Decimal(row["price"]),
        Decimal(row["quantity"]),
        Decimal(row["quote"]),
        Decimal(row["fee"]),
        row["fee_asset"],
        bool(row["is_buyer"]),
        bool(row["is_maker"]),
        row["time_ms"],
    )
