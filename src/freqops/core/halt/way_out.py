"""The steps that are due where holds are the reason of a refusal."""

from __future__ import annotations

from ..base.errors import FreqopsError, Refused
from ..base.next_step import AGAIN, HALT, LOOK, NextStep, RefusedUntil
from .holds import HOLDERS, Hold, Holds, HoldsUnreadable


def of_holds(held: Holds, step: str) -> list[NextStep]:
    """Return a step with the incident of each hold that this version can end; a look at the status without any."""
    known = dict.fromkeys(hold.incident for hold in held.holds if hold.holder in HOLDERS)
    return [NextStep(step, incident) for incident in known] or [NextStep(LOOK)]


def of_error(error: FreqopsError) -> tuple[NextStep, ...]:
    """Return the steps that an error names; a halt at level 3 replaces holds that cannot be read."""
    if isinstance(error, HoldsUnreadable):
        return (NextStep(HALT),)
    return error.steps if isinstance(error, RefusedUntil) else ()


def under(held: Holds, incident: str, holder: str | None = None) -> Hold:
    """Return the hold that was set under ``incident``; see `Holds.under`.

    Raises:
        RefusedUntil: There is none; the steps are the same command with the incidents that are in force.
    """
    try:
        return held.under(incident, holder)
    except Refused as refusal:
        raise RefusedUntil(str(refusal), *of_holds(held, AGAIN)) from None
