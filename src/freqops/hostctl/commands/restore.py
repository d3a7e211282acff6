"""``freqops-host restore``: one bot's database brought back from a dump, recorded under the incident that holds it."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.bot.layout import Bot

from ..backup.restore import look, restore
from ..backup.restored import Order, Restored
from ..bot.engine import Engine
from ..incident import journal
from . import output
from .arguments import add_bot_under_incident, mandate_of
from .one_bot import bot_of, recorded

HELP = "bring the database of one bot back from a dump"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, its incident, and the dump."""
    add_bot_under_incident(parser)
    parser.add_argument("--dump", required=True, help="latest, a stamp, or a time: the newest dump at or before it")
    parser.add_argument("--overwrite", action="store_true", help="replace the database that is there")
    parser.add_argument("--check", action="store_true", help="say what would be replaced by what, and touch nothing")


def run(options: argparse.Namespace) -> int:
    """Restore it, or only look."""
    clock, engine = Clock(), Engine()
    order = Order(mandate_of(options), options.dump, options.overwrite)
    if options.check:
        return output.answered(look(bot_of(options), order, journal.silent(clock), clock, engine))

    def act(bot: Bot, diary: journal.Journal) -> Restored:
        return restore(bot, order, diary, clock, engine)

    return output.answered(recorded(options, "restore", act, clock))
