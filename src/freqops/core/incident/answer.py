"""The answer of ``freqops-host incidents``, read on the control node; the host may be older or newer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from . import chain, life

HEADINGS = ("host", "incident", "kind", "severity", "state", "bots", "opened", "what")
SHORT = 60
ABSENT = "there is no incident"  # the beginning of the refusal of a host without a part in one
ROW: dict[str, kinds.Kind] = {
    **dict.fromkeys(("id", "kind", "severity", "state", "description", "created_utc", "cause"), kinds.text),
    **dict.fromkeys(("acknowledged_by", "closed_at", "closed_by", "root_cause", "action"), kinds.text),
    "bots": kinds.list_of(kinds.text),
    "events": kinds.count,
}
EVENT: dict[str, kinds.Kind] = dict.fromkeys(("step", "at", "actor", "text", "evidence"), kinds.text)


def of_list(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a list.

    Raises:
        Malformed: It is none.
    """
    return [row(each) for each in kinds.value(document, "incidents", kinds.list_of(kinds.object_))]


def row(said: object) -> dict[str, Any]:
    """Return one incident.

    Raises:
        Malformed: It is none.
    """
    found = kinds.checked(said, ROW, tuple(ROW))
    if found["state"] not in life.STATES or found["severity"] not in life.SEVERITIES:
        raise Malformed("an incident has a state or a severity that there is not")
    return found


def of_show(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return an incident and its events.

    Raises:
        Malformed: It is none.
    """
    events = kinds.value(document, "events", kinds.list_of(kinds.object_))
    return row(document.get("incident")), [kinds.checked(each, EVENT, tuple(EVENT)) for each in events]


def of_check(document: Mapping[str, Any]) -> tuple[list[str], list[str], str]:
    """Return the faults that a check found, those that it mended, and the head of the chain.

    Raises:
        Malformed: It is no answer of a check.
    """
    texts = kinds.list_of(kinds.text)
    head = kinds.value(document, "head", lambda value: isinstance(value, str) and bool(chain.HEAD.fullmatch(value)))
    return kinds.value(document, "problems", texts), kinds.value(document, "mended", texts), head


def cells(found: Iterable[tuple[str, Mapping[str, Any]]]) -> list[list[Any]]:
    """Return incidents of all hosts as the cells of one table, the newest first."""
    rows = sorted(found, key=lambda each: (each[1]["created_utc"], each[1]["id"], each[0]), reverse=True)
    return [
        [
            host, each["id"], each["kind"], each["severity"], each["state"], ",".join(each["bots"]),
            each["created_utc"], each["description"][:SHORT],
        ]
        for host, each in rows
    ]  # fmt: skip
