"""Which runs are old, and what needs them nevertheless."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from freqops.core.base.clock import iso
from freqops.core.retention import old_runs
from freqops.core.retention.old_runs import Incidents, Rule

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NO_GUARD = 0


def row(run: str, days_ago: float | None, **more: Any) -> dict[str, Any]:
    ended = None if days_ago is None else iso(NOW - timedelta(days=days_ago))
    given = {"kind": "backtest", "strategy": "Mine", "status": "finished", "incident_id": None, **more}
    return {"id": run, "started_utc": ended, "finished_utc": ended, **given}


def old(
    *rows: dict[str, Any], days: int = 30, keep: int = 1, guarded: int = NO_GUARD, said: Incidents | None = None
) -> dict[str, str]:
    found = old_runs.old(rows, Rule(days, keep, guarded), said or Incidents(), NOW)
    return {each.run: "; ".join(each.needs) for each in found}


def test_what_is_older_and_not_among_the_newest_is_old_the_oldest_first() -> None:
    rows = [row("a", 31), row("b", 90), row("c", 60), row("d", 29)]
    assert old(*rows) == {"b": "", "c": "", "a": ""}
    assert list(old(*rows)) == ["b", "c", "a"]
    assert list(old(*rows, keep=3)) == ["b"]
    assert old(*rows, keep=4) == {}
    assert list(old(*rows, days=60)) == ["b"]


def test_the_newest_are_those_of_each_kind_and_strategy() -> None:
    rows = [row("a", 31), row("b", 90, strategy="Other"), row("c", 60, kind="hyperopt"), row("d", 40)]
    assert list(old(*rows)) == ["d"]
    assert list(old(row("e", 50, strategy=None), row("f", 60, strategy=None))) == ["f"]


@pytest.mark.parametrize(
    "more", [{"status": "started", "finished_utc": None}, {"finished_utc": None}, {"finished_utc": "soon"}]
)
def test_what_goes_on_or_ended_nobody_knows_when_is_not_old(more: dict[str, Any]) -> None:
    assert old({**row("a", 90), **more}, row("b", 1)) == {}


def test_what_the_guard_counts_of_each_strategy_stays() -> None:
    rows = [row("a", 90), row("b", 80), row("c", 70, status="failed"), row("d", 60, status="stopped"), row("e", 50)]
    assert old(*rows, guarded=1) == {"a": "", "b": "", "c": "", "d": ""}, "the newest is kept, and is what counts"
    assert [run for run, needs in old(*rows, guarded=2).items() if needs] == ["b"]
    assert old(*rows, guarded=2)["b"] == "the drawdown guard counts it"
    other = [row("x", 90, strategy="Other"), row("y", 80, strategy="Other", status="failed")]
    assert old(*rows, *other, guarded=1)["x"] == "the drawdown guard counts it", "those of each strategy count"
    epochs = [row("x", 90, kind="hyperopt"), row("y", 80, kind="hyperopt")]
    assert old(*epochs, guarded=9) == {"x": ""}, "no hyperopt counts"


def test_what_an_incident_is_about_stays_and_what_belongs_to_one_that_is_open() -> None:
    rows = [row("a", 90), row("b", 80, incident_id="two"), row("c", 70, incident_id="three"), row("d", 60)]
    said = Incidents({"a": "one"}, frozenset({"two"}))
    assert old(*rows, said=said) == {
        "a": "the incident one is about it", "b": "it belongs to the incident two, which is not closed", "c": "",
    }  # fmt: skip
