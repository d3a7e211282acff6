"""The coins of a bot that may be sold in its name, when the bot itself does not sell them any more.

No more than is there and not declared as somebody else's, than the bot's own orders bought and did not sell, and than
its records say; and nothing at all in a pair in which somebody else had orders or fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .account import ZERO, Judgement, View, describe


def explained(view: View, pair: str, ours: frozenset[str]) -> Decimal:
    """Return the amount of a coin that the orders of the bot's present trades bought and did not sell.

    This is the most that may be sold in its name: what came in another way, a deposit say, was not bought by it. Orders
    of earlier trades are left out, for their other half may lie before ``records["since"]``.

    Args:
        view: The answers of exchange and database.
        pair: The pair of the coin.
        ours: Numbers of the orders that freqops itself placed on this account.
    """
    present = {trade["id"] for trade in view.records["trades"]}
    recorded = {order["id"]: order["trade"] for order in view.records["orders"]}
    known = {number for number, trade in recorded.items() if trade in present} | (ours - set(recorded))
    signed = {"buy": 1, "sell": -1}
    mine = [fill for fill in view.fills if fill["pair"] == pair and fill["order"] in known]
    return sum((signed[fill["side"]] * Decimal(fill["amount"]) for fill in mine), ZERO)


@dataclass(frozen=True)
class Sale:
    """The amount of one coin that is to be sold."""

    pair: str
    amount: Decimal


def sales(
    view: View, judgement: Judgement, ours: frozenset[str], declared: frozenset[str] = frozenset()
) -> tuple[list[Sale], list[str]]:
    """Return the sales that may be made in the bot's name, and a line for each that may not, with the reason.

    Args:
        view: The answers of exchange and database.
        judgement: The conclusions from it.
        ours: Numbers of the orders that freqops itself placed on this account.
        declared: Numbers of orders that somebody placed by hand and declared as not the bot's.
    """
    known = frozenset(order["id"] for order in view.records["orders"]) | ours | declared
    strange = {fill["pair"] for fill in view.fills if fill["order"] not in known}
    strange |= {order["pair"] for order in view.open_orders if order["id"] not in known}
    wanted, kept = [], []
    for holding in judgement.holdings:
        if holding.kind != "position":
            continue
        market = view.markets.get(holding.pair or "")
        if market is None or holding.pair is None:
            kept.append(f"{describe(holding)}: there is no pair to sell it in")
        elif holding.pair in strange:
            kept.append(f"{describe(holding)}: not sold, for orders that stand in no record make its owner doubtful")
        else:
            most = min(holding.own, explained(view, holding.pair, ours))
            amount = market.whole_steps(min(most, holding.recorded or most))  # Freqtrade closes a trade by its amount
            if not market.is_dust(amount):
                wanted.append(Sale(holding.pair, amount))
            rest = holding.own - max(amount, ZERO)
            if not market.is_dust(rest):
                kept.append(f"{rest} {holding.coin}: not sold, for the bot's orders did not buy it")
    return wanted, kept
