"""One adoption: the order that commands it, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome

from ..bot.start import DEADLINE


@dataclass(frozen=True)
class Order:
    """The project that is adopted, the release that it gets, what may be left behind, and the mandate."""

    project: Path
    service: str | None
    release: str
    mandate: Mandate
    other_strategy: bool = False
    accept_dropped: str = ""
    deadline: float = DEADLINE


@dataclass
class Adopted(Outcome):
    """The outcome of an adoption: ``paused`` where the bot was adopted, ``undone`` where the old one is back.

    Attributes:
        incident: The incident of the hold, which a resume names.
        trades: The open trades that came through.
        kept: The directory with the copies of the old database.
    """

    incident: str = ""
    trades: list[str] = field(default_factory=list)
    kept: str = ""
