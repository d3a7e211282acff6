"""The table of bots that ``freqops-host status`` and ``status.yml`` share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from . import foreign_process

HEADINGS = ("bot", "mode", "trader", "holds", "heartbeat", "open trades", "unrealised", "recovery point", "image")
DIGEST_SHOWN = 12
_text, _number = kinds.or_none(kinds.text), kinds.or_none(kinds.number)
ROW: dict[str, kinds.Kind] = {
    "bot": kinds.text,
    "problems": kinds.list_of(kinds.text),
    "holds": kinds.list_of(kinds.having(holder=kinds.text, level=kinds.count, incident=kinds.text)),
    "holds_unreadable": kinds.text,
    "level": kinds.count,
    "mode": _text,
    "trader": _text,
    "image": _text,
    "heartbeat_s": _number,
    "recovery_s": _number,
    "recovery_red_s": _number,
    "open_trades": kinds.or_none(kinds.count),
    "unrealised": _number,
    "drill_days": _number,
    "undrilled_days": _number,
    "notes": kinds.list_of(kinds.text),
}
ALWAYS = ("bot", "problems", "holds")
NO_PROCESS = "no process"  # what the trader of a bot is that does not run


def check(answer: Mapping[str, Any]) -> None:
    """Refuse an answer that is not that of ``freqops-host status``, or does not contain it.

    Args:
        answer: The JSON object of a host, which may be older or newer. It may have names that are not known here.

    Raises:
        Malformed: A row has not what each of them has, a value is not of its kind, a bot has two rows, or a row tells
            neither what its trader does nor why it cannot be told.
    """
    rows = [kinds.checked(row, ROW, ALWAYS) for row in kinds.value(answer, "bots", kinds.list_of(kinds.object_))]
    kinds.refuse_twice([row["bot"] for row in rows])
    kinds.value(answer, "undeclared", foreign_process.PROCESSES)
    for name in ("host_problems", "host_notes"):
        if name in answer:
            kinds.value(answer, name, kinds.list_of(kinds.text))
    for row in rows:
        if not row.get("trader") and not row["problems"]:
            raise Malformed(f"it does not tell what {row['bot']} does")


def cells(row: dict[str, Any]) -> list[Any]:
    """Return the cells of one bot's row, in the order of `HEADINGS`."""
    held = ", ".join(f"{hold['holder']} {hold['level']} ({hold['incident']})" for hold in row["holds"])
    if "holds_unreadable" in row:
        held = "UNREADABLE: level 3"
    beat = row.get("heartbeat_s")
    age = None if beat is None else f"{beat:.0f} s"
    trades = row.get("open_trades")
    return [
        row["bot"], row.get("mode"), row.get("trader"), held or "none", age, trades, row.get("unrealised"),
        _recovery_point(row), _image(row),
    ]  # fmt: skip


def _recovery_point(row: dict[str, Any]) -> str | None:
    """Return how old it is, and above which age it is red."""
    age, red = row.get("recovery_s"), row.get("recovery_red_s")
    return None if age is None or red is None else f"{age:.0f} s ago (red above {red:.0f} s)"


def _image(row: dict[str, Any]) -> str | None:
    name, at, digest = str(row.get("image", "")).rpartition("/")[2].partition("@sha256:")
    return f"{name}@{digest[:DIGEST_SHOWN]}" if at else name or None


def problems(answer: Mapping[str, Any]) -> list[str]:
    """Return a line for each problem of a host and of its bots; an older host tells of none of its own."""
    return [*answer.get("host_problems", []), *problems_of_bots(answer)]


def problems_of_bots(answer: Mapping[str, Any]) -> list[str]:
    """Return a line for each problem of a bot, and for what belongs to no bot."""
    lines = [f"{row['bot']}: {problem}" for row in answer["bots"] for problem in row["problems"]]
    foreign = [each for each in answer["undeclared"] if not foreign_process.is_left_alone(each)]
    return lines + [foreign_process.undeclared_line(each) for each in foreign]


def notes(answer: Mapping[str, Any]) -> list[str]:
    """Return the notes on a host and on its bots; an older host has none."""
    of_bots = [f"{row['bot']}: {note}" for row in answer["bots"] for note in row.get("notes", [])]
    left = [each for each in answer.get("undeclared", []) if foreign_process.is_left_alone(each)]
    return [*map(foreign_process.status_line, left), *answer.get("host_notes", []), *of_bots]
