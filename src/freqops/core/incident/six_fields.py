"""The report of an incident in the fields of the runbook: symptom, time, impact, log excerpt, root cause, action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..base.visible import visible
from .evidence import Case
from .journal_file import Entry

FENCE = "```"
EXCERPT = 20  # lines
LONGEST = 300
UNKNOWN = "not known yet"
Told = Mapping[str, "tuple[dict[str, Any], list[dict[str, Any]]]"]


def six_fields(case: Case, told: Told, unread: Mapping[str, str]) -> str:
    """Return the report of an incident as Markdown; the words of others stand in blocks of code.

    Args:
        case: Its evidence, understood.
        told: Row and events of the registry of each host that has it.
        unread: Why there is none of the others.
    """
    lines = [f"# Incident `{case.evidence.incident}`", ""]
    for title, said in fields(case, told, unread):
        lines += [f"## {title}", "", *_block(said)]
    return "\n".join(lines)


def fields(case: Case, told: Told, unread: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Return the title of each field and its lines, which are the words of others; see `six_fields`."""
    rows = {host: row for host, (row, _) in told.items()}
    return [
        ("Symptom", [f"{host}: {row['description']}" for host, row in rows.items()]),
        ("Time", _times(told)),
        ("Impact", _impact(case, rows, unread)),
        ("Log excerpt", _excerpt(case)),
        ("Root cause", agreed(rows, "root_cause")),
        ("Action", agreed(rows, "action")),
    ]


def _block(lines: Sequence[str]) -> list[str]:
    """Return lines as a block of code: nothing in them ends it or is a line of the report."""
    shown = [visible(line, LONGEST).replace(FENCE, "'''") for line in lines]
    return [f"{FENCE}text", *(shown or [UNKNOWN]), FENCE, ""]


def _times(told: Told) -> list[str]:
    return [
        f"{host}: {event['at']} {event['step']} by {event['actor'] or 'nobody'}: {event['text']}"
        for host, (_, events) in told.items()
        for event in events
    ]


def _impact(case: Case, rows: Mapping[str, Mapping[str, Any]], unread: Mapping[str, str]) -> list[str]:
    found = [
        f"{host}: {row['severity']}, {row['state']}, bots {', '.join(row['bots']) or 'none'}"
        for host, row in rows.items()
    ]
    for command in case.commands:
        found += [f"{command.host}: {command.label}: {row.get('bot')}: {row.get('verdict')}" for row in command.rows]
    found += [f"{host}: no row in its registry: {why}" for host, why in unread.items()]
    return found + [f"{host}: {problem}" for host, problem in case.problems]


def _excerpt(case: Case) -> list[str]:
    """Return what failed, and where nothing did, the last that was done."""
    entries = [(journal.host, journal.bot, entry) for journal in case.journals for entry in journal.entries]
    failed = [each for each in entries if each[2].error is not None]
    acts = [each for each in entries if each[2].kind == "act"]
    return list(_lines((failed or acts)[-EXCERPT:]))


def _lines(found: Iterable[tuple[str, str, Entry]]) -> Iterable[str]:
    for host, bot, entry in found:
        at = entry.at.isoformat() if entry.at is not None else "?"
        yield f"{at} {host} {bot}: {entry.what}: {entry.error if entry.error is not None else entry.answer}"


def agreed(rows: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """Return what each host says, once where all say the same."""
    said = {host: str(row[name]) for host, row in rows.items() if row[name]}
    one = set(said.values())
    return list(one) if len(one) == 1 else [f"{host}: {text}" for host, text in said.items()]
