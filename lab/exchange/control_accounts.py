"""The operator's hand on accounts: their money, keys and orders."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from lab.exchange.control_io import amounts, body_of, known_asset, number, words
from lab.exchange.ledger import DEFAULT_PERMISSIONS, LedgerError
from lab.exchange.markets import plain
from lab.exchange.params import Params
from lab.exchange.private import place_for
from lab.exchange.shapes import fill_shape, order_shape

if TYPE_CHECKING:
    from lab.exchange.core import Exchange
    from lab.exchange.ledger import Key
    from lab.exchange.orders import Order

_NAME = r"[A-Za-z0-9._-]{1,64}"


class Accounts:
    """The handlers of the operator's port that are about accounts."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """Return which path is answered by which handler."""
        return [
            web.get("/accounts", self.accounts),
            web.post("/accounts", self.open_account),
            web.get("/accounts/{name}", self.account),
            web.post("/accounts/{name}/deposits", self.deposit),
            web.post("/accounts/{name}/reset", self.reset),
            web.post("/accounts/{name}/keys", self.issue_key),
            web.delete("/accounts/{name}/keys/{key}", self.revoke_key),
            web.get("/accounts/{name}/orders", self.orders),
            web.post("/accounts/{name}/orders", self.place_order),
            web.delete("/accounts/{name}/orders/{order}", self.cancel_order),
            web.post("/accounts/{name}/orders/{order}/fill", self.fill_order),
            web.get("/accounts/{name}/trades", self.trades),
        ]

    async def accounts(self, _request: web.Request) -> web.Response:
        """Return the names of the accounts."""
        return web.json_response(self._exchange.ledger.account_names())

    async def open_account(self, request: web.Request) -> web.Response:
        """Create an account with balances and a key; the answer is the only place where the secret is shown."""
        body = await body_of(request)
        name = body.get("name")
        if not isinstance(name, str) or not re.fullmatch(_NAME, name):
            raise LedgerError(f'an account needs {{"name": "{_NAME}", "balances": {{"USDT": "1000"}}}}')
        balances = amounts(body.get("balances", {}))
        ledger, now_ms = self._exchange.ledger, self._exchange.feed.now_ms()
        with self._exchange.store.transaction():
            account_id = ledger.open_account(name, now_ms)
            for asset, amount in balances.items():
                ledger.deposit(account_id, asset, amount, now_ms)
            key = self._issue(account_id, body)
        return web.json_response({"name": name, **_key_shape(key), "secret": key.secret}, status=201)

    async def account(self, request: web.Request) -> web.Response:
        """Return an account's balances, deposits and keys."""
        return web.json_response(self._shape(self._account(request)))

    async def deposit(self, request: web.Request) -> web.Response:
        """Bring money in, or take it out with a negative amount."""
        body, account_id = await body_of(request), self._account(request)
        asset, amount = known_asset(body.get("asset")), number(body.get("amount"))
        with self._exchange.store.transaction():
            self._exchange.ledger.deposit(account_id, asset, amount, self._exchange.feed.now_ms())
        return web.json_response({}, status=201)

    async def reset(self, request: web.Request) -> web.Response:
        """Cancel all open orders and set the balances; what that takes is booked as deposits."""
        body, account_id = await body_of(request), self._account(request)
        wanted = amounts(body.get("balances"))
        if any(amount < 0 for amount in wanted.values()):
            raise LedgerError("no balance can be below zero")
        engine, ledger, now_ms = self._exchange.engine, self._exchange.ledger, self._exchange.feed.now_ms()
        engine.settle()
        for order in self._exchange.orders.open_of(account_id):
            engine.cancel(account_id, order.symbol, order.id, None)
        with self._exchange.store.transaction():
            for asset in sorted({*wanted, *ledger.balances(account_id)}):
                lacking = wanted.get(asset, Decimal(0)) - ledger.balance(account_id, asset).free
                if lacking:
                    ledger.deposit(account_id, asset, lacking, now_ms)
        return web.json_response(self._shape(account_id))

    async def issue_key(self, request: web.Request) -> web.Response:
        """Create another key for an account."""
        key = self._issue(self._account(request), await body_of(request))
        return web.json_response({**_key_shape(key), "secret": key.secret}, status=201)

    async def revoke_key(self, request: web.Request) -> web.Response:
        """Make a key invalid."""
        if not self._exchange.ledger.revoke_key(self._account(request), request.match_info["key"]):
            raise web.HTTPNotFound
        return web.json_response({})

    async def orders(self, request: web.Request) -> web.Response:
        """Return all orders of an account, oldest first."""
        account_id = self._account(request)
        self._exchange.engine.settle()
        return web.json_response([order_shape(order) for order in self._exchange.orders.of_account(account_id)])

    async def place_order(self, request: web.Request) -> web.Response:
        """Place an order that no bot knows of, with Binance's parameters and checks."""
        body, account_id = await body_of(request), self._account(request)
        params = Params(urlencode({name: _text(name, value) for name, value in body.items()}))
        return web.json_response(place_for(self._exchange, account_id, params), status=201)

    async def cancel_order(self, request: web.Request) -> web.Response:
        """Cancel an open order."""
        order = self._order(request)
        return web.json_response(
            order_shape(self._exchange.engine.cancel(order.account_id, order.symbol, order.id, None))
        )

    async def fill_order(self, request: web.Request) -> web.Response:
        """Fill a resting order at its own price: a quantity of it, or the rest."""
        body, order = await body_of(request), self._order(request)
        quantity = None if body.get("quantity") is None else number(body["quantity"])
        return web.json_response(order_shape(self._exchange.engine.fill_by_hand(order.account_id, order.id, quantity)))

    async def trades(self, request: web.Request) -> web.Response:
        """Return all fills of an account, oldest first."""
        account_id = self._account(request)
        self._exchange.engine.settle()
        return web.json_response([fill_shape(fill) for fill in self._exchange.orders.fills_of(account_id)])

    def _account(self, request: web.Request) -> int:
        account_id = self._exchange.ledger.account_id(request.match_info["name"])
        if account_id is None:
            raise web.HTTPNotFound
        return account_id

    def _order(self, request: web.Request) -> Order:
        account_id, number_of_order = self._account(request), request.match_info["order"]
        known = re.fullmatch("[0-9]{1,18}", number_of_order)
        order = self._exchange.orders.get(account_id, int(number_of_order)) if known else None
        if order is None:
            raise web.HTTPNotFound
        return order

    def _issue(self, account_id: int, body: dict[str, Any]) -> Key:
        permissions, addresses = words(body, "permissions", DEFAULT_PERMISSIONS), words(body, "addresses", ())
        return self._exchange.ledger.issue_key(account_id, permissions, addresses, self._exchange.feed.now_ms())

    def _shape(self, account_id: int) -> dict[str, Any]:
        self._exchange.engine.settle()
        ledger = self._exchange.ledger
        balances = {
            asset: {"free": plain(balance.free), "locked": plain(balance.locked)}
            for asset, balance in ledger.balances(account_id).items()
        }
        keys = [_key_shape(key) for key in ledger.keys_of(account_id)]
        return {"balances": balances, "deposits": ledger.deposits(account_id), "keys": keys}


def _key_shape(key: Key) -> dict[str, Any]:
    """Return a key without its secret."""
    return {"api_key": key.api_key, "permissions": list(key.permissions), "addresses": list(key.addresses)}


def _text(name: str, value: object) -> str:
    """Return a value as it would stand in a query: numbers without an exponent."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise LedgerError(f"{name} must be a word or a number, not {value!r}")
    return value if isinstance(value, str) else f"{Decimal(str(value)):f}"
