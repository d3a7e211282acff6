"""The runs of the registry: a row for each, with its metrics, its artifacts and its epochs.

Nothing here begins a transaction: `registry.Registry` does.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..base.clock import iso
from ..base.errors import Refused
from ..results.artifacts import Artifact
from ..results.hyperopt_file import Epoch
from . import epoch_rows
from . import registry_schema as schema
from .run_records import Adopted, Begun, Filters, Page

DRAWDOWN = "max_drawdown_account"
# Columns that say what a run is and how it went; only what begins, ends or adopts one writes them.
OWN = ("id", "kind", "strategy", "status", "started_utc", "finished_utc", "source")
OF_A_RUN = ("metrics", "artifacts", "epochs")
# When a run was executed, for those that are ordered by it; of runs of the runbook's files it is not known.
EXECUTED = "julianday(coalesce(started_utc, finished_utc))"


class RunRows:
    """The runs of an open registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # --- written

    def begin(self, run: Begun) -> None:
        """Write down that a run began."""
        self._insert(run.id, {**self._checked(run.more), "kind": run.kind, "strategy": run.strategy or None,
                              "started_utc": iso(run.started), "status": schema.STARTED})  # fmt: skip

    def end(self, run: str, status: str, finished: datetime, more: Mapping[str, Any]) -> None:
        """Write down that a run which goes on ended.

        Raises:
            Refused: No such run goes on.
        """
        row = {**self._checked(more), "status": status, "finished_utc": iso(finished)}
        names = ", ".join(f"{name} = ?" for name in row)
        found = self._connection.execute(
            f"UPDATE runs SET {names} WHERE id = ? AND status = ? RETURNING id",  # noqa: S608  looked up
            (*row.values(), run, schema.STARTED),
        ).fetchall()
        if not found:
            raise Refused(f"the registry has no run {run} that goes on")

    def add(
        self, run: str, metrics: Mapping[str, float], artifacts: Sequence[Artifact], epochs: Iterable[Epoch]
    ) -> None:
        """Write down what a run left.

        Raises:
            Refused: It is a finished backtest, and has no drawdown that could be one; or a metric is no number.
        """
        refuse_no_numbers(run, metrics)
        kind, status = self._connection.execute("SELECT kind, status FROM runs WHERE id = ?", (run,)).fetchone()
        if kind == "backtest" and status == schema.FINISHED and not 0 <= metrics.get(DRAWDOWN, -1) <= 1:
            raise Refused(f"run {run} is a backtest and has no {DRAWDOWN} from 0 to 1: {metrics.get(DRAWDOWN)}")
        self._many("metrics (run_id, key, value)", [(run, key, float(value)) for key, value in metrics.items()])
        self._many(
            "artifacts (run_id, name, path, sha256)", [(run, each.name, each.path, each.sha256) for each in artifacts]
        )
        epoch_rows.add(self._connection, run, epochs)

    def adopt(self, run: Adopted) -> bool:
        """Have the row of a run that others executed as it is now, and return whether that changed anything.

        Raises:
            Refused: The registry has a run of that id which freqops began.
        """
        present = self.row(run.id)
        if present and present["source"] != schema.INDEXED:
            raise Refused(f"the registry has a run {run.id} that freqops began")
        before = self._digest(run.id)
        row = {**self._checked(run.more), "kind": run.kind, "strategy": run.strategy or None, "status": run.status}
        row.update(started_utc=run.started and iso(run.started), finished_utc=run.finished and iso(run.finished))
        if present:
            self._clear(run.id)
            names = ", ".join(f"{name} = ?" for name in row)
            self._connection.execute(f"UPDATE runs SET {names} WHERE id = ?", (*row.values(), run.id))  # noqa: S608  looked up
        else:
            self._insert(run.id, {**row, "source": schema.INDEXED})
        self.add(run.id, run.metrics, run.artifacts, run.epochs)
        return before != self._digest(run.id)

    def remove(self, run: str) -> None:
        """Remove a run with all that hangs on it.

        Raises:
            Refused: There is none, or it goes on.
        """
        found = self._connection.execute("SELECT status FROM runs WHERE id = ?", (run,)).fetchone()
        if found is None or found[0] == schema.STARTED:
            raise Refused(f"the registry has no run {run}" if found is None else f"run {run} goes on")
        self._clear(run)
        self._connection.execute("DELETE FROM runs WHERE id = ?", (run,))

    # --- read

    def columns(self) -> list[str]:
        """Return the columns of a run."""
        return [str(name) for (_, name, *_) in self._connection.execute("PRAGMA table_info(runs)")]

    def row(self, run: str) -> dict[str, Any] | None:
        """Return the row of a run."""
        found = self._connection.execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchone()
        return None if found is None else dict(zip(self.columns(), found))

    def brief(self) -> list[dict[str, Any]]:
        """Return what of every run decides whether it may go."""
        names = ("id", "kind", "strategy", "status", "started_utc", "finished_utc", "source", "incident_id")
        query = f"SELECT {', '.join(names)} FROM runs ORDER BY id"  # noqa: S608  our own names
        return [dict(zip(names, row)) for row in self._connection.execute(query)]

    def incidents(self) -> dict[str, str]:
        """Return the incident about each run about which there is one."""
        query = "SELECT run_id, min(id) FROM incidents WHERE run_id IS NOT NULL GROUP BY run_id"
        return {str(run): str(incident) for run, incident in self._connection.execute(query)}

    def metrics(self, run: str) -> dict[str, float]:
        """Return the metrics of a run."""
        return dict(self._connection.execute("SELECT key, value FROM metrics WHERE run_id = ? ORDER BY key", (run,)))

    def artifacts(self, run: str) -> list[Artifact]:
        """Return the files that a run left."""
        query = "SELECT name, path, sha256 FROM artifacts WHERE run_id = ? ORDER BY name"
        return [Artifact(str(name), str(path or ""), str(digest or ""))
                for name, path, digest in self._connection.execute(query, (run,))]  # fmt: skip

    def of_artifact(self, path: str) -> list[str]:
        """Return the ids of the runs that left a file, given its place from the tree of freqops on."""
        query = "SELECT DISTINCT run_id FROM artifacts WHERE path = ? ORDER BY run_id"
        return [str(row[0]) for row in self._connection.execute(query, (path,))]

    def was_taken(self, run: str, artifacts: Sequence[Artifact]) -> bool:
        """Return whether a run was taken from just these files; one of the runbook's registry was not."""
        row, here = self.row(run), sorted(artifacts, key=lambda each: each.name)
        return row is not None and row["host"] is not None and self.artifacts(run) == here

    def epochs(self, run: str, most: int = epoch_rows.ALL) -> Iterator[Epoch]:
        """Yield epochs of a run in their order: those with the smallest loss, ``most`` of them."""
        return epoch_rows.of(self._connection, run, most)

    def listed(self, filters: Filters, page: Page) -> tuple[list[dict[str, Any]], int]:
        """Return the rows of a page, the latest execution first, with their metrics; and how many runs are wanted."""
        clauses, values = _clauses(filters)
        where = f"WHERE {' AND '.join(clauses)} " if clauses else ""
        total = self._connection.execute(f"SELECT count(*) FROM runs {where}", values).fetchone()[0]  # noqa: S608  ours
        query = f"SELECT * FROM runs {where}ORDER BY {EXECUTED} DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608  ours
        window = (page.limit, (page.number - 1) * page.limit)
        rows = self._connection.execute(query, (*values, *window)).fetchall()
        names = self.columns()
        found = [dict(zip(names, row)) for row in rows]
        return [{**row, "metrics": self.metrics(row["id"])} for row in found], int(total)

    def drawdowns(self, strategy: str, count: int) -> list[float | None]:
        """Return the drawdowns of the last finished backtests of a strategy; see `registry.Registry.drawdowns`."""
        rows = self._connection.execute(
            "SELECT runs.finished_utc IS NULL, metrics.value FROM runs "
            "LEFT JOIN metrics ON metrics.run_id = runs.id AND metrics.key = ? "
            "WHERE runs.kind = 'backtest' AND runs.strategy = ? AND runs.status IN ('finished', 'unknown') "
            "ORDER BY julianday(runs.finished_utc) DESC, runs.id DESC",
            (DRAWDOWN, strategy),
        ).fetchall()
        known = [value for undated, value in rows if not undated][:count]
        return known if len(known) == count else known + [value for undated, value in rows if undated]

    # --- parts

    def _checked(self, more: Mapping[str, Any]) -> dict[str, Any]:
        columns = self.columns()
        unknown = sorted(set(more) - set(columns))
        if unknown:
            raise Refused(f"runs of the registry has no column {unknown[0]}; it has {', '.join(columns)}")
        own = sorted(set(more) & set(OWN))
        if own:
            raise Refused(f"{own[0]} of a run is no further column of it")
        return dict(more)

    def _insert(self, run: str, row: Mapping[str, Any]) -> None:
        values = {"id": run, **row}
        self._many(f"runs ({', '.join(values)})", [tuple(values.values())])

    def _many(self, place: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert rows into a table with its columns in parentheses, which are names of ours."""
        marks = ", ".join("?" * (place.count(",") + 1))
        self._connection.executemany(f"INSERT INTO {place} VALUES ({marks})", rows)  # noqa: S608  our own names

    def _digest(self, run: str) -> str:
        """Return a checksum of all that the registry says of a run."""
        digest = hashlib.sha256()
        for table, key in (("runs", "id"), *((name, "run_id") for name in OF_A_RUN)):
            for row in self._connection.execute(f"SELECT * FROM {table} WHERE {key} = ? ORDER BY 1, 2", (run,)):  # noqa: S608  as above
                digest.update(repr(row).encode(errors="surrogatepass"))
        return digest.hexdigest()

    def _clear(self, run: str) -> None:
        for table in OF_A_RUN:
            self._connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (run,))  # noqa: S608  as above


def refuse_no_numbers(run: str, metrics: Mapping[str, float]) -> None:
    """Refuse a metric that is no finite number.

    Raises:
        Refused: One is none.
    """
    for name, value in metrics.items():
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            raise Refused(f"the metric {name} of run {run} is {value!r}, which is no number")


def _clauses(filters: Filters) -> tuple[list[str], list[Any]]:
    clauses: list[str] = []
    values: list[Any] = []
    for name in ("kind", "strategy", "bot", "status"):
        wanted = getattr(filters, name)
        if wanted:
            clauses.append(f"{name} = ?")
            values.append(wanted)
    for sign, moment in ((">=", filters.since), ("<=", filters.until)):
        if moment:
            clauses.append(f"{EXECUTED} {sign} julianday(?)")
            values.append(moment)
    return clauses, values
