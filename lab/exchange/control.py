"""The operator's port: prices, scripts, faults, accounts.

It asks for no password, so it belongs on a loopback address or a closed network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from lab.exchange import faultform
from lab.exchange.app import PUBLIC, SIGNED
from lab.exchange.control_accounts import Accounts
from lab.exchange.control_io import body_of, refusals
from lab.exchange.faults import FaultError
from lab.exchange.markets import MARKETS, plain
from lab.exchange.scripts import Script, ScriptError

if TYPE_CHECKING:
    from lab.exchange.core import Exchange


class Control:
    """The handlers of the operator's port that are about the market and the network."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """Return which path is answered by which handler."""
        return [
            web.get("/status", self.status),
            web.put("/prices/{symbol}", self.hold_price),
            web.get("/scripts", self.scripts),
            web.put("/scripts", self.set_scripts),
            web.delete("/scripts", self.forget_scripts),
            web.put("/scripts/{symbol}", self.set_script),
            web.delete("/scripts/{symbol}", self.clear_script),
            web.get("/faults", self.faults),
            web.put("/faults", self.set_fault),
            web.delete("/faults", self.clear_faults),
        ]

    async def status(self, _request: web.Request) -> web.Response:
        """Tell the seed, the time and the prices."""
        feed = self._exchange.feed
        prices = {symbol: plain(market.price(feed.price(symbol))) for symbol, market in MARKETS.items()}
        return web.json_response({"seed": feed.seed, "time_ms": feed.now_ms(), "prices": prices})

    async def hold_price(self, request: web.Request) -> web.Response:
        """Let a pair jump to a price and stay there."""
        symbol, price = request.match_info["symbol"], (await body_of(request)).get("price")
        return web.json_response(_script_shape(symbol, self._exchange.feed.hold(symbol, price)))

    async def scripts(self, _request: web.Request) -> web.Response:
        """Return all scripts, past ones too."""
        feed = self._exchange.feed
        return web.json_response(
            {symbol: [_script_shape(symbol, script) for script in feed.scripts(symbol)] for symbol in MARKETS}
        )

    async def set_script(self, request: web.Request) -> web.Response:
        """Lay a price script over a pair."""
        symbol = request.match_info["symbol"]
        return web.json_response(_script_shape(symbol, self._exchange.feed.set_script(symbol, await body_of(request))))

    async def set_scripts(self, request: web.Request) -> web.Response:
        """Lay price scripts over several pairs at once."""
        bodies = await body_of(request)
        for symbol, body in bodies.items():
            if not isinstance(body, dict):
                raise ScriptError(f"{symbol}: a script must be a JSON object, not {body!r}")
        scripts = self._exchange.feed.set_scripts(bodies)
        return web.json_response({symbol: _script_shape(symbol, script) for symbol, script in scripts.items()})

    async def clear_script(self, request: web.Request) -> web.Response:
        """Return a pair to its seeded path."""
        self._exchange.feed.clear_script(request.match_info["symbol"])
        return web.json_response({})

    async def forget_scripts(self, _request: web.Request) -> web.Response:
        """Give all pairs their seeded paths, in the past, too."""
        self._exchange.feed.forget_scripts()
        return web.json_response({})

    async def faults(self, _request: web.Request) -> web.Response:
        """Return the faults in force."""
        return web.json_response([fault.shape() for fault in self._exchange.faults.all()])

    async def set_fault(self, request: web.Request) -> web.Response:
        """Let requests fail."""
        fault = faultform.parse(await body_of(request), PUBLIC, SIGNED, self._exchange.ledger.account_names())
        return web.json_response(self._exchange.faults.set(fault).shape())

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Heal the fault or the endpoint that the query names, or all."""
        unknown = set(request.query) - {"id", "endpoint"}
        if unknown:
            raise FaultError(f"faults are healed by id or by endpoint, not by {', '.join(sorted(unknown))}")
        number = request.query.get("id")
        if number is not None and not number.isdecimal():
            raise FaultError(f"id must be the number of a fault, not {number!r}")
        self._exchange.faults.clear(None if number is None else int(number), request.query.get("endpoint"))
        return web.json_response({})


def build_control(exchange: Exchange) -> web.Application:
    """Return the application for operators and tests."""
    app = web.Application(middlewares=[refusals])
    app.add_routes([*Control(exchange).routes(), *Accounts(exchange).routes(), *exchange.sink.routes()])
    return app


def _script_shape(symbol: str, script: Script) -> dict[str, Any]:
    market = MARKETS[symbol]
    return {
        "since_s": script.since,
        "until_s": script.until,
        "mode": script.mode,
        "points": [[second, plain(market.price(ticks))] for second, ticks in script.points],
    }
