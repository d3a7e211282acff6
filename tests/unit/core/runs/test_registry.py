"""The registry: checked whole when it is opened, its runs in the order of their execution, all of it or nothing."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.results.hyperopt_file import Epoch
from freqops.core.runs import registry, registry_migration, registry_schema, run_rows
from freqops.core.runs.registry import Registry, RegistryUnreadable
from freqops.core.runs.run_records import Begun
from tests.unit.core.runs import old_registry
from tests.unit.fakes import FakeClock

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OWNER = os.getuid()
DRAWDOWN = run_rows.DRAWDOWN
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = registry.place(tmp_path)
    registry_migration.prepare(made, FakeClock(), OWNER)
    return made


@pytest.fixture
def kept(path: Path) -> Iterator[Registry]:
    with registry.opened(path, write=True, owner=OWNER) as present:
        yield present


def ran(kept: Registry, number: int, drawdown: float, **more: Any) -> str:
    """Write down a backtest that ran on the day of its number."""
    run = Begun(f"run-{number}", "backtest", AT + number * DAY, "Mine")
    kept.begin_run(replace(run, **more))
    kept.end_run(run.id, "finished", run.started + DAY / 2, {DRAWDOWN: drawdown})
    return run.id


def sql(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_an_empty_one_is_whole_and_says_what_it_is(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (registry_schema.VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with registry.opened(path, owner=OWNER) as present:
        assert present.rows() == dict.fromkeys(registry_schema.TABLES, 0)
        assert present.drawdowns("Mine", 1) == []
    assert path.stat().st_mode & 0o777 == 0o644


def test_the_last_runs_of_the_same_strategy_count_by_their_execution(kept: Registry) -> None:
    for number, drawdown in ((3, 0.03), (1, 0.01), (2, 0.02)):
        ran(kept, number, drawdown)
    ran(kept, 9, 0.9, strategy="Other")
    ran(kept, 8, 0.8, kind="hyperopt")
    kept.begin_run(Begun("goes-on", "backtest", AT + 20 * DAY, "Mine"))
    kept.begin_run(Begun("failed", "backtest", AT + 21 * DAY, "Mine"))
    kept.end_run("failed", "failed", AT + 22 * DAY, {})
    assert [kept.drawdowns("Mine", count) for count in (1, 2, 5)] == [[0.03], [0.03, 0.02], [0.03, 0.02, 0.01]]
    assert kept.drawdowns("Nobody", 1) == []


def test_a_finished_run_whose_drawdown_somebody_took_away_is_not_left_out(path: Path) -> None:
    with registry.opened(path, write=True, owner=OWNER) as present:
        ran(present, 1, 0.1)
        ran(present, 2, 0.2)
    sql(path, "DELETE FROM metrics WHERE run_id = 'run-2'")
    with registry.opened(path, owner=OWNER) as present:
        assert present.drawdowns("Mine", 2) == [None, 0.1]


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (Begun("", "backtest", AT), "CHECK"),
        (Begun("one", "plot", AT), "CHECK"),
        (Begun("there", "backtest", AT), "UNIQUE"),
        (Begun("one", "backtest", AT, more={"experiment_id": "nobody"}), "FOREIGN KEY"),
        (Begun("one", "backtest", AT, more={"id) --": "x"}), "no column"),
    ],
)
def test_a_run_that_the_registry_does_not_take_is_refused(kept: Registry, run: Begun, why: str) -> None:
    kept.begin_run(Begun("there", "backtest", AT))
    with pytest.raises(Refused, match=why):
        kept.begin_run(run)
    assert kept.rows()["runs"] == 1


@pytest.mark.parametrize(
    ("run", "status", "after", "metrics"),
    [
        ("one", "started", 1, {DRAWDOWN: 0.1}),
        ("one", "unknown", 1, {DRAWDOWN: 0.1}),
        ("two", "finished", 1, {DRAWDOWN: 0.1}),
        ("one", "finished", 1, {}),
        ("one", "finished", 1, {DRAWDOWN: 33.0}),
        ("one", "finished", 1, {DRAWDOWN: -0.1}),
        ("one", "finished", 1, {DRAWDOWN: float("nan")}),
        ("one", "finished", 1, {DRAWDOWN: 0.1, "sharpe": float("inf")}),
        ("one", "finished", 1, {DRAWDOWN: 0.1, "": 1.0}),
        ("one", "finished", -1, {DRAWDOWN: 0.1}),
    ],
)
def test_an_end_that_is_none_is_refused_and_nothing_of_it_stays(
    kept: Registry, run: str, status: str, after: int, metrics: dict[str, float]
) -> None:
    kept.begin_run(Begun("one", "backtest", AT, "Mine"))
    with pytest.raises(Refused):
        kept.end_run(run, status, AT + after * DAY, metrics)
    assert (kept.rows()["metrics"], kept.drawdowns("Mine", 1)) == (0, [])
    kept.end_run("one", "finished", AT + DAY, {DRAWDOWN: 0})
    with pytest.raises(Refused, match="no run one that goes on"):
        kept.end_run("one", "finished", AT + DAY, {DRAWDOWN: 0.1})


def test_what_is_opened_to_read_is_not_written(path: Path) -> None:
    with registry.opened(path, owner=OWNER) as present, pytest.raises(RegistryUnreadable, match="could not be written"):
        present.begin_run(Begun("one", "backtest", AT))


def refused(path: Path, owner: int = OWNER) -> str:
    with pytest.raises(RegistryUnreadable) as error, registry.opened(path, owner=owner):
        pass
    return str(error.value)


def test_one_that_is_missing_is_not_an_empty_one(tmp_path: Path) -> None:
    assert "is missing; 'freqops-host registry --prepare' makes it" in refused(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_what_is_not_roots_alone_is_not_read(path: Path) -> None:
    assert "not root's alone" in refused(path, owner=OWNER + 1)
    for mode in (0o664, 0o646):
        path.chmod(mode)
        assert "not root's alone" in refused(path)


def test_no_link_is_followed(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    assert "no regular file" in refused(path)
    path.unlink()
    os.mkfifo(path)
    assert "no regular file" in refused(path)


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        (["PRAGMA user_version = 0"], "version 0, not 3; 'freqops-host registry --prepare'"),
        (["PRAGMA user_version = 4"], "version 4, not 3; a newer freqops wrote it"),
        (["DROP TABLE incidents"], "incidents is missing"),
        (["DROP INDEX runs_of_a_strategy"], "runs_of_a_strategy is missing"),
        (["INSERT INTO metrics VALUES ('nobody', 'x', 1.0)"], "metrics refers to runs that is not there"),
        (
            ["PRAGMA ignore_check_constraints = ON", "INSERT INTO runs (id, kind, status) VALUES ('x', 'plot', 'odd')"],
            "CHECK constraint failed in runs",
        ),
    ],
)
def test_one_that_is_not_whole_is_an_error_with_its_cure(path: Path, statements: list[str], why: str) -> None:
    sql(path, *statements)
    assert why in refused(path)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_database_is_an_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refused(path)


def test_a_page_that_was_overwritten_is_found(path: Path) -> None:
    statement = "INSERT INTO runs (id, kind, status) VALUES (printf('%0200d', {}), 'backtest', 'unknown')"
    sql(path, *map(statement.format, range(200)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4096] = b"\xa5" * 4096
    path.write_bytes(bytes(data))
    assert "freqops-host registry --prepare" in refused(path)


def test_two_that_write_at_once_lose_nothing(path: Path) -> None:
    with registry.opened(path, write=True, owner=OWNER) as one, registry.opened(path, write=True, owner=OWNER) as two:
        for number in range(5):
            ran(one, number, 0.1)
            ran(two, 10 + number, 0.2)
        assert one.rows()["runs"] == two.rows()["runs"] == 10


# --- the runbook's files


def prepared(path: Path) -> registry_migration.Prepared:
    return registry_migration.prepare(path, FakeClock(), OWNER)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    made = registry.place(tmp_path)
    old_registry.write(made, old_registry.backtests(), old_registry.hyperopts(20))
    return made


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_every_row_of_an_old_file_is_there_or_kept(tmp_path: Path, mode: str) -> None:
    path = registry.place(tmp_path)
    old_registry.write(path, old_registry.backtests(), old_registry.hyperopts(20), mode=mode)
    before = old_registry.dump(path)
    done = prepared(path)
    assert (done.changed, done.before) == (True, 0)
    assert done.backup is not None
    assert old_registry.dump(done.backup) == before
    with registry.opened(path, owner=OWNER) as present:
        assert (present.rows()["runs"], present.rows()["epochs"]) == (6, 20)
        assert present.rows()["metrics"] == 6
    after = old_registry.dump(path)
    as_they_were = [row["row_json"] for row in after["kept_rows"]]
    for table, rows in before.items():
        for row in rows:
            same = any(all(new.get(name) == value for name, value in row.items()) for new in after[table])
            assert same or registry_migration.as_kept(row) in as_they_were, (table, row)
    assert prepared(path) == registry_migration.Prepared(changed=False, before=3, kept=done.kept)


def test_the_window_of_the_data_is_no_time_of_execution(old: Path) -> None:
    """The runbook's guard looked at the newest window, behind which a run with a third lost was hidden."""
    prepared(old)
    with registry.opened(old, write=True, owner=OWNER) as present:
        assert sorted(value or 0 for value in present.drawdowns("MaCrossover", 1)) == sorted(old_registry.DRAWDOWNS)
        ran(present, 1, 0.05, strategy="MaCrossover")
        assert present.drawdowns("MaCrossover", 1) == [0.05]
        assert len(present.drawdowns("MaCrossover", 2)) == 6
    [first, *_] = old_registry.dump(old)["runs"]
    assert (first["started_utc"], first["window_start_utc"]) == (None, "2025-01-01T00:00:00+00:00")
    assert (first["finished_utc"], first["window_end_utc"]) == (None, "2025-02-01T00:00:00+00:00")


def test_epochs_that_were_runs_hang_on_their_hyperopt(old: Path) -> None:
    runs = [f"hp:MaCrossover:1754128800:{number:05}" for number in range(1, 5)]
    losses = [3.0, 1.0, 2.0, 0.5]
    rows = [{"run_id": run, "key": "loss", "value": loss} for run, loss in zip(runs, losses, strict=True)]
    rows += [
        {"run_id": runs[3], "key": "profit_total", "value": 0.25},
        {"run_id": runs[3], "key": "trades", "value": 7},
    ]
    artifact = {"run_id": runs[0], "name": "x.fthypt", "path": "x.fthypt", "sha256": "b" * 64}
    old_registry.write_rows(old, {"metrics": rows, "artifacts": [artifact]})
    prepared(old)
    with registry.opened(old, owner=OWNER) as present:
        run = present.run("hp:MaCrossover:1754128800")
        epochs = list(present.run_rows().epochs("hp:MaCrossover:1754128800"))
        best = list(present.run_rows().epochs("hp:MaCrossover:1754128800", 2))
        metrics = present.run_rows().metrics("hp:MaCrossover:1754128800")
    assert run is not None
    assert (run["kind"], run["status"], run["started_utc"]) == ("hyperopt", "unknown", None)
    assert (run["source"], run["strategy"]) == ("indexed", "MaCrossover")
    assert len(epochs) == 20
    assert [each.number for each in epochs if each.best] == [1, 2, 4]
    assert epochs[4] == Epoch(4, 0.5, True, 7, 0.25, {"use_x": 1.0}, {"profit_total": 0.25})
    assert [each.number for each in best] == [2, 4]
    assert metrics == {"epochs": 20.0, "loss": 0.5, "trades": 7.0, "profit_total": 0.25}


def test_an_epoch_about_which_there_is_an_incident_stays_a_run(old: Path) -> None:
    run = "hp:MaCrossover:1754128800:00007"
    old_registry.write_rows(old, {"incidents": [{"id": "i", "run_id": run, "created_utc": "2025-01-01"}]})
    prepared(old)
    with registry.opened(old, owner=OWNER) as present:
        assert present.run(run) is not None
        assert present.run_rows().metrics(run) == {"param.use_x": 1.0}
        incident = present.incidents().incident("i")
    assert incident is not None
    assert incident.run == run


ODD: dict[str, tuple[str, dict[str, Any], int, str]] = {  # table, row, rows of it then, why it is kept
    "a metric of no run": ("metrics", {"run_id": "nobody", "key": "x", "value": 1.0}, 6, "FOREIGN KEY"),
    "a metric without a value": ("metrics", {"run_id": "x", "key": "x", "value": None}, 6, "NOT NULL"),
    "a metric that is a text": ("metrics", {"run_id": old_registry.RUN_IDS[0], "key": "x", "value": "y"}, 6, "CHECK"),
    "a run of an unknown kind": ("runs", {"id": "one", "kind": "plot", "status": "ok"}, 6, "CHECK"),
    "a run without an id": ("runs", {"id": None, "kind": "backtest"}, 6, "NOT NULL"),
    "a run of no experiment": ("runs", {"id": "one", "kind": "hyperopt", "experiment_id": "no"}, 7, "not there"),
    "a run with an odd time": ("runs", {"id": "one", "kind": "hyperopt", "started_utc": "soon"}, 7, "no time"),
    "an incident of no run": ("incidents", {"id": "i", "run_id": "no", "created_utc": "2025-01-01"}, 1, "not there"),
    "an odd severity": ("incidents", {"id": "i", "severity": "BAD", "created_utc": "2025-01-01"}, 1, "'BAD'"),
    "an incident without a time": ("incidents", {"id": "i", "severity": "info"}, 0, "NOT NULL"),
}


@pytest.mark.parametrize("name", ODD)
def test_a_row_that_our_schema_refuses_or_changes_is_kept_and_named(old: Path, name: str) -> None:
    table, row, number, why = ODD[name]
    old_registry.write_rows(old, {table: [row]})
    done = prepared(old)
    assert any(source == table and why in reason for source, reason, _ in done.kept), done.kept
    after = old_registry.dump(old)
    assert len(after[table]) == number
    whole = {**dict.fromkeys(old_registry.columns(table)), **row}
    assert registry_migration.as_kept(whole) in [each["row_json"] for each in after["kept_rows"]]


def test_tables_of_the_runbook_alone_come_along(old: Path) -> None:
    old_registry.write_rows(old, {"ai_signals": [{"id": 1, "pair": "BTC/USDT", "payload": b"\0\xff"}]})
    prepared(old)
    assert old_registry.dump(old)["ai_signals"] == [{"id": 1, "pair": "BTC/USDT", "payload": b"\0\xff"}]


def test_an_empty_file_becomes_an_empty_registry(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o600)
    assert prepared(path).changed
    with registry.opened(path, owner=OWNER) as present:
        assert sum(present.rows().values()) == 0


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_what_a_lost_database_left_is_not_taken_for_a_part_of_the_next(tmp_path: Path, end: str) -> None:
    (tmp_path / f"file{end}").write_text("frames")
    with pytest.raises(RegistryUnreadable, match=f"file{end} lies there; move it away"):
        prepared(tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_another_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    sql(path, "CREATE TABLE trades (id)")
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(RegistryUnreadable, match="another database, with trades"):
        prepared(path)
    assert path.read_bytes() == before


def test_one_that_a_newer_freqops_wrote_is_left_alone(path: Path) -> None:
    sql(path, "PRAGMA user_version = 4")
    with pytest.raises(Refused, match="version 4, which a newer freqops wrote"):
        prepared(path)


def test_one_that_somebody_writes_to_is_left_alone(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "BUSY_SECONDS", 0.1)
    with contextlib.closing(sqlite3.connect(old, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refused, match="in use"):
            prepared(old)
    assert prepared(old).changed


@pytest.mark.parametrize("content", [b"no database" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_what_is_no_database_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(RegistryUnreadable):
        prepared(path)
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir() if each.name != registry_migration.LOCK] == ["file"]


def test_what_a_killed_one_left_is_taken_away(old: Path) -> None:
    left = old.with_name(f".{old.name}.0badcafe")
    left.write_text("half")
    prepared(old)
    assert not left.exists()
