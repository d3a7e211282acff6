"""Reading what an operator sends, and refusing it with words."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from aiohttp import web

from lab.exchange.engine import FillError
from lab.exchange.errors import BinanceError
from lab.exchange.faults import FaultError
from lab.exchange.ledger import LedgerError
from lab.exchange.markets import ASSETS, plain
from lab.exchange.scripts import ScriptError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal in JSON."""
    try:
        return await handler(request)
    except (ScriptError, FaultError, FillError, LedgerError) as error:
        return web.json_response({"error": str(error)}, status=400)
    except BinanceError as error:
        return web.json_response({"error": error.msg, "code": error.code}, status=error.status)
    except web.HTTPException as error:
        return web.json_response({"error": f"{request.method} {request.path}: {error.reason}"}, status=error.status)


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the request's JSON object; no body at all is an empty one."""
    text = await request.text()
    try:
        body = json.loads(text) if text else {}
    except ValueError as error:
        raise web.HTTPBadRequest(reason="the body must be JSON") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(reason="the body must be a JSON object")
    return body


def number(value: object) -> Decimal:
    """Return an amount with at most eight decimals."""
    try:
        amount = Decimal(str(value))
        plain(amount)
    except ArithmeticError as error:
        raise LedgerError(f"not an amount with at most eight decimals: {value!r}") from error
    if not amount.is_finite():
        raise LedgerError(f"not an amount: {value!r}")
    return amount


def amounts(balances: object) -> dict[str, Decimal]:
    """Return amounts by asset."""
    if not isinstance(balances, dict):
        raise LedgerError(f'balances must look like {{"USDT": "1000"}}, not {balances!r}')
    return {known_asset(asset): number(amount) for asset, amount in balances.items()}


def known_asset(asset: object) -> str:
    """Return the name of an asset that there is."""
    if asset not in ASSETS:
        raise LedgerError(f"no such asset: {asset!r}; there are {', '.join(ASSETS)}")
    return str(asset)


def words(body: dict[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list of words."""
    value = body.get(name, default)
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
        raise LedgerError(f"{name} must be a list of words, not {value!r}")
    return tuple(value)
