"""``freqops-host remove``: bots, or everything of freqops, taken off this host."""

from __future__ import annotations

import argparse
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN, REFUSED

from ..bot.engine import Engine
from ..takeover import remove_bots, remove_stack
from . import output
from .arguments import add_mandate, mandate_of, names

HELP = "take bots, or everything of freqops, off this host"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bots, or the stack."""
    parser.add_argument("bots", nargs="?", default="", help="names separated by commas")
    parser.add_argument("--stack", action="store_true", help="everything: all bots, Postgres, units and files")
    parser.add_argument("--look", action="store_true", help="say what may go, and touch nothing")
    add_mandate(parser, "remove")


def run(options: argparse.Namespace) -> int:
    """Remove bots or the stack, or look whether they may go.

    Raises:
        Refused: Neither bots nor everything was named, or both.
    """
    bots = names(options.bots)
    if options.stack == bool(bots):
        raise Refused("name bots, or say --stack for everything; one of both")
    if options.look:
        return _looked(options.root, bots)
    root, mandate, clock, engine = options.root, mandate_of(options), Clock(), Engine()
    if options.stack:
        answer = remove_stack.remove(root, mandate, clock, engine).to_json()
    else:
        answer = {"bots": [row.to_json() for row in remove_bots.remove(bots, root, mandate, clock, engine)]}
    proven = all(row["proven"] for row in answer["bots"]) and answer.get("proven", True)
    output.print_json({"version": 1, "command": "remove", "incident": mandate.incident, "proven": proven, **answer})
    return PROVEN if proven else NOT_PROVEN


def _looked(root: Path, bots: list[str]) -> int:
    """Say what may go: bots, or everything where none is named."""
    clock, engine = Clock(), Engine()
    if bots:
        answer = {"bots": [row.to_json() for row in remove_bots.judged(remove_bots.chosen(bots, root), clock, engine)]}
    else:
        answer = remove_stack.look(root, clock, engine).to_json()
    output.print_json({"version": 1, "command": "remove", **answer})
    return REFUSED if any(row["outcome"] == "refused" for row in answer["bots"]) else PROVEN
