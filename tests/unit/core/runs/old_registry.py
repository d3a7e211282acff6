"""Registries as the runbook's system left them: no version, no keys that hold, any word anywhere."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

TABLES = {
    "strategies": "id TEXT PRIMARY KEY, name TEXT, class_name TEXT, file_path TEXT, status TEXT, timeframes TEXT, "
    "markets TEXT, indicators TEXT, parameters_json TEXT, risk_json TEXT, performance_json TEXT, tags TEXT",
    "methods": "id TEXT PRIMARY KEY, name TEXT, category TEXT, description TEXT, related_strategies TEXT, refs TEXT",
    "concepts": "id TEXT PRIMARY KEY, name TEXT, description TEXT, refs TEXT",
    "sources": "id TEXT PRIMARY KEY, title TEXT, path TEXT, topic TEXT, quality TEXT",
    "ideas": "id TEXT PRIMARY KEY, title TEXT, description TEXT, status TEXT, tags TEXT, sources TEXT, owner TEXT, "
    "created_utc TEXT",
    "experiments": "id TEXT PRIMARY KEY, idea_id TEXT, strategy_id TEXT, hypothesis TEXT, timeframe TEXT, "
    "markets TEXT, period_start_utc TEXT, period_end_utc TEXT, seed INTEGER, config_hash TEXT, created_utc TEXT",
    "runs": "id TEXT PRIMARY KEY, experiment_id TEXT, kind TEXT, started_utc TEXT, finished_utc TEXT, status TEXT, "
    "docker_image TEXT, freqtrade_version TEXT, config_json TEXT, data_window TEXT, artifacts_path TEXT",
    "metrics": "run_id TEXT, key TEXT, value REAL, PRIMARY KEY (run_id, key)",
    "artifacts": "run_id TEXT, name TEXT, path TEXT, sha256 TEXT, PRIMARY KEY (run_id, name)",
    "decisions": "id TEXT PRIMARY KEY, idea_id TEXT, decision TEXT, rationale TEXT, decided_utc TEXT, approver TEXT",
    "incidents": "id TEXT PRIMARY KEY, run_id TEXT, severity TEXT, description TEXT, log_excerpt_path TEXT, "
    "created_utc TEXT",
    "ai_signals": "id INTEGER PRIMARY KEY, pair TEXT, payload BLOB",
}
RUN_IDS = [f"{number:040x}" for number in range(5)]
DRAWDOWNS = [0.0036, 0.33, 0.32, 0.02, 0.01]
Row = dict[str, Any]


def backtests() -> dict[str, list[Row]]:
    """Five backtests as they were indexed: where it should say when they ran stands the window of their data."""
    experiment = "exp:MaCrossover:5m:2025-01-01-2025-02-01"
    runs = [
        {
            "id": run, "experiment_id": experiment, "kind": "backtest", "status": "completed",
            "started_utc": f"2025-0{number + 1}-01T00:00:00+00:00",
            "finished_utc": f"2025-0{number + 2}-01T00:00:00+00:00",
            "artifacts_path": f"C:\\bot\\user_data\\backtest_results\\{number}.zip",
        }
        for number, run in enumerate(RUN_IDS)
    ]  # fmt: skip
    return {
        "ideas": [{"id": "idea:auto:MaCrossover", "title": "auto", "created_utc": "2025-08-01T10:00:00+00:00"}],
        "experiments": [{"id": experiment, "idea_id": "idea:auto:MaCrossover", "strategy_id": "nobody", "seed": 7}],
        "runs": runs,
        "metrics": [
            {"run_id": run, "key": "max_drawdown_account", "value": drawdown}
            for run, drawdown in zip(RUN_IDS, DRAWDOWNS, strict=True)
        ],
        "artifacts": [{"run_id": RUN_IDS[0], "name": "0.zip", "path": "C:\\0.zip", "sha256": "a" * 64}],
    }


def hyperopts(number: int) -> dict[str, list[Row]]:
    """Epochs of a hyperopt, each a run of its own, at the time of its file."""
    at = "2025-08-02T10:00:00+00:00"
    ids = [f"hp:MaCrossover:1754128800:{epoch:05}" for epoch in range(number)]
    return {
        "runs": [{"id": run, "kind": "hyperopt", "status": "ok", "started_utc": at, "finished_utc": at} for run in ids],
        "metrics": [{"run_id": run, "key": "param.use_x", "value": 1} for run in ids],
    }


def write(path: Path, *contents: dict[str, list[Row]], mode: str = "DELETE") -> None:
    """Write a registry of the runbook's with these rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        for name, columns in TABLES.items():
            connection.execute(f"CREATE TABLE {name} ({columns})")
        connection.commit()
    for content in contents:
        write_rows(path, content)
    path.chmod(0o644)


def write_rows(path: Path, content: dict[str, list[Row]]) -> None:
    """Add rows to a registry of the runbook's."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for name, rows in content.items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608  ours
        connection.commit()


def columns(table: str) -> list[str]:
    """Return the columns of a table."""
    return [each.split()[0] for each in TABLES[table].split(", ") if not each.startswith(("PRIMARY", "key)", "name)"))]


def dump(path: Path) -> dict[str, list[Row]]:
    """Return all rows of a database."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in names}  # noqa: S608  ours
