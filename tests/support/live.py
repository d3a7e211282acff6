"""Copies of the deployed live bot, each with an account of its own at the lab's exchange."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from lab.services.control import control
from tests.support import copied
from tests.support.copied import CopiedBot
from tests.support.field import TEST_ACCOUNT

HOST, MODEL = "prod-1", "gamma"
BALANCES = {"USDT": "10000"}
ORDER = "POST /api/v3/order"


class LiveBot(CopiedBot):
    """One bot that trades live at the lab's exchange."""

    def __init__(
        self,
        name: str,
        number: int,
        holdings: Mapping[str, str] | None = None,
        own: Mapping[str, Any] | None = None,
        pairs: Sequence[str] = copied.PAIRS,
    ) -> None:
        super().__init__(HOST, name, number, pairs=pairs, own=own)
        self.account = f"{TEST_ACCOUNT}{name}-{secrets.token_hex(4)}"
        self._holdings = dict(holdings or {})

    def declared(self) -> dict[str, Any]:
        """Return the coins on its account that are not its own."""
        return {"foreign_holdings": self._holdings}

    def credentials(self) -> dict[str, Any]:
        """Return the key of an account that is opened for it."""
        key = control("POST", "/accounts", {"name": self.account, "balances": BALANCES})
        return {"exchange": {"key": key["api_key"], "secret": key["secret"]}}

    def balances(self) -> dict[str, float]:
        """Return what its account has, by coin."""
        found = control("GET", f"/accounts/{self.account}")["balances"]
        return {coin: float(part["free"]) + float(part["locked"]) for coin, part in found.items()}

    def resting(self) -> list[tuple[str, str]]:
        """Return pair and type of the orders that are open on its account, the oldest first."""
        return [(order["symbol"], order["type"]) for order in self.orders("NEW", "PARTIALLY_FILLED")]

    def fill_in_part(self, symbol: str) -> None:
        """Fill three quarters of its entry that rests.

        With no more than half of it, a stop at a tenth of the price would be below the smallest order of the exchange,
        and Freqtrade would sell at once what it cannot protect.
        """
        [entry] = [order for order in self.orders("NEW") if (order["symbol"], order["side"]) == (symbol, "BUY")]
        part = round(0.75 * float(entry["origQty"]), 2)
        control("POST", f"/accounts/{self.account}/orders/{entry['orderId']}/fill", {"quantity": str(part)})

    def orders(self, *statuses: str) -> list[dict[str, Any]]:
        """Return the orders of its account, all or those in one of ``statuses``."""
        found = control("GET", f"/accounts/{self.account}/orders")
        return [order for order in found if not statuses or order["status"] in statuses]

    def order_by_hand(self, **order: Any) -> dict[str, Any]:
        """Place an order on its account that the bot does not know."""
        made: dict[str, Any] = control("POST", f"/accounts/{self.account}/orders", order)
        return made

    def deposit(self, asset: str, amount: str) -> None:
        """Bring coins to its account that the bot did not buy."""
        control("POST", f"/accounts/{self.account}/deposits", {"asset": asset, "amount": amount})

    def fault(self, **fault: Any) -> dict[str, Any]:
        """Let the exchange fail for its account alone."""
        made: dict[str, Any] = control("PUT", "/faults", {"account": self.account, **fault})
        return made


def model() -> dict[str, Any]:
    """Return what the deployed bot was deployed with."""
    return copied.model_of(HOST, MODEL)


def deployed(*bots: LiveBot, but_not_started: tuple[str, ...] = ()) -> None:
    """Write the files of ``bots`` and start them, a few at a time."""
    copied.deployed(model(), bots, but_not_started)
