"""``freqops-host logs``: the lines of the logs of this host, or how many errors and events are in them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

from freqops.core.base.clock import Clock, iso
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.base.visible import visible
from freqops.core.bot import layout
from freqops.core.logs import answer, query
from freqops.core.logs.json_line import Line
from freqops.core.logs.query import ERRORS, Query

from ..logs import reading, writer
from ..logs.files import Log
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
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Read the logs; 2 where a file could not be read.

    Raises:
        Refused: An input is not what it must be, or a bot is unknown.
    """
    now = Clock().utcnow()
    asked = Query(
        query.since(options.since, now), now, query.rank(options.level),
        query.match(options.match), query.correlation(options.correlation),
    )  # fmt: skip
    wanted = None if options.bots == "all" else names(options.bots)
    logs = list(_logs(options, wanted))
    rows = [_counted(source, log, asked) for source, log in logs] if options.action == ERRORS else []
    found = {"more": False, "lines": []} if rows else _shown(logs, asked, wanted)
    wrong = [f"{source}: {text}" for source, log in logs for text in log.wrong]
    host = os.uname().nodename
    document = {
        "version": 1, "command": "logs", "host": host, "since": iso(asked.since), "until": iso(asked.until),
        "wrong": wrong, "sources": rows, "unread": sum(log.unread for _, log in logs), **found,
    }  # fmt: skip
    if options.json:
        output.print_json(document)
    else:
        output.print_text(*answer.text({host: answer.checked(document)}, errors=options.action == ERRORS))
    return NOT_PROVEN if wrong else PROVEN


def _logs(options: argparse.Namespace, wanted: list[str] | None) -> Iterator[tuple[str, Log]]:
    """Give the logs that are meant, each by the name of its source."""
    homes = layout.homes(options.root) if wanted is None else layout.select(wanted, options.root)
    for home in homes:
        yield home.name, Log(home / "var", "logs", BOT_LOG)
        if options.action != ERRORS:  # its error rate is that of Freqtrade's records
            yield home.name, Log(home / "var", "logs", writer.FILE, optional=True)
    place = options.root / writer.DIRECTORY
    if options.action != ERRORS or wanted is None:
        yield answer.FREQOPS, Log(place.parent, place.name, writer.FILE)


def _counted(source: str, log: Log, asked: Query) -> dict[str, Any]:
    found = reading.counted(log, asked)
    return {"source": source, **found.rate.to_json(),
            "events": [seen.to_json() for seen in found.seen.values()]}  # fmt: skip


def _shown(logs: list[tuple[str, Log]], asked: Query, wanted: list[str] | None) -> dict[str, Any]:
    """Return the newest lines of all logs, merged by time, the oldest first."""
    merged: list[tuple[Line, str]] = []
    more = False
    for source, log in logs:
        about = (lambda line: _names(line, wanted)) if wanted is not None and source == answer.FREQOPS else None
        found = reading.lines(log, asked, answer.MOST, about) if about else reading.lines(log, asked, answer.MOST)
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


def _names(line: Line, wanted: list[str]) -> bool:
    """Return whether a line of freqops is about one of the bots."""
    said = f"{line.fields.get('bot', '')},{line.fields.get('bots', '')}".split(",")
    return any(visible(name) in wanted for name in said)
