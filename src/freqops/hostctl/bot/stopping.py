"""A bot stopped in the way that a deploy stops it: with time to write down what it knows, and dead afterwards."""

from __future__ import annotations

import contextlib

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven
from freqops.core.bot import layout

from .engine import Engine
from .hard_stop import HardStop
from .processes_and_api import alive

GRACE = 90
SICK_GRACE = 20  # for a bot that did not come up: it has little to write down, and may not listen
DEADLINE = 30.0


def stop(bot: layout.Bot, clock: Clock, engine: Engine, grace: int = GRACE) -> None:
    """Stop ``bot``, and prove that nothing of it is left that could trade.

    Args:
        bot: The bot; its name will do.
        clock: The source of the time.
        engine: The container engine.
        grace: Seconds that it has to end by itself.

    Raises:
        NotProven: Something is.
    """
    with contextlib.suppress(FreqopsError):  # what the engine does not end is killed below
        if engine.container(bot.container) is not None:
            engine.stop(bot.container, grace)
    if not alive(bot):
        return
    result = HardStop(bot.container, lambda: alive(bot), engine, clock).run(DEADLINE)
    if result.gone is None:
        raise NotProven(f"{bot.name} could not be stopped: {'; '.join(result.notes)}")
