"""``freqops-host gate -- freqtrade …``: the entrypoint of every bot container.

It executes Freqtrade in its own place, so that signals reach Freqtrade, or it says why not and waits. Under a hold it
never changes its mind: such a bot is started through ``freqops-host start`` and nowhere else. After crashes it waits
for a time that it says, and reads the holds again when that is over.

Every start of a bot pays for what is imported here, so the rules for holds are imported where something may hold it.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

from freqops.core.bot import crash_loop
from freqops.core.halt.unheld import unheld

CONF = Path("/freqops/conf")
VAR = Path("/freqops/var")
COMM = Path("/proc/self/comm")
AGAIN = "freqops start gate: its time is up: Freqtrade is started again\n"


def pass_or_wait(command: list[str]) -> int:
    """Execute ``command`` if nothing forbids it, else wait: until a signal ends it, or until its time is up."""
    own_name = ""
    while True:
        if own_name:
            COMM.write_text(own_name)  # it decides again, and may become Freqtrade: no halt takes it for one that waits
        seconds = crash_loop.seconds_to_wait(VAR, crash_loop.present())  # writes, so it may take long
        held = None if unheld(str(CONF / "holds.json")) else _verdict()  # so the holds are read last
        if held is None and not seconds:
            if own_name:
                _say(AGAIN)
            os.execvp(command[0], command)  # noqa: S606  replacing ourselves without a shell is the point
        own_name = own_name or COMM.read_text()
        _wait(held or crash_loop.why(seconds), None if held else seconds)


def _verdict() -> str | None:
    held: str | None = import_module("freqops.core.halt.start_gate").verdict(CONF)
    return held


def _wait(why: str, seconds: float | None = None) -> None:
    """Wait for ``seconds``, or where there are none for ever, and say why."""
    signal = import_module("signal")
    visible = import_module("freqops.core.base.visible").visible
    waiting: str = import_module("freqops.core.bot.processes").WAITING
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    COMM.write_text(waiting)  # from here on it counts as what it is: a gate that waits
    _say(f"freqops start gate: Freqtrade is not started: {visible(why)}\n")
    import_module("freqops.hostctl.logs.of_gate").write(CONF.parent, VAR / "logs", why)
    if seconds is not None:
        import_module("time").sleep(seconds)
        return
    while True:
        signal.pause()


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _end(*_: object) -> None:
    os._exit(0)  # an exception is lost where Python is inside an import
