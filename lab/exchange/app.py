"""The exchange on the network: routes, faults, and errors in Binance's shape."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from lab.exchange import private, public
from lab.exchange.errors import BinanceError, no_such_path, not_permitted
from lab.exchange.params import Params
from lab.exchange.signing import authenticate

if TYPE_CHECKING:
    from lab.exchange.core import Exchange

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ENDPOINTS = [*(f"GET {path}" for path in public.ROUTES), *(f"{method} {path}" for method, path in private.ROUTES)]
_log = logging.getLogger(__name__)


def build_app(exchange: Exchange) -> web.Application:
    """Return the application that bots talk to."""

    async def serve(request: web.Request) -> web.Response:
        return _answer(await _serve(exchange, request))

    app = web.Application(middlewares=[_refusals])
    app.router.add_route("*", "/{path:.*}", serve)
    return app


async def _serve(exchange: Exchange, request: web.Request) -> Any:
    endpoint = f"{request.method} {request.path}"
    if endpoint not in ENDPOINTS:
        _log.warning("unknown path: %s", endpoint)
        raise no_such_path(request.path, request.method)
    await _suffer(exchange, endpoint)
    query, body = request.raw_path.partition("?")[2], await request.text()
    if request.path in public.ROUTES:
        return public.ROUTES[request.path](exchange, Params(query))
    route = private.ROUTES[request.method, request.path]
    key, params = authenticate(
        exchange.ledger, request.headers.get("X-MBX-APIKEY"), query, body, exchange.feed.now_ms()
    )
    if not key.may(route.permission, request.remote or ""):
        raise not_permitted()
    exchange.engine.settle()
    return route.handler(exchange, key, params)


async def _suffer(exchange: Exchange, endpoint: str) -> None:
    """Let the fault that an operator set for this endpoint happen."""
    fault = exchange.faults.strike(endpoint)
    if fault is None:
        return
    await asyncio.sleep(fault.latency_ms / 1000)
    if fault.status is not None:
        raise BinanceError(fault.code or 0, fault.msg or "", fault.status)


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except BinanceError as error:
        _log.info("refused: %s %s: %s", request.method, request.path, error)
        return _answer(error.body(), error.status)
    except web.HTTPException:
        raise
    except Exception:  # noqa: BLE001 - a bug of ours is logged, and must not look like the market's answer
        _log.exception("failed: %s %s", request.method, request.path)
        return _answer({"code": -1000, "msg": "An unknown error occurred while processing the request."}, 500)


def _answer(body: Any, status: int = 200) -> web.Response:
    text = json.dumps(body, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type="application/json")
