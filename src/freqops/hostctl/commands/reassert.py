"""``freqops-host reassert``: the backstop of the guard; a round of its work where its last one is too old (timer)."""

from __future__ import annotations

import argparse

from freqops.core.base import stamp
from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.bot import layout
from freqops.core.halt import timers

from ..bot.engine import Engine
from ..bot.rounds import Rounds
from ..breaker.follower import Follower
from . import output

HELP = "do a round of the guard's work where its last one is too old (run by a timer)"
IN_SESSION = False


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command looks at every bot."""


def run(options: argparse.Namespace) -> int:
    """Do a round; the other bots get rounds while one hangs. 2 where something could not be done."""
    clock, status = Clock(), PROVEN
    if not timers.stamp_wrong(timers.GUARD, clock):
        stamp.leave(timers.REASSERT)
        return PROVEN
    homes = layout.homes(options.root)
    rounds = Rounds(lambda: homes, Follower(clock, Engine()).act, clock)
    while True:
        said = rounds.once()
        stamp.leave(timers.REASSERT)
        for line in [*said.done, *said.failed]:
            output.print_text(line)
        status = NOT_PROVEN if said.failed else status
        if not rounds.busy:
            return status
