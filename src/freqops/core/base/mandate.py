"""The mandate of a command: under which incident it runs, why, and by whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mandate:
    """The incident, the reason and the actor of one command; every act of the command carries them.

    Attributes:
        incident: The id of the incident, made where the command began.
        reason: The text that the operator gave; one line.
        actor: The giver of the command, for example ``ann@desk``.
    """

    incident: str
    reason: str
    actor: str

    def to_json(self) -> dict[str, str]:
        """Return the mandate as it stands in answers and evidence."""
        return dict(vars(self))
