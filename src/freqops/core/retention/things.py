"""A thing that retention judges, and the rules by which it goes or stays.

Whatever a rule cannot decide keeps the thing. A clock that is wrong ages things wrongly; so what seems to be from the
future stays, and where a number of the newest is kept, they are the newest by their order, not by their age.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from ..base.errors import Refused
from ..base.visible import visible

LOGS, RUNS, DUMPS, RELEASES, INCIDENTS = KINDS = ("logs", "runs", "dumps", "releases", "incidents")
OF_BOTS = (LOGS, DUMPS, RELEASES)  # each of these belongs to a bot, but for the log of freqops itself
GOES, STAYS = "goes", "stays"
GONE, LEFT = "gone", "not removed"
SHOWN = 60


@dataclass(frozen=True)
class Thing:
    """One thing that is old enough to be spoken of.

    Attributes:
        kind: One of `KINDS`.
        name: Its path below the tree of freqops, or whatever it is known by.
        bytes: What it takes on the disk.
        reason: Why it goes, or would go.
        needs: Why it stays although it is old; where there is one, it stays.
        bot: The bot to which it belongs; empty where it belongs to none.
    """

    kind: str
    name: str
    bytes: int
    reason: str
    needs: tuple[str, ...] = ()
    bot: str = ""

    @property
    def goes(self) -> bool:
        """Whether nothing needs it."""
        return not self.needs

    def needed(self, *why: str) -> Thing:
        """Return the thing with more that needs it."""
        return replace(self, needs=(*self.needs, *why))


def parse(text: str, bots: Collection[str]) -> tuple[str, ...]:
    """Return the kinds that are meant.

    Args:
        text: Kinds, separated by commas; an empty text means all that there are for what else is said.
        bots: The bots to which all is limited; none where it is not.

    Raises:
        Refused: One is unknown, named twice, or belongs to no bot although bots are named.
    """
    named = [word.strip() for word in text.split(",")] if text else []
    unknown = [word for word in named if word not in KINDS]
    if unknown:
        raise Refused(f"unknown kind '{visible(unknown[0], SHOWN)}'; kinds are {', '.join(KINDS)}")
    if len(set(named)) != len(named):
        raise Refused("a kind is named twice; say each once")
    whole = [word for word in named if word not in OF_BOTS]
    if whole and bots:
        raise Refused(f"{whole[0]} belong to the host, not to a bot: leave out the bots, or name other kinds")
    allowed = OF_BOTS if bots else KINDS
    return tuple(kind for kind in allowed if not named or kind in named)


def older(moment: datetime, days: int, now: datetime) -> bool:
    """Return whether a moment is more than so many days ago; of 0 days, and of the future, nothing is."""
    return days > 0 and now - moment > timedelta(days=days)


def at(seconds: float) -> datetime:
    """Return the moment of a time stamp of the disk; one that is none is the youngest there can be."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=timezone.utc)


def beyond_newest(moments: Iterable[tuple[datetime, str]], least: int) -> set[str]:
    """Return the names of all but the newest ``least``."""
    ordered = [name for _, name in sorted(moments)]
    return set(ordered[: len(ordered) - least]) if len(ordered) > least else set()
