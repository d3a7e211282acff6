-- The registry as version 2 made it.
CREATE TABLE strategies (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), name TEXT, class_name TEXT, file_path TEXT, status TEXT, timeframes TEXT, markets TEXT,
    indicators TEXT, parameters_json TEXT, risk_json TEXT, performance_json TEXT, tags TEXT);
CREATE TABLE methods (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), name TEXT, category TEXT, description TEXT, related_strategies TEXT, refs TEXT);
CREATE TABLE concepts (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), name TEXT, description TEXT, refs TEXT);
CREATE TABLE sources (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), title TEXT, path TEXT, topic TEXT, quality TEXT);
CREATE TABLE ideas (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), title TEXT, description TEXT, status TEXT, tags TEXT, sources TEXT, owner TEXT,
    created_utc TEXT CHECK (created_utc IS NULL OR julianday(created_utc) IS NOT NULL));
CREATE TABLE experiments (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), idea_id TEXT REFERENCES ideas (id), strategy_id TEXT REFERENCES strategies (id), hypothesis TEXT,
    timeframe TEXT, markets TEXT, period_start_utc TEXT, period_end_utc TEXT, seed INTEGER, config_hash TEXT,
    created_utc TEXT CHECK (created_utc IS NULL OR julianday(created_utc) IS NOT NULL));
CREATE TABLE runs (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), experiment_id TEXT REFERENCES experiments (id), kind TEXT NOT NULL CHECK (kind IN ('backtest', 'hyperopt', 'download', 'maintenance', 'paper', 'live')),
    started_utc TEXT CHECK (started_utc IS NULL OR julianday(started_utc) IS NOT NULL), finished_utc TEXT CHECK (finished_utc IS NULL OR julianday(finished_utc) IS NOT NULL),
    status TEXT NOT NULL CHECK (status IN ('started', 'finished', 'failed', 'stopped', 'unknown')), docker_image TEXT, freqtrade_version TEXT,
    config_json TEXT, data_window TEXT, artifacts_path TEXT, strategy TEXT CHECK (strategy <> ''),
    window_start_utc TEXT, window_end_utc TEXT,
    CHECK (status <> 'started' OR (started_utc IS NOT NULL AND finished_utc IS NULL)),
    CHECK (status NOT IN ('finished', 'failed', 'stopped') OR finished_utc IS NOT NULL),
    CHECK (finished_utc IS NULL OR started_utc IS NULL OR julianday(finished_utc) >= julianday(started_utc)));
CREATE TABLE metrics (run_id TEXT NOT NULL REFERENCES runs (id), key TEXT NOT NULL CHECK (key <> ''),
    value REAL NOT NULL CHECK (typeof(value) = 'real'), PRIMARY KEY (run_id, key));
CREATE TABLE artifacts (run_id TEXT NOT NULL REFERENCES runs (id), name TEXT NOT NULL CHECK (name <> ''), path TEXT,
    sha256 TEXT CHECK (sha256 IS NULL OR length(sha256) = 64), PRIMARY KEY (run_id, name));
CREATE TABLE decisions (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), idea_id TEXT REFERENCES ideas (id), decision TEXT, rationale TEXT,
    decided_utc TEXT CHECK (decided_utc IS NULL OR julianday(decided_utc) IS NOT NULL), approver TEXT);
CREATE TABLE incidents (id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''), run_id TEXT REFERENCES runs (id), severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
    description TEXT NOT NULL, log_excerpt_path TEXT, created_utc TEXT NOT NULL
    CHECK (julianday(created_utc) IS NOT NULL),
    kind TEXT NOT NULL DEFAULT 'runbook' CHECK (kind IN ('halt', 'breaker', 'lockout', 'drill', 'restore_drill', 'deploy', 'gate', 'status', 'manual', 'runbook')),
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'closed')), cause TEXT NOT NULL DEFAULT '',
    bots TEXT NOT NULL DEFAULT '', events INTEGER NOT NULL DEFAULT 1,
    acknowledged_by TEXT NOT NULL DEFAULT '', closed_at TEXT NOT NULL DEFAULT '',
    closed_by TEXT NOT NULL DEFAULT '', root_cause TEXT NOT NULL DEFAULT '', action TEXT NOT NULL DEFAULT ''
    CHECK (state <> 'closed' OR (root_cause <> '' AND action <> '')));
CREATE TABLE incident_events (number INTEGER PRIMARY KEY, incident_id TEXT NOT NULL REFERENCES incidents (id), directory TEXT NOT NULL,
    file TEXT NOT NULL, data_json TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE TABLE kept_rows (number INTEGER PRIMARY KEY, source TEXT NOT NULL, row_json TEXT NOT NULL, why TEXT NOT NULL,
    refused INTEGER NOT NULL CHECK (refused IN (0, 1)));
CREATE INDEX runs_of_a_strategy ON runs (strategy, kind, finished_utc);
CREATE INDEX runs_of_an_experiment ON runs (experiment_id);
CREATE INDEX experiments_of_a_strategy ON experiments (strategy_id);
CREATE INDEX metrics_by_key ON metrics (key, run_id);
CREATE INDEX incidents_by_time ON incidents (created_utc);
CREATE INDEX incidents_of_a_run ON incidents (run_id);
CREATE INDEX incidents_of_a_cause ON incidents (cause, state);
CREATE INDEX events_of_an_incident ON incident_events (incident_id, number);
CREATE INDEX events_by_evidence ON incident_events (directory, file);
PRAGMA user_version = 2;
