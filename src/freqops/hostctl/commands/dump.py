"""``freqops-host dump``: a dump of the database of each bot now, or the round of a timer."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.bot import layout

from ..backup.dump_rounds import DumpRounds, lower_priority
from ..bot.engine import Engine
from . import output
from .arguments import names

HELP = "dump the databases of bots now; with --quiet a round over all bots, which dumps what changed (run by a timer)"
IN_SESSION = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bots, and whether the output is short."""
    parser.add_argument("bots", nargs="?", default="all", help="names separated by commas, or all")
    parser.add_argument("--quiet", action="store_true", help="do a round, and say only what was done or failed")
    parser.add_argument("--accept-loss", action="store_true", help="even where the database lost what it had")


def run(options: argparse.Namespace) -> int:
    """Dump the databases; 2 where a dump was not proven.

    Raises:
        Refused: A bot is not known here, or a round is to be one of some bots alone.
    """
    lower_priority()
    if not options.quiet:
        wanted = None if options.bots == "all" else names(options.bots)
        return _now(layout.select(wanted, options.root), accept_loss=options.accept_loss)
    if options.bots != "all" or options.accept_loss:
        raise Refused("a round is one over all bots, and accepts no loss")
    return _round(options.root)


def _round(root: Path) -> int:
    """Do a round, with others for the rest as long as one bot's dump goes on."""
    clock, status = Clock(), PROVEN
    rounds = DumpRounds(root, clock, Engine())
    while True:
        said = rounds.come_round()
        for line in [*said.done, *said.failed]:
            output.print_text(line)
        status = NOT_PROVEN if said.failed else status
        if said.done:
            _bring_away(root)
        if not rounds.busy:
            return status


def _bring_away(root: Path) -> None:
    """Have what was dumped brought elsewhere at once, where a repository takes it; a timer does so each minute."""
    backups: Any = import_module("freqops.hostctl.backup.newest_dumps")
    try:
        backups.bring_away(root)
    except (FreqopsError, OSError) as error:
        output.print_text(f"the dumps are brought away within a minute, not now: {error}")


def _now(homes: list[Path], *, accept_loss: bool) -> int:
    """Make a dump of each, one after the other, and answer."""
    dumps: Any = import_module("freqops.hostctl.backup.dumps_by_hand")
    clock = Clock()
    rows = [dumps.dumped(home, clock, Engine(), accept_loss=accept_loss) for home in homes]
    answer = {"version": 1, "command": "dump", "host": os.uname().nodename, "at": iso(clock.utcnow())}
    output.print_json({**answer, "bots": [row.to_json() for row in rows]})
    return PROVEN if all(row.proven for row in rows) else NOT_PROVEN
