"""The rule by which dumps are kept: all of the last minutes, then one of each minute, of each hour, of each day.

The clock may lie. So the newest is the last by name, not by age, and what seems to be from the future is kept, up to as
many as the rule keeps of the past.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """How many are kept for how long.

    Attributes:
        each_minute: For how long one of each minute is kept.
        hourly: For how long one of each hour is kept.
        daily: For how long one of each day is kept.
        minimum: How many of the newest are always kept; one at least.
        every: For how long all are kept, so that one which somebody asked for outlives the next of the same minute.
    """

    each_minute: timedelta = timedelta(hours=2)
    hourly: timedelta = timedelta(days=2)
    daily: timedelta = timedelta(days=30)
    minimum: int = 1
    every: timedelta = timedelta(minutes=10)

    @property
    def most(self) -> int:
        """The most dumps that it keeps of those older than `every`, and of those that a wrong clock put ahead."""
        return max(1, self.minimum, self.each_minute // MINUTE + self.hourly // HOUR + self.daily // DAY)


def kept(moments: Iterable[datetime], rule: Rule, now: datetime) -> set[datetime]:
    """Return those of the moments of complete dumps that are kept; the others may go.

    The youngest are all kept, and of each minute, hour and day the last. Whatever the clock says, the newest stays, and
    the minimum.
    """
    ordered = sorted(set(moments))
    stays = set(ordered[-max(1, rule.minimum) :])
    for step, span in ((MINUTE, rule.each_minute), (HOUR, rule.hourly), (DAY, rule.daily)):
        last = {(moment - EPOCH) // step: moment for moment in ordered if timedelta(0) <= now - moment <= span}
        stays |= set(last.values())
    stays |= {moment for moment in ordered if timedelta(0) <= now - moment <= rule.every}
    ahead = [moment for moment in ordered if moment > now]
    return stays | set(ahead[-rule.most :])
