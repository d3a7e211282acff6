"""``freqops-host config``: the configuration by which bots of this host run, without their secrets."""

from __future__ import annotations

import argparse

from freqops.core.base.exit_status import PROVEN
from freqops.core.bot import layout
from freqops.core.deploy import installed_config

from . import output
from .arguments import names

HELP = "say by which configuration bots run, without their secrets"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bots."""
    parser.add_argument("bots", help="names separated by commas")


def run(options: argparse.Namespace) -> int:
    """Print the configurations; nothing changes."""
    bots = [layout.load_bot(home) for home in layout.select(names(options.bots), options.root)]
    rows = [
        {"bot": bot.name, "release": bot.release, "values": [each.to_json() for each in installed_config.values(bot)]}
        for bot in bots
    ]
    output.print_json({"version": 1, "command": "config", "bots": rows})
    return PROVEN
