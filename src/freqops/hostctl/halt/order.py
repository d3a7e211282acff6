"""The order of a halt. It is loaded before the hold is latched."""

from __future__ import annotations

from dataclasses import dataclass

from freqops.core.base.mandate import Mandate
from freqops.core.halt import holds
from freqops.core.halt.kill_level import KillLevel


@dataclass(frozen=True)
class Order:
    """The order of a halt.

    Attributes:
        level: Its level.
        mandate: Its reason, its actor, and its incident.
        deadline: Seconds that the proof may take, None where the level decides.
        holder: The holder of the hold that it sets.
    """

    level: KillLevel
    mandate: Mandate
    deadline: float | None = None
    holder: str = holds.HALT

    def as_hold(self, now: str) -> holds.Hold:
        """Return the hold that this command sets."""
        given = self.mandate
        return holds.Hold(self.holder, self.level.hold, given.reason, given.actor, given.incident, 0, now)
