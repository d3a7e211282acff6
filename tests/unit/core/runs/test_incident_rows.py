"""Incidents in the registry: rows that are what their events say, the runbook's query, and older rows."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from freqops.core.base.errors import Refused
from freqops.core.incident import chain, life
from freqops.core.incident.life import Event
from freqops.core.runs import registry, registry_migration, registry_schema
from freqops.core.runs.incident_rows import IncidentRows, Wanted
from tests.unit.core.runs import old_registry
from tests.unit.fakes import FakeClock

OWNER = os.getuid()
AT = "2026-01-02T03:04:05Z"
OPENS = Event(life.OPENED, AT, "ann", "feed is wrong", life.HALT, "warning", "halt 1: alpha", ("alpha",))
SEEN = Event(life.ACKNOWLEDGED, AT, "bob", "I look")
ENDS = Event(life.CLOSED, AT, "cat", "closed", root_cause="a cable", action="a new one")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = registry.place(tmp_path)
    registry_migration.prepare(made, FakeClock(), OWNER)
    return made


def change(path: Path, act: Callable[[IncidentRows], object]) -> None:
    with registry.opened(path, write=True, owner=OWNER) as present, present.incidents_changed() as rows:
        act(rows)


def fill(path: Path, count: int = 6) -> None:
    """Open incidents, and take the first two on."""

    def act(rows: IncidentRows) -> None:
        for number in range(count):
            event = replace(OPENS, at=f"2026-01-{number + 1:02}T00:00:00Z", cause=f"cause {number}")
            rows.enter(f"i{number}", "opened.json", event)
        rows.enter("i0", "seen.json", SEEN)
        rows.enter("i1", "closed.json", ENDS)

    change(path, act)


def wrong(path: Path, known: str = chain.EMPTY) -> list[str]:
    with registry.opened(path, owner=OWNER, whole=False) as present:
        return [*chain.wrong(present.incidents().links(), known), *present.incidents().differences()]


def sql(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_the_runbooks_query_works(path: Path) -> None:
    fill(path, 12)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM incidents ORDER BY created_utc DESC LIMIT 10").fetchall()
    assert [row["id"] for row in found] == [f"i{number}" for number in range(11, 1, -1)]
    columns = {"id", "run_id", "severity", "description", "log_excerpt_path", "created_utc"}
    assert columns <= set(found[0].keys())
    assert found[0]["log_excerpt_path"] == "incidents/i11"


def test_what_has_the_cause_of_one_that_is_not_closed_is_added_to_it(path: Path) -> None:
    fill(path)
    change(path, lambda rows: rows.enter("again", "x.json", replace(OPENS, cause="cause 0", severity="critical")))
    change(path, lambda rows: rows.enter("new", "x.json", replace(OPENS, cause="cause 1")))  # that one is closed
    change(path, lambda rows: rows.enter("alone", "x.json", replace(OPENS, cause="")))
    change(path, lambda rows: rows.enter("alone2", "x.json", replace(OPENS, cause="")))
    with registry.opened(path, owner=OWNER) as present:
        rows = present.incidents()
        first = rows.of("i0")
        assert first is not None
        assert (first["events"], first["severity"], first["state"]) == (3, "critical", "acknowledged")
        assert rows.of("again") == first  # by the id of the command, too
        assert rows.of("new") != rows.of("i1")
        assert {name for name, _ in rows.ids()} >= {"new", "alone", "alone2"}
    assert wrong(path) == []


def test_a_run_that_is_not_here_is_named_and_costs_no_incident(path: Path) -> None:
    change(path, lambda rows: rows.enter("one", "x.json", replace(OPENS, cause="", run="gone", text="odd profit")))
    with registry.opened(path, owner=OWNER) as present:
        row = present.incidents().of("one")
    assert row is not None
    assert (row["run_id"], row["description"]) == (None, "odd profit (run gone, which is not here)")
    assert wrong(path) == []


def test_a_step_that_is_not_allowed_leaves_nothing(path: Path) -> None:
    fill(path)
    for name, event in (("i1", SEEN), ("i0", SEEN), ("nobody", ENDS), ("i2", replace(ENDS, action=""))):
        with pytest.raises(Refused):
            change(path, lambda rows, name=name, event=event: rows.enter(name, "x.json", event))  # type: ignore[misc]
    with registry.opened(path, owner=OWNER) as present:
        assert present.incidents().head().startswith("8-")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [5, 4, 3, 2, 1, 0]),
        (Wanted(limit=2), [5, 4]),
        (Wanted(states=("acknowledged", "closed")), [1, 0]),
        (Wanted(kind="deploy"), []),
        (Wanted(kind="halt", severity="warning", bot="alpha"), [5, 4, 3, 2, 1, 0]),
        (Wanted(severity="error"), []),
        (Wanted(bot="alph"), []),
        (Wanted(since="2026-01-03T00:00:00Z", until="2026-01-04T12:00:00Z"), [3, 2]),
    ],
)
def test_filters(path: Path, wanted: Wanted, found: list[int]) -> None:
    fill(path)
    with registry.opened(path, owner=OWNER) as present:
        assert [row["id"] for row in present.incidents().listed(wanted)] == [f"i{number}" for number in found]


# --- what came from before


def test_incidents_of_the_runbook_are_all_there_open_and_in_the_chain(tmp_path: Path) -> None:
    path = registry.place(tmp_path)
    rows = [
        {"id": f"incident_{number}_1", "severity": ("WARNING", None, "error", "odd")[number % 4], "description": "deep",
         "log_excerpt_path": "x.log", "created_utc": f"2025-08-25T00:{number % 60:02}:00+00:00"}
        for number in range(300)
    ]  # fmt: skip
    old_registry.write(path, {"incidents": rows})
    registry_migration.prepare(path, FakeClock(), OWNER)
    with registry.opened(path, owner=OWNER) as present:
        found = present.incidents().listed(Wanted(kind=life.RUNBOOK, states=(life.OPEN,), limit=1000))
    assert {row["id"] for row in found} == {row["id"] for row in rows}
    assert {row["log_excerpt_path"] for row in found} == {"x.log"}
    assert wrong(path) == []
    change(path, lambda present: present.enter("incident_7_1", "closed.json", ENDS))
    assert wrong(path) == []


def test_a_registry_of_version_1_keeps_every_value(path: Path) -> None:
    sql(
        path,
        "DROP TABLE incident_events",
        "DROP TABLE incidents",
        f"CREATE TABLE incidents (id {registry_schema.KEY}, run_id TEXT REFERENCES runs (id), severity TEXT NOT NULL, "
        "description TEXT NOT NULL, log_excerpt_path TEXT, created_utc TEXT NOT NULL)",
        "INSERT INTO runs (id, kind, status, started_utc, finished_utc, strategy) VALUES "
        "('run', 'backtest', 'finished', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', 'Mine')",
        "INSERT INTO metrics VALUES ('run', 'max_drawdown_account', 0.25)",
        "INSERT INTO incidents VALUES ('one', 'run', 'error', 'deep', NULL, '2026-01-02T00:00:00Z')",
        "PRAGMA user_version = 1",
    )
    done = registry_migration.prepare(path, FakeClock(), OWNER)
    assert (done.changed, done.before, done.kept) == (True, 1, [])
    with registry.opened(path, owner=OWNER) as present:
        assert present.drawdowns("Mine", 1) == [0.25]  # a run of ours has no window where it says when it ran
        row = present.incidents().of("one")
    assert row is not None
    assert (row["run_id"], row["severity"], row["state"], row["events"]) == ("run", "error", "open", 1)
    assert wrong(path) == []
