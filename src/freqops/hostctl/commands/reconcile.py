"""``freqops-host reconcile``: bring a dead bot's records up to what its exchange says."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock

from ..bot.engine import Engine
from ..exchange.reconcile import reconcile
from . import output
from .arguments import NOT_PROVEN, PROVEN, add_bot_under_incident
from .one_bot import recorded

HELP = "bring a dead bot's records up to what its exchange says"
IN_SESSION = True
add_arguments = add_bot_under_incident


def run(options: argparse.Namespace) -> int:
    """Do it under its incident; 0 only where it is proven."""
    clock = Clock()
    result = recorded(
        options,
        "reconcile",
        lambda bot, journal: reconcile(bot, options.incident, journal, clock, Engine()),
        "agrees",
        clock,
    )
    output.print_json(result)
    return PROVEN if result["agrees"] else NOT_PROVEN
