"""The outcomes of the steps of a move."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from freqops.core.base.outcome import Outcome


@dataclass
class Moving(Outcome):
    """The outcome of one step of a move.

    Attributes:
        incident: The incident under which the bot is held on this host; empty where nothing of the kind holds it.
        since: When that hold was set, ISO 8601 UTC; empty likewise.
        handover: What is handed over; empty but for the step that packs it.
        data: A piece of its file; empty but for the step that reads one.
        described: What the bot is here; empty but for the step that describes it.
    """

    incident: str = ""
    since: str = ""
    handover: dict[str, Any] = field(default_factory=dict)
    data: str = ""
    described: dict[str, str] = field(default_factory=dict)
