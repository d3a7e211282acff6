"""The common part of commands that change a bot's release."""

from __future__ import annotations

import argparse

from freqops.core.base.exit_status import NOT_PROVEN, PROVEN

from ..bot.start import DEADLINE
from ..deploy.deploy import Errand
from ..deploy.switch_order import Switched
from . import argument_types, output
from .arguments import add_mandate, mandate_of


def add_errand(parser: argparse.ArgumentParser, kind: str) -> None:
    """Add why, by whom and under which incident, and how long a start may take."""
    add_mandate(parser, kind, reason=kind)
    parser.add_argument(
        "--deadline", type=argument_types.seconds, default=DEADLINE, help="seconds that a start may take"
    )


def errand_of(options: argparse.Namespace) -> Errand:
    """Return the errand from the arguments of `add_errand`."""
    return Errand(options.root, mandate_of(options), options.deadline)


def answered(rows: list[Switched]) -> int:
    """Print a row for each bot and return the exit status: 2 where one is not healthy."""
    output.print_json({"version": 1, "bots": [row.to_json() for row in rows]})
    return PROVEN if all(row.well for row in rows) else NOT_PROVEN
