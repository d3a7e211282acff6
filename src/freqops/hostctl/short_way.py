"""The entrance of ``freqops-host``: a short way for commands that run all day, the whole command line for the others.

Each bot's health check and a timer every half minute, and every start of a bot, would spend most of
their processor on loading rules that they do not need. The short way only ever says "nothing is the matter", and only
where that is certain; whatever else is the case, the long way finds out and says.
"""

from __future__ import annotations

import time
from importlib import import_module

from freqops.core.base import stamp

GUARD_SECONDS = 30.0


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    if arguments == ["reassert"] and guard_comes_round():
        stamp.leave("reassert")
        return 0
    if arguments[:2] == ["gate", "--"] and len(arguments) > 2:
        return int(import_module("freqops.hostctl.bot.start_gate").pass_or_wait(arguments[2:]))
    if arguments == ["probe"] and import_module("freqops.hostctl.bot.quick_probe").healthy():
        return 0
    return int(import_module("freqops.hostctl.cli").main(arguments))


def guard_comes_round() -> bool:
    """Return whether the guard certainly came round a moment ago, so that its backstop has nothing to do."""
    age = stamp.age("guard", time.time())
    return age is not None and 0 <= age <= GUARD_SECONDS
