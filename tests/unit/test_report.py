"""What the end of `make test` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from lab.base.failure import LabError
from tests.budget import Budget
from tests.report import Part, failures, summary
from tests.support import reporting
from tests.support.field import Field

BUDGET = Budget(2.0, {"live": 10, "unit": 1})
LIVE, UNIT = Part("live", "fleet", 4, 12, ok=True), Part("unit", "beside", 1, 3, ok=True)
SLOW_MACHINE = (3.9, 4.1)


class Done(NamedTuple):
    """How a command on a host ended."""

    rc: int
    out: str
    err: str


class DeafHost:
    """A host that answers nothing."""

    name = "prod-1"

    def run(self, *_: Any, **__: Any) -> Done:
        """Fail as a host does that is away."""
        raise LabError("prod-1 is not up")


class TalkingHost:
    """A host that answers every command with the command."""

    name = "paper-1"

    def run(self, command: str, **_: Any) -> Done:
        """Say what was asked."""
        return Done(0, f"{command}\nlast line", "")


def bot(name: str, host: Any) -> Field:
    """Return a bot on a host that is none."""
    made = Field("paper-1", name)
    made.host = host
    return made


def written(logs: Path, part: str, **tests: str) -> None:
    """Write down tests of a part: why each failed, or nothing."""
    lines = [
        json.dumps({"test": test, "seconds": len(test), "failed": failed}) + "\n" for test, failed in tests.items()
    ]
    (logs / f"{part}.jsonl").write_text("".join(lines))


def test_figures_are_those_of_the_reference_machine(tmp_path: Path) -> None:
    account = summary([LIVE, UNIT, UNIT], [], BUDGET.core_minutes, BUDGET, SLOW_MACHINE, tmp_path)
    assert account.times["parts"] == {
        "live": {"minutes": 4, "core_minutes": 6.0, "ok": True},
        "unit": {"minutes": 2, "core_minutes": 3.0, "ok": True},
    }
    assert [(verdict.part, verdict.red) for verdict in account.verdicts] == [("unit", True)]
    assert "here it took 3.90 s before and 4.10 s after" in account.text.splitlines()[-1]


def test_the_slowest_tests_come_first_and_no_more_than_ten(tmp_path: Path) -> None:
    written(tmp_path, "live", **{"t" * length: "" for length in range(1, 15)})
    account = summary([], [], BUDGET.core_minutes, BUDGET, SLOW_MACHINE, tmp_path)
    assert [row[0] for row in account.times["slowest"]] == list(range(14, 4, -1))


def test_what_failed_is_said_with_why_and_what_did_not_run_and_what_cost_too_much(tmp_path: Path) -> None:
    written(tmp_path, "live", test_fine="", test_broken="it is broken\nbot gamma on prod-1, the end of its log:")
    red = Part("live", "fleet", 4, 12, ok=False)
    account = summary(
        [red, UNIT], [("live", "fleet"), ("halt", "fleet")], BUDGET.core_minutes, BUDGET, (2, 2), tmp_path
    )
    said = failures([red, UNIT], account.missing, account.verdicts, tmp_path)
    assert said.splitlines()[0] == "FAILED [fleet] live: test_broken"
    assert "bot gamma on prod-1" in said
    assert "NOT RUN [fleet] halt" in said
    assert "BUDGET unit took 3.0" in said
    assert "test_fine" not in said


def test_a_part_that_failed_outside_of_its_tests_says_the_telling_lines(tmp_path: Path) -> None:
    noise = "\n".join(f"line {number}" for number in range(50))
    (tmp_path / "live.log").write_text(f"\x1b[31mfatal: [prod-1]: FAILED!\x1b[0m\n{noise}\n")
    said = failures([Part("live", "fleet", 1, 1, ok=False)], [], [], tmp_path)
    assert said == "FAILED [fleet] live; no test of it did:\n…\nfatal: [prod-1]: FAILED!"


def test_when_nothing_failed_nothing_is_said(tmp_path: Path) -> None:
    assert failures([LIVE, UNIT], [], [], tmp_path) == ""


def failing(parameter: str | None, **fixtures: Any) -> tuple[pytest.Item, pytest.ExceptionInfo[BaseException]]:
    """Return a test with these fixtures, and how it failed deep in a function that was about the bot `inner`."""

    class Item:
        funcargs = fixtures

    if parameter is not None:
        Item.callspec = type("Callspec", (), {"params": {"name": parameter}})  # type: ignore[attr-defined]

    def deep(inner: Field) -> None:
        raise AssertionError("it is not so")

    with pytest.raises(AssertionError) as excinfo:
        deep(bot("inner", TalkingHost()))
    return cast("pytest.Item", Item()), cast("pytest.ExceptionInfo[BaseException]", excinfo)


def test_the_bots_of_a_failed_test_are_found_the_nearest_first() -> None:
    many = {name: bot(name, TalkingHost()) for name in ("silent", "dead")}
    item, excinfo = failing("dead", bots=many, field=bot("alpha", TalkingHost()))
    assert [field.bot for field in reporting.fields_of(item, excinfo)] == ["inner", "dead", "alpha"]


def test_a_bot_is_asked_once_and_no_more_than_three_are() -> None:
    one = bot("one", TalkingHost())
    item, excinfo = failing(None, a=one, b=one, c=bot("two", TalkingHost()), d=bot("three", TalkingHost()))
    assert [field.bot for field in reporting.fields_of(item, excinfo)] == ["inner", "one", "two"]


def test_the_end_of_a_bots_log_is_read_on_its_host() -> None:
    title, asked, last = reporting.end_of_log(bot("alpha", TalkingHost())).splitlines()
    assert title == "bot alpha on paper-1, the end of its log:"
    assert "docker logs --tail 15 freqops-alpha" in asked
    assert last.strip() == "last line"


def test_a_host_that_is_away_does_not_hide_why_the_test_failed() -> None:
    assert "cannot be read: prod-1 is not up" in reporting.end_of_log(bot("gamma", DeafHost()))


def test_tests_are_written_down_where_that_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(reporting.VARIABLE, raising=False)
    reporting.note("test_a", 1, "")
    place = tmp_path / "told"
    monkeypatch.setenv(reporting.VARIABLE, str(place))
    reporting.note("test_b", 1.234, "why")
    assert json.loads(place.read_text()) == {"test": "test_b", "seconds": 1.23, "failed": "why"}


def test_of_a_long_output_the_telling_lines_are_shown() -> None:
    assert reporting.telling(["a", "b"]) == ["a", "b"]
    play = [f"ok: {number}" for number in range(30)]
    assert reporting.telling([*play, "fatal: [prod-1]: it is full", *play]) == ["…", "fatal: [prod-1]: it is full"]
    assert reporting.telling(play) == ["…", *play[-8:]]
