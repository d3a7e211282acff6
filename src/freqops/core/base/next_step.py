"""The next step after a refusal: the name of a step, and where it needs one, of an incident.

A host says it beside its refusal. The control node makes a complete command of it; a step that it does not know is left
out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .errors import Refused

NAME = "next_steps"  # under which it stands in an answer
MOST = 8
AGAIN = "again"  # the same command, with this incident
HALT = "halt"  # at level 3
SELL = "sell"  # what the bot has open, at level 2
RESUME = "resume"
RECONCILE = "reconcile"
DISABLE = "disable"  # the breaker of the host
DISABLE_OWN = "disable_own"  # the breaker of the bot alone
START = "start"  # what is stopped by plan
UNDO = "undo"  # an adoption
LOOK = "look"  # at the status
CLOSE = "close"  # an incident, with its root cause
VOUCH = "vouch"  # resume with the items of the restart checklist that a person ticks


@dataclass(frozen=True)
class NextStep:
    """One step.

    Attributes:
        step: One of the names above.
        incident: The incident that it needs, empty where it needs none.
    """

    step: str
    incident: str = ""


class RefusedUntil(Refused):
    """Nothing ran and nothing changed, and the step to take first, or instead, is known.

    Attributes:
        steps: The steps.
        more: Values that the answer has besides, by name.
    """

    def __init__(self, text: str, *steps: NextStep, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.steps, self.more = steps, dict(more or {})


def to_json(steps: Iterable[NextStep]) -> list[dict[str, str]]:
    """Return steps as they stand in an answer."""
    return [asdict(step) for step in steps]


def of_answer(answer: Mapping[str, Any]) -> list[NextStep]:
    """Return the steps that an answer names; a malformed step is left out."""
    said = answer.get(NAME)
    found = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    steps = [(each.get("step"), each.get("incident", "")) for each in found[:MOST]]
    return [NextStep(step, incident) for step, incident in steps if isinstance(step, str) and isinstance(incident, str)]
