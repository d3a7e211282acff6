"""The operator's port: scripts, faults, accounts.

It asks for no password, so it belongs on a loopback address or a closed network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from aiohttp import web

from lab.exchange import faults
from lab.exchange.app import ENDPOINTS
from lab.exchange.errors import BinanceError
from lab.exchange.faults import FaultError
from lab.exchange.ledger import DEFAULT_PERMISSIONS, LedgerError
from lab.exchange.markets import ASSETS, MARKETS, plain
from lab.exchange.orders import fill_shape, order_shape
from lab.exchange.scripts import Script, ScriptError

if TYPE_CHECKING:
    from lab.exchange.core import Exchange
    from lab.exchange.ledger import Key

_NAME = r"^[A-Za-z0-9._-]{1,64}$"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """The handlers of the operator's port."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def status(self, _request: web.Request) -> web.Response:
        """Tell the seed, the time and the prices."""
        feed = self._exchange.feed
        prices = {symbol: plain(market.price(feed.price(symbol))) for symbol, market in MARKETS.items()}
        return web.json_response({"seed": feed.seed, "time_ms": feed.now_ms(), "prices": prices})

    async def scripts(self, _request: web.Request) -> web.Response:
        """Return all scripts, past ones too."""
        feed = self._exchange.feed
        return web.json_response(
            {symbol: [_script_shape(symbol, script) for script in feed.scripts(symbol)] for symbol in MARKETS}
        )

    async def set_script(self, request: web.Request) -> web.Response:
        """Lay a price script over a pair."""
        symbol = request.match_info["symbol"]
        return web.json_response(_script_shape(symbol, self._exchange.feed.set_script(symbol, await _body(request))))

    async def clear_script(self, request: web.Request) -> web.Response:
        """Return a pair to its seeded path."""
        self._exchange.feed.clear_script(request.match_info["symbol"])
        return web.json_response({})

    async def faults(self, _request: web.Request) -> web.Response:
        """Return the faults in force."""
        return web.json_response(self._exchange.faults.all())

    async def set_fault(self, request: web.Request) -> web.Response:
        """Let an endpoint fail."""
        fault = faults.parse(await _body(request), ENDPOINTS)
        self._exchange.faults.set(fault)
        return web.json_response(asdict(fault))

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Heal the endpoint that the query names, or all."""
        self._exchange.faults.clear(request.query.get("endpoint"))
        return web.json_response({})

    async def accounts(self, _request: web.Request) -> web.Response:
        """Return the names of the accounts."""
        return web.json_response(self._exchange.ledger.account_names())

    async def open_account(self, request: web.Request) -> web.Response:
        """Create an account with balances and a key; the answer is the only place where the secret is told."""
        body = await _body(request)
        name, balances = body.get("name"), body.get("balances", {})
        if not isinstance(name, str) or not re.match(_NAME, name) or not isinstance(balances, dict):
            raise LedgerError(f'an account needs {{"name": "{_NAME}", "balances": {{"USDT": "1000"}}}}')
        amounts = {asset: _amount(asset, amount) for asset, amount in balances.items()}
        ledger, now_ms = self._exchange.ledger, self._exchange.feed.now_ms()
        with self._exchange.store.transaction():
            account_id = ledger.open_account(name, now_ms)
            for asset, amount in amounts.items():
                ledger.deposit(account_id, asset, amount, now_ms)
            key = self._issue(account_id, body)
        return web.json_response({"name": name, **_key_shape(key)}, status=201)

    async def account(self, request: web.Request) -> web.Response:
        """Return an account's balances and deposits."""
        ledger, account_id = self._exchange.ledger, self._account(request)
        self._exchange.engine.settle()
        balances = {
            asset: {"free": plain(balance.free), "locked": plain(balance.locked)}
            for asset, balance in ledger.balances(account_id).items()
        }
        return web.json_response({"balances": balances, "deposits": ledger.deposits(account_id)})

    async def deposit(self, request: web.Request) -> web.Response:
        """Bring money in, or take it out with a negative amount."""
        body, account_id = await _body(request), self._account(request)
        asset = str(body.get("asset"))
        with self._exchange.store.transaction():
            self._exchange.ledger.deposit(
                account_id, asset, _amount(asset, body.get("amount")), self._exchange.feed.now_ms()
            )
        return web.json_response({}, status=201)

    async def issue_key(self, request: web.Request) -> web.Response:
        """Create another key for an account."""
        body = await _body(request)
        return web.json_response(_key_shape(self._issue(self._account(request), body)), status=201)

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

    def _issue(self, account_id: int, body: dict[str, Any]) -> Key:
        permissions = tuple(map(str, body.get("permissions", DEFAULT_PERMISSIONS)))
        addresses = tuple(map(str, body.get("addresses", ())))
        return self._exchange.ledger.issue_key(account_id, permissions, addresses, self._exchange.feed.now_ms())


def build_control(exchange: Exchange) -> web.Application:
    """Return the application for operators and tests."""
    control = Control(exchange)
    app = web.Application(middlewares=[_refusals])
    app.add_routes(
        [
            web.get("/status", control.status),
            web.get("/scripts", control.scripts),
            web.put("/scripts/{symbol}", control.set_script),
            web.delete("/scripts/{symbol}", control.clear_script),
            web.get("/faults", control.faults),
            web.put("/faults", control.set_fault),
            web.delete("/faults", control.clear_faults),
            web.get("/accounts", control.accounts),
            web.post("/accounts", control.open_account),
            web.get("/accounts/{name}", control.account),
            web.post("/accounts/{name}/deposits", control.deposit),
            web.post("/accounts/{name}/keys", control.issue_key),
            web.delete("/accounts/{name}/keys/{key}", control.revoke_key),
            web.get("/accounts/{name}/orders", control.orders),
            web.get("/accounts/{name}/trades", control.trades),
        ]
    )
    return app


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (ScriptError, FaultError, LedgerError) as error:
        return web.json_response({"error": str(error)}, status=400)
    except BinanceError as error:
        return web.json_response({"error": error.msg}, status=error.status)
    except web.HTTPException as error:
        return web.json_response({"error": f"{request.method} {request.path}: {error.reason}"}, status=error.status)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text())
    except ValueError as error:
        raise web.HTTPBadRequest(reason="the body must be JSON") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(reason="the body must be a JSON object")
    return body


def _amount(asset: str, amount: object) -> Decimal:
    if asset not in ASSETS:
        raise LedgerError(f"no such asset: {asset!r}; there are {', '.join(ASSETS)}")
    try:
        value = Decimal(str(amount))
        plain(value)
    except ArithmeticError as error:
        raise LedgerError(f"not an amount with at most eight decimals: {amount!r}") from error
    if not value.is_finite():
        raise LedgerError(f"not an amount: {amount!r}")
    return value


def _key_shape(key: Key) -> dict[str, Any]:
    return {
        "api_key": key.api_key,
        "secret": key.secret,
        "permissions": list(key.permissions),
        "addresses": list(key.addresses),
    }


def _script_shape(symbol: str, script: Script) -> dict[str, Any]:
    market = MARKETS[symbol]
    return {
        "since_s": script.since,
        "until_s": script.until,
        "mode": script.mode,
        "points": [[second, plain(market.price(ticks))] for second, ticks in script.points],
    }
