"""``freqops-host lockout``: what leaked is replaced, and proven to open nothing."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock

from ..bot.engine import Engine
from ..secrets.leaked import KINDS
from ..secrets.lockout import Leak, lock_out
from . import output
from .arguments import NOT_PROVEN, PROVEN, add_mandate
from .one_bot import recorded

HELP = "halt a bot, replace a secret of it that leaked, and prove it shut"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, and what leaked."""
    parser.add_argument("bot")
    parser.add_argument("--what", required=True, choices=KINDS, help="what leaked: of its API, or at its exchange")
    add_mandate(parser, "lockout")


def run(options: argparse.Namespace) -> int:
    """Lock it out; 2 where that is not proven."""
    clock = Clock()
    leak = Leak(options.what, options.reason, options.actor, options.incident)
    result = recorded(
        options, "lockout", lambda bot, journal: lock_out(bot.home, leak, journal, clock, Engine()), "proven", clock
    )
    output.print_json(result)
    return PROVEN if result["proven"] else NOT_PROVEN
