"""A bot stopped in the way that a deploy stops it: with time to write down what it knows, and dead afterwards."""

from __future__ import annotations

import contextlib

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven
from freqops.core.bot import layout

from . import stopped
from .engine import Engine
from .hard_stop import HardStop
from .processes_and_api import alive
from .stopped import Stopped

GRACE = 90
SICK_GRACE = 20  # for a bot that did not come up: it has little to write down, and may not listen
DEADLINE = 30.0


def stop(bot: layout.Bot, by: Stopped, clock: Clock, engine: Engine, grace: int = GRACE) -> None:
    """Stop ``bot``, and prove that nothing of it is left that could trade.

    A note of the command is written before a running bot is stopped: if the command dies, the bot is started again.

    Args:
        bot: The bot; its name will do.
        by: Who stops it, and what is to run again.
        clock: The source of the time.
        engine: The container engine.
        grace: Seconds that it has to end by itself.

    Raises:
        NotProven: Something is.
        OSError: It was not stopped: the disk does not take the note.
    """
    container = None
    with contextlib.suppress(FreqopsError):  # what the engine does not know is killed below
        container = engine.container(bot.container)
    if alive(bot) or (container is not None and container.runs):
        stopped.begin(bot.home, by, clock)
    if container is not None:
        with contextlib.suppress(FreqopsError):  # what it does not end is killed below
            engine.stop(bot.container, grace)
    if not alive(bot):
        return
    result = HardStop(bot.container, lambda: alive(bot), engine, clock).run(DEADLINE)
    if result.gone is None:
        raise NotProven(f"{bot.name} could not be stopped: {'; '.join(result.notes)}")
