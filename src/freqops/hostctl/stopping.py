"""A bot stopped in the way that a deploy stops it: with time to write down what it knows, and dead afterwards."""

from __future__ import annotations

from freqops.core import layout
from freqops.core.clock import Clock
from freqops.core.errors import FreqopsError, NotProven

from .engine import Engine
from .hard_stop import HardStop
from .reach import alive

GRACE = 90
DEADLINE = 30.0


def stop(bot: layout.Bot, clock: Clock, engine: Engine) -> None:
    """Stop ``bot``, and prove that nothing of it is left that could trade.

    Raises:
        NotProven: Something is.
    """
    try:
        if engine.container(bot.container) is not None:
            engine.stop(bot.container, GRACE)
    except FreqopsError:
        pass  # what the engine does not end, the next line does
    if not alive(bot):
        return
    result = HardStop(bot.container, lambda: alive(bot), engine, clock).run(DEADLINE)
    if result.gone is None:
        raise NotProven(f"{bot.name} could not be stopped: {'; '.join(result.notes)}")
