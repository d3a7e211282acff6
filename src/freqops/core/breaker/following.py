"""The consequences of the breaker files for a bot: which of them holds it, and the act that is due.

The file of the host stands for all its bots, the file of a bot for that bot alone. A file is its hold's release: while
one of them is active the bot is held, and when none is any more the hold goes, by itself or by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ..base.next_step import DISABLE, DISABLE_OWN, NextStep
from ..base.visible import visible
from ..bot.layout import BREAKER_RESUMES
from ..halt.holds import BREAKER, Hold, Holds
from .breaker_file import Breaker

FILE, PERSON = BREAKER_RESUMES  # what ends the hold of a live bot when its breaker is over
REASON_LENGTH = 200


class Due(Enum):
    """The act that is due on a bot."""

    NOTHING = "nothing"
    HOLD = "hold"
    LIFT = "lift"
    WAIT = "wait"


@dataclass(frozen=True)
class Standing:
    """The breakers that a bot is subject to.

    Attributes:
        host_file: The file of the host.
        host: What it says.
        own_file: The file of the bot.
        own: What that says.
    """

    host_file: Path
    host: Breaker
    own_file: Path
    own: Breaker

    @property
    def active(self) -> bool:
        """Whether one of them is active."""
        return self.host.active or self.own.active

    @property
    def files(self) -> list[str]:
        """The files that are active."""
        pairs = ((self.host_file, self.host), (self.own_file, self.own))
        return [str(path) for path, breaker in pairs if breaker.active]

    @property
    def release(self) -> list[NextStep]:
        """The steps that switch the active files off."""
        pairs = ((DISABLE, self.host), (DISABLE_OWN, self.own))
        return [NextStep(step) for step, breaker in pairs if breaker.active]

    @property
    def reason(self) -> str:
        """Why the bot is held, in the words of the files, on one line."""
        said = [breaker.reason or "no reason is given" for breaker in (self.host, self.own) if breaker.active]
        return visible("; ".join(dict.fromkeys(said)), REASON_LENGTH)


def due(standing: Standing, held: Holds, *, waits: bool) -> Due:
    """Return the act that is due on a bot.

    Args:
        standing: The breakers that it is subject to.
        held: Its holds.
        waits: Whether a person ends its hold when the breakers are over.
    """
    hold = held.of(BREAKER)
    if standing.active:
        return Due.HOLD
    if hold is None:
        return Due.NOTHING
    return Due.WAIT if waits else Due.LIFT


def why_not_resumed(standing: Standing, hold: Hold) -> str | None:
    """Return why a hold may not be resumed by a person, None where it may: a breaker's file is its release."""
    if hold.holder != BREAKER or not standing.active:
        return None
    return (
        f"{hold.incident} is held by the operator breaker ({standing.reason}); its file is its release: "
        f"circuit_breaker.yml -e action=disable, or {' and '.join(standing.files)} set inactive"
    )
