"""A registry of version 2 comes to this version: nothing of it is lost, and what its rows were is known."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.runs import registry, registry_migration
from freqops.core.runs.incident_rows import IncidentRows
from tests.unit.core.runs import old_registry
from tests.unit.fakes import FakeClock

OWNER = os.getuid()
INDEXED, OURS, EPOCHS = "0" * 40, "backtest-20260101T100000Z-0badca", "hp:Mine:1754128800"
AT = "2026-01-01T10:00:00Z"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = registry.place(tmp_path)
    made.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(made)) as connection:
        connection.executescript(Path(__file__).with_name("version_2.sql").read_text())
    made.chmod(0o644)
    epochs = [{"id": f"{EPOCHS}:{number:05}", "kind": "hyperopt", "status": "unknown"} for number in range(1, 4)]
    rows = [{"id": INDEXED, "kind": "backtest", "status": "unknown", "strategy": "Mine"},
            {"id": OURS, "kind": "backtest", "status": "started", "started_utc": AT}, *epochs]  # fmt: skip
    losses = [{"run_id": each["id"], "key": "loss", "value": float(number)} for number, each in enumerate(epochs)]
    kept = [{"source": "runs", "row_json": "{}", "why": "odd", "refused": 1}]
    old_registry.write_rows(made, {"runs": rows, "metrics": losses, "kept_rows": kept})
    monkeypatch.setattr(IncidentRows, "_cite", lambda *_: None)  # of version 3
    with contextlib.closing(registry.connected(made, "rw")) as connection, connection:
        event = Event(life.OPENED, AT, "ann", "odd", life.MANUAL, "info", "manual: odd", run=f"{EPOCHS}:00002")
        IncidentRows(connection).enter("one", "", event)
    return made


def test_every_row_is_there_and_its_source_is_known(path: Path) -> None:
    before = old_registry.dump(path)
    done = registry_migration.prepare(path, FakeClock(), OWNER)
    assert (done.changed, done.before) == (True, 2)
    assert done.backup is not None
    assert done.backup.name.startswith(f"{path.name}.before-v3-")
    after = old_registry.dump(path)
    sources = {row["id"]: row["source"] for row in after["runs"]}
    assert sources == {INDEXED: "indexed", OURS: "run", EPOCHS: "indexed", f"{EPOCHS}:00002": "indexed"}
    assert [row["number"] for row in after["epochs"]] == [1, 3], "an incident is about the second"
    assert {row["why"] for row in after["kept_rows"]} == {
        "odd",
        "it is an epoch of a hyperopt: the table epochs has it",
    }
    assert len(after["kept_rows"]) == 1 + 2 + 2, "what was kept before, two epochs, and their metrics"
    for name, rows in before.items():
        if name not in ("runs", "metrics", "kept_rows"):
            assert after[name] == rows, name
    with registry.opened(path, owner=OWNER) as present:
        assert list(present.incidents().differences()) == []
        assert present.rows()["incident_events"] == 1
    again = registry_migration.prepare(path, FakeClock(), OWNER)
    assert (again.changed, again.before) == (False, 3)


def test_it_is_not_opened_as_it_is(path: Path) -> None:
    with pytest.raises(registry.RegistryUnreadable, match="has version 2, not 3"), registry.opened(path, owner=OWNER):
        pass
