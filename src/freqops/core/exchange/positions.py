"""An open trade, as an operator needs to see it at three in the morning."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .account import Holding

STOPLOSS_SIDE = "stoploss"


def position(trade: dict[str, Any], *, paper: bool) -> dict[str, Any]:
    """Return pair, amount, stake, profit and protection of one trade of ``GET /status``.

    ``protection`` says that a stop order rests on the exchange, and at which price the bot wants its stop. Freqtrade
    shows of the order itself no price but its limit, at which it sells once it is triggered. Without such an order, a
    trade with real orders is "unprotected", for a stop that only the bot knows ends with its process; on paper there is
    nothing to protect, and it is None.
    """
    rests = any(order["is_open"] and order["ft_order_side"] == STOPLOSS_SIDE for order in trade["orders"])
    unprotected = None if paper else "unprotected"
    return {
        "trade_id": trade["trade_id"],
        "pair": trade["pair"],
        "amount": trade.get("amount"),
        "stake": trade.get("stake_amount"),
        "profit": trade.get("profit_abs"),
        "protection": _stop_order(trade.get("stop_loss_abs")) if rests else unprotected,
    }


def _stop_order(wanted: Any) -> str:
    there = "a stop order on the exchange"
    return there if wanted is None else f"{there}, the bot's own stop is {wanted}"


def protected(holding: Holding, orders: list[dict[str, Any]]) -> str:
    """Return the one of the ``orders`` on the exchange that protects ``holding``, or "unprotected"."""
    stops = [order for order in orders if order["pair"] == holding.pair and order["stop_price"] is not None]
    covered = sum((Decimal(order["amount"]) - Decimal(order["filled"]) for order in stops), Decimal(0))
    if not stops:
        return "unprotected"
    return f"stop at {stops[0]['stop_price']} on the exchange for {covered}"
