"""``freqops-host lockout``: what leaked is replaced, and proven to open nothing."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.bot.layout import Bot

from ..bot.engine import Engine
from ..incident.journal import Journal
from ..secrets.leaked import KINDS
from ..secrets.lockout import Leak, LockedOut, lock_out
from . import output
from .arguments import add_mandate, mandate_of
from .one_bot import recorded

HELP = "halt a bot, replace a secret of it that leaked, and prove it shut"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, and the secret that leaked."""
    parser.add_argument("bot")
    parser.add_argument("--what", required=True, choices=KINDS, help="of its API, exchange or a messenger")
    add_mandate(parser, "lockout")


def run(options: argparse.Namespace) -> int:
    """Replace the secret; 2 where that is not proven."""
    clock = Clock()
    leak = Leak(options.what, mandate_of(options))

    def act(bot: Bot, journal: Journal) -> LockedOut:
        return lock_out(bot.home, leak, journal, clock, Engine())

    return output.answered(recorded(options, "lockout", act, clock))
