"""Whether a bot runs with what was declared: each fault has its line, and what is as declared has none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot import layout, limits
from freqops.core.bot.client import ApiError, Failed, Unreachable
from freqops.core.bot.layout import Home
from freqops.core.bot.limits import Limits
from freqops.core.bot.processes import Process
from freqops.hostctl.bot import as_declared, limits_notes, stopped
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, lay_breaker, made_container, make_bot, process

GATED = "class Mine(EntryGate, IStrategy): pass"
BARE = "class Mine(IStrategy): pass"
UNTOLD = "class Mine(Theirs): pass"


class Case:
    """A live bot that runs as declared, within limits and behind the entry gate."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.engine, self.processes = FakeClock(), FakeEngine(), [process()]
        self.home = make_bot(root, mode="live", limits=Limits(3).to_json())
        self.bot = layout.load_bot(self.home)
        self.engine.present = made_container()
        self.api = StillApi(self.clock, dry_run=False, state="paused")
        Home(self.home).limits.write_text(json.dumps(Limits(3).to_json()))
        known = self.bot.release_home / limits_notes.IN_RELEASE
        known.parent.mkdir(parents=True)
        known.touch()
        (self.bot.release_home / "config.json").write_text('{"strategy": "Mine"}')
        self.strategy(GATED)
        monkeypatch.setattr(as_declared, "client", lambda _bot: self.api)
        monkeypatch.setattr(as_declared, "alive", lambda _bot: self.processes)

    def strategy(self, source: str) -> None:
        place = self.bot.release_home / "strategies"
        place.mkdir(exist_ok=True)
        (place / "mine.py").write_text(source)

    def faults(self) -> list[str]:
        return as_declared.faults(self.bot, self.clock, self.engine)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return Case(tmp_path, monkeypatch)


def test_a_bot_as_declared_has_no_fault(case: Case) -> None:
    assert case.faults() == []
    assert case.api.calls == ["read"]


def unlimited(case: Case) -> None:
    Home(case.home).limits.unlink()


def loosened(case: Case) -> None:
    Home(case.home).limits.write_text(json.dumps(Limits(9).to_json()))


def interrupted(case: Case) -> None:
    Home(case.home).switch.write_text("{}")


def stopped_by_a_command(case: Case) -> None:
    stopped.begin(case.home, stopped.Stopped("postgres"), case.clock)


def another_release(case: Case) -> None:
    (case.home / "compose.yml").write_text("services: {bot: {}}\n")


def another_container(case: Case) -> None:
    case.engine.present = made_container(made={"HostConfig.Privileged": "true"})


def no_container(case: Case) -> None:
    case.engine.present = None


def tripped(case: Case) -> None:
    lay_breaker(Home(case.home).root, active=True, reason="feed is wrong")


def own_breaker(case: Case) -> None:
    Home(case.home).breaker.write_text("{")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (unlimited, "its limits cannot be read"),
        (loosened, "others are declared in its bot.json"),
        (interrupted, "a command on it is not over"),
        (stopped_by_a_command, "a command on it is not over"),
        (another_release, "its compose.yml is not that of its release f00"),
        (another_container, "freqops-alpha is not as it was made: HostConfig.Privileged is true"),
        (no_container, "it runs, and the engine knows no container of it"),
        (tripped, "the operator breaker is active (feed is wrong)"),
        (own_breaker, "the operator breaker is active"),
        (lambda case: setattr(case.api, "dry_run", True), "it is declared live, and runs with dry_run=True"),
        (lambda case: setattr(case.api, "name", "beta"), "another bot answers on its port: beta"),
        (lambda case: setattr(case.api, "error", Failed("status 500")), "it does not say what it is: status 500"),
        (lambda case: case.strategy(BARE), "its strategy Mine has no entry gate, so nothing keeps to them"),
        (lambda case: case.strategy(UNTOLD), "whether its strategy Mine has the entry gate is not known"),
        (lambda case: case.strategy("class Other(EntryGate): pass"), "whether its strategy Mine has the entry gate"),
    ],
)
def test_each_fault_has_its_line(case: Case, change: Callable[[Case], Any], text: str) -> None:
    change(case)
    [fault] = case.faults()
    assert text in fault


def test_the_pinned_image_knows_what_the_sources_do_not_tell(case: Case) -> None:
    """It accepts no release with limits and without the gate."""
    case.strategy(UNTOLD)
    (case.bot.release_home / "validated").touch()
    assert case.faults() == []
    case.strategy(BARE)
    assert len(case.faults()) == 1


def test_without_limits_no_gate_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(tmp_path, monkeypatch)
    for place in (case.home, case.bot.release_home):
        declared = json.loads((place / "bot.json").read_text())
        (place / "bot.json").write_text(json.dumps({**declared, "limits": Limits().to_json()}))
    Home(case.home).limits.write_text(json.dumps(Limits().to_json()))
    case.strategy(BARE)
    assert case.faults() == []
    assert limits.load(Home(case.home).limits).declared is False


@pytest.mark.parametrize("answers", [3, None])
def test_a_busy_bot_is_asked_again_for_a_while(case: Case, answers: int | None) -> None:
    def fail(_what: str) -> None:
        if answers is None or len(case.api.calls) < answers:
            raise Unreachable("timed out")

    case.api.before_call = fail
    assert case.faults() == ([] if answers else ["it does not say what it is: timed out"])
    assert case.clock.now < as_declared.ANSWER_SECONDS


def test_of_a_bot_without_a_process_the_disk_is_judged(case: Case) -> None:
    case.processes.clear()
    case.engine.present, case.api.error = None, ApiError("nobody is there")
    assert case.faults() == []
    loosened(case)
    assert len(case.faults()) == 1


def test_what_lies_beside_a_strategy_as_a_link_is_not_read(case: Case, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text(GATED)
    (case.bot.release_home / "strategies" / "mine.py").unlink()
    (case.bot.release_home / "strategies" / "mine.py").symlink_to(elsewhere)
    assert "is not known" in case.faults()[0]


def test_a_process_is_what_runs(case: Case) -> None:
    case.processes[:] = [Process(7, ("freqtrade",), "alpha", is_init=True)]
    case.engine.present = None
    assert case.faults() == ["it runs, and the engine knows no container of it"]
