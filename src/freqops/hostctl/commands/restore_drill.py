"""``freqops-host restore-drill``: the newest snapshot of each repository restored beside the bots that trade."""

from __future__ import annotations

import argparse

from freqops.core.backup import restore_drill
from freqops.core.base.clock import Clock

from ..backup.backups import Backups
from ..backup.restore_drill import Order, RestoreDrill
from ..bot.engine import Engine
from . import output
from .arguments import add_mandate, mandate_of, names

HELP = "rehearse a restore of the newest snapshots, beside the bots that run"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the repository and the bots."""
    parser.add_argument("--repository", default=None, help="one of them; all where it is left out")
    parser.add_argument("--bots", default="", help="names separated by commas; only a drill of all counts in status")
    parser.add_argument("--json", action="store_true")
    add_mandate(parser, "restore-drill", "restore drill")


def run(options: argparse.Namespace) -> int:
    """Rehearse the restore and print the answer."""
    mandate = mandate_of(options)
    order = Order(options.repository, tuple(sorted(set(names(options.bots)))), mandate)
    answer = RestoreDrill(Backups(options.root, Clock(), Engine()), order).run()
    if options.json:
        output.print_json(answer.to_json())
    else:
        host = "this host"
        text = restore_drill.page(mandate.incident, mandate.reason, mandate.actor, [(host, answer)], [])
        output.print_text(*text.splitlines())
    return answer.exit
