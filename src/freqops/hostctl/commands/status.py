"""``freqops-host status``: what every bot of this host is doing, and what is wrong with the host."""

from __future__ import annotations

import argparse
import os
from typing import Any

from freqops.core.base import commands
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.bot import layout
from freqops.core.bot.status_table import problems
from freqops.core.incident import opening
from freqops.core.runs import registry
from freqops.core.schedule import of_machine

from ..backup import ages
from ..bot import breaker_notes, foreign_freqtrade
from ..bot.engine import Engine
from ..bot.status import render, status
from ..deploy.host_problems import host_problems
from ..deploy.postgres_problems import connections_of_bots, postgres_problems
from ..incident import registered
from . import output

HELP = "what every bot is doing"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the form of the answer."""
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the status; 2 where the host or a bot has a problem."""
    clock, engine = Clock(), Engine()
    overdue, of_backups = ages.look(options.root, clock)
    of_postgres = postgres_problems(options.root, engine)
    connected, figures = ([], []) if of_postgres else connections_of_bots(options.root, engine)
    of_host = [*host_problems(clock), *of_postgres, *connected]
    late, of_jobs = of_machine.look(commands.run, clock.utcnow())
    answer = status(layout.homes(options.root), clock, engine)
    unread, idle = foreign_freqtrade.of_host(answer["undeclared"])
    answer["host_problems"] = [*of_host, *overdue, *late, *unread]
    answer["host_notes"] = [*idle, *breaker_notes.of_host(options.root, clock), *figures, *of_backups, *of_jobs]
    answer["incident_head"], unread_head = _head(options)
    answer["host_notes"] += unread_head
    answer = {"version": 1, "host": os.uname().nodename, **answer}
    output.print_json(answer) if options.json else output.print_text(*render(answer))
    _note_red(options, answer, clock)
    return NOT_PROVEN if problems(answer) else PROVEN


def _head(options: argparse.Namespace) -> tuple[str | None, list[str]]:
    """Return the head of the chain of incidents, so that it leaves the host; and why there is none."""
    if not registry.place(options.root).exists():
        return None, []
    try:
        return registered.head(options.root), []
    except FreqopsError as error:
        return None, [f"the chain of its incidents is not known: {error}"]


def _note_red(options: argparse.Namespace, answer: dict[str, Any], clock: Clock) -> None:
    """Open incidents for what is red, where there is a registry; what goes wrong with that is only said."""
    red = opening.red(answer, iso(clock.utcnow()), f"status@{os.uname().nodename}")
    if not red or not registry.place(options.root).exists():
        return
    try:
        registered.note_red(options.root, red, clock)
    except (FreqopsError, OSError) as error:
        output.remark(f"no incident was opened for what is red: {error}")
