"""The command ``remove`` on the command line: bots, or everything of freqops, taken off this host."""

from __future__ import annotations

import argparse
from typing import Any

from freqops.core.clock import Clock
from freqops.core.errors import Refused
from freqops.core.incident import new_incident

from . import argument_types, output, remove_bots, remove_stack
from .cli_deploy import InSession
from .engine import Engine
from .remove_bots import Errand

PROVEN, REFUSED, NOT_PROVEN = 0, 1, 2


def add_to(commands: Any, in_session: InSession) -> None:
    """Add the command.

    Args:
        commands: The sub-parsers of ``freqops-host``.
        in_session: Does a work in a session of its own, so that a lost connection does not end it.
    """
    parser = commands.add_parser("remove", help="take bots, or everything of freqops, off this host")
    parser.add_argument("bots", nargs="?", default="", help="names separated by commas")
    parser.add_argument("--stack", action="store_true", help="everything: all bots, Postgres, units and files")
    parser.add_argument("--look", action="store_true", help="say what may go, and touch nothing")
    parser.add_argument("--reason", required=True, type=argument_types.line)
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.add_argument("--incident", type=argument_types.incident, default=new_incident("remove", Clock()))
    parser.set_defaults(run=lambda options: in_session(_remove, options))


def _remove(options: argparse.Namespace) -> int:
    names = [name for name in options.bots.split(",") if name]
    if options.stack == bool(names):
        raise Refused("name bots, or say --stack for everything; one of both")
    errand, clock, engine = Errand(options.root, options.reason, options.actor, options.incident), Clock(), Engine()
    if options.look:
        return _looked(options, names, errand)
    if options.stack:
        answer = remove_stack.remove(errand, clock, engine).to_json()
    else:
        answer = {"bots": [row.to_json() for row in remove_bots.remove(names, errand, clock, engine)]}
    proven = all(row["proven"] for row in answer["bots"]) and answer.get("proven", True)
    output.print_json({"version": 1, "command": "remove", "incident": errand.incident, "proven": proven, **answer})
    return PROVEN if proven else NOT_PROVEN


def _looked(options: argparse.Namespace, names: list[str], errand: Errand) -> int:
    clock, engine = Clock(), Engine()
    if options.stack:
        answer = remove_stack.look(errand.root, clock, engine).to_json()
    else:
        rows = remove_bots.judged(remove_bots.chosen(names, errand.root), clock, engine)
        answer = {"bots": [row.to_json() for row in rows]}
    output.print_json({"version": 1, "command": "remove", **answer})
    return REFUSED if any(row["outcome"] == "refused" for row in answer["bots"]) else PROVEN
