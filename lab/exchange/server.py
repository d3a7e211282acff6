"""Two listening ports, and the matching that goes on between requests."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from lab.exchange.app import build_app
from lab.exchange.control import build_control

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lab.exchange.core import Exchange

_SETTLE_EVERY_S = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int


@asynccontextmanager
async def listening(app: web.Application, address: Address) -> AsyncIterator[int]:
    """Serve an application while inside; yields the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def serve(exchange: Exchange, public: Address, control: Address) -> None:
    """Serve until SIGTERM or SIGINT; an exchange that cannot match orders any more ends with its error."""
    async with (
        listening(build_app(exchange), public) as port,
        listening(build_control(exchange), control) as control_port,
    ):
        _log.info(
            "exchange on %s:%d, control on %s:%d, seed %d",
            public.host,
            port,
            control.host,
            control_port,
            exchange.feed.seed,
        )
        matching = asyncio.create_task(_match(exchange))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, matching.cancel)
        try:
            await matching
        except asyncio.CancelledError:
            _log.info("stopped")


async def _match(exchange: Exchange) -> None:
    while True:
        exchange.engine.settle()
        await asyncio.sleep(_SETTLE_EVERY_S)
