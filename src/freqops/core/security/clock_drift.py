"""The distance of a host's clock from that of its exchange, and what chrony says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from . import items
from .row import OK, RED, UNKNOWN, Row

NOBODY = "neither an exchange nor chrony was there to ask"
FIELDS = 14  # of chronyc -c tracking
STRATUM, OFFSET, DELAY, DISPERSION, LEAP = 2, 4, 10, 11, 13
NORMAL = "Normal"
LATEST_MS = 1e15


@dataclass(frozen=True)
class Drift:
    """A distance between two clocks.

    Attributes:
        source: The other clock.
        seconds: How far this one is off, whichever way.
        unsure: By how much that may be wrong.
    """

    source: str
    seconds: float
    unsure: float

    @property
    def text(self) -> str:
        """The distance in words."""
        return f"{self.source}: {self.seconds:.3f} s off, give or take {self.unsure:.3f} s"


def of_exchange(answer: Any) -> Drift:
    """Return the drift that follows from what an exchange said when it was asked the time.

    Args:
        answer: ``exchange_ms``, and the host's own ``asked_ms`` and ``answered_ms``.

    Raises:
        Malformed: It is none.
    """
    document = answer if isinstance(answer, dict) else {}
    said, asked, answered = (
        kinds.value(document, name, kinds.number) for name in ("exchange_ms", "asked_ms", "answered_ms")
    )
    if answered < asked or not all(0 < each < LATEST_MS for each in (said, asked, answered)):
        raise Malformed("it is not the time of an exchange")
    half = (answered - asked) / 2000
    return Drift("the exchange", abs(said - (asked + answered) / 2) / 1000, half)


def of_chrony(output: str) -> Drift | None:
    """Return the drift that ``chronyc -c tracking`` tells; None where chrony follows no clock."""
    fields = output.strip().split(",")
    if len(fields) != FIELDS or fields[LEAP] != NORMAL:
        return None
    try:
        stratum, offset, delay, dispersion = (float(fields[index]) for index in (STRATUM, OFFSET, DELAY, DISPERSION))
    except ValueError:
        return None
    if not 0 < stratum < 16 or not all(map(kinds.number, (offset, delay, dispersion))):
        return None
    return Drift("chrony", abs(offset), abs(delay) / 2 + abs(dispersion))


def judged(drifts: Sequence[Drift], problems: Sequence[str] = ()) -> Row:
    """Return the verdict: red where one clock says so for certain, ok where one is near for certain and none is not.

    Args:
        drifts: The distances that were measured.
        problems: Why others were not.
    """
    limit = items.CLOCK_SECONDS
    evidence = "; ".join([*(each.text for each in drifts), *problems]) or NOBODY
    if any(each.seconds - each.unsure > limit for each in drifts):
        return Row(items.CLOCK, "", RED, evidence)
    near = any(each.seconds + each.unsure <= limit for each in drifts)
    return Row(items.CLOCK, "", OK if near else UNKNOWN, evidence)
