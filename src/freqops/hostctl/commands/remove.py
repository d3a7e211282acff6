"""``freqops-host remove``: bots, or everything of freqops, taken off this host."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused

from ..bot.engine import Engine
from ..takeover import remove_bots, remove_stack
from ..takeover.remove_bots import Errand
from . import output
from .arguments import NOT_PROVEN, PROVEN, REFUSED, add_mandate, names

HELP = "take bots, or everything of freqops, off this host"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is to go."""
    parser.add_argument("bots", nargs="?", default="", help="names separated by commas")
    parser.add_argument("--stack", action="store_true", help="everything: all bots, Postgres, units and files")
    parser.add_argument("--look", action="store_true", help="say what may go, and touch nothing")
    add_mandate(parser, "remove")


def run(options: argparse.Namespace) -> int:
    """Remove it, or look whether it may go.

    Raises:
        Refused: Neither bots nor everything was named, or both.
    """
    bots = names(options.bots)
    if options.stack == bool(bots):
        raise Refused("name bots, or say --stack for everything; one of both")
    errand, clock, engine = Errand(options.root, options.reason, options.actor, options.incident), Clock(), Engine()
    if options.look:
        return _looked(options, bots, errand)
    if options.stack:
        answer = remove_stack.remove(errand, clock, engine).to_json()
    else:
        answer = {"bots": [row.to_json() for row in remove_bots.remove(bots, errand, clock, engine)]}
    proven = all(row["proven"] for row in answer["bots"]) and answer.get("proven", True)
    output.print_json({"version": 1, "command": "remove", "incident": errand.incident, "proven": proven, **answer})
    return PROVEN if proven else NOT_PROVEN


def _looked(options: argparse.Namespace, bots: list[str], errand: Errand) -> int:
    clock, engine = Clock(), Engine()
    if options.stack:
        answer = remove_stack.look(errand.root, clock, engine).to_json()
    else:
        rows = remove_bots.judged(remove_bots.chosen(bots, errand.root), clock, engine)
        answer = {"bots": [row.to_json() for row in rows]}
    output.print_json({"version": 1, "command": "remove", **answer})
    return REFUSED if any(row["outcome"] == "refused" for row in answer["bots"]) else PROVEN
