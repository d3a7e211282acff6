"""``freqops-host rollback``: one bot brought back to a release that worked before."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.bot import layout

from ..bot.engine import Engine
from ..deploy.deploy import rollback
from .releases import add_errand, answered, errand_of

HELP = "bring one bot back to a release that worked before"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bot, and the release."""
    parser.add_argument("bot")
    parser.add_argument("--release", help="its fingerprint; the one before the present one where not given")
    add_errand(parser, "rollback")


def run(options: argparse.Namespace) -> int:
    """Bring the bot back; 2 where it is not healthy."""
    [home] = layout.select([options.bot], options.root)
    return answered([rollback(home, options.release, errand_of(options), Clock(), Engine())])
