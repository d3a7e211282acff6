"""The records of the bot itself: its trades and orders, read from its own database.

Tables and columns are Freqtrade's; the contract tests keep them true.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect, text

MARGIN_MS = 60_000  # the clocks of bot and exchange, and an order that is older than its trade

_TRADES = text(
    "SELECT id, pair, base_currency, amount, is_open, is_short, open_date FROM trades "
    "WHERE is_open OR close_date >= :since ORDER BY id"
)
_ORDERS = text(
    "SELECT order_id, ft_trade_id, ft_order_side, ft_is_open, ft_pair FROM orders "
    "WHERE ft_is_open OR order_date >= :since ORDER BY id"
)
_PAIRS = text("SELECT DISTINCT pair FROM trades ORDER BY pair")


class Records:
    """The database of one bot; a connection for each reading, none is kept."""

    def __init__(self, url: str) -> None:
        self._url = url

    def read(self, since: int) -> dict[str, Any]:
        """Return the trades that are open or were closed from ``since`` on, their orders, and all pairs ever traded.

        Args:
            since: Milliseconds since the epoch.

        Returns:
            ``trades``, ``orders``, ``pairs``, and ``since``: when the oldest of these trades was opened, less a minute;
            where there are none, the ``since`` that was asked for, less a minute. ``kept`` is false where the bot never
            wrote anything down, because it was never started or because its database was lost.
        """
        if not self._kept():
            return {"trades": [], "orders": [], "pairs": [], "since": since - MARGIN_MS, "kept": False}
        engine = self._engine()
        try:
            with engine.connect() as connection:
                rows = connection.execute(_TRADES, {"since": _moment(since)}).mappings().all()
                trades = [_trade(dict(row)) for row in rows]
                oldest = min((trade["opened_ms"] for trade in trades), default=since) - MARGIN_MS
                orders = connection.execute(_ORDERS, {"since": _moment(oldest)}).mappings().all()
                pairs = [str(row[0]) for row in connection.execute(_PAIRS)]
        finally:
            engine.dispose()
        kept = {"trades": trades, "orders": [_order(dict(row)) for row in orders], "pairs": pairs}
        return {**kept, "since": oldest, "kept": True}

    def _kept(self) -> bool:
        """Return whether Freqtrade ever made its tables; looking must not make a database."""
        path = self._url.partition(":///")[2]
        return (not self._url.startswith("sqlite") or Path(path).exists()) and self._has_table()

    def _has_table(self) -> bool:
        engine = self._engine()
        try:
            return bool(inspect(engine).has_table("trades"))
        finally:
            engine.dispose()

    def _engine(self) -> Any:
        options = {"connect_timeout": 5} if self._url.startswith("postgresql") else {}
        return create_engine(self._url, connect_args=options)


def _trade(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "pair": row["pair"],
        "base": row["base_currency"] or str(row["pair"]).partition("/")[0],
        "amount": str(row["amount"]),
        "is_open": bool(row["is_open"]),
        "is_short": bool(row["is_short"]),
        "opened_ms": _milliseconds(row["open_date"]),
    }


def _order(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["order_id"]),
        "trade": row["ft_trade_id"],
        "side": row["ft_order_side"],
        "is_open": bool(row["ft_is_open"]),
        "pair": row["ft_pair"],
    }


def _moment(milliseconds: int) -> datetime:
    """Return a moment as the database keeps it: UTC, without saying so."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)


def _milliseconds(moment: Any) -> int:
    """Return a moment of the database; SQLite gives it as text."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
