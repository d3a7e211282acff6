"""``freqops-host reassert``: every hold of this host made true again (run by a timer)."""

from __future__ import annotations

import argparse

from freqops.core.base import stamp
from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.bot import layout
from freqops.core.halt import timers

from ..bot.engine import Engine
from ..halt.reassert import reassert
from . import output

HELP = "make every hold true again (run by a timer)"
IN_SESSION = False


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: it looks at every bot."""


def run(options: argparse.Namespace) -> int:
    """Make them true; 2 where one could not be."""
    done, failed = reassert(layout.homes(options.root), Clock(), Engine())
    stamp.leave(timers.REASSERT)
    for line in [*done, *failed]:
        output.print_text(line)
    return NOT_PROVEN if failed else PROVEN
