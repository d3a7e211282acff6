"""Tables of the page of an incident: the verdicts of hosts and bots, and what the registries say of its life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ..base.markup import Markup, element, escaped, joined
from ..base.page_parts import NOTHING, detail, items, listed, moment_of, rest, row, short, since, some, table
from .evidence import Case, Command
from .journal_file import moment
from .report import LISTS, cells, span
from .six_fields import Told
from .timeline import LONG_AGO

ROWS, DETAILS = 1000, 20  # of a table, and of one verdict
REPORT, SIX_FIELDS = "report.md", "incident.md"  # which have the rest
VERDICTS = ("host", "bot", "mode", "command", "level", "acknowledged", "proven", "verdict")
EVENTS = ("time", "since the beginning", "host", "step", "by", "what", "evidence")
TEXT = ("verdict", "what", "evidence")  # of these columns, those that have sentences and long names


def verdicts(case: Case) -> list[Markup]:
    """Return the table of verdicts, by command and bot, with a row for each verdict that is missing."""
    rows: list[tuple[Any, ...]] = [(command, row) for command in case.commands for row in command.rows]
    rows += _without_verdict(case)
    made = some(
        rows, ROWS, lambda each: _verdict(*each) if isinstance(each[0], Command) else _no_verdict(*each),
        lambda left: rest(left, len(VERDICTS), REPORT),
    )  # fmt: skip
    remarks = [f"{command.host}: {text}" for command in case.commands for text in command.remarks]
    caption = "Each command on each bot in the order of time, and below them what has no verdict"
    return [table(caption, VERDICTS, made), *([listed(remarks, REPORT)] if remarks else [])]


def _verdict(command: Command, said: Mapping[str, Any]) -> Markup:
    host, bot, mode, name, level, done, done_after, proven, proven_after, verdict = map(_cell, cells(command, said))
    good = said.get("proven") is True
    word = element("strong", "no verdict" if verdict == NOTHING else verdict, class_="good" if good else "bad")
    details = [
        f"{prefix}{detail(text)}"
        for key, prefix in LISTS
        for text in (said[key] if isinstance(said.get(key), list) else [])
    ]
    told = joined([word, element("ul", *items(details, REPORT, DETAILS)) if details else ""])
    values = [host, bot, mode, name, level, _after(done, done_after), _after(proven, proven_after), told]
    return row(VERDICTS, values, text=TEXT, bad=not good)


def _cell(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return str(value)


def _after(done: str, seconds: str) -> Markup:
    return escaped(done) if seconds == NOTHING else joined([done, ", ", seconds, Markup("&nbsp;s")])


def _without_verdict(case: Case) -> Iterator[tuple[str, str, str, str]]:
    """Yield host, bot, command and reason: of commands that left no answer, and of hosts that have none."""
    for journal, why in case.unanswered:
        yield journal.host, journal.bot, journal.command, f"NO ANSWER, only a journal: {why}"
    answered = {command.host for command in case.commands if command.rows}
    for host in sorted({*case.evidence.files, *case.evidence.unfetched}):
        files = case.evidence.files.get(host)
        if host in case.evidence.unfetched:
            copied = "; what stands here of it was copied before" if files else ""
            yield host, NOTHING, NOTHING, f"NOT FETCHED: {case.evidence.unfetched[host]}{copied}"
        elif not files:
            yield host, NOTHING, NOTHING, "no files of this incident"
        elif host not in answered:
            yield host, NOTHING, NOTHING, "NO ANSWER of a command about a bot is here"


def _no_verdict(host: str, bot: str, command: str, why: str) -> Markup:
    bad = why.startswith(("NO ", "NOT "))
    word = element("strong", detail(why), class_="bad") if bad else detail(why)
    return row(VERDICTS, [short(host), short(bot), NOTHING, short(command), *[NOTHING] * 3, word], text=TEXT, bad=bad)


def life(case: Case, told: Told, unread: Mapping[str, str]) -> list[Markup]:
    """Return the table of what happened to an incident, and whose registry says nothing of it."""
    began = span(case)[0]
    events = [(host, event) for host, (_, events) in told.items() for event in events]
    events.sort(key=lambda each: (moment(each[1]["at"]) or LONG_AGO, each[0]))
    rows = some(events, ROWS, lambda each: _event(*each, began=began), lambda left: rest(left, len(EVENTS), SIX_FIELDS))
    unasked = sorted({*case.evidence.unfetched} - {*told, *unread})
    silent = [f"{host}: no row in its registry: {why}" for host, why in unread.items()]
    silent += [f"{host}: its registry was not asked, for its files did not come" for host in unasked]
    caption = "What happened to the incident, as the registry of each host has it"
    parts = [table(caption, EVENTS, rows) if rows else element("p", "No registry told an event of it.")]
    return [*parts, *([listed(silent, f"{SIX_FIELDS} and {REPORT}")] if silent else [])]


def _event(host: str, event: Mapping[str, Any], *, began: datetime | None) -> Markup:
    at = moment(event["at"])
    time = short(event["at"]) if at is None else moment_of(at)
    after = NOTHING if at is None or began is None else since((at - began).total_seconds())
    step, by, evidence = (short(event[key]) for key in ("step", "actor", "evidence"))
    values = [time, after, short(host), element("strong", step), by or "nobody", detail(event["text"])]
    return row(EVENTS, [*values, evidence or NOTHING], text=TEXT)
