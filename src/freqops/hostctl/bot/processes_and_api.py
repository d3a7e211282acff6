"""The processes of a bot in /proc, and its REST API on loopback, as its host sees them."""

from __future__ import annotations

from freqops.core.bot import layout, processes
from freqops.core.bot.client import FreqtradeClient


def alive(bot: layout.Bot) -> list[processes.Process]:
    """Return the processes of ``bot`` that could trade."""
    return processes.trading(bot.name, _scanned(bot))


def living(bot: layout.Bot) -> list[processes.Process]:
    """Return every process of ``bot``, under any name."""
    return processes.of(bot.name, _scanned(bot))


def _scanned(bot: layout.Bot) -> list[processes.Process]:
    return processes.scan(processes.PROC, bot.home.parent)


def client(bot: layout.Bot) -> FreqtradeClient:
    """Return a client for the REST API of ``bot``."""
    return FreqtradeClient(bot.api_port, *bot.credentials())
