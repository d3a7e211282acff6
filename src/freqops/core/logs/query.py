"""The question to logs: since when, from which level on, and which lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ..base import iso_time
from ..base.errors import Refused
from . import json_line
from .json_line import Line

SHOW, ERRORS = ACTIONS = ("show", "errors")
AGO = re.compile(r"([1-9][0-9]{0,4})([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
MATCH = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
CORRELATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
PLAIN = re.compile(rb"[ !#-\[\]-~]+")  # what stands in JSON as it is said
DEFAULT_SINCE, DEFAULT_LEVEL = "1h", "INFO"
LONGEST = timedelta(days=1)  # that logs are followed by one command which names an end
ALWAYS = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Query:
    """A question to logs.

    Attributes:
        since: The beginning of the window, which is inside.
        until: Its end, which is inside.
        rank: The number of the lowest level; see `json_line.LEVELS`.
        match: What a line must say, in large or small letters; empty for anything.
        correlation: The command that must have caused it; empty for any.
    """

    since: datetime
    until: datetime
    rank: int = 0
    match: str = ""
    correlation: str = ""

    def wants(self, line: Line) -> bool:
        """Return whether a line is meant."""
        if not self.since <= line.at <= self.until or line.rank < self.rank:
            return False
        if self.correlation and line.correlation != self.correlation:
            return False
        return not self.match or self.match.lower() in said(line).lower()

    def needles(self) -> list[bytes]:
        """Return the bytes, in small letters, that a line must have so that it can be meant."""
        texts = [text.lower().encode() for text in (self.match, self.correlation) if text]
        return [text for text in texts if PLAIN.fullmatch(text)]


def said(line: Line) -> str:
    """Return all that a line says on one line of text; nothing in it is visible yet."""
    besides = " ".join(f"{name}={value}" for name, value in line.fields.items())
    return f"{line.logger}: {line.message}{' ' if besides else ''}{besides}"


def since(text: object, now: datetime) -> datetime:
    """Return the moment that ``text`` names: so long ago, or a moment as it is written.

    Raises:
        Refused: It names none, or one that is still to come.
    """
    found = AGO.fullmatch(str(text))
    try:
        moment = now - timedelta(**{UNITS[found[2]]: int(found[1])}) if found else iso_time.parse(str(text))
    except (ValueError, OverflowError) as error:
        raise Refused(f"since: {error}; or how long ago, like 30m, 1h or 7d") from None
    if moment > now:
        raise Refused(f"since is {text}, which is still to come")
    return moment


def duration(text: object) -> float | None:
    """Return the seconds for which logs are followed; None where ``text`` is empty, for until it is ended.

    Raises:
        Refused: It is no length of time, or more than a day.
    """
    if text in (None, ""):
        return None
    found = AGO.fullmatch(str(text))
    length = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
    if length is None or length > LONGEST:
        raise Refused(f"duration is {text!r}; allowed: how long, like 30s, 10m or 1h, at most 24h; or leave it out")
    return length.total_seconds()


def of_following(action: str, length: object, *, follow: bool) -> None:
    """Refuse what cannot be followed, and a duration where nothing is followed.

    Args:
        action: One of `ACTIONS`.
        length: For how long, as it was given.
        follow: Whether the logs are followed.

    Raises:
        Refused: Errors are to be followed, or a duration is given where nothing is followed.
    """
    if follow and action != SHOW:
        raise Refused(f"action is {action!r}, and only lines are followed: leave out follow, or use action show")
    if length not in (None, "") and not follow:
        raise Refused("duration is for how long logs are followed: use it with follow, or leave it out")


def rank(text: object) -> int:
    """Return the number of a level.

    Raises:
        Refused: There is no such level.
    """
    level = str(text).upper()
    if level not in json_line.LEVELS:
        raise Refused(f"level is {text!r}; allowed: {', '.join(json_line.LEVELS)}, and each shows those above it, too")
    return json_line.LEVELS[level]


def match(text: object) -> str:
    """Return the text that a line must say.

    Raises:
        Refused: It is not one line of 1 to 200 characters.
    """
    if text in (None, ""):
        return ""
    if not MATCH.fullmatch(str(text)):
        raise Refused("match must be one line of 1 to 200 characters")
    return str(text)


def correlation(text: object) -> str:
    """Return the command that must have caused a line.

    Raises:
        Refused: It is no id.
    """
    if text in (None, ""):
        return ""
    if not CORRELATION.fullmatch(str(text)):
        raise Refused(
            f"correlation is {text!r}; allowed: an id, as correlation_id of a line or the last line of a play has"
        )
    return str(text)
