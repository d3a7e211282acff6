"""The entrance of ``freqops-host``: a short way for what runs all day, the whole command line for everything else.

Each bot's health check every half minute, a timer every five seconds and every start of a bot would spend most of
their processor on loading rules that they do not need. The short way only ever says "nothing is the matter", and only
where that is certain; whatever else is the case, the long way finds out and says.
"""

from __future__ import annotations

import os
import select
from importlib import import_module

from freqops.core.base import stamp
from freqops.core.halt.unheld import unheld

BOTS = "/srv/freqops/bots"
PATIENCE_MS = 1000


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    if arguments == ["reassert"] and nothing_held_in_time(BOTS):
        stamp.leave("reassert")
        return 0
    if arguments[:2] == ["gate", "--"] and len(arguments) > 2:
        return int(import_module("freqops.hostctl.bot.start_gate").pass_or_wait(arguments[2:]))
    if arguments == ["probe"] and import_module("freqops.hostctl.bot.quick_probe").healthy():
        return 0
    return int(import_module("freqops.hostctl.cli").main(arguments))


def nothing_held_in_time(bots: str) -> bool:
    """Return what `nothing_held` says, or False after a second: a process of its own asks, for a disk may hang."""
    child = os.fork()
    if child == 0:
        os._exit(0 if nothing_held(bots) else 1)
    asked = select.poll()
    asked.register(os.pidfd_open(child), select.POLLIN)
    return bool(asked.poll(PATIENCE_MS)) and os.waitpid(child, 0)[1] == 0


def nothing_held(bots: str) -> bool:
    """Return whether every directory below ``bots`` certainly has no hold."""
    try:
        return all(unheld(f"{entry.path}/conf/holds.json") for entry in os.scandir(bots) if entry.is_dir())
    except OSError:
        return False
