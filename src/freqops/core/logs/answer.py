"""The answer of a host about its logs, and the logs of all hosts as a text, merged by time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..base import kinds
from ..base.text_table import table
from ..base.visible import visible
from . import error_rate, events
from .json_line import Line
from .query import said

FREQOPS = "(freqops)"  # the source of the lines that freqops itself writes; no bot is called so
MOST, LARGEST = 1000, 2_000_000  # lines of one answer, and characters of them
SHOWN = 2000
TIME = 26  # characters of a moment with its microseconds, without its offset
OF_LINE: dict[str, kinds.Kind] = dict.fromkeys(("at", "source", "level", "text", "correlation"), kinds.text)
OF_SOURCE: dict[str, kinds.Kind] = {
    "source": kinds.text, "records": kinds.count, "errors": kinds.count, "rate": kinds.or_none(kinds.number),
    "kinds": kinds.list_of(kinds.having(**error_rate.OF_KIND)),
    "events": kinds.list_of(kinds.having(**events.OF_ANSWER)),
}  # fmt: skip
OF_ANSWER: dict[str, kinds.Kind] = {
    "host": kinds.text, "since": kinds.text, "until": kinds.text, "wrong": kinds.list_of(kinds.text),
    "more": kinds.truth, "unread": kinds.count, "lines": kinds.list_of(kinds.having(**OF_LINE)),
    "sources": kinds.list_of(kinds.having(**OF_SOURCE)),
}  # fmt: skip


def of_line(line: Line, source: str) -> dict[str, str]:
    """Return a line as it stands in an answer, visible and bounded."""
    text, correlation = visible(said(line), SHOWN), visible(line.correlation, 80)
    at = line.at.isoformat(timespec="microseconds")[:TIME]
    return {"at": f"{at}Z", "source": source, "level": line.level, "text": text, "correlation": correlation}


def checked(document: object) -> dict[str, Any]:
    """Return what a host said.

    Raises:
        Malformed: It is not what it must be.
    """
    found = kinds.checked(document, OF_ANSWER, tuple(OF_ANSWER))
    for row in (*found["lines"], *found["sources"]):
        row["source"] = visible(row["source"], 60)
    return found


def text(answers: Mapping[str, Mapping[str, Any]], *, errors: bool) -> list[str]:
    """Return what hosts said as lines for a person.

    Args:
        answers: What each host said.
        errors: Whether it was asked how many errors there are.
    """
    lines = list(_errors(answers)) if errors else list(_merged(answers))
    return [*lines, *remarks(answers)]


def remarks(answers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return remarks on the reading: lines that were left off or left out, and logs that could not be read."""
    said: list[str] = []
    for host, answer in answers.items():
        if answer["more"]:
            said.append(f"{host}: only the newest lines are shown: ask for a later since, a match or a level")
        if answer["unread"]:
            said.append(f"{host}: {answer['unread']} lines are no lines of JSON, or too long, and were left out")
        said += [f"{host}: NOT READ {wrong}" for wrong in answer["wrong"]]
    return said


def _merged(answers: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Give the lines of all hosts in the order of time."""
    rows = [(line["at"], host, line) for host, answer in answers.items() for line in answer["lines"]]
    for _, host, line in sorted(rows, key=lambda row: row[:2]):
        yield shown(host, line)


def shown(host: str, line: Mapping[str, Any]) -> str:
    """Return a line of an answer as a line for a person."""
    return f"{line['at']} {host} {line['source']} {line['level']} {line['text']}"


def _errors(answers: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Give a table of error rates, one of the kinds of errors, and one of events."""
    sources = [(host, row) for host, answer in answers.items() for row in answer["sources"]]
    rates = [[host, row["source"], row["records"], row["errors"], _percent(row["rate"])] for host, row in sources]
    yield from table(("host", "source", "records", "errors", "error rate"), rates).splitlines()
    wrong = [
        [host, row["source"], each["count"], each["last"], each["kind"]]
        for host, row in sources
        for each in row["kinds"]
    ]
    if wrong:
        yield from ("", *table(("host", "source", "count", "last", "error"), wrong).splitlines())
    there = [
        [host, row["source"], each["count"], each["last"] or "-", each["kind"]]
        for host, row in sources
        for each in row["events"]
        if each["count"]
    ]
    if there:
        yield from ("", *table(("host", "source", "count", "last", "event"), there).splitlines())


def _percent(rate: float | None) -> str:
    return "no records" if rate is None else f"{rate * 100:.2f} %"
