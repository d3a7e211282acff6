"""A halt of one bot carried out, by its level."""

from __future__ import annotations

from freqops.core.base.clock import Clock
from freqops.core.bot.redaction import redact_value
from freqops.core.halt import holds, time_limits, timers
from freqops.core.halt.kill_level import KillLevel

from ..bot.engine import Engine
from ..incident.journal import Journal, path_of, silent
from . import level_1, level_2, level_3
from .bot_halt import BotHalt
from .order import Order

__all__ = ["BotHalt", "Engine", "Journal", "act", "path_of", "patience", "redact_value", "remarks", "silent"]


def act(halt: BotHalt) -> None:
    """Act at the level of the command, or of the hold in force, whichever is higher."""
    if halt.order.level is KillLevel.FLATTEN:
        level_2.act(halt)
    elif halt.row.level >= holds.HARD:
        level_3.act(halt)
    else:
        level_1.act(halt)


def remarks(clock: Clock) -> list[str]:
    """Return why a hold that is undone would not be made true again; the halt is none the less proven."""
    return [text for name in (timers.GUARD, timers.REASSERT) for text in timers.stamp_wrong(name, clock)]


def patience(order: Order, mode: str) -> float:
    """Return the seconds after which a bot that gave no answer is reported as such.

    Args:
        order: The order of the halt.
        mode: The mode of the bot, as far as it is known.
    """
    return time_limits.of_a_bot(order.level, order.deadline, live=mode == "live")
