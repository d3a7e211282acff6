"""Lines read from logs: those that are asked for, or the numbers of records, errors and events, in a window."""

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

# The beginning of a line of ours: time and level are known without reading all of the line as JSON.
HEAD = re.compile(
    rb'\{"ts": "([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{6})?\+00:00", '
    rb'"level": "([A-Z][A-Z0-9_]{0,19})", "logger": "'
)
WORDS = tuple(word.encode() for word in events.WORDS)
RANKS = {level.encode(): number for level, number in LEVELS.items()}
SECOND = "%Y-%m-%dT%H:%M:%S"


@dataclass
class Counted:
    """The records of a window, counted.

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
    for piece in _of_window(log, query):
        tells = any(word in b"\n".join(raw for raw, _ in piece) for word in WORDS)
        for raw, level in piece:
            is_error = _rank(level) >= LEVELS["ERROR"]
            line = log.line(raw) if is_error or tells else None
            if line is None and (is_error or tells):
                continue
            found.rate.records += 1
            if line is not None and is_error:
                found.rate.note_error(line)
            if line is not None and tells:
                for kind in events.of_line(line):
                    found.seen[kind].note(line.at)
    return found


def lines(log: Log, query: Query, limit: int, also: Callable[[Line], bool] | None = None) -> Found:
    """Return the newest lines that a query asks for.

    Args:
        log: The log.
        query: What is asked for.
        limit: Lines at most.
        also: What else a line must be.
    """
    found, needles = Found(), query.needles()
    for piece in _of_window(log, query):
        for raw, level in piece:
            if _rank(level) < query.rank or (needles and not _has(raw, needles)):
                continue
            line = log.line(raw)
            if line is not None and query.wants(line) and (also is None or also(line)):
                if len(found.lines) == limit:
                    found.more = True
                    return found
                found.lines.append(line)
    return found


def asked_for(raw: bytes, log: Log, query: Query, also: Callable[[Line], bool]) -> Line | None:
    """Return a line that a query asks for, None for another; one that is none of ours is counted."""
    line = log.line(raw)
    return line if line is not None and query.wants(line) and also(line) else None


def any_line(_line: Line) -> bool:
    """Return whether a line is meant by those who mean all."""
    return True


def _rank(level: bytes) -> int:
    return RANKS.get(level, json_line.USUAL)


def _has(raw: bytes, needles: list[bytes]) -> bool:
    small = raw.lower()
    return all(needle in small for needle in needles)


def _of_window(log: Log, query: Query) -> Iterator[list[tuple[bytes, bytes]]]:
    """Give the lines of a window, each with its level, the newest first, piece by piece.

    The reading ends with the first piece of which every line is older than the window. A single line whose clock was
    wrong, in whatever direction, ends nothing.
    """
    since, until = (_second(moment) for moment in (query.since, query.until))
    for chunk in log.chunks():
        inside: list[tuple[bytes, bytes]] = []
        older = False
        for raw in chunk:
            head = HEAD.match(raw)
            if head is None or raw[-1:] != b"}" or head[1] in (since, until):
                line = json_line.parse(raw)
                log.unread += line is None
                if line is not None and query.since <= line.at <= query.until:
                    inside.append((raw, line.level.encode()))
                older = older or (line is not None and line.at < query.since)
            elif since < head[1] < until:
                inside.append((raw, head[2]))
            else:
                older = older or head[1] < since
        if older and not inside:
            return
        yield inside


def _second(moment: datetime) -> bytes:
    return moment.astimezone(timezone.utc).strftime(SECOND).encode()
