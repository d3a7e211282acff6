"""The answers of the exchange itself about the bot's account, through the ccxt of the bot's image."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import ccxt

TIMEOUT_MS = 5000
TELLS = "binance"  # the one exchange whose words for a key and for an account are known here
PAGE = 500
MAX_PAGES = 20


class TooMuch(Exception):
    """More was there than was read: an answer that is not whole is none."""


class Exchange:
    """The account that the bot's key belongs to."""

    def __init__(self, config: dict[str, Any]) -> None:
        wanted = config["exchange"]
        settings = {**wanted.get("ccxt_config", {}), **wanted.get("ccxt_sync_config", {})}
        credentials = {ours: wanted[theirs] for theirs, ours in _CREDENTIALS.items() if wanted.get(theirs)}
        options = {**settings.get("options", {}), "warnOnFetchOpenOrdersWithoutSymbol": False}
        # A handful of calls stays far below any limit, and ccxt's own throttle would make a halt wait between them.
        self._api = getattr(ccxt, wanted["name"])(
            {"enableRateLimit": False, "timeout": TIMEOUT_MS, **settings, **credentials, "options": options}
        )
        self._stake = str(config["stake_currency"])
        self._config = config

    def balances(self) -> dict[str, dict[str, str]]:
        """Return the amount of every coin on the account, free and in orders."""
        found = self._api.fetch_balance()
        names = [name for name, total in found["total"].items() if total]
        return {name: {"free": _plain(found["free"][name]), "used": _plain(found["used"][name])} for name in names}

    def rights(self) -> dict[str, Any]:
        """Return what the key may do, field by field as the exchange has it, or that the exchange does not tell."""
        if self._api.id != TELLS:
            return {"told": False}
        return {"told": True, "fields": self._api.sapiGetAccountApiRestrictions()}

    def account(self) -> dict[str, Any]:
        """Return the number by which the exchange knows the account; None where its answer has none."""
        if self._api.id != TELLS:
            return {"told": False}
        number = self._api.privateGetAccount().get("uid")
        return {"told": True, "id": None if number is None else str(number)}

    def time(self) -> dict[str, float]:
        """Return the time of the exchange, between those of this host before and after it was asked; milliseconds."""
        asked = time.time() * 1000
        said = self._api.fetch_time()
        return {"asked_ms": asked, "exchange_ms": said, "answered_ms": time.time() * 1000}

    def open_orders(self, pairs: list[str]) -> list[dict[str, Any]]:
        """Return all open orders of the account; where the exchange wants a pair named, those of ``pairs``."""
        try:
            orders = self._api.fetch_open_orders()
        except ccxt.ArgumentsRequired:
            orders = [order for pair in pairs for order in self._api.fetch_open_orders(pair)]
        return [_order(order) for order in orders]

    def fills(self, pair: str, since: int, size: int | None = None) -> list[dict[str, Any]]:
        """Return the account's own trades in ``pair`` from ``since`` (milliseconds) on, all of them.

        Args:
            pair: The pair.
            since: Milliseconds since the epoch.
            size: The number of fills on a page, `PAGE` where none is given.
        """
        found: dict[str, dict[str, Any]] = {}
        start, size = since, size or PAGE
        for _ in range(MAX_PAGES):
            page = self._api.fetch_my_trades(pair, start, size)
            found.update({trade["id"]: trade for trade in page})
            if len(page) < size:
                return [_fill(trade) for trade in found.values()]
            start = page[-1]["timestamp"]
        raise TooMuch(f"more than {MAX_PAGES * size} fills in {pair}")

    def markets(self, pairs: list[str], coins: list[str]) -> dict[str, dict[str, Any]]:
        """Return filters and last price of ``pairs``, and of the pairs in which ``coins`` are traded for the stake."""
        known = self._api.load_markets()
        wanted = {*pairs, *(f"{coin}/{self._stake}" for coin in coins)} & set(known)
        tickers = self._api.fetch_tickers(sorted(wanted)) if wanted else {}
        return {pair: self._market(pair, tickers[pair]["last"]) for pair in sorted(wanted)}

    def _market(self, pair: str, price: Any) -> dict[str, Any]:
        market = self._api.markets[pair]
        limits, precision = market["limits"], market["precision"]
        return {
            "base": market["base"],
            "quote": market["quote"],
            "min_amount": _plain(limits["amount"]["min"] or 0),
            "min_cost": _plain((limits.get("cost") or {}).get("min") or 0),
            "step": _plain(precision["amount"] or 0),
            "price": _plain(price),
        }

    def order(self, pair: str, client_id: str) -> dict[str, Any] | None:
        """Return the order that was placed under ``client_id``, or None where the exchange says there is none."""
        try:
            return _order(self._api.fetch_order(None, pair, {"origClientOrderId": client_id}))
        except ccxt.OrderNotFound:
            return None

    def cancel(self, pair: str, order_id: str) -> dict[str, Any]:
        """Cancel one order by its number."""
        self._api.cancel_order(order_id, pair)
        return {"cancelled": order_id}

    def sell(self, pair: str, amount: str, client_id: str) -> dict[str, Any]:
        """Sell ``amount`` at the market, under a name by which the order is found again whatever happens."""
        self._api.load_markets()
        exact = self._api.amount_to_precision(pair, float(amount))
        return _order(self._api.create_order(pair, "market", "sell", exact, None, {"newClientOrderId": client_id}))

    def about(self, pairs: list[str]) -> dict[str, Any]:
        """Return what asks here: exchange and version of ccxt, how it counts steps, and which ``pairs`` are spot."""
        known = self._api.load_markets()
        return {
            "exchange": self._api.id,
            "ccxt": ccxt.__version__,
            "steps": self._api.precisionMode == ccxt.TICK_SIZE,  # else a step of `markets` is a number of digits
            "spot": {pair: bool(known[pair].get("spot")) for pair in pairs if pair in known},
        }

    def totals(self) -> dict[str, dict[str, str | None]]:
        """Return free, used and total of every coin as ccxt has them, whichever of the three is not zero."""
        found = self._api.fetch_balance()
        parts = {name: found[name] for name in ("free", "used", "total")}
        coins = {coin for part in parts.values() for coin, amount in part.items() if amount}
        return {
            coin: {name: None if part.get(coin) is None else _plain(part[coin]) for name, part in parts.items()}
            for coin in sorted(coins)
        }

    def open_orders_of(self, pair: str) -> list[dict[str, Any]]:
        """Return the open orders of the account in one pair, asked by that pair."""
        return [_order(order) for order in self._api.fetch_open_orders(pair)]

    def wrong_key(self) -> list[str]:
        """Ask for the balances with a key that nobody has, which must fail; return the coins if it does not."""
        wanted = self._config["exchange"]
        asking = Exchange({**self._config, "exchange": {**wanted, "key": wanted["key"][::-1]}})
        asking._api.set_markets(self._api.load_markets(), self._api.currencies)  # else these are asked for first
        return sorted(asking.balances())

    def buy(self, pair: str, amount: str, client_id: str, price: str | None = None) -> dict[str, Any]:
        """Buy ``amount`` at the market, or no dearer than ``price``, under a name by which the order is found again."""
        self._api.load_markets()
        exact = self._api.amount_to_precision(pair, float(amount))
        limit = None if price is None else self._api.price_to_precision(pair, float(price))
        kind = "market" if price is None else "limit"
        return _order(self._api.create_order(pair, kind, "buy", exact, limit, {"newClientOrderId": client_id}))


_CREDENTIALS = {"key": "apiKey", "secret": "secret", "password": "password", "uid": "uid"}


def _plain(number: Any) -> str:
    return f"{Decimal(str(number)):f}"


def _order(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(order["id"]),
        "client_id": order.get("clientOrderId"),
        "pair": order["symbol"],
        "side": order["side"],
        "type": order["type"],
        "status": order["status"],
        "amount": _plain(order["amount"] or 0),
        "filled": _plain(order["filled"] or 0),
        "cost": _plain(order["cost"] or 0),
        "price": None if order["price"] is None else _plain(order["price"]),
        "stop_price": None if not order.get("stopPrice") else _plain(order["stopPrice"]),
    }


def _fill(trade: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(trade["id"]),
        "order": str(trade["order"]),
        "pair": trade["symbol"],
        "side": trade["side"],
        "amount": _plain(trade["amount"]),
        "price": _plain(trade["price"]),
        "at_ms": trade["timestamp"],
    }
