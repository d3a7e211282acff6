"""The exchange on the network: routes, faults, and errors in Binance's shape."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from lab.exchange import private, public
from lab.exchange.breakage import json_answer, spoil
from lab.exchange.engine import WHOLE
from lab.exchange.errors import BinanceError, lost_answer, no_such_path, not_permitted
from lab.exchange.faults import PLACING, Asked
from lab.exchange.params import Params
from lab.exchange.signing import authenticate
from lab.exchange.usage import ORDERS_HEADER, WEIGHT_HEADER, Usage

if TYPE_CHECKING:
    from decimal import Decimal

    from lab.exchange.core import Exchange

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PUBLIC = [f"GET {path}" for path in public.ROUTES]
SIGNED = [f"{method} {path}" for method, path in private.ROUTES]
ENDPOINTS = {*PUBLIC, *SIGNED}
_log = logging.getLogger(__name__)


def build_app(exchange: Exchange) -> web.Application:
    """Return the application that bots talk to."""
    usage = Usage(exchange.feed.now_ms)

    async def serve(request: web.Request) -> web.StreamResponse:
        return await _Call(exchange, usage, request, await request.text()).answer()

    async def show_weight(request: web.Request, response: web.StreamResponse) -> None:
        response.headers[WEIGHT_HEADER] = str(usage.weight_of(request.remote or ""))

    app = web.Application(middlewares=[_refusals])
    app.on_response_prepare.append(show_weight)
    app.router.add_post("/sink/{name}", exchange.sink.take)
    app.router.add_route("*", "/{path:.*}", serve)
    return app


class _Call:
    """One request on its way through the exchange."""

    def __init__(self, exchange: Exchange, usage: Usage, request: web.Request, body: str) -> None:
        self._exchange = exchange
        self._usage = usage
        self._request = request
        self._query, self._body = request.raw_path.partition("?")[2], body
        self._params = Params(self._query, body)
        self._endpoint = f"{request.method} {request.path}"

    async def answer(self) -> web.StreamResponse:
        """Execute the request, unless a fault forbids it, and answer it, unless a fault spoils that."""
        self._usage.charge(self._request.remote or "", self._endpoint, self._params)
        if self._endpoint not in ENDPOINTS:
            _log.warning("unknown path: %s", self._endpoint)
            raise no_such_path(self._request.path, self._request.method)
        latency_ms, fault = self._exchange.faults.strike(self._asked())
        await asyncio.sleep(latency_ms / 1000)
        if fault is None:
            return self._execute(WHOLE)
        if not fault.spoils:
            return self._execute(fault.fraction)
        truth = self._outcome(fault.fraction) if fault.after else json_answer(lost_answer().body())
        return await spoil(self._request, fault, truth)

    def _asked(self) -> Asked:
        api_key = self._request.headers.get("X-MBX-APIKEY")
        return Asked(
            self._endpoint,
            self._params.named_symbols(),
            self._exchange.ledger.owner(api_key) if api_key else None,
            self._params.find("side") if self._endpoint == PLACING else None,
        )

    def _outcome(self, fraction: Decimal) -> web.Response:
        try:
            return self._execute(fraction)
        except BinanceError as error:
            return _refuse(self._request, error)

    def _execute(self, fraction: Decimal) -> web.Response:
        if self._endpoint in PUBLIC:
            return json_answer(public.ROUTES[self._request.path](self._exchange, self._params))
        route = private.ROUTES[self._request.method, self._request.path]
        key, params = authenticate(
            self._exchange.ledger,
            self._request.headers.get("X-MBX-APIKEY"),
            self._query,
            self._body,
            self._exchange.feed.now_ms(),
        )
        if not key.may(route.permission, self._request.remote or ""):
            raise not_permitted()
        self._exchange.engine.settle()
        if self._endpoint != PLACING:
            return json_answer(route.handler(self._exchange, key, params))
        answer = json_answer(private.place_order(self._exchange, key, params, fraction))
        answer.headers[ORDERS_HEADER] = str(self._usage.count_order(key.account_id))
        return answer


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BinanceError as error:
        return _refuse(request, error)
    except web.HTTPException:
        raise
    except Exception:  # noqa: BLE001 - a bug of ours is logged, and must not look like the market's answer
        _log.exception("failed: %s %s", request.method, request.path)
        return json_answer({"code": -1000, "msg": "An unknown error occurred while processing the request."}, 500)


def _refuse(request: web.Request, error: BinanceError) -> web.Response:
    _log.info("refused: %s %s: %s", request.method, request.path, error)
    return json_answer(error.body(), error.status)
