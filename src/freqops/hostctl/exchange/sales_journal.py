"""The orders that freqops placed on a bot's account, by which it closed positions or showed the witness's contract.

Each is written before it is sent. One whose answer was lost is found again by the name under which it was sent. Nothing
is ever taken out.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout
from freqops.core.exchange import sales

PREFIX = "freqops-"
PRIVATE = 0o600


class SalesJournal:
    """The orders of one bot's ``sold.json``."""

    def __init__(self, bot: layout.Bot, incident: str, clock: Clock) -> None:
        self._bot, self._incident, self._clock = bot, incident, clock
        self.orders = read(bot)

    @property
    def unfinished(self) -> list[dict[str, Any]]:
        """Orders that were about to be sent and whose result is not known."""
        return [order for order in self.orders if order["id"] is None and "failed" not in order]

    def intend(self, sale: sales.Sale, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Write down that ``sale`` is about to be sent, and return its line.

        Args:
            sale: The sale, or what is bought.
            more: Values that its line has besides.

        Raises:
            OSError: The disk did not take it; then it must not be sent.
        """
        order = {
            "client_id": PREFIX + secrets.token_hex(8),
            "pair": sale.pair,
            "amount": str(sale.amount),
            "incident": self._incident,
            "at": iso(self._clock.utcnow()),
            "id": None,
            **(more or {}),
        }
        self.orders.append(order)
        self._store()
        return order

    def placed(self, order: dict[str, Any], answer: dict[str, Any]) -> None:
        """Write down the exchange's answer to an order; raises as `intend`."""
        order.update({name: answer[name] for name in ("id", "status", "filled", "cost")})
        self._store()

    def failed(self, order: dict[str, Any], why: str) -> None:
        """Write down that an order does not exist; raises as `intend`."""
        order["failed"] = why
        self._store()

    def settled(self, orders: Iterable[dict[str, Any]]) -> None:
        """Write down that nothing of ``orders`` is left on the account; raises as `intend`."""
        for order in orders:
            order["settled"] = True
        self._store()

    def _store(self) -> None:
        durable.write_json(self._bot.sales, {"version": 1, "orders": self.orders}, PRIVATE)


def read(bot: layout.Bot) -> list[dict[str, Any]]:
    """Return the orders written down for ``bot``.

    Raises:
        NotProven: The file is there and cannot be understood: it is not known what was sold.
    """
    if not bot.sales.exists():
        return []
    document = durable.read_json(bot.sales)
    if not isinstance(document, dict) or not isinstance(document.get("orders"), list):
        raise NotProven(f"{bot.sales} cannot be understood, so it is not known what was sold before")
    return list(document["orders"])


def numbers(bot: layout.Bot) -> frozenset[str]:
    """Return the numbers, at the exchange, of the orders written down for ``bot``; raises as `read`."""
    return frozenset(str(order["id"]) for order in read(bot) if order.get("id") is not None)
