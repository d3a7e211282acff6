"""``freqops-host flatten``: close on the exchange what a dead bot left there."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock

from ..bot.engine import Engine
from ..exchange.flatten import flatten
from . import output
from .arguments import NOT_PROVEN, PROVEN, add_bot_under_incident
from .one_bot import recorded

HELP = "close on the exchange what a dead bot left there"
IN_SESSION = True
add_arguments = add_bot_under_incident


def run(options: argparse.Namespace) -> int:
    """Do it under its incident; 0 only where it is proven."""
    clock = Clock()
    result = recorded(
        options, "flatten", lambda bot, journal: flatten(bot, options.incident, journal, clock, Engine()), "flat", clock
    )
    output.print_json(result)
    return PROVEN if result["flat"] else NOT_PROVEN
