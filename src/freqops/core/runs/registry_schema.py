"""The schema of the registry: the runbook's tables made whole, with a version, keys that hold, checks and indexes.

The version is SQLite's own ``user_version``. The runbook's files have none, which reads as 0. Names and meaning of
their columns stay, but for one: the runbook had the window of the data where a run says when it ran. That window has
columns of its own here, and `started_utc` and `finished_utc` are the times of the execution.

Version 2 gave incidents a life: more columns, and the chain of their events. Version 3 lets a run say all that is
needed to repeat it, and gives the epochs of a hyperopt a table of their own: the runbook had a run for each of them.
"""

from __future__ import annotations

from pathlib import Path

from ..incident import life

PLACE = Path("user_data") / "registry" / "strategies_registry.sqlite"  # below the tree of freqops
VERSION = 3
KINDS = (
    *("backtest", "hyperopt", "download", "maintenance", "paper", "live"),
    *("lookahead_analysis", "recursive_analysis"),
)
STARTED, FINISHED, UNKNOWN = "started", "finished", "unknown"
ENDED = (FINISHED, "failed", "stopped")
STATUSES = (STARTED, *ENDED, UNKNOWN)  # unknown: a run of the runbook's files, of which it is not known how it ended
SEVERITIES = life.SEVERITIES
RUN, INDEXED = "run", "indexed"
SOURCES = (RUN, INDEXED)  # of a run: begun by freqops, or taken from what others left
KEPT = "kept_rows"
EVENTS = "incident_events"


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"CHECK ({column} IN ({', '.join(repr(word) for word in words)}))"


def _time(column: str) -> str:
    return f"TEXT CHECK ({column} IS NULL OR julianday({column}) IS NOT NULL)"


def _digest(column: str) -> str:
    return f"TEXT CHECK ({column} IS NULL OR length({column}) = 64)"


def _of_type(column: str, kind: str) -> str:
    return f"{kind.upper()} CHECK ({column} IS NULL OR typeof({column}) = '{kind}')"


KEY = "TEXT NOT NULL PRIMARY KEY CHECK (id <> '')"
# In this order each table stands behind those to which it refers.
TABLES = {
    "strategies": f"""
        id {KEY}, name TEXT, class_name TEXT, file_path TEXT, status TEXT, timeframes TEXT, markets TEXT,
        indicators TEXT, parameters_json TEXT, risk_json TEXT, performance_json TEXT, tags TEXT""",
    "methods": f"id {KEY}, name TEXT, category TEXT, description TEXT, related_strategies TEXT, refs TEXT",
    "concepts": f"id {KEY}, name TEXT, description TEXT, refs TEXT",
    "sources": f"id {KEY}, title TEXT, path TEXT, topic TEXT, quality TEXT",
    "ideas": f"""
        id {KEY}, title TEXT, description TEXT, status TEXT, tags TEXT, sources TEXT, owner TEXT,
        created_utc {_time("created_utc")}""",
    "experiments": f"""
        id {KEY}, idea_id TEXT REFERENCES ideas (id), strategy_id TEXT REFERENCES strategies (id), hypothesis TEXT,
        timeframe TEXT, markets TEXT, period_start_utc TEXT, period_end_utc TEXT, seed INTEGER, config_hash TEXT,
        created_utc {_time("created_utc")}""",
    "runs": f"""
        id {KEY}, experiment_id TEXT REFERENCES experiments (id), kind TEXT NOT NULL {_one_of("kind", KINDS)},
        started_utc {_time("started_utc")}, finished_utc {_time("finished_utc")},
        status TEXT NOT NULL {_one_of("status", STATUSES)}, docker_image TEXT, freqtrade_version TEXT,
        config_json TEXT, data_window TEXT, artifacts_path TEXT, strategy TEXT CHECK (strategy <> ''),
        window_start_utc TEXT, window_end_utc TEXT,
        actor TEXT, reason TEXT, host TEXT, bot TEXT, bot_release TEXT, strategy_sha256 {_digest("strategy_sha256")},
        parameters_json TEXT, parameters_sha256 {_digest("parameters_sha256")},
        user_files_sha256 {_digest("user_files_sha256")}, python_sha256 {_digest("python_sha256")},
        config_sha256 {_digest("config_sha256")}, data_sha256 {_digest("data_sha256")}, data_json TEXT,
        seed {_of_type("seed", "integer")}, command_json TEXT, duration_s {_of_type("duration_s", "real")},
        peak_memory_bytes {_of_type("peak_memory_bytes", "integer")}, end_reason TEXT,
        overridden TEXT NOT NULL DEFAULT '', source TEXT NOT NULL DEFAULT '{RUN}' {_one_of("source", SOURCES)},
        gap_profit_share {_of_type("gap_profit_share", "real")}, incident_id TEXT,
        CHECK (status <> 'started' OR (started_utc IS NOT NULL AND finished_utc IS NULL)),
        CHECK (status NOT IN ('finished', 'failed', 'stopped') OR finished_utc IS NOT NULL),
        CHECK (finished_utc IS NULL OR started_utc IS NULL OR julianday(finished_utc) >= julianday(started_utc))""",
    "metrics": """
        run_id TEXT NOT NULL REFERENCES runs (id), key TEXT NOT NULL CHECK (key <> ''),
        value REAL NOT NULL CHECK (typeof(value) = 'real'), PRIMARY KEY (run_id, key)""",
    "artifacts": """
        run_id TEXT NOT NULL REFERENCES runs (id), name TEXT NOT NULL CHECK (name <> ''), path TEXT,
        sha256 TEXT CHECK (sha256 IS NULL OR length(sha256) = 64), PRIMARY KEY (run_id, name)""",
    "epochs": f"""
        run_id TEXT NOT NULL REFERENCES runs (id), number INTEGER NOT NULL CHECK (number >= 0),
        loss {_of_type("loss", "real")}, trades {_of_type("trades", "integer")}, profit {_of_type("profit", "real")},
        best INTEGER NOT NULL CHECK (best IN (0, 1)), parameters_json TEXT NOT NULL, metrics_json TEXT NOT NULL,
        PRIMARY KEY (run_id, number)""",
    "decisions": f"""
        id {KEY}, idea_id TEXT REFERENCES ideas (id), decision TEXT, rationale TEXT,
        decided_utc {_time("decided_utc")}, approver TEXT""",
    "incidents": f"""
        id {KEY}, run_id TEXT REFERENCES runs (id), severity TEXT NOT NULL {_one_of("severity", SEVERITIES)},
        description TEXT NOT NULL, log_excerpt_path TEXT, created_utc TEXT NOT NULL
        CHECK (julianday(created_utc) IS NOT NULL),
        kind TEXT NOT NULL DEFAULT '{life.RUNBOOK}' {_one_of("kind", life.KINDS)},
        state TEXT NOT NULL DEFAULT '{life.OPEN}' {_one_of("state", life.STATES)}, cause TEXT NOT NULL DEFAULT '',
        bots TEXT NOT NULL DEFAULT '', events INTEGER NOT NULL DEFAULT 1,
        acknowledged_by TEXT NOT NULL DEFAULT '', closed_at TEXT NOT NULL DEFAULT '',
        closed_by TEXT NOT NULL DEFAULT '', root_cause TEXT NOT NULL DEFAULT '', action TEXT NOT NULL DEFAULT ''
        CHECK (state <> '{life.CLOSED}' OR (root_cause <> '' AND action <> ''))""",
    EVENTS: """
        number INTEGER PRIMARY KEY, incident_id TEXT NOT NULL REFERENCES incidents (id), directory TEXT NOT NULL,
        file TEXT NOT NULL, data_json TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE""",
    KEPT: """
        number INTEGER PRIMARY KEY, source TEXT NOT NULL, row_json TEXT NOT NULL, why TEXT NOT NULL,
        refused INTEGER NOT NULL CHECK (refused IN (0, 1))""",
}
INDEXES = {
    "runs_of_a_strategy": "runs (strategy, kind, finished_utc)",
    "runs_of_an_experiment": "runs (experiment_id)",
    "experiments_of_a_strategy": "experiments (strategy_id)",
    "metrics_by_key": "metrics (key, run_id)",
    "artifacts_by_path": "artifacts (path)",
    "incidents_by_time": "incidents (created_utc)",
    "incidents_of_a_run": "incidents (run_id)",
    "incidents_of_a_cause": "incidents (cause, state)",
    "events_of_an_incident": "incident_events (incident_id, number)",
    "events_by_evidence": "incident_events (directory, file)",
}


def statements() -> list[str]:
    """Return what makes an empty registry of this version."""
    tables = [f"CREATE TABLE {name} ({columns.strip()})" for name, columns in TABLES.items()]
    indexes = [f"CREATE INDEX {name} ON {place}" for name, place in INDEXES.items()]
    return [*tables, *indexes, f"PRAGMA user_version = {VERSION}"]
