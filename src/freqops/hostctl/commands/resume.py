"""``freqops-host resume``: the hold of one incident taken one step down, recorded under that incident."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.bot.layout import Bot

from ..bot.engine import Engine
from ..bot.start import Started
from ..halt.resume import Which, resume
from ..incident.journal import Journal
from . import output
from .arguments import add_bot_under_incident, mandate_of
from .one_bot import recorded

HELP = "take the hold of one incident one step down"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, its incident, and the number of the holds that were seen."""
    add_bot_under_incident(parser)
    parser.add_argument("--seq", type=int, help="number of the last change of the holds that was seen")


def run(options: argparse.Namespace) -> int:
    """Take the hold one step down."""
    clock = Clock()
    mandate = mandate_of(options)

    def act(bot: Bot, journal: Journal) -> Started:
        return resume(bot, mandate, journal, clock, Engine(), Which(seq=options.seq))

    return output.answered(recorded(options, "resume", act, clock))
