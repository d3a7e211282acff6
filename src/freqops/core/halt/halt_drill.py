"""Drills: the exercises, their results, and their age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..base import durable, kinds
from ..base.clock import iso
from ..base.kinds import Malformed
from ..base.markdown import block, code, visible
from ..base.text_table import table
from .kill_level import KillLevel

FILE = "drill.json"
LEVELS = tuple(KillLevel)
AHEAD = 1.0  # days; what passed later than that from now was written by a clock that was wrong
DAYS = 35  # beyond that it is not known any more whether a halt would work
HEADINGS = ("host", "bot", "exercise", "must be", "was", "acknowledged", "proven", "seconds", "passed")
KEYS = ("exercise", "expected", "said", "acknowledged_s", "proven_s", "seconds", "passed")
LEGEND = (
    "Seconds under *acknowledged* and *proven* are those of the halt; those under *seconds* are the time from a fault "
    "until the hold was true again."
)
EXERCISE: dict[str, kinds.Kind] = {
    "exercise": kinds.text,
    "expected": kinds.text,
    "said": kinds.text,
    "acknowledged_s": kinds.seconds,
    "proven_s": kinds.seconds,
    "seconds": kinds.seconds,
    "passed": kinds.truth,
}
ROW: dict[str, kinds.Kind] = {
    "bot": kinds.text,
    "exercises": kinds.list_of(kinds.having(**EXERCISE)),
    "passed": kinds.truth,
    "detail": kinds.list_of(kinds.text),
}
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def note_passed(home: Path, incident: str, now: datetime) -> None:
    """Write down that a bot has passed a drill of all levels."""
    durable.write_json(home / FILE, {"version": 1, "passed_at": iso(now), "incident": incident}, 0o644)


def note_deployed(home: Path, now: datetime) -> None:
    """Write down that a bot is new here, so that it has its time to be drilled in."""
    durable.write_json(home / FILE, {"version": 1, "deployed_at": iso(now)}, 0o644)


def days_since(home: Path, now: datetime) -> float | None:
    """Return the days since the bot below ``home`` last passed a drill, None where it never did, or no one knows."""
    return _days(home, "passed_at", now)


def days_undrilled(home: Path, now: datetime) -> float | None:
    """Return the days since a bot that never passed a drill was first deployed, None where it did, or no one knows."""
    return _days(home, "deployed_at", now)


def _days(home: Path, key: str, now: datetime) -> float | None:
    document = durable.read_json(home / FILE)
    try:
        then = datetime.strptime(document[key], _FORMAT).replace(tzinfo=timezone.utc)
    except (KeyError, TypeError, ValueError):
        return None
    days = (now - then).total_seconds() / 86400
    return max(0.0, days) if days > -AHEAD else None


def overdue(bots: Iterable[dict[str, Any]]) -> tuple[bool, str]:
    """Return whether a host has to be drilled, and the age of its last passed drill in words; empty without paper bots.

    Args:
        bots: The rows of the host's bots, as ``freqops-host status`` makes them.
    """
    paper = [row for row in bots if row.get("mode") == "paper"]
    if not paper:
        return False, ""
    passed = [(row["drill_days"], row["bot"]) for row in paper if row.get("drill_days") is not None]
    if not passed:
        undrilled = [row.get("undrilled_days") for row in paper]
        known = [days for days in undrilled if days is not None]
        if len(known) < len(paper) or max(known) > DAYS:
            return True, "NO DRILL has ever passed here; drill.yml rehearses the halt"
        left = DAYS - max(known)
        return False, f"no drill has passed here yet, and {left:.0f} days are left for it; drill.yml rehearses the halt"
    days, bot = min(passed)
    if days > DAYS:
        return True, f"NO DRILL has passed here for {days:.0f} days (more than {DAYS}); drill.yml rehearses the halt"
    return False, f"last drill passed {days:.0f} days ago, by {bot}"


def check(answer: Mapping[str, Any]) -> None:
    """Refuse anything but the answer of ``freqops-host drill``.

    Raises:
        Malformed: A row has not what each of them has, a value is not of its kind, a bot has two rows, or one has
            passed without an exercise, or with one that has not.
    """
    found = [kinds.checked(row, ROW, tuple(ROW)) for row in kinds.value(answer, "bots", kinds.list_of(kinds.object_))]
    kinds.refuse_twice([row["bot"] for row in found])
    for row in found:
        if row["passed"] and not (row["exercises"] and all(exercise["passed"] for exercise in row["exercises"])):
            raise Malformed(f"it says that {row['bot']} has passed, and its exercises do not")


def rows(answers: Iterable[tuple[str, dict[str, Any]]]) -> list[list[Any]]:
    """Return the cells of every exercise, in the order of `HEADINGS`.

    Args:
        answers: Hosts, and what each said of a bot.
    """
    return [
        [host, answer["bot"], *(exercise[key] for key in KEYS)]
        for host, answer in answers
        for exercise in answer["exercises"]
    ]


def page(incident: str, reason: str, actor: str, answers: list[tuple[str, dict[str, Any]]], now: datetime) -> str:
    """Return the report of a drill as a Markdown page."""
    passed = bool(answers) and all(answer["passed"] for _, answer in answers)
    lines = [
        f"# Drill {incident}",
        "",
        f"{'**PASSED**' if passed else '**NOT PASSED**'}, {iso(now)}, by {code(actor)}: {code(reason)}",
        "",
        LEGEND,
        "",
        *block(table(HEADINGS, rows(answers)).splitlines()),
    ]
    details = [f"{host} {answer['bot']}: {visible(text)}" for host, answer in answers for text in answer["detail"]]
    if details:
        lines += ["## What is worth knowing", "", *block(details)]
    return "\n".join(lines)
