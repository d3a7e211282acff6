"""``freqops-host renew-repository``: a new repository in the place of one that is lost for good."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock

from ..backup.backups import Backups
from ..backup.renewing import Order, Renewing
from ..bot.engine import Engine
from . import argument_types, output
from .arguments import add_mandate, mandate_of

HELP = "make a new repository in the place of one that is lost for good, and seed it"
IN_SESSION = True
REASON = "a repository is lost for good"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the repository, why it never comes back, and what seeds the new one."""
    parser.add_argument("repository", help="the one that is lost")
    parser.add_argument("--lost", required=True, type=argument_types.line, help="why it never comes back, in one line")
    parser.add_argument(
        "--from-repository", default="", help="what seeds the new one; none: it begins empty; else the fullest"
    )
    parser.add_argument("--look", action="store_true", help="say what is lost and what would be made; touch nothing")
    parser.add_argument("--json", action="store_true")
    add_mandate(parser, "renew-repository", REASON)


def run(options: argparse.Namespace) -> int:
    """Renew the repository, or only look, and print the answer."""
    order = Order(mandate_of(options), options.repository, options.lost, options.from_repository)
    renewing = Renewing(Backups(options.root, Clock(), Engine()), order)
    answer = renewing.look() if options.look else renewing.run()
    output.print_json(answer.to_json()) if options.json else output.print_text(*answer.lines())
    return answer.exit
