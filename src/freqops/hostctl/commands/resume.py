"""``freqops-host resume``: the hold of one incident taken one step down, recorded under that incident."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.bot.layout import Bot

from ..bot.engine import Engine
from ..halt.restart import Restart, Resumed, Words
from ..halt.resume import Which, resume
from ..incident.journal import Journal
from . import argument_types, output
from .arguments import add_bot_under_incident, mandate_of
from .one_bot import recorded

HELP = "take the hold of one incident one step down"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, its incident, what is ticked, why it is resumed anyway, and the number of the holds seen."""
    add_bot_under_incident(parser)
    parser.add_argument(
        "--ticked",
        type=argument_types.ticked,
        default=(),
        help="items of the restart checklist that you have looked at, separated by commas",
    )
    parser.add_argument(
        "--anyway", type=argument_types.line, help="why a live bot is resumed although items are missing"
    )
    parser.add_argument("--seq", type=int, help="number of the last change of the holds that was seen")


def run(options: argparse.Namespace) -> int:
    """Take the hold one step down."""
    clock = Clock()
    mandate = mandate_of(options)

    words = Words(options.ticked, options.anyway or "")

    def act(bot: Bot, journal: Journal) -> Resumed:
        engine = Engine()
        restart = Restart(bot, mandate, words, journal, clock, engine)
        which = Which(seq=options.seq)
        try:
            return restart.outcome(resume(bot, mandate, journal, clock, engine, which, check=restart.check))
        except NotProven as error:
            if not restart.remark:
                raise
            raise NotProven(f"{error}{restart.remark}") from error

    return output.answered(recorded(options, "resume", act, clock))
