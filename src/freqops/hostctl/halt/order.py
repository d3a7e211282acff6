"""One halt: what was commanded, and the row that comes of it for each bot. It is loaded before the hold is latched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from freqops.core.base.clock import round_seconds
from freqops.core.base.mandate import Mandate
from freqops.core.halt import holds

FLATTEN = 2
ENTRIES_DEADLINE, FLATTEN_DEADLINE = 45.0, 120.0


@dataclass(frozen=True)
class Order:
    """What was commanded: the level, under which mandate, and how many seconds the proof may take."""

    level: int
    mandate: Mandate
    deadline: float | None = None

    def as_hold(self, now: str) -> holds.Hold:
        """Return the hold that this command sets; what flattens also stops entries, and that is what stays."""
        level = holds.ENTRIES if self.level == FLATTEN else self.level
        told = self.mandate
        return holds.Hold("halt", level, told.reason, told.actor, told.incident, 0, now)

    @property
    def seconds(self) -> float:
        """Seconds that the proof may take at least: as given, else what the level needs."""
        return self.deadline or (FLATTEN_DEADLINE if self.level == FLATTEN else ENTRIES_DEADLINE)


@dataclass
class Row:
    """What the halt achieved on one bot: one row of the table, and of the answer.

    Attributes:
        bot: Its name.
        level: The level acted on, which may be higher than what was asked.
        incident: The incident of the hold in force.
        mode: paper or live.
        latched: Whether the hold is on the disk.
        raised: Whether this command raised it.
        acknowledged_s: Seconds until the bot was paused and locked, or dead.
        proven_s: Seconds until the proof was complete.
        found: Trader state before, where the API answered.
        state: Trader state after, or "no process".
        verdict: The result in words.
        detail: What is missing, or worth knowing.
        positions: Open positions, None where they are not known.
        positions_found: Open positions when the bot was first asked, likewise.
        closed: Trades that were asked to exit and are gone.
        exchange: What the exchange witness found, None where it was not asked or did not answer.
        acted: Whether anything was changed.
    """

    bot: str
    level: int
    incident: str
    mode: str = "unknown"
    latched: bool = False
    raised: bool = False
    acknowledged_s: float | None = None
    proven_s: float | None = None
    found: str | None = None
    state: str = "unknown"
    verdict: str = "NOT HALTED"
    detail: list[str] = field(default_factory=list)
    positions: list[dict[str, Any]] | None = None
    positions_found: list[dict[str, Any]] | None = None
    closed: list[str] = field(default_factory=list)
    exchange: dict[str, Any] | None = None
    acted: bool = False

    @property
    def proven(self) -> bool:
        """Whether the effect was read back and will last."""
        return self.proven_s is not None and self.latched

    def to_json(self) -> dict[str, Any]:
        """Return the row as it stands in the answer."""
        row = {**vars(self), "acknowledged": self.acknowledged_s is not None, "proven": self.proven}
        return {**row, "acknowledged_s": round_seconds(self.acknowledged_s), "proven_s": round_seconds(self.proven_s)}
