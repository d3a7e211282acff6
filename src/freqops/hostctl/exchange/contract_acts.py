"""The acts of the witness's contract: each order is written down before it is sent, with what it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from freqops.core.exchange import answers
from freqops.core.exchange.contract_order import Placed, Wanted
from freqops.core.exchange.sales import Sale

from .contract_asking import Asking
from .sales_journal import SalesJournal

PURPOSE = "witness_contract"
TOLD = ("status", "filled", "cost")


def unsettled(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the orders of contracts that may have left something on the account."""
    return [order for order in orders if order.get("for") == PURPOSE and not order.get("settled")]


def named(order: Mapping[str, Any]) -> str:
    """Return an order in words, with everything by which it is found."""
    number = "an order whose number is not known" if order["id"] is None else f"order {order['id']}"
    return f"{number}, {order['client_id']}: {order['side']} {order['amount']} {order['pair']}"


class Acts:
    """The orders of a contract on one account."""

    def __init__(self, journal: SalesJournal, asking: Asking) -> None:
        self.journal, self._asking = journal, asking

    def place(self, wanted: Wanted, had: Decimal) -> Placed:
        """Send an order, and return it with its number; it was not asked for by its name yet.

        Args:
            wanted: The order.
            had: What the account had of the coin before the contract: that much is never sold.

        Raises:
            OSError: The disk did not take it; it was not sent.
            Rejected: The exchange declined.
            Unanswered: Whether the exchange took it is not known.
            Malformed: The answer cannot be understood.
        """
        line = {"for": PURPOSE, "side": wanted.side, "had": f"{had:f}"}
        order = self.journal.intend(Sale(wanted.pair, wanted.amount), line)
        price = {} if wanted.price is None else {"price": f"{wanted.price:f}"}
        said = self._asking.talk.once(
            wanted.side, self._asking.deadline, pair=wanted.pair, amount=f"{wanted.amount:f}",
            client_id=order["client_id"], **price,
        )  # fmt: skip
        number = answers.placed(said)
        self.known(order, number, said)
        return Placed(wanted, order["client_id"], number, None)

    def known(self, order: dict[str, Any], number: str, said: Mapping[str, Any]) -> None:
        """Write down the number of an order; raises `OSError`."""
        self.journal.placed(order, {**{name: said.get(name) for name in TOLD}, "id": number})

    def cancel(self, pair: str, number: str) -> None:
        """Cancel an order; raises `Rejected` and `Unanswered` as the exchange answers."""
        self._asking.talk.once("cancel", self._asking.deadline, pair=pair, order_id=number)
