"""The report of an incident, for the person on call: commands, their results, and unknown facts.

It is made of the evidence alone, so that anybody who has the files comes to the same report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ..base.clock import iso
from ..base.markdown import block, code, visible
from ..base.text_table import table
from ..bot import foreign_process
from .evidence import Case, Command, Evidence, belongs, proven, unanswered, understand
from .journal_file import Entry, Journal, number
from .journal_lines import asked, done, failed
from .states import changes

HEADINGS = (
    "host", "bot", "mode", "command", "level", "acknowledged", "seconds", "proven", "seconds", "verdict",
)  # fmt: skip
KEYS = ("acknowledged", "acknowledged_s", "proven", "proven_s", "verdict")
LISTS = (
    ("detail", ""), ("closed", "closed: "), ("sold", "sold: "), ("cancelled", "cancelled: "), ("left", "left: "),
    ("disagreements", "disagrees: "),
)  # fmt: skip
CELL, DETAIL = 60, 300


def summary(evidence: Evidence) -> dict[str, Any]:
    """Return an incident as one small dict; what lists and counts incidents stores this, and its keys stay.

    It is the door of the registry to come: a row there is made from this dict, its evidence stays in the directory.

    Returns:
        id: The incident.
        commands: The names of its commands, in the order of time.
        level: The highest kill level commanded, or None.
        reason: The reason of its first command, or None.
        actor: The giver of that command, or None.
        hosts: The hosts with files of it, and those that could not be asked.
        bots: Its bots, as ``host/bot``.
        began: When its first command began, ISO 8601 UTC, or None.
        ended: When its last command is known to have ended, or None.
        proven: Whether all commands are proven, on all hosts that have or may have a part in it.
    """
    return facts(understand(evidence))


def facts(case: Case) -> dict[str, Any]:
    """Return the dict of `summary` for an incident that is understood."""
    evidence = case.evidence
    first = case.commands[0] if case.commands else None
    began, ended = span(case)
    names = [command.name for command in case.commands] + [journal.command for journal in case.journals]
    return {
        "id": evidence.incident,
        "commands": list(dict.fromkeys(names)),
        "level": max((command.level for command in case.commands if command.level is not None), default=None),
        "reason": first.reason if first is not None else None,
        "actor": first.actor if first is not None else None,
        "hosts": sorted({host for host, files in evidence.files.items() if files} | set(evidence.unfetched)),
        "bots": [f"{host}/{bot}" for host, bot in case.bots()],
        "began": iso(began) if began is not None else None,
        "ended": iso(ended) if ended is not None else None,
        "proven": _proven(case),
    }


def _proven(case: Case) -> bool:
    """Return whether everything is proven; a host of which nothing is known, or a command cut short, is not."""
    unknown = [host for host in case.evidence.unfetched if not case.evidence.files.get(host)]
    return proven(case) and not unanswered(case) and not unknown


def span(case: Case) -> tuple[datetime | None, datetime | None]:
    """Return when an incident began and ended: by what its commands say, and where they do not, by its journals."""
    noted = [entry.at for journal in case.journals for entry in journal.entries if entry.at is not None]
    began = [command.began for command in case.commands if command.began is not None]
    ended = [command.ended for command in case.commands if command.ended is not None]
    first, last = min(began or noted, default=None), max(ended + noted + began, default=None)
    return first, last if first is None or last is None or last >= first else first


def report(evidence: Evidence) -> str:
    """Return the whole report as Markdown; text of others cannot make a line of it."""
    case = understand(evidence)
    lines = [*_head(case), *_missing(case), *_verdicts(case), *_commands(case)]
    for host, bot in case.bots():
        lines += _bot(case, host, bot)
    return "\n".join(lines).rstrip("\n") + "\n"


def verdict(case: Case) -> str:
    """Return the verdict on all commands of an incident, and how many processes it leaves out."""
    left = {(command.host, pid) for command in case.commands for pid in command.left_alone}
    return f"ALL PROVEN{foreign_process.but_for(len(left))}" if _proven(case) else "NOT ALL PROVEN"


def when(case: Case) -> str:
    """Return the words for the time of an incident, with its seconds."""
    began, ended = span(case)
    if began is None:
        return "not known"
    if ended is None or ended <= began:
        return iso(began)
    return f"{iso(began)} to {iso(ended)}, {(ended - began).total_seconds():.0f} s"


def _head(case: Case) -> list[str]:
    known = facts(case)
    level = f", level {known['level']}" if known["level"] is not None else ""
    return [
        f"# Incident {code(known['id'])}",
        "",
        f"**{verdict(case)}**",
        "",
        f"- Commanded: {', '.join(code(name) for name in known['commands']) or 'not known'}{level}",
        f"- Reason: {_or_unknown(known['reason'])}",
        f"- By: {_or_unknown(known['actor'])}",
        f"- When: {when(case)}",
        f"- Hosts: {', '.join(code(host) for host in known['hosts']) or 'none'}",
        "",
    ]


def _or_unknown(text: str | None) -> str:
    return "not known" if text is None else code(text, DETAIL)


def _missing(case: Case) -> list[str]:
    if not case.problems:
        return []
    lines = [f"{visible(host)}: {visible(problem, DETAIL)}" for host, problem in case.problems]
    return ["## What is missing", "", *block(lines)]


def _verdicts(case: Case) -> list[str]:
    rows = [cells(command, row) for command in case.commands for row in command.rows]
    lines = table(HEADINGS, rows).split("\n") if rows else []
    for command in case.commands:
        lines += [f"{visible(command.host, CELL)}: {visible(text, DETAIL)}" for text in command.remarks]
    return ["## Verdicts", "", *block(lines)] if lines else []


def cells(command: Command, row: Mapping[str, Any]) -> list[Any]:
    """Return the row of the table of verdicts for one bot, under `HEADINGS`."""
    level = row.get("level", command.level)
    values = [command.host, row.get("bot"), row.get("mode"), command.name, level, *(row.get(key) for key in KEYS)]
    return [value if value is None or isinstance(value, bool) else visible(value, CELL) for value in values]


def _commands(case: Case) -> list[str]:
    lines = command_lines(case)
    return ["## Commands", "", *block(lines)] if lines else []


def command_lines(case: Case) -> list[str]:
    """Return a line for each command, in the order of time; one that went to several hosts is one."""
    groups: dict[tuple[Any, ...], list[Command]] = {}
    for command in case.commands:
        alone = None if command.together else (command.host, command.file)
        groups.setdefault((command.name, command.level, command.order, alone), []).append(command)
    return [_command_line(group) for group in groups.values()]


def _command_line(group: list[Command]) -> str:
    first = group[0]
    began = iso(first.began) if first.began is not None else "at an unknown time"
    level = f" level {first.level}" if first.level is not None else ""
    bots = "" if first.together else " of " + ", ".join(visible(row.get("bot"), CELL) for row in first.rows)
    hosts = ", ".join(visible(command.host, CELL) for command in group)
    ends = [command.ended for command in group if command.ended is not None]
    took = f", {(max(ends) - first.began).total_seconds():.1f} s" if ends and first.began is not None else ""
    result = "proven" if all(command.proven for command in group) else "NOT PROVEN"
    by = visible(first.actor or "somebody", CELL)
    by += f" (host: {visible(first.caller, DETAIL)})" if first.caller else ""
    why = visible(first.reason or "no reason is noted", DETAIL)
    return f"{began}  {visible(first.name, CELL)}{level}{bots} on {hosts} by {by}{took}: {result}; reason: {why}"


def _bot(case: Case, host: str, bot: str) -> list[str]:
    lines = [f"## {code(bot, CELL)} on {code(host, CELL)}", ""]
    rows = [
        (command, row)
        for command in case.commands
        for row in command.rows
        if (command.host, str(row.get("bot"))) == (host, bot)
    ]
    journals = [journal for journal in case.journals if (journal.host, journal.bot) == (host, bot)]
    if rows:
        lines += block(text for command, row in rows for text in _achieved(command, row))
    for command, row in rows:
        if not any(belongs(journal, command, row) for journal in journals):
            lines += _before_and_after(command.label, (), row)
    for journal in journals:
        row = next((row for command, row in reversed(rows) if belongs(journal, command, row)), {})
        lines += _before_and_after(journal.label, journal.entries, row) + _journal(journal)
    return lines


def _achieved(command: Command, row: Mapping[str, Any]) -> Iterator[str]:
    verdict = row.get("verdict")
    times = [
        f"{word} after {seconds:g} s"
        for word, key in (("acknowledged", "acknowledged_s"), ("proven", "proven_s"))
        if (seconds := number(row.get(key))) is not None
    ]
    said = "no verdict" if verdict is None else visible(verdict)
    yield ": ".join(part for part in (visible(command.name, CELL), said, ", ".join(times)) if part)
    for key, prefix in LISTS:
        listed = row.get(key)
        for text in listed if isinstance(listed, list) else []:
            yield f"  {prefix}{visible(text, DETAIL)}"


def _before_and_after(label: str, entries: tuple[Entry, ...], row: Mapping[str, Any]) -> list[str]:
    lines = list(changes(entries, row))
    return [f"Before and after {code(label, CELL)}:", "", *block(lines)] if lines else []


def _journal(journal: Journal) -> list[str]:
    name = code(journal.label, CELL)
    parts = (
        (f"Done by {name}:", done(journal.entries)),
        (f"Failed in {name}:", failed(journal.entries)),
        (f"Asked by {name}, equal answers counted:", asked(journal.entries, journal.file)),
    )
    return [line for title, lines in parts if lines for line in (title, "", *block(lines))]
