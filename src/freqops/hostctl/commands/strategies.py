"""``freqops-host strategies``: what strategies are, read in the bot's image and written to the registry."""

from __future__ import annotations

import argparse
import os

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.runs import strategy_answer, strategy_order
from freqops.core.runs.strategy_order import StrategyOrder

from ..runs import strategy_reader
from ..runs.run_engine import RunEngine
from . import argument_types, given_order, output

HELP = "read strategies in the bot's image, and write what they are to the registry"
IN_SESSION = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is read; without a bot, the order is on standard input, as JSON."""
    parser.add_argument("--bot", type=argument_types.line, help="what this bot runs")
    parser.add_argument("--look", action="store_true", help="only say what would be written")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--actor", type=argument_types.line, default=argument_types.actor())


def run(options: argparse.Namespace) -> int:
    """Read them; 2 where one could not be read, or its row is not as it should be."""
    order = StrategyOrder(bot=options.bot) if options.bot else strategy_order.parsed(given_order.read())
    answer = strategy_reader.read(options.root, order, Clock(), RunEngine(), look=options.look)
    if options.json:
        name = os.uname().nodename
        output.print_json({"version": 1, "command": "strategies", "host": name, **answer.to_json()})
    else:
        lines = strategy_answer.table({os.uname().nodename: answer})
        said = ["NOTHING WRITTEN, this was a look"] if options.look else []
        output.print_text(*lines, *strategy_answer.lines(answer), *said)
    return NOT_PROVEN if answer.problems else PROVEN
