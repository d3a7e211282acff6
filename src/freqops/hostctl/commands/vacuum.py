"""``freqops-host vacuum``: the databases of bots of this host maintained, each with its evidence."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN, REFUSED
from freqops.core.bot import layout
from freqops.core.maintenance import full as rules
from freqops.core.maintenance import vacuum_answer

from ..bot.engine import Engine
from ..incident.journal import Journal, silent
from ..incident.recorded import Command
from ..maintenance import vacuum
from ..maintenance.vacuum import Order, Vacuumed
from . import output
from .arguments import add_mandate, mandate_of, names

HELP = "maintain the databases of bots: online, or in full where that is worth while"
IN_SESSION = True
NOT_TOUCHED, REASON = "refused", "database maintenance"
ONLY_FULL = ("open_trades_ok", "above_mb", "longest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bots, and how their databases are maintained."""
    parser.add_argument("bots", nargs="?", default="all", help="names separated by commas, or all")
    parser.add_argument("--full", action="store_true", help="write tables anew, which locks them meanwhile")
    parser.add_argument("--open-trades-ok", action="store_true", help="with --full: even while trades are open")
    parser.add_argument(
        "--above-mb", type=int, default=None, help=f"with --full: MiB; {rules.ABOVE_MB} where not given"
    )
    parser.add_argument(
        "--longest", type=int, default=None,
        help=f"with --full: seconds for which one table may be locked; {rules.LONGEST_S} where not given",
    )  # fmt: skip
    parser.add_argument("--look", action="store_true", help="say what would be done, and touch nothing")
    parser.add_argument("--json", action="store_true")
    add_mandate(parser, "vacuum", REASON)


def run(options: argparse.Namespace) -> int:
    """Maintain the database of each bot, also after one that failed, and answer with a row for each.

    Raises:
        Refused: A name is unknown here, or an argument makes no sense.
    """
    order = _order(options)
    clock, engine = Clock(), Engine()
    wanted = None if options.bots == "all" else names(options.bots)
    rows = [_one(home, order, options.root, clock, engine) for home in layout.select(wanted, options.root)]
    proven = all(row.proven for row in rows)
    said = {"version": 1, "command": "vacuum", "incident": order.mandate.incident, "full": order.full, "proven": proven}
    told = [row.to_json() for row in rows]
    if options.json:
        output.print_json({**said, "bots": told})
    else:
        output.print_text(*vacuum_answer.lines(told, full=order.full))
    if proven:
        return PROVEN
    return REFUSED if all(row.proven or row.outcome == NOT_TOUCHED for row in rows) else NOT_PROVEN


def _order(options: argparse.Namespace) -> Order:
    values = {name: getattr(options, name) for name in ONLY_FULL}
    given = [name for name, value in values.items() if value is not None and value is not False]
    if given and not options.full:
        raise Refused(f"--{given[0].replace('_', '-')} needs --full")
    above_mb = rules.ABOVE_MB if options.above_mb is None else options.above_mb
    longest_s = rules.LONGEST_S if options.longest is None else options.longest
    if not 0 <= above_mb <= rules.MOST_MB:
        raise Refused(f"--above-mb is {above_mb}; allowed are 0 to {rules.MOST_MB}")
    if not rules.LEAST_LONGEST_S <= longest_s <= rules.MOST_LONGEST_S:
        least, most = rules.LEAST_LONGEST_S, rules.MOST_LONGEST_S
        raise Refused(f"--longest is {longest_s}; allowed are {least} to {most} seconds")
    return Order(mandate_of(options), options.full, options.look, options.open_trades_ok, above_mb, longest_s)


def _one(home: Path, order: Order, root: Path, clock: Clock, engine: Engine) -> Vacuumed:
    """Return the row of one bot, also where the act fails."""
    try:
        bot = layout.load_bot(home)

        def act(journal: Journal) -> Vacuumed:
            said = partial(journal.note, "act", "disk", durable=True)
            return vacuum.vacuumed(bot, order, clock, engine, said)

        if order.look:
            return act(silent(clock))
        return Command("vacuum", order.mandate, root, clock).on(bot, act, lambda row: row.changed)
    except (Refused, layout.BotUnreadable) as error:
        return Vacuumed(home.name, NOT_TOUCHED, detail=[str(error)])
    except (FreqopsError, OSError) as error:
        return Vacuumed(home.name, "not proven", changed=not order.look, detail=[str(error)])
