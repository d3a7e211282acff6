"""Adding up an account from its deposits, orders and fills, to the last digit."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lab.exchange.markets import FEE_RATE, MARKETS

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Urls

ZERO = Decimal(0)


def assert_adds_up(urls: Urls, name: str) -> None:
    """Fail unless balances follow from deposits and fills, what is locked from open orders, and orders from fills."""
    account = urls.control("GET", f"/accounts/{name}")
    orders, trades = (urls.control("GET", f"/accounts/{name}/{kind}") for kind in ("orders", "trades"))
    total = {asset: Decimal(held["free"]) + Decimal(held["locked"]) for asset, held in account["balances"].items()}
    locked = {asset: Decimal(held["locked"]) for asset, held in account["balances"].items()}
    assert _without_zeros(total) == _without_zeros(_from_fills(account["deposits"], trades))
    assert _without_zeros(locked) == _without_zeros(_from_open(orders))
    fills: dict[int, list[dict[str, Any]]] = {order["orderId"]: [] for order in orders}
    for trade in trades:
        fills[trade["orderId"]].append(trade)
    for order in orders:
        _assert_order(order, fills[order["orderId"]])


def _from_fills(deposits: list[dict[str, Any]], trades: list[dict[str, Any]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for deposit in deposits:
        _add(total, deposit["asset"], Decimal(deposit["amount"]))
    for trade in trades:
        market, sign = MARKETS[trade["symbol"]], 1 if trade["isBuyer"] else -1
        _add(total, market.base, sign * Decimal(trade["qty"]))
        _add(total, market.quote, -sign * Decimal(trade["quoteQty"]))
        _add(total, trade["commissionAsset"], -Decimal(trade["commission"]))
    return total


def _from_open(orders: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Return what open orders lock: limits, and stops whether they wait or work."""
    locked: dict[str, Decimal] = {}
    for order in orders:
        if order["status"] not in ("NEW", "PARTIALLY_FILLED"):
            continue
        market, remaining = MARKETS[order["symbol"]], Decimal(order["origQty"]) - Decimal(order["executedQty"])
        if order["side"] == "BUY":
            _add(locked, market.quote, remaining * Decimal(order["price"]))
        else:
            _add(locked, market.base, remaining)
    return locked


def _assert_order(order: dict[str, Any], fills: list[dict[str, Any]]) -> None:
    assert order["isWorking"] or not fills, order
    assert order["workingTime"] >= order["time"] if order["isWorking"] else order["workingTime"] == -1, order
    assert order["type"] == "STOP_LOSS_LIMIT" or order["workingTime"] == order["time"], order
    assert sum((Decimal(fill["qty"]) for fill in fills), ZERO) == Decimal(order["executedQty"]), order
    assert sum((Decimal(fill["quoteQty"]) for fill in fills), ZERO) == Decimal(order["cummulativeQuoteQty"]), order
    for fill in fills:
        received = Decimal(fill["qty"] if fill["isBuyer"] else fill["quoteQty"])
        assert Decimal(fill["price"]) * Decimal(fill["qty"]) == Decimal(fill["quoteQty"]), fill
        assert 0 <= received * FEE_RATE - Decimal(fill["commission"]) < Decimal("0.00000001"), fill
        if order["type"] != "MARKET":
            better = Decimal(order["price"]) - Decimal(fill["price"])
            assert better >= 0 if order["side"] == "BUY" else better <= 0, (order, fill)


def _add(amounts: dict[str, Decimal], asset: str, amount: Decimal) -> None:
    amounts[asset] = amounts.get(asset, ZERO) + amount


def _without_zeros(amounts: dict[str, Decimal]) -> dict[str, Decimal]:
    return {asset: amount for asset, amount in amounts.items() if amount}


def statuses(urls: Urls, name: str) -> Counter[str]:
    """Return how many orders of an account ended how."""
    return Counter(order["status"] for order in urls.control("GET", f"/accounts/{name}/orders"))
