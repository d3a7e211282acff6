"""The command: what it answers, what it refuses, and what becomes of the dumps of a bot that goes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freqops.core.backup import recovery_points
from freqops.core.backup.store import Store
from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.bot.layout import Home
from freqops.hostctl import cli
from freqops.hostctl.bot import recovery_point
from freqops.hostctl.commands import dump
from freqops.hostctl.takeover import left_dumps
from tests.unit.hostctl.backup.trading import Dumping, write


@pytest.fixture(autouse=True)
def priority(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    lowered: list[bool] = []
    monkeypatch.setattr(dump, "lower_priority", lambda: lowered.append(True))
    return lowered


def run(host: Dumping, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = cli.main(["dump", *arguments], host.root)
    return status, capsys.readouterr().out


def test_each_bot_has_its_row(host: Dumping, capsys: pytest.CaptureFixture[str], priority: list[bool]) -> None:
    status, said = run(host, capsys)
    answer: dict[str, Any] = json.loads(said)
    [row] = answer["bots"]
    [made] = host.store.dumps()
    assert (status, answer["command"], row["outcome"], row["proven"]) == (0, "dump", "dumped", True)
    assert (row["dump"], row["rows"]) == (str(made.path), 2)
    assert row["bytes"] == made.manifest.files[0].size
    assert host.point().dump == made.stamp
    assert priority == [True]


def test_one_that_fails_is_not_proven_and_the_others_are_dumped(
    host: Dumping, capsys: pytest.CaptureFixture[str]
) -> None:
    host.bot("beta")
    status, said = run(host, capsys)
    rows = json.loads(said)["bots"]
    assert (status, [row["outcome"] for row in rows]) == (2, ["dumped", "NOT DUMPED"])
    assert rows[1]["detail"] == ["there is no trades.sqlite"]
    assert run(host, capsys, "alpha")[0] == 0


def test_a_loss_is_accepted_by_name(host: Dumping, capsys: pytest.CaptureFixture[str]) -> None:
    run(host, capsys)
    write(host.path, "delete from trades")
    status, said = run(host, capsys, "alpha")
    assert status == 2
    assert "freqops-host dump BOT --accept-loss" in said
    assert run(host, capsys, "alpha", "--accept-loss")[0] == 0


@pytest.mark.parametrize("arguments", [("gamma",), ("alpha", "--quiet"), ("--quiet", "--accept-loss"), ("",)])
def test_what_it_refuses(host: Dumping, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    assert run(host, capsys, *arguments)[0] == 1
    assert host.stamps == []


def test_a_round_says_what_was_done_and_then_nothing(host: Dumping, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = run(host, capsys, "--quiet")
    assert status == 0
    assert said.startswith("alpha: dumped as ")
    assert run(host, capsys, "--quiet") == (0, "")
    host.bot("beta", "mysql://elsewhere/trades")
    status, said = run(host, capsys, "--quiet")
    assert (status, said) == (2, "beta: its db_url names no database of freqops\n")


def test_status_has_the_age_and_its_threshold(host: Dumping) -> None:
    host.round()
    row: dict[str, Any] = {"problems": [], "notes": []}
    host.clock.now += 30
    recovery_point.fill(row, host.home, host.clock)
    assert row == {"problems": [], "notes": [], "recovery_s": 30.0, "recovery_red_s": 120.0}
    host.clock.now += 100
    recovery_point.fill(row, host.home, host.clock)
    assert row["problems"][0].startswith("its recovery point is 130 s old (red above 120 s)")
    Home(host.home).switch.write_text("{}")
    row["problems"] = []
    recovery_point.fill(row, host.home, host.clock)
    assert row["problems"] == []


def test_the_dumps_of_a_removed_bot_stay(host: Dumping) -> None:
    host.round()
    names = host.stamps
    assert left_dumps.leave(host.home, host.clock) == [
        f"1 dumps of its database stay in {host.root / 'removed' / 'alpha.dumps'}"
    ]
    left = Store(Home(host.home).left_dumps)
    assert [dump.stamp for dump in left.dumps()] == names
    assert host.stamps == []
    recovery_points.FILE.unlink()
    host.clock.now -= 15
    host.round()
    assert host.stamps == names, "another bot of its name, in the same second"
    left_dumps.leave(host.home, host.clock)
    assert len(left.dumps()) == 2
    assert left_dumps.leave(host.home, host.clock) == []


def test_they_are_not_moved_under_a_dump_that_is_made(host: Dumping) -> None:
    host.round()
    with durable.locked(Home(host.home).dump_lock, 0, host.clock), pytest.raises(NotProven, match="is being made"):
        left_dumps.leave(host.home, host.clock)
