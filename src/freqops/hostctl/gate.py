"""``freqops-host gate -- freqtrade …``: the entrypoint of every bot container.

It executes Freqtrade in its own place, so that signals reach Freqtrade, or it says why not and waits. It never changes
its mind while it waits: a bot is started through ``freqops-host start`` and nowhere else.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from freqops.core import gate
from freqops.core.clock import Clock
from freqops.core.processes import WAITING

CONF = Path("/freqops/conf")
VAR = Path("/freqops/var")


def pass_or_wait(command: list[str]) -> int:
    """Execute ``command`` if nothing forbids it, else wait until told to end."""
    too_often = gate.crash_loop(VAR, Clock().utcnow())  # writes, so it may take long; the holds are read last
    why = gate.verdict(CONF) or too_often
    if why is None:
        os.execvp(command[0], command)  # noqa: S606  replacing ourselves without a shell is the point
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    Path("/proc/self/comm").write_text(WAITING)  # from here on it counts as what it is: a gate that waits
    sys.stdout.write(f"freqops start gate: Freqtrade is not started: {why}\n")
    sys.stdout.flush()
    while True:
        signal.pause()


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
