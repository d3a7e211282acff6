"""What the commands on one bot under an incident have in common: its declaration, a journal, a record."""

from __future__ import annotations

import argparse
from typing import Any, Callable

from freqops.core.base.clock import Clock
from freqops.core.bot import layout

from ..incident.journal import Journal
from ..incident.recorded import Command

Act = Callable[[layout.Bot, Journal], Any]


def bot_of(options: argparse.Namespace) -> layout.Bot:
    """Return the bot that is named.

    Raises:
        Refused: It is unknown here.
        BotUnreadable: Its declaration cannot be read.
    """
    return layout.load_bot(layout.select([options.bot], options.root)[0])


def recorded(options: argparse.Namespace, name: str, act: Act, proof: str, clock: Clock) -> dict[str, Any]:
    """Do one command on one bot under its incident, with a journal and a record of it, and return its result.

    Args:
        options: The command line: ``root``, ``bot``, ``incident``, ``reason``, ``actor``.
        name: The command.
        act: What to do.
        proof: The name in its result that says whether it is proven.
        clock: Where the time comes from.
    """
    bot = bot_of(options)
    command = Command(name, bot, options.incident, options.reason, options.actor)
    return command.under(options.root, lambda journal: dict(act(bot, journal).to_json()), clock, proof)
