"""The order of a halt: what was commanded. It is loaded before the hold is latched."""

from __future__ import annotations

from dataclasses import dataclass

from freqops.core.base.mandate import Mandate
from freqops.core.halt import holds
from freqops.core.halt.kill_level import KillLevel


@dataclass(frozen=True)
class Order:
    """The order of a halt: its level, its mandate, and how many seconds the proof may take."""

    level: KillLevel
    mandate: Mandate
    deadline: float | None = None

    def as_hold(self, now: str) -> holds.Hold:
        """Return the hold that this command sets."""
        given = self.mandate
        return holds.Hold("halt", self.level.hold, given.reason, given.actor, given.incident, 0, now)
