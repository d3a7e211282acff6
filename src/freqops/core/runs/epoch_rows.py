"""The epochs of hyperopts in the registry; nothing here begins a transaction."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator

from ..results.hyperopt_file import Epoch

ALL = -1
COLUMNS = "number, loss, best, trades, profit, parameters_json, metrics_json"
INSERT = f"INSERT INTO epochs (run_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  our own names
SELECT = f"""
    SELECT {COLUMNS} FROM epochs WHERE run_id = ? AND number IN
    (SELECT number FROM epochs WHERE run_id = ? ORDER BY loss IS NULL, loss, number LIMIT ?)
    ORDER BY number"""  # noqa: S608  as above


def add(connection: sqlite3.Connection, run: str, epochs: Iterable[Epoch]) -> None:
    """Write down epochs of a run."""
    connection.executemany(INSERT, ((run, *_row(each)) for each in epochs))


def of(connection: sqlite3.Connection, run: str, most: int = ALL) -> Iterator[Epoch]:
    """Yield epochs of a run in their order.

    Args:
        connection: The registry.
        run: The id of the run.
        most: How many at most: those with the smallest loss.
    """
    for number, loss, best, trades, profit, parameters, metrics in connection.execute(SELECT, (run, run, most)):
        figures = _known(loss), bool(best), int(trades or 0), _known(profit)
        yield Epoch(number, *figures, json.loads(parameters), json.loads(metrics))


def _row(each: Epoch) -> tuple[object, ...]:
    texts = json.dumps(each.parameters, sort_keys=True), json.dumps(each.metrics, sort_keys=True)
    return (each.number, float(each.loss), int(each.best), each.trades, float(each.profit), *texts)  # nan becomes NULL


def _known(value: float | None) -> float:
    return math.nan if value is None else value
