"""Answers that break: what a client sees of a fault instead of the truth."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from lab.exchange.faults import Fault

_LOOK_EVERY_S = 0.1
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


def json_answer(body: Any, status: int = 200) -> web.Response:
    """Return an answer in JSON, as compact as Binance's."""
    text = json.dumps(body, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type="application/json")


async def spoil(request: web.Request, fault: Fault, truth: web.Response) -> web.StreamResponse:
    """Answer with a fault's error, or break off before, within or instead of the true answer."""
    if fault.status is not None:
        return _error(fault)
    if fault.answer == "half":
        return await _half(request, truth)
    if fault.answer == "timeout":
        await _silence(request)
    else:
        _reset(request)
    return truth  # into a closed connection: nobody gets it


def _error(fault: Fault) -> web.Response:
    answer = json_answer({"code": fault.code, "msg": fault.msg}, fault.status or 500)
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


async def _half(request: web.Request, truth: web.Response) -> web.StreamResponse:
    """Promise the whole answer, send half of it, and close."""
    body = (truth.text or "").encode()
    answer = web.StreamResponse(status=truth.status)
    answer.content_type, answer.content_length = "application/json", len(body)
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return answer


async def _silence(request: web.Request) -> None:
    """Wait until the client goes away; a shutdown cancels this."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(_LOOK_EVERY_S)


def _reset(request: web.Request) -> None:
    """Close so that the client sees a reset instead of an orderly end."""
    if request.transport is not None:
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        request.transport.abort()
