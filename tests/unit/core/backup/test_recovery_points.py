"""Until when a database is in a dump: when the next one is due, and when the age of the last is red."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import recovery_points
from freqops.core.backup.recovery_points import MUCH_BYTES, Point
from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from tests.unit.fakes import FakeClock

POINT = Point("2026-01-02T03:04:05Z", 100.0, "mark", "20260102T030405Z", 100.0, 1.0, 1000)


@pytest.mark.parametrize(
    ("point", "mark", "now_s", "due"),
    [
        (Point(), "mark", 0.0, True),
        (POINT, "mark", 1e6, False),
        (POINT, "other", 144.0, False),
        (POINT, "other", 145.0, True),
        (POINT, None, 145.0, True),
        (POINT, "mark", 99.0, True),
        (replace(POINT, took_s=5.1), "other", 399.0, False),
        (replace(POINT, took_s=5.1), "other", 400.0, True),
        (replace(POINT, took_s=20.0), "other", 499.0, False),
        (replace(POINT, took_s=20.0), "other", 500.0, True),
        (replace(POINT, bytes=MUCH_BYTES + 1), "other", 399.0, False),
        (replace(POINT, bytes=MUCH_BYTES), "other", 145.0, True),
    ],
)
def test_when_a_dump_is_due(point: Point, mark: str | None, now_s: float, due: bool) -> None:
    assert point.due(mark, now_s) is due


def test_an_age_above_twice_of_what_it_may_be_is_red() -> None:
    limit = POINT.red_s
    assert limit == 2 * (45 + 15 + 1)
    assert recovery_points.wrong(POINT, 100 + limit, 0, under_way=False) == []
    [line] = recovery_points.wrong(POINT, 101 + limit, 0, under_way=False)
    assert line.startswith("its recovery point is 123 s old (red above 122 s): no round looked at it; ")
    [line] = recovery_points.wrong(replace(POINT, failures=3, why="no space"), 500, 0, under_way=False)
    assert "the last of 3 failed rounds said: no space; 'freqops-host dump'" in line


def test_none_is_red_once_the_rounds_had_their_chance() -> None:
    for none in (None, Point(), replace(POINT, until_s=1e9)):
        assert recovery_points.wrong(none, 1e6, 120, under_way=False) == []
        [line] = recovery_points.wrong(none, 1e6, 123, under_way=False)
        assert line.startswith("there is no recovery point since the boot, for 123 s (red above ")


def test_while_a_command_is_at_work_it_is_red_after_ten_minutes() -> None:
    assert recovery_points.wrong(POINT, 700, 0, under_way=True) == []
    assert recovery_points.wrong(POINT, 701, 0, under_way=True)


def test_one_that_costs_much_is_said() -> None:
    assert recovery_points.notes(POINT) == recovery_points.notes(None) == []
    [line] = recovery_points.notes(replace(POINT, bytes=600 * 1024 * 1024, took_s=30.0))
    assert line == "a dump of its database has 600 MiB in 30.0 s: it is dumped every 600 s at most, not each minute"


def test_its_figure_has_its_threshold() -> None:
    assert recovery_points.figure(POINT, 112.34) == {"recovery_s": 12.3, "recovery_red_s": 122.0}
    assert recovery_points.figure(None, 5)["recovery_s"] is None


def test_what_is_written_is_read_beside_what_was_there(tmp_path: Path) -> None:
    path, clock = tmp_path / "run" / "points.json", FakeClock()
    recovery_points.write("alpha", POINT, clock, path)
    recovery_points.write("beta", Point(), clock, path)
    assert recovery_points.read(path) == {"alpha": POINT, "beta": Point()}
    recovery_points.write("alpha", None, clock, path)
    assert recovery_points.read(path) == {"beta": Point()}
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_writer_that_does_not_end_is_named(tmp_path: Path) -> None:
    path, clock = tmp_path / "points.json", FakeClock()
    with durable.locked(path.with_suffix(".lock"), 0, clock), pytest.raises(NotProven, match="cannot be had"):
        recovery_points.write("alpha", POINT, clock, path)


@pytest.mark.parametrize(
    "change",
    [
        {"until_s": -1.0}, {"until_s": "1"}, {"mark": None}, {"dump": 1}, {"took_s": None}, {"bytes": -1},
        {"failures": True}, {"why": []},
    ],
)  # fmt: skip
def test_what_is_not_what_the_rounds_write_says_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "points.json"
    path.write_text(json.dumps({"version": 1, "bots": {"alpha": {**vars(POINT), **change}}}))
    assert recovery_points.read(path) == {}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2, "bots": {}}', '{"version": 1, "bots": {"a": 1}}'])
def test_nor_does_what_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "points.json"
    assert recovery_points.read(path) == {}
    path.write_text(text)
    assert recovery_points.read(path) == {}


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (None, "there is none since the boot"),
        (POINT, "the newest has all of it up to 30 s ago"),
        (
            replace(POINT, failures=2, why="no space"),
            "the newest has all of it up to 30 s ago, and the last of 2 failed rounds said: no space",
        ),
    ],
)
def test_a_check_says_from_when_the_last_dump_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, point: Point | None, said: str
) -> None:
    monkeypatch.setattr(recovery_points, "FILE", tmp_path / "points.json")
    clock = FakeClock()
    recovery_points.write("alpha", point, clock, recovery_points.FILE)
    clock.now = 130.0
    [(bot, text)] = recovery_points.foretold_of(["alpha"], clock)
    assert (bot, text) == ("alpha", f"all of its database would be in a dump before the change; {said}")
    assert recovery_points.foretold_of([], clock) == []
