"""``freqops-host reassert``: every hold of this host made true again (run by a timer)."""

from __future__ import annotations

import argparse

from freqops.core.base import stamp
from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.bot import layout
from freqops.core.halt import timers

from ..bot.engine import Engine
from ..halt.reassert import Rounds
from . import output

HELP = "make every hold true again (run by a timer)"
IN_SESSION = False


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: it looks at every bot."""


def run(options: argparse.Namespace) -> int:
    """Make them true, with rounds for the others as long as one of them hangs; 2 where one could not be."""
    rounds, status = Rounds(layout.homes(options.root), Clock(), Engine()), PROVEN
    while True:
        done, failed = rounds.once()
        stamp.leave(timers.REASSERT)
        for line in [*done, *failed]:
            output.print_text(line)
        status = NOT_PROVEN if failed else status
        if not rounds.busy:
            return status
