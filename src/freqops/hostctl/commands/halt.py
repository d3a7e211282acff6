"""``freqops-host halt``: its arguments (frozen, version 1), its answer, and its record in the incident."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from freqops.core.base.clock import Clock, iso
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.incident.ids import new_incident

from ..halt.halt import halt
from ..halt.order import Order
from . import argument_types, output
from .arguments import names

HELP = "stop entries (1), sell everything (2) or stop Freqtrade (3)"
IN_SESSION = True
PROG = "freqops-host"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bots, the level and the reason."""
    parser.add_argument("--level", required=True, type=argument_types.level)
    parser.add_argument("--reason", required=True, type=argument_types.line)
    parser.add_argument("--bots", default="all", help="names separated by commas, or all")
    parser.add_argument("--deadline", type=argument_types.seconds, help="seconds for the proof")
    parser.add_argument("--incident", type=argument_types.incident, help="id of the command this is part of")
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Halt, record and answer."""
    clock = Clock()
    began = clock.utcnow()
    wanted = None if options.bots == "all" else names(options.bots)
    homes = layout.select(wanted, options.root)
    incident = options.incident or new_incident(f"halt{options.level}", clock)
    order = Order(options.level, Mandate(incident, options.reason, options.actor), options.deadline)
    rows = halt(homes, order, clock)
    halt_answer = import_module("freqops.hostctl.halt.answer")  # nothing that is only said later delays a latch
    foreign = halt_answer.foreign(options.root)
    answer = halt_answer.answer(order, rows, foreign, whole=wanted is None)
    answer.update(began=iso(began), ended=iso(clock.utcnow()))
    if any(row.raised or row.acted for row in rows):
        answer["incident_error"] = halt_answer.record(options.root, order, rows, answer, clock)
    output.print_json(answer) if options.json else output.print_text(*halt_answer.lines(answer))
    sys.stdout.flush()
    ended = import_module("freqops.hostctl.logs.ended")  # the answer is out: the log may take its second
    options.incident = incident
    ended.write(options, PROG, answer["exit"], (), (clock.utcnow() - began).total_seconds())
    os._exit(answer["exit"])  # a thread that a stuck disk holds must not keep the answer back
