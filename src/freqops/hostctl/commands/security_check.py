"""``freqops-host security-check``: what a host sees of its own security; and the judged answer kept."""

from __future__ import annotations

import argparse
import os

from freqops.core.base.clock import Clock, iso
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.security import answer as answers
from freqops.core.security import last

from ..bot.engine import Engine
from ..security import measured
from . import given_order, output

HELP = "measure the security of this host and of its bots; it changes nothing"
IN_SESSION = False
PART = "measured on this host alone: security_check.yml adds what is only seen from elsewhere, and what is attested"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whether it is kept."""
    parser.add_argument("--record", action="store_true", help="keep the judged answer on standard input")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Measure everything, or keep what was judged; 2 where an item is red or not known.

    Raises:
        Refused: What came is no judged answer about the bots of this host.
        BotUnreadable: The declaration of a bot cannot be read.
    """
    clock = Clock()
    if options.record:
        kept = last.store(options.root, given_order.read(), measured.bots_of(options.root), clock.utcnow())
        output.print_json({"version": answers.FORMAT, "command": "security-check", "recorded": iso(kept.moment)})
        return PROVEN
    answer = measured.measured(options.root, clock, Engine())
    if options.json:
        output.print_json({"command": "security-check", **answer.to_json()})
    else:
        name = os.uname().nodename
        output.print_text(*answers.lines({name: answer.rows}), *answers.failures({name: answer.rows}), PART)
    return PROVEN if answer.passed else NOT_PROVEN
