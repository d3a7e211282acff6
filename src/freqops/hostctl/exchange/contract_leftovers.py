"""What the orders of a witness's contract left on the account: taken away, whatever happened, also after a crash.

The journal of sales has each order before it is sent. Those of a contract count until they are settled: none rests, and
what is left of what they bought is too small to be sold. A look that fails is followed by one through another witness,
for one that did not answer in time is not asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, Callable

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.exchange import answers
from freqops.core.exchange.account import ZERO
from freqops.core.exchange.answers import Order
from freqops.core.exchange.contract_order import OPEN, Wanted

from .contract_acts import Acts, named, unsettled
from .contract_asking import Asking
from .sales_journal import SalesJournal
from .witness import Witness

SECONDS = 60.0
PAUSE = 1.0
LOOKS = 3  # an order that the exchange does not know so many times, a second apart, never arrived
SIGNED = {"buy": 1, "sell": -1}

Open = Callable[[], "AbstractContextManager[Witness]"]
Found = Mapping[str, "Order | None"]


class Leftovers:
    """The orders of contracts on one account that are not settled.

    Attributes:
        did: What was done, a line each.
    """

    def __init__(self, journal: SalesJournal, open_: Open, clock: Clock) -> None:
        self._journal, self._open, self._clock = journal, open_, clock
        self._wrong: list[str] = []
        self.did: list[str] = []

    def clear(self) -> list[str]:
        """Cancel what rests and sell what was bought until nothing is left; return what is left, a line each.

        Raises:
            OSError: The disk does not take an order that is about to be sent, or that all is settled.
        """
        until = self._clock.monotonic() + SECONDS
        while unsettled(self._journal.orders):
            with self._open() as talk:
                if self._look(talk, until):
                    return []
            if self._clock.monotonic() >= until:
                left = [f"look for it on the exchange: {named(order)}" for order in unsettled(self._journal.orders)]
                return left + self._wrong
            self._clock.sleep(PAUSE)
        return []

    def _look(self, talk: Witness, until: float) -> bool:
        """Look and act until nothing is left, and return whether that is so; a look that fails is the last one."""
        asking = Asking(talk, self._clock, until)
        while not asking.is_over:
            self._wrong = []
            mine = unsettled(self._journal.orders)
            try:
                acted = self._round(mine, asking)
            except FreqopsError as error:
                self._wrong.append(f"what is left is not known: {error}")
                return False
            if not acted and not self._wrong:
                self._journal.settled(mine)
                return True
            self._clock.sleep(PAUSE)
        return False

    def _round(self, mine: list[dict[str, Any]], asking: Asking) -> bool:
        """Look at everything once, and act; return whether there was anything to act on."""
        acts = Acts(self._journal, asking)
        found = {order["client_id"]: self._find(order, asking, acts) for order in mine}
        resting = _resting(mine, found, asking)
        for order in resting:
            self._cancel(order, acts)
        if resting:
            return True
        pairs = sorted({order["pair"] for order in mine})
        return any(self._sell([order for order in mine if order["pair"] == pair], found, asking, acts)
                   for pair in pairs)  # fmt: skip

    def _find(self, order: dict[str, Any], asking: Asking, acts: Acts) -> Order | None:
        """Return what the exchange has under a name; its number is written down when it is first known."""
        for _ in range(1 if order["id"] is not None or "failed" in order else LOOKS):
            said = asking.ask("order", pair=order["pair"], client_id=order["client_id"])
            found = answers.order_or_none(said)
            if found is not None:
                if order["id"] is None:
                    acts.known(order, found.id, said)
                return found
            self._clock.sleep(PAUSE)
        if order["id"] is None and "failed" not in order:
            self._journal.failed(order, "the exchange does not know it: it never arrived")
        return None

    def _cancel(self, order: Order, acts: Acts) -> None:
        try:
            acts.cancel(order.pair, order.id)
        except FreqopsError as error:  # it may have been filled meanwhile: the next round says
            self._wrong.append(f"order {order.id} {order.pair} was not cancelled: {error}")
        else:
            self.did.append(f"order {order.id} {order.pair} was cancelled")

    def _sell(self, orders: list[dict[str, Any]], found: Found, asking: Asking, acts: Acts) -> bool:
        """Sell what the orders of a pair bought and did not sell, and is there; return whether that was to be done."""
        pair, had = str(orders[0]["pair"]), Decimal(orders[0]["had"])
        coin = pair.partition("/")[0]
        bought = sum((SIGNED[order["side"]] * _filled(order, found) for order in orders), ZERO)
        market, balance = asking.market(pair), asking.totals().get(coin)
        there = (ZERO if balance is None else balance.total) - had
        amount = market.whole_steps(min(bought, there))
        if market.is_dust(amount):
            if not market.is_dust(max(bought, there)):
                self._wrong.append(f"{bought} {coin} were bought and not sold, and {there} more than before are there")
            return False
        try:
            acts.place(Wanted(pair, "sell", amount), had)
        except FreqopsError as error:  # the next round finds it by its name, if it arrived
            self._wrong.append(f"{amount} {coin} were not sold: {error}")
        else:
            self.did.append(f"{amount} {coin} were sold")
        return True


def _filled(order: Mapping[str, Any], found: Found) -> Decimal:
    """Return how much of an order was filled, as the exchange says it now, or else said when it was placed."""
    present = found[order["client_id"]]
    if present is not None:
        return present.filled
    said = order.get("filled")
    return Decimal(said) if isinstance(said, str) and answers.AMOUNT.fullmatch(said) else ZERO


def _resting(mine: list[dict[str, Any]], found: Found, asking: Asking) -> list[Order]:
    """Return the orders that rest by their name, or stand among the open orders, whatever their name says."""
    numbers = {order["id"] for order in mine if order["id"] is not None}
    pairs = sorted({order["pair"] for order in mine})
    listed = asking.open_orders(pairs) + [order for pair in pairs for order in asking.open_orders_of(pair)]
    known = {order.id: order for order in listed if order.id in numbers or order.client_id in found}
    known.update({order.id: order for order in found.values() if order is not None and order.status == OPEN})
    return list(known.values())
