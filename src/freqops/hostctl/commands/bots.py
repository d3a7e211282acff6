"""``freqops-host bots``: bots of this host stopped by plan, started, or restarted, each with its evidence."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from freqops.core.base import next_step
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN, REFUSED
from freqops.core.bot import layout
from freqops.core.halt import way_out

from ..bot import planned
from ..bot.engine import Engine
from ..bot.planned import Order, Turned
from ..incident.journal import Journal, silent
from ..incident.recorded import Command
from . import output
from .arguments import add_mandate, mandate_of, names

HELP = "stop bots by plan, start or restart them"
IN_SESSION = True
NOT_TOUCHED = "refused"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the action and its bots."""
    parser.add_argument("action", choices=planned.ACTIONS)
    parser.add_argument("bots", help="names separated by commas")
    parser.add_argument("--unmanaged-ok", action="store_true", help="stop also where trades stay open, unmanaged")
    parser.add_argument("--look", action="store_true", help="say what would be done, and touch nothing")
    add_mandate(parser, "bots")


def run(options: argparse.Namespace) -> int:
    """Act on each bot, also after one that failed, and answer with a row for each.

    Raises:
        Refused: A name is unknown here, or trades may stay open for another act than a stop.
    """
    if options.unmanaged_ok and options.action != planned.STOP:
        raise Refused(f"--unmanaged-ok is for {planned.STOP}, not for {options.action}")
    mandate = mandate_of(options)
    order = Order(options.action, mandate, options.unmanaged_ok, options.look)
    clock, engine = Clock(), Engine()
    rows = [_one(home, order, options.root, clock, engine) for home in layout.select(names(options.bots), options.root)]
    proven = all(row.proven for row in rows)
    said = {"version": 1, "command": "bots", "action": options.action, "incident": mandate.incident, "proven": proven}
    output.print_json({**said, "bots": [row.to_json() for row in rows]})
    if proven:
        return PROVEN
    return REFUSED if all(row.proven or row.outcome == NOT_TOUCHED for row in rows) else NOT_PROVEN


def _one(home: Path, order: Order, root: Path, clock: Clock, engine: Engine) -> Turned:
    """Return the row of one bot, also where the act fails."""
    try:
        bot = layout.load_bot(home)

        def act(journal: Journal) -> Turned:
            said = partial(journal.note, "act", "engine", durable=True)
            return planned.turned(bot, order, clock, engine, said)

        if order.look:
            return act(silent(clock))
        return Command(order.action, order.mandate, root, clock).on(bot, act, lambda row: row.changed)
    except (Refused, layout.BotUnreadable) as error:
        steps = next_step.to_json(way_out.of_error(error))
        return Turned(home.name, NOT_TOUCHED, detail=[str(error)], next_steps=steps)
    except (FreqopsError, OSError) as error:
        return Turned(home.name, "not proven", changed=not order.look, detail=[str(error)])
