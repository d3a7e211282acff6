"""``freqops-host gate -- freqtrade …``: the entrypoint of every bot container.

It executes Freqtrade in its own place, so that signals reach Freqtrade, or it says why not and waits. It never changes
its mind while it waits: a bot is started through ``freqops-host start`` and nowhere else.

Every start of a bot pays for what is imported here, so the rules for holds are imported where something may hold it.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.bot import crash_loop
from freqops.core.halt.unheld import unheld

CONF = Path("/freqops/conf")
VAR = Path("/freqops/var")


def pass_or_wait(command: list[str]) -> int:
    """Execute ``command`` if nothing forbids it, else wait until a signal ends it."""
    too_often = crash_loop.crash_loop(VAR, Clock().utcnow())  # writes, so it may take long; the holds are read last
    if not unheld(str(CONF / "holds.json")):
        held: str | None = import_module("freqops.core.halt.start_gate").verdict(CONF)
        too_often = held or too_often
    if too_often is None:
        os.execvp(command[0], command)  # noqa: S606  replacing ourselves without a shell is the point
    return _wait(str(too_often))


def _wait(why: str) -> int:
    signal = import_module("signal")
    visible = import_module("freqops.core.base.visible").visible
    waiting: str = import_module("freqops.core.bot.processes").WAITING
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    Path("/proc/self/comm").write_text(waiting)  # from here on it counts as what it is: a gate that waits
    sys.stdout.write(f"freqops start gate: Freqtrade is not started: {visible(why)}\n")
    sys.stdout.flush()
    while True:
        signal.pause()


def _end(*_: object) -> None:
    raise SystemExit(0)
