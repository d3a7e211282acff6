"""The outcome of a command on one bot, and the exit status that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .exit_status import NOT_PROVEN, PROVEN

BY_PLAN = "stopped by plan"  # the outcome of a start that leaves such a bot alone
NOT_TOUCHED = ("refused", "not reached")  # the outcomes of a switch that did nothing


@dataclass
class Outcome:
    """The outcome of a command on one bot; each command adds fields of its own.

    Attributes:
        bot: The name of the bot.
        outcome: The outcome in a word or two, for example ``running`` or ``rolled back``.
        changed: Whether anything was touched.
        proven: Whether the outcome was read back.
        level: The level at which the bot is held; 0 where nothing holds it.
        detail: Lines for the operator.
    """

    bot: str
    outcome: str = ""
    changed: bool = False
    proven: bool = False
    level: int = 0
    detail: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as it stands in the answer."""
        return dict(vars(self))

    @property
    def exit(self) -> int:
        """The exit status of a command with this outcome."""
        return PROVEN if self.proven else NOT_PROVEN
