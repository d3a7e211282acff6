"""An open trade, as an operator needs to see it at three in the morning."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .account import Holding

STOPLOSS_SIDE = "stoploss"


def position(trade: dict[str, Any], *, paper: bool) -> dict[str, Any]:
    """Return pair, amount, stake, profit and protection of one trade of ``GET /status``.

    ``protection`` is the stop that rests on the exchange. Without one, a trade with real orders is "unprotected", for a
    stop that only the bot knows ends with its process; on paper there is nothing to protect, and it is None.
    """
    stops = [order for order in trade["orders"] if order["is_open"] and order["ft_order_side"] == STOPLOSS_SIDE]
    unprotected = None if paper else "unprotected"
    return {
        "trade_id": trade["trade_id"],
        "pair": trade["pair"],
        "amount": trade.get("amount"),
        "stake": trade.get("stake_amount"),
        "profit": trade.get("profit_abs"),
        "protection": f"stop at {stops[0].get('safe_price')} on the exchange" if stops else unprotected,
    }


def protected(holding: Holding, orders: list[dict[str, Any]]) -> str:
    """Return the one of the ``orders`` on the exchange that protects ``holding``, or "unprotected"."""
    stops = [order for order in orders if order["pair"] == holding.pair and order["stop_price"] is not None]
    covered = sum((Decimal(order["amount"]) - Decimal(order["filled"]) for order in stops), Decimal(0))
    if not stops:
        return "unprotected"
    return f"stop at {stops[0]['stop_price']} on the exchange for {covered}"
