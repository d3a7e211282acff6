"""``freqops-host release``: the hold of one incident taken one step down, recorded under that incident."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock

from ..bot.engine import Engine
from ..halt.resume import Permission, release
from . import output
from .arguments import PROVEN, add_bot_under_incident
from .one_bot import recorded

HELP = "take the hold of one incident one step down"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, its incident, and what was seen of its holds."""
    add_bot_under_incident(parser)
    parser.add_argument("--seq", type=int, help="number of the last change of the holds that was seen")


def run(options: argparse.Namespace) -> int:
    """Take the hold down."""
    clock = Clock()
    permission = Permission(options.incident, options.reason, options.actor, options.seq)
    result = recorded(
        options, "release", lambda bot, journal: release(bot, permission, journal, clock, Engine()), "outcome", clock
    )
    output.print_json(result)
    return PROVEN
