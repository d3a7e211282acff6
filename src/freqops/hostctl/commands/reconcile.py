"""``freqops-host reconcile``: bring a dead bot's records up to what its exchange says."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.bot.layout import Bot

from ..bot.engine import Engine
from ..exchange.reconcile import Reconciled, reconcile
from ..incident.journal import Journal
from . import output
from .arguments import add_bot_under_incident
from .one_bot import recorded

HELP = "bring a dead bot's records up to what its exchange says"
IN_SESSION = True
add_arguments = add_bot_under_incident


def run(options: argparse.Namespace) -> int:
    """Act under the bot's incident; 0 only where the result is proven."""
    clock = Clock()

    def act(bot: Bot, journal: Journal) -> Reconciled:
        return reconcile(bot, options.incident, journal, clock, Engine())

    return output.answered(recorded(options, "reconcile", act, clock))
