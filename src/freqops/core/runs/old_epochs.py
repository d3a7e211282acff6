"""The epochs of hyperopts that the runbook had as runs: each goes to the hyperopt of which it is an epoch.

The runbook gave each line of a hyperopt's file a run of its own, ``hp:<strategy>:<time>:<number>``, among which all
other runs drowned. An epoch about which there is an incident stays a run: the events of that incident name it.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..results import hyperopt_file
from ..results.hyperopt_file import Epoch
from . import epoch_rows
from . import registry_schema as schema

WHY = "it is an epoch of a hyperopt: the table epochs has it"
EPOCH = re.compile(r"(hp:.+):([0-9]{1,9})")
PARAMETER = "param."


class OldEpochs:
    """The epochs that were runs, while a registry is brought to this version."""

    def __init__(self, old: sqlite3.Connection, new: sqlite3.Connection) -> None:
        self._new = new
        self._found: dict[str, dict[int, dict[str, float]]] = {}  # the metrics of each epoch of each hyperopt
        try:
            self._cited = {row[0] for row in old.execute("SELECT run_id FROM incidents")}
        except sqlite3.Error:  # a file without incidents
            self._cited = set()

    def take(self, table: str, row: Mapping[str, Any]) -> bool:
        """Take in a row that is an epoch, or of one, and return whether it was.

        Args:
            table: Its table.
            row: The row, as the table has it.

        Raises:
            ValueError: It is a metric that is no number.
            TypeError: Likewise.
        """
        name = row.get("id" if table == "runs" else "run_id")
        found = EPOCH.fullmatch(name) if isinstance(name, str) and name not in self._cited else None
        if found is None:
            return False
        run, number = found[1], int(found[2])
        if table == "runs":
            return self._run(run, number, row)
        if number not in self._found.get(run, {}):
            return False
        if table == "artifacts":
            self._insert("OR IGNORE INTO artifacts", {**row, "run_id": run})
        elif table == "metrics":
            self._found[run][number][str(row["key"])] = float(row["value"])
        return table in ("artifacts", "metrics")

    def settle(self) -> None:
        """Write the epochs down, and of each hyperopt what its best one had."""
        for run, epochs in self._found.items():
            summary = hyperopt_file.Summary()
            made = [_epoch(number, metrics) for number, metrics in sorted(epochs.items())]
            epoch_rows.add(self._new, run, [replace(each, best=summary.take(each)) for each in made])
            for key, value in summary.metrics().items():
                self._insert("INTO metrics", {"run_id": run, "key": key, "value": value})

    def _run(self, run: str, number: int, row: Mapping[str, Any]) -> bool:
        if row.get("kind") != "hyperopt":
            return False
        whole = {**row, "id": run, "status": schema.UNKNOWN, "started_utc": None, "source": schema.INDEXED}
        self._insert("OR IGNORE INTO runs", whole)
        self._found.setdefault(run, {}).setdefault(number, {})
        return True

    def _insert(self, place: str, row: Mapping[str, Any]) -> None:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self._new.execute(f"INSERT {place} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608  our columns


def _epoch(number: int, metrics: Mapping[str, float]) -> Epoch:
    parameters = {key[len(PARAMETER) :]: value for key, value in metrics.items() if key.startswith(PARAMETER)}
    others = {key: value for key, value in metrics.items() if not key.startswith(PARAMETER)}
    loss, profit = others.pop("loss", math.nan), others.get("profit_total", math.nan)
    return Epoch(number, loss, False, int(others.pop("trades", 0)), profit, parameters, others)
