"""The common part of commands on one bot under an incident: its declaration, a journal, a record."""

from __future__ import annotations

import argparse
from typing import Callable, TypeVar

from freqops.core.base.clock import Clock
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout

from ..incident.journal import Journal
from ..incident.recorded import Command
from .arguments import mandate_of

Row = TypeVar("Row", bound=Outcome)
Act = Callable[[layout.Bot, Journal], Row]


def bot_of(options: argparse.Namespace) -> layout.Bot:
    """Return the bot that is named.

    Raises:
        Refused: It is unknown here.
        BotUnreadable: Its declaration cannot be read.
    """
    return layout.load_bot(layout.select([options.bot], options.root)[0])


def recorded(options: argparse.Namespace, name: str, act: Act[Row], clock: Clock) -> Row:
    """Do one command on one bot under its incident, with a journal and a record of it, and return its outcome.

    Args:
        options: The command line: ``root``, ``bot``, ``incident``, ``reason``, ``actor``.
        name: The command.
        act: The act.
        clock: The source of the time.
    """
    bot = bot_of(options)
    command = Command(name, mandate_of(options), options.root, clock)
    return command.on(bot, lambda journal: act(bot, journal))
