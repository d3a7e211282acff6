"""When an expression of a calendar comes round, as the systemd of this machine says it; all of it in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ..base.commands import Run
from ..base.errors import Refused
from ..base.visible import visible

# A list of moments within a day, and the pause until the next day, are both seen.
ITERATIONS = 60
UTC = ["env", "TZ=UTC", "LC_ALL=C"]
LINE = re.compile(r"^\s*(?:Next elapse|Iter\. #\d+|Iteration #\d+): (.+)$", re.MULTILINE)
MOMENT = re.compile(r"(?:[A-Z][a-z]{2} )?(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?:\.\d+)? UTC")
ZONE = " UTC"
SHOWN = 200


@dataclass(frozen=True)
class Elapse:
    """When an expression comes round.

    Attributes:
        next: The next moment.
        period: The longest time from one moment to the next.
    """

    next: datetime
    period: timedelta


def expression(when: str) -> str:
    """Return what stands in ``OnCalendar``: the time zone is always named."""
    return when.removesuffix(ZONE) + ZONE


def ask(run: Run, when: str) -> Elapse:
    """Return when an expression comes round.

    Raises:
        Refused: systemd does not understand it, does not answer, or it does not come round again and again.
    """
    words = [*UTC, "systemd-analyze", "calendar", f"--iterations={ITERATIONS}", "--", expression(when)]
    done = run(words)
    if done.returncode != 0:
        said = visible((done.stderr or done.stdout).strip() or "no output", SHOWN)
        raise Refused(f"when '{visible(when, SHOWN)}': systemd does not take it: {said}")
    moments = [found for text in LINE.findall(done.stdout) if (found := moment(text)) is not None]
    if len(moments) < 2:
        raise Refused(f"when '{visible(when, SHOWN)}' does not come round again and again")
    return Elapse(moments[0], max(later - sooner for sooner, later in zip(moments, moments[1:])))


def moment(text: str) -> datetime | None:
    """Return a moment as systemd writes it in UTC; None where it is none."""
    found = MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
