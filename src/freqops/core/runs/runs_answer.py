"""The answers of ``freqops-host runs``, read on the control node; the host may be older or newer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..base import kinds
from ..base.kinds import Malformed
from ..results import document as documents
from ..results.document import Document
from . import run_tables

HEADINGS = ("host", *run_tables.HEADINGS)
TEXT_OR_NONE, NUMBER_OR_NONE = kinds.or_none(kinds.text), kinds.or_none(kinds.number)
ROW: dict[str, kinds.Kind] = {
    **dict.fromkeys(("id", "kind", "status"), kinds.text),
    **dict.fromkeys(("strategy", "bot", "started_utc", "finished_utc", "end_reason", "overridden"), TEXT_OR_NONE),
    "duration_s": NUMBER_OR_NONE,
    "metrics": lambda value: isinstance(value, dict) and all(kinds.number(each) for each in value.values()),
}
TEXTS = kinds.list_of(kinds.text)
INDEXED: dict[str, kinds.Kind] = {
    **dict.fromkeys(("taken", "updated", "problems", "foreign", "detail"), TEXTS),
    "unchanged": kinds.count,
    "changed": kinds.truth,
    "looked": kinds.truth,
}


def of_list(said: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Return the runs of a list, and how many are wanted.

    Raises:
        Malformed: It is none.
    """
    rows = [_row(each) for each in kinds.value(said, "runs", kinds.list_of(kinds.object_))]
    total = kinds.value(said, "total", kinds.count)
    if total < len(rows):
        raise Malformed(f"it has {len(rows)} runs, and says that there are {total}")
    return rows, total


def _row(said: Mapping[str, Any]) -> dict[str, Any]:
    kinds.checked(said, ROW, tuple(ROW))
    odd = [name for name, value in said.items() if name != "metrics" and not kinds.item(value)]
    if odd:
        raise Malformed(f"a run has something else in {odd[0]}")
    return dict(said)


def of_documents(said: Mapping[str, Any]) -> list[Document]:
    """Return the documents of runs.

    Raises:
        Malformed: They are none.
    """
    return [documents.read(each) for each in kinds.value(said, "documents", kinds.list_of(kinds.object_))]


def of_index(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an index did.

    Raises:
        Malformed: It is none, or contradicts itself.
    """
    found = kinds.checked(said, INDEXED, tuple(INDEXED))
    if found["changed"] != bool(found["taken"] or found["updated"]):
        raise Malformed("it says that something changed, and what changed says something else")
    return found


def merged(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the runs of all hosts, the latest execution first."""

    def order(each: tuple[str, Mapping[str, Any]]) -> tuple[str, str, str]:
        host, row = each
        return str(row["started_utc"] or row["finished_utc"] or ""), row["id"], host

    return sorted(rows, key=order, reverse=True)


def cells(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[list[Any]]:
    """Return runs of hosts as the cells under `HEADINGS`."""
    return [[host, *run_tables.cells(row)] for host, row in rows]
