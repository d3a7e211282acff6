"""Rows of the runbook's registry, as they stand in ours.

The runbook wrote the window of the data where a run says when it ran, had no column for the strategy of a run, and
took any word as a status.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .registry_schema import FINISHED, INDEXED, KEPT, RUN, UNKNOWN

OF_OTHERS = re.compile(r"[0-9a-f]{40}|hp:.+")  # ids that the runbook gave to runs of which it found the results
ENDED_WELL = ("finished", "completed", "complete", "done", "success", "succeeded", "ok")


@dataclass(frozen=True)
class Converted:
    """A row as our schema has it.

    Attributes:
        row: Its values, by column.
        why: What of the old row does not stand in it; empty where all does.
    """

    row: dict[str, Any]
    why: str = ""


def convert(old: sqlite3.Connection, table: str, row: Mapping[str, Any], known: Collection[str]) -> Converted:
    """Return a row of the runbook's file as our schema has it.

    Args:
        old: The runbook's file.
        table: The table of the row.
        row: The row.
        known: The columns that our table has.
    """
    made = {name: value for name, value in row.items() if name in known}
    lost = sorted(name for name, value in row.items() if name not in known and value is not None)
    why = [f"there is no column {', '.join(lost)}"] if lost else []
    why += _times(old, made)
    if table == "runs":
        why += _run(old, made)
    elif table == "artifacts":
        made["sha256"] = made.get("sha256") or None
    elif table == "metrics":
        why += _metric(made)
    elif table == "incidents":
        why += _incident(made)
    return Converted(made, "; ".join(why))


def later(table: str, row: Mapping[str, Any]) -> Converted:
    """Return a row of version 1 or 2 as our schema has it.

    Args:
        table: The table of the row.
        row: The row.
    """
    made = dict(row)
    if table == "runs":
        made["source"] = made.get("source") or (INDEXED if OF_OTHERS.fullmatch(str(made.get("id"))) else RUN)
    if table == KEPT:
        del made["number"]  # what is kept of this file may have it already
    return Converted(made)


def _times(old: sqlite3.Connection, row: dict[str, Any]) -> list[str]:
    """Take out what is no time where our schema wants one."""
    why = []
    for name in [each for each in row if each.endswith("_utc") and not each.startswith("period_")]:
        if row[name] is not None and old.execute("SELECT julianday(?)", (row[name],)).fetchone()[0] is None:
            why.append(f"{name} was {row[name]!r}, which is no time")
            row[name] = None
    return why


def _run(old: sqlite3.Connection, row: dict[str, Any]) -> list[str]:
    why = []
    kind = row["kind"] = _word(row.get("kind"))
    if kind == "backtest":
        row["window_start_utc"], row["window_end_utc"] = row.get("started_utc"), row.get("finished_utc")
        row["started_utc"] = row["finished_utc"] = None
    status = _word(row.get("status"))
    was, row["status"] = row.get("status"), _status(status, row.get("finished_utc"))
    if row["status"] != was:
        why.append(f"its status was {was!r}")
    row["strategy"] = _strategy(old, row)
    row["source"] = INDEXED if kind in ("backtest", "hyperopt") else RUN
    return why


def _status(word: str, finished: Any) -> str:
    """Return how a run ended; not that it goes on, for what began it is gone."""
    if word in ENDED_WELL and finished:
        return FINISHED
    return word if word in ("failed", "stopped") and finished else UNKNOWN


def _strategy(old: sqlite3.Connection, row: Mapping[str, Any]) -> str | None:
    """Return the class of a run's strategy, by its experiment, or by the ids that the runbook makes of it."""
    experiment, run = str(row.get("experiment_id") or ""), str(row.get("id") or "")
    try:
        found = old.execute(
            "SELECT strategies.class_name FROM experiments "
            "JOIN strategies ON strategies.id = experiments.strategy_id WHERE experiments.id = ?",
            (experiment,),
        ).fetchone()
    except sqlite3.Error:  # a file without these tables
        found = None
    if found and found[0]:
        return str(found[0])
    for text, prefix in ((experiment, "exp"), (run, "hp")):
        parts = text.split(":")
        if parts[0] == prefix and len(parts) > 1 and parts[1]:
            return parts[1]
    return None


def _metric(row: dict[str, Any]) -> list[str]:
    """Return what changed of a metric: a whole number becomes the same number with a point, which is none."""
    value = row.get("value")
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        row["value"] = float(value)
    return []


def _incident(row: dict[str, Any]) -> list[str]:
    """Write severities as the runbook reads them: in small letters, and what is none of them as a warning."""
    was = row.get("severity")
    word = _word(was)
    row["severity"] = word if word in ("info", "warning", "error", "critical") else "warning"
    row["run_id"] = row.get("run_id") or None
    row["description"] = row.get("description") or ""
    return [] if row["severity"] == was else [f"its severity was {was!r}"]


def _word(value: Any) -> str:
    return str(value or "").strip().lower()
