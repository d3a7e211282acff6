"""The processes of a bot frozen, and thawed again: a note says first what is frozen, and a recovery thaws it.

A command that freezes a bot and is killed leaves a bot that looks alive and manages nothing. So the note is written
before the first signal, and it is the one that `stopped` knows: status names it, and the recovery's timer finds it.
"""

from __future__ import annotations

import contextlib
import os
import signal

from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout

from . import stopped
from .processes_and_api import alive
from .stopped import Stopped

SECONDS = 5.0
POLL = 0.1


def freeze(bot: layout.Bot, by: Stopped, clock: Clock) -> None:
    """Write down who freezes a bot, then stop each of its processes by SIGSTOP.

    Raises:
        NotProven: It has no process; nothing was frozen.
        OSError: The disk does not take the note; nothing was frozen.
    """
    found = alive(bot)
    if not found:
        raise NotProven(f"{bot.name} has no process; there is nothing to freeze")
    stopped.begin(bot.home, by, clock)
    for process in found:
        send(process.pid, signal.SIGSTOP)


def thaw(bot: layout.Bot, clock: Clock) -> list[int]:
    """Have every frozen process of a bot go on, prove it from /proc, and return their numbers.

    Args:
        bot: The bot; its name will do.
        clock: The source of the time.

    Raises:
        NotProven: One is frozen after `SECONDS` seconds all the same.
    """
    thawed: list[int] = []
    give_up = clock.monotonic() + SECONDS
    while True:
        still = [process.pid for process in alive(bot) if process.frozen]
        if not still:
            return thawed
        if clock.monotonic() >= give_up:
            pids = ", ".join(map(str, still))
            cure = f"see who freezes them, then 'kill -CONT {' '.join(map(str, still))}'"
            raise NotProven(f"{bot.name}: its processes {pids} are frozen {SECONDS:.0f} s after SIGCONT; {cure}")
        for pid in still:
            send(pid, signal.SIGCONT)
        thawed += [pid for pid in still if pid not in thawed]
        clock.sleep(POLL)


def send(pid: int, number: int) -> None:
    """Send a signal to a process that may have ended since it was looked for."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
