"""``freqops-host start``: the one door to start a bot."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import PROVEN, REFUSED

from ..bot.engine import Engine
from ..bot.start import DEADLINE, start
from . import argument_types, output
from .one_bot import bot_of

HELP = "start one bot, unless a hold forbids it"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, and the seconds for its start."""
    parser.add_argument("bot")
    parser.add_argument(
        "--deadline", type=argument_types.seconds, default=DEADLINE, help="seconds until it must be at work"
    )


def run(options: argparse.Namespace) -> int:
    """Start the bot; 1 where it is held."""
    started = start(bot_of(options), Clock(), Engine(), options.deadline)
    output.print_json(started.to_json())
    return REFUSED if started.outcome == "held" else PROVEN
