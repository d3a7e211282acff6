"""Lines read from logs: those that are asked for, or how many there are of what, in a window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone

from freqops.core.logs import events, json_line
from freqops.core.logs.error_rate import Rate
from freqops.core.logs.events import Seen
from freqops.core.logs.json_line import LEVELS, Line
from freqops.core.logs.query import Query

from .files import Log

# How a line of ours begins. What it says so far is known without reading all of it as JSON.
HEAD = re.compile(
    rb'\{"ts": "([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{6})?\+00:00", '
    rb'"level": "([A-Z][A-Z0-9_]{0,19})", "logger": "'
)
WORDS = tuple(word.encode() for word in events.WORDS)
OLDER, LATER, UNREAD = "older", "later", "unread"  # no level is in small letters
SECOND = "%Y-%m-%dT%H:%M:%S"


@dataclass
class Counted:
    """What there is in a window.

    Attributes:
        rate: The records, and the errors among them.
        seen: The events, by their kinds.
    """

    rate: Rate = field(default_factory=Rate)
    seen: dict[str, Seen] = field(default_factory=lambda: {kind: Seen(kind) for kind in events.KINDS})


@dataclass
class Found:
    """The lines that were asked for.

    Attributes:
        lines: The newest of them, the newest first.
        more: Whether there may be older ones in the window that were left off.
    """

    lines: list[Line] = field(default_factory=list)
    more: bool = False


def counted(log: Log, query: Query) -> Counted:
    """Return how many records, errors and events there are in the window of a query."""
    found = Counted()
    for raw, level in _of_window(log, query):
        is_error = LEVELS.get(level, json_line.USUAL) >= LEVELS["ERROR"]
        tells = any(word in raw for word in WORDS)
        line = json_line.parse(raw) if is_error or tells else None
        if line is None and (is_error or tells):
            log.unread += 1
            continue
        found.rate.records += 1
        if line is not None and is_error:
            found.rate.note_error(line)
        if line is not None and tells:
            for kind in events.of_line(line):
                found.seen[kind].note(line.at)
    return found


def lines(log: Log, query: Query, limit: int, also: Callable[[Line], bool] = lambda _line: True) -> Found:
    """Return the newest lines that a query asks for.

    Args:
        log: The log.
        query: What is asked for.
        limit: Lines at most.
        also: What else a line must be.
    """
    found, needles = Found(), query.needles()
    for raw, level in _of_window(log, query):
        if LEVELS.get(level, json_line.USUAL) < query.rank:
            continue
        if needles:
            small = raw.lower()
            if not all(needle in small for needle in needles):
                continue
        line = json_line.parse(raw)
        if line is None:
            log.unread += 1
        elif query.wants(line) and also(line):
            if len(found.lines) == limit:
                found.more = True
                break
            found.lines.append(line)
    return found


def _of_window(log: Log, query: Query) -> Iterator[tuple[bytes, str]]:
    """Give the lines of a window, each with its level, the newest first.

    The reading ends with the first piece of which every line is older than the window. A single line whose clock was
    wrong, in whatever direction, ends nothing.
    """
    since, until = (_second(moment) for moment in (query.since, query.until))
    for chunk in log.chunks():
        judged = [(raw, _judged(raw, query, since, until)) for raw in chunk]
        verdicts = {verdict for _, verdict in judged}
        log.unread += sum(verdict == UNREAD for _, verdict in judged)
        yield from ((raw, verdict) for raw, verdict in judged if verdict not in (OLDER, LATER, UNREAD))
        if OLDER in verdicts and verdicts <= {OLDER, LATER, UNREAD}:
            return


def _judged(raw: bytes, query: Query, since: bytes, until: bytes) -> str:
    """Return the level of a line in the window of a query, or why it is not there.

    Args:
        raw: The line.
        query: What is asked for.
        since: The second in which its window begins.
        until: The second in which it ends.
    """
    head = HEAD.match(raw)
    if head is None or head[1] in (since, until) or not raw.endswith(b"}"):
        line = json_line.parse(raw)
        if line is None:
            return UNREAD
        level, older, later = line.level, line.at < query.since, line.at > query.until
    else:
        level, older, later = head[2].decode(), head[1] < since, head[1] > until
    return OLDER if older else LATER if later else level


def _second(moment: datetime) -> bytes:
    return moment.astimezone(timezone.utc).strftime(SECOND).encode()
