"""One adoption: what was commanded, what came of it, and what it wrote down on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..bot.start import DEADLINE


@dataclass(frozen=True)
class Order:
    """What is adopted, as which release, why, by whom, under which incident."""

    project: Path
    service: str | None
    release: str
    reason: str
    actor: str
    incident: str
    other_strategy: bool = False
    deadline: float = DEADLINE


@dataclass
class Adopted:
    """What became of it.

    Attributes:
        bot: Its name.
        outcome: ``paused`` where it was adopted, ``undone`` where the old one is back.
        changed: Whether anything was touched.
        proven: Whether what the outcome says was read back.
        incident: The incident of the hold, which a release names.
        trades: The open trades that came through.
        kept: Where the copies of the old database lie.
        detail: What is worth knowing.
    """

    bot: str
    outcome: str = ""
    changed: bool = False
    proven: bool = False
    incident: str = ""
    trades: list[str] = field(default_factory=list)
    kept: str = ""
    detail: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the result as it stands in the answer."""
        return dict(vars(self))
