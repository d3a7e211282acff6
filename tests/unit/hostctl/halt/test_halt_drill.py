"""A drill passes when every exercise did what it must, the one in which nothing may be proven as well."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot.client import Unreachable
from freqops.core.halt import halt_drill as rules
from freqops.core.halt import start_gate
from freqops.core.halt.kill_level import KillLevel
from freqops.hostctl import cli
from freqops.hostctl.bot import frozen, start, stopped
from freqops.hostctl.halt import halt_drill as drill
from freqops.hostctl.halt import reassert, resume
from freqops.hostctl.halt.halt_drill import Drill, Drilled, Plan
from tests.unit.fakes import made_container, process
from tests.unit.hostctl.host import Host

EXERCISES = [
    "level 1",
    "/start on a held bot",
    "its lock deleted",
    "its process killed",
    "level 2",
    "level 1, its process frozen",
    "level 3 on the frozen bot",
    "its container started at level 3",
]


class DrillHost(Host):
    """A host with the timer that makes holds true again, an engine that restarts what dies, and a gate."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, **declared: Any) -> None:
        super().__init__(root, monkeypatch, **declared)
        for module in (drill, reassert, resume, start):
            monkeypatch.setattr(module, "client", lambda _bot: self.api)
        for module in (drill, frozen, reassert, resume, start):
            monkeypatch.setattr(module, "alive", lambda _bot: list(self.processes))
        monkeypatch.setattr(os, "kill", self.signalled)
        monkeypatch.setattr(self.clock, "sleep", self.sleep)
        self.signals: list[int] = []
        self.has_timer = self.has_gate = True
        self._inside = self._killed = False
        self.engine.present = made_container(number="id0")
        self.engine.starting = self.boot
        self.engine.stopping = self.die
        monkeypatch.setattr(self.engine, "start", lambda _name: self.boot())

    def sleep(self, seconds: float) -> None:
        self.clock.now += seconds
        if self._killed:
            self._killed = False
            self.boot()
        if self.has_timer and not self._inside:
            self._inside = True
            reassert.reassert(self.home, self.clock, self.engine)
            self._inside = False

    def boot(self) -> None:
        if not self.has_gate or start_gate.verdict(self.home / "conf") is None:
            self.processes[:] = [process()]
            self.api.error, self.api.state = None, self.initial_state

    def die(self) -> None:
        self.processes.clear()
        self.api.error = Unreachable("nobody there")

    def signalled(self, _pid: int, number: int) -> None:
        self.signals.append(number)
        if number == signal.SIGKILL:
            self.die()
            self._killed = True
            return
        self.processes[:] = [replace(each, frozen=number == signal.SIGSTOP) for each in self.processes]
        self.api.error = Unreachable("timed out") if number == signal.SIGSTOP else None

    def drill(self, *levels: int) -> Drilled:
        plan = Plan(tuple(map(KillLevel, levels)) or rules.LEVELS, Mandate("drill-1", "drill", "ann@host"))
        return Drill(self.bot, plan, self.silent, self.clock, self.engine).run()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DrillHost:
    return DrillHost(tmp_path, monkeypatch)


def called_by(name: str) -> bool:
    """Whether a function of this name called the one that asks."""
    frames, frame = set[str](), sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        frames.add(frame.f_code.co_name)
    return name in frames


def passed(result: Drilled) -> dict[str, bool]:
    return {exercise.exercise: exercise.passed for exercise in result.exercises}


def test_all_exercises_pass_and_the_bot_is_back(host: DrillHost) -> None:
    result = host.drill()
    assert passed(result) == dict.fromkeys(EXERCISES, True), result
    assert result.proven
    assert (host.level, host.api.state) == (0, "running")
    assert rules.days_since(host.home, host.clock.utcnow()) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("call", ["start", "read", "unlock"])
def test_an_answer_that_comes_too_late_ends_no_drill(host: DrillHost, call: str) -> None:
    told = getattr(host.api, call)
    late = {"left": 1}

    def answer(*words: Any) -> Any:
        asked_by_drill = called_by("_insist")
        if late["left"] and asked_by_drill:
            late["left"] -= 1
            raise Unreachable("timed out")
        return told(*words)

    setattr(host.api, call, answer)
    result = host.drill(1)
    assert (result.proven, late["left"]) == (True, 0), result


def test_a_bot_that_never_answers_ends_it(host: DrillHost, monkeypatch: pytest.MonkeyPatch) -> None:
    read = host.api.read

    def silent() -> Any:
        if called_by("_back"):
            raise Unreachable("timed out")
        return read()

    monkeypatch.setattr(host.api, "read", silent)
    result = host.drill(2)
    assert not result.proven
    assert "timed out" in result.detail[0]


def test_only_all_levels_count_as_a_drill(host: DrillHost) -> None:
    assert host.drill(1, 2).proven
    assert rules.days_since(host.home, host.clock.utcnow()) is None


def test_without_the_timer_what_was_undone_stays_undone_and_the_drill_says_so(host: DrillHost) -> None:
    host.has_timer = False
    result = host.drill(1)
    assert not result.proven
    assert passed(result)["/start on a held bot"] is False
    assert result.exercises[1].said == "running"


def test_a_halt_that_is_proven_on_a_frozen_bot_fails_the_drill(
    host: DrillHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "kill", lambda _pid, number: host.signals.append(number))  # it goes on answering
    result = host.drill(3)
    assert passed(result)["level 1, its process frozen"] is False
    assert not result.proven


def test_a_bot_that_goes_on_and_is_only_not_proven_in_time_fails_the_drill(
    host: DrillHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "kill", lambda _pid, number: host.signals.append(number))
    monkeypatch.setattr(drill, "FROZEN_SECONDS", 0.2)
    result = host.drill(3)
    frozen = result.exercises[0]
    assert (frozen.said, frozen.passed) == ("HALTED, LAST LOOP NOT PROVEN", False)


def test_a_gate_that_lets_freqtrade_through_fails_the_drill(host: DrillHost) -> None:
    host.has_gate = False
    result = host.drill(3)
    assert passed(result)["its container started at level 3"] is False
    assert "trades" in result.exercises[-1].said


def test_a_halt_that_is_not_proven_fails_the_drill_and_the_others_go_on(
    host: DrillHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host.api, "force_exit", lambda _trade: None)
    host.api.trades = [{"trade_id": 1, "pair": "BTC/USDT", "is_short": False, "amount": 1.0, "stake_amount": 1.0,
                        "profit_abs": 0.0, "has_open_orders": False, "orders": []}]  # fmt: skip
    result = host.drill()
    assert not result.proven
    assert passed(result)["level 2"] is False
    assert passed(result)["level 3 on the frozen bot"] is True
    assert rules.days_since(host.home, host.clock.utcnow()) is None


def test_a_bot_that_does_not_come_back_stays_held_and_is_no_passed_drill(
    host: DrillHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Refused("no")

    monkeypatch.setattr(drill, "resume", refuse)
    result = host.drill()
    assert not result.proven
    assert host.level == 1
    assert "stays held at level 1 under drill-1" in result.detail[-1]


def test_no_process_is_left_frozen(host: DrillHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr(drill, "halt", broken)
    result = host.drill(3)
    assert not result.proven
    assert host.signals == [signal.SIGSTOP, signal.SIGCONT]
    assert stopped.note_of(host.home) is None


def test_it_is_written_down_before_anything_is_frozen(host: DrillHost, monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str] = []

    def signalled(pid: int, number: int) -> None:
        named.append(str(stopped.note_of(host.home)))
        host.signalled(pid, number)

    monkeypatch.setattr(os, "kill", signalled)
    assert host.drill(3).proven
    assert named == ["frozen by drill (drill-1) at 2026-01-02T03:04:05Z, which is to thaw it again"]
    assert stopped.note_of(host.home) is None


def test_where_that_cannot_be_written_nothing_is_frozen(host: DrillHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stopped, "begin", full)
    result = host.drill(3)
    assert (host.signals, host.level, result.proven) == ([], 0, False)
    assert "No space left on device" in result.detail[0]


def test_a_process_that_stays_frozen_is_named_and_its_note_stays(
    host: DrillHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(_pid: int, number: int) -> None:
        host.signals.append(number)
        host.processes[:] = [replace(each, frozen=True) for each in host.processes]

    def broken(*_: object) -> None:
        raise OSError("disk")

    monkeypatch.setattr(os, "kill", stuck)
    monkeypatch.setattr(drill, "halt", broken)
    result = host.drill(3)
    assert not result.proven
    assert result.detail[-1] == (
        "alpha: its processes 4242 are frozen 5 s after SIGCONT; see who freezes them, then 'kill -CONT 4242'"
    )
    assert stopped.note_of(host.home) is not None


def test_a_drill_that_could_not_thaw_has_not_passed(host: DrillHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(*_: object) -> None:
        raise NotProven("frozen")

    monkeypatch.setattr(frozen, "thaw", stuck)
    result = host.drill()
    assert passed(result) == dict.fromkeys(EXERCISES, True)
    assert (result.proven, rules.days_since(host.home, host.clock.utcnow())) == (False, None)


def test_the_note_of_another_command_is_not_the_drills_to_forget(host: DrillHost) -> None:
    stopped.begin(host.home, stopped.Stopped("remove", "one"), host.clock)
    host.drill(1)
    note = stopped.note_of(host.home)
    assert note is not None
    assert note.command == "remove"


def test_a_bot_that_is_held_by_somebody_is_not_drilled(host: DrillHost) -> None:
    host.hold(1, "mine")
    with pytest.raises(Refused, match="held at level 1"):
        host.drill()
    assert host.api.calls == []


def test_a_live_bot_is_not_drilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = DrillHost(tmp_path, monkeypatch, mode="live")
    with pytest.raises(Refused, match="trades live"):
        host.drill()
    assert cli.main(["drill", "alpha", "--reason=drill"], tmp_path) == 1
    assert host.level == 0


@pytest.mark.parametrize("state", ["paused", "stopped", "reload_config"])
def test_a_bot_that_does_not_run_is_not_drilled(host: DrillHost, state: str) -> None:
    host.api.state = state
    with pytest.raises(Refused, match=state):
        host.drill()
    assert host.level == 0


def test_a_bot_that_gives_no_answer_is_not_drilled(host: DrillHost) -> None:
    host.api.error = Unreachable("silent")
    with pytest.raises(Refused, match="nothing to rehearse on"):
        host.drill()


def test_two_drills_of_a_bot_do_not_meet(host: DrillHost) -> None:
    with durable.locked(host.home / ".drill.lock", 0, host.clock), pytest.raises(Refused, match="drilled already"):
        host.drill()
