"""``freqops-host logs``: the lines of the logs of this host, or how many errors and events are in them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Callable

from freqops.core.base.clock import Clock, iso
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.logs import answer, query, told
from freqops.core.logs.json_line import Line
from freqops.core.logs.query import ERRORS, Query
from freqops.core.logs.redaction import Redactor

from ..logs import reading, writer
from ..logs.files import Log
from ..logs.following import Following
from ..logs.tail import Tail
from . import output
from .arguments import names

HELP = "show the logs of this host's bots and of freqops itself, or count the errors in them"
IN_SESSION = False
BOT_LOG = "freqtrade.log"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is to be done, and which lines are meant."""
    parser.add_argument("action", nargs="?", choices=query.ACTIONS, default=query.SHOW)
    parser.add_argument("--bots", default="all", help="names separated by commas; all has the lines of freqops, too")
    parser.add_argument("--since", default=query.DEFAULT_SINCE, help="how long ago, like 30m, 1h, 7d; or a moment")
    parser.add_argument("--level", default=query.DEFAULT_LEVEL, help="the lowest level")
    parser.add_argument("--match", default="", help="what a line must say, in large or small letters")
    parser.add_argument("--correlation", default="", help="the command that must have caused it")
    parser.add_argument("--follow", action="store_true", help="go on with the lines that come, until it is ended")
    parser.add_argument("--duration", default="", help="for how long it goes on, like 30s, 10m, 1h; until it is ended")
    parser.add_argument("--json", action="store_true", help="one object; with --follow a line for each event before it")


def run(options: argparse.Namespace) -> int:
    """Read the logs; 2 where a file could not be read, or where nobody read on what is followed.

    Raises:
        Refused: An input is not what it must be, or a bot is unknown.
    """
    now = Clock().utcnow()
    query.of_following(options.action, options.duration, follow=options.follow)
    seconds = query.duration(options.duration)
    asked = Query(
        query.since(options.since, now), now, query.rank(options.level),
        query.match(options.match), query.correlation(options.correlation),
    )  # fmt: skip
    wanted = None if options.bots == "all" else names(options.bots)
    logs = list(_logs(options, wanted))
    if options.follow:
        return _follow(logs, asked, wanted, seconds, as_json=options.json)
    rows = [_counted(source, log, asked) for source, log in logs] if options.action == ERRORS else []
    found = {"more": False, "lines": []} if rows else _shown(logs, asked, wanted)
    wrong = [f"{source}: {text}" for source, log in logs for text in log.wrong]
    document = {**_document(asked, logs, wrong), "sources": rows, **found}
    if options.json:
        output.print_json(document)
    else:
        host = document["host"]
        output.print_text(*answer.text({host: answer.checked(document)}, errors=options.action == ERRORS))
    return NOT_PROVEN if wrong else PROVEN


def _document(asked: Query, logs: list[tuple[str, Log]], wrong: list[str]) -> dict[str, Any]:
    """Return the fields that every answer has."""
    return {
        "version": 1, "command": "logs", "host": os.uname().nodename, "since": iso(asked.since),
        "until": iso(asked.until), "wrong": wrong, "unread": sum(log.unread for _, log in logs),
    }  # fmt: skip


def _follow(
    logs: list[tuple[str, Log]], asked: Query, wanted: list[str] | None, seconds: float | None, *, as_json: bool
) -> int:
    """Tell the lines as they come, and answer at the end; a terminal ends it by an interrupt."""
    sources = [(source, Tail(log, _about(source, wanted))) for source, log in logs]
    following = Following(sources, asked, output.tell if as_json else _tell_a_person, Clock())
    try:
        following.run(seconds, output.wait)
    except KeyboardInterrupt:
        pass
    except output.ReaderGone:
        output.leave()
        return NOT_PROVEN
    wrong = [f"{source}: {text}" for source, tail in sources for text in tail.wrong]
    ended = replace(asked, until=Clock().utcnow())
    document = {**_document(ended, logs, wrong), "sources": [], "more": following.more, "lines": []}
    if as_json:
        output.print_json(document)
    elif remarks := answer.remarks({document["host"]: document}):
        output.print_text(*remarks)
    return PROVEN if not wrong else NOT_PROVEN


def _tell_a_person(event: Mapping[str, Any]) -> None:
    output.tell(event, lines=told.shown(os.uname().nodename, event))


def _logs(options: argparse.Namespace, wanted: list[str] | None) -> Iterator[tuple[str, Log]]:
    """Give the logs that are meant, each by the name of its source."""
    redact = Redactor(writer.secrets_of_bots(options.root))
    homes = layout.homes(options.root) if wanted is None else layout.select(wanted, options.root)
    for home in homes:
        yield home.name, Log(home / "var", "logs", BOT_LOG, redact=redact)
        if options.action != ERRORS:  # its error rate is that of Freqtrade's records
            yield home.name, Log(home / "var", "logs", writer.FILE, optional=True, redact=redact)
    place = options.root / writer.DIRECTORY
    if options.action != ERRORS or wanted is None:
        yield answer.FREQOPS, Log(place.parent, place.name, writer.FILE, redact=redact)


def _counted(source: str, log: Log, asked: Query) -> dict[str, Any]:
    found = reading.counted(log, asked)
    return {"source": source, **found.rate.to_json(),
            "events": [seen.to_json() for seen in found.seen.values()]}  # fmt: skip


def _shown(logs: list[tuple[str, Log]], asked: Query, wanted: list[str] | None) -> dict[str, Any]:
    """Return the newest lines of all logs, merged by time, the oldest first."""
    merged: list[tuple[Line, str]] = []
    more = False
    for source, log in logs:
        found = reading.lines(log, asked, answer.MOST, _about(source, wanted))
        merged += [(line, source) for line in found.lines]
        more = more or found.more
    merged.sort(key=lambda item: item[0].at)
    kept, size = [], 0
    for line, source in reversed(merged[-answer.MOST :]):
        kept.append(answer.of_line(line, source))
        size += len(kept[-1]["text"])
        if size > answer.LARGEST:
            break
    return {"more": more or len(kept) < len(merged), "lines": kept[::-1]}


def _about(source: str, wanted: list[str] | None) -> Callable[[Line], bool] | None:
    """Return what else a line of a source must be, so that it is about the bots that are meant."""
    return (lambda line: _names(line, wanted)) if wanted is not None and source == answer.FREQOPS else None


def _names(line: Line, wanted: list[str]) -> bool:
    """Return whether a line of freqops is about one of the bots."""
    said = f"{line.fields.get('bot', '')},{line.fields.get('bots', '')}".split(",")
    return any(visible(name) in wanted for name in said)
