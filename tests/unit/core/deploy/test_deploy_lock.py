"""One deploy at a time, and none that is locked out for good."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.deploy import deploy_lock
from tests.unit.fakes import FakeClock

ANN = deploy_lock.DeployLock("one", "ann@here", "here", 7, "77")
BOB = deploy_lock.DeployLock("two", "bob@there", "there", 8, "88")


def test_the_second_is_refused_and_told_whose_turn_it_is(tmp_path: Path) -> None:
    clock = FakeClock()
    assert deploy_lock.take(tmp_path, ANN, clock) is True
    assert deploy_lock.take(tmp_path, ANN, clock) is False
    with pytest.raises(deploy_lock.Taken, match="ann@here deploys here") as taken:
        deploy_lock.take(tmp_path, BOB, clock)
    assert taken.value.holder.pid == 7
    with pytest.raises(Refused, match="lost"):
        deploy_lock.refuse_unless_own(tmp_path, "two", clock)


def test_given_back_it_is_nobodys(tmp_path: Path) -> None:
    clock = FakeClock()
    deploy_lock.take(tmp_path, ANN, clock)
    assert deploy_lock.give_back(tmp_path, "two", clock) is False
    assert deploy_lock.give_back(tmp_path, "one", clock) is True
    assert deploy_lock.present(tmp_path) is None
    assert deploy_lock.take(tmp_path, BOB, clock) is True


def test_a_deploy_that_is_known_to_be_dead_is_followed(tmp_path: Path) -> None:
    clock = FakeClock()
    deploy_lock.take(tmp_path, ANN, clock)
    with pytest.raises(deploy_lock.Taken):
        deploy_lock.take(tmp_path, BOB, clock, instead_of="another")
    assert deploy_lock.take(tmp_path, BOB, clock, instead_of="one") is True
    with pytest.raises(Refused, match="lost"):
        deploy_lock.refuse_unless_own(tmp_path, "one", clock)


def test_half_an_hour_of_silence_ends_it_and_a_word_does_not(tmp_path: Path) -> None:
    clock = FakeClock()
    deploy_lock.take(tmp_path, ANN, clock)
    clock.sleep(1700)
    deploy_lock.refuse_unless_own(tmp_path, "one", clock)
    clock.sleep(1700)
    with pytest.raises(deploy_lock.Taken):
        deploy_lock.take(tmp_path, BOB, clock)
    clock.sleep(101)
    assert deploy_lock.take(tmp_path, BOB, clock) is True


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"id": 1}), json.dumps({"id": "x", "pid": "7"})])
def test_a_note_that_cannot_be_read_is_nobodys(tmp_path: Path, text: str) -> None:
    (tmp_path / deploy_lock.FILE).write_text(text)
    assert deploy_lock.present(tmp_path) is None
    assert deploy_lock.take(tmp_path, BOB, FakeClock()) is True


def test_the_note_says_what_numbers_the_process_of_its_deploy(tmp_path: Path) -> None:
    """An older version does not write it, and what it wrote is understood."""
    deploy_lock.take(tmp_path, replace(ANN, pid_namespace="boot pid:[7]"), FakeClock())
    held = deploy_lock.present(tmp_path)
    assert held is not None
    assert held.pid_namespace == "boot pid:[7]"
    deploy_lock.refuse_unless_own(tmp_path, "one", FakeClock())
    assert deploy_lock.present(tmp_path) == held
    note = json.loads((tmp_path / deploy_lock.FILE).read_text())
    for name in ("pid_namespace", "boot", "uptime"):
        del note[name]
    (tmp_path / deploy_lock.FILE).write_text(json.dumps(note))
    assert deploy_lock.present(tmp_path) == replace(held, pid_namespace="", boot="", uptime=0.0)
    with pytest.raises(deploy_lock.Taken):
        deploy_lock.take(tmp_path, BOB, FakeClock())


@pytest.mark.parametrize("hours", [-1000, -1, 1, 1000])
def test_a_clock_that_jumps_ends_no_lock_and_makes_none_last(tmp_path: Path, hours: int) -> None:
    clock = FakeClock()
    deploy_lock.take(tmp_path, ANN, clock)
    clock.ahead = hours * 3600
    clock.sleep(1700)
    with pytest.raises(deploy_lock.Taken):
        deploy_lock.take(tmp_path, BOB, clock)
    clock.sleep(101)
    assert deploy_lock.take(tmp_path, BOB, clock) is True


def test_after_a_boot_of_the_host_half_an_hour_of_that_boot_must_pass(tmp_path: Path) -> None:
    clock = FakeClock()
    clock.sleep(9000)
    deploy_lock.take(tmp_path, ANN, clock)
    rewrite(tmp_path, boot="another")
    clock.now = 1799
    with pytest.raises(deploy_lock.Taken):
        deploy_lock.take(tmp_path, BOB, clock)
    clock.sleep(2)
    assert deploy_lock.take(tmp_path, BOB, clock) is True


@pytest.mark.parametrize("odd", [{"boot": ""}, {"boot": None}, {"uptime": None}, {"uptime": float("nan")}, {"boot": 7}])
def test_what_an_older_version_heard_in_the_future_is_named_with_its_cure(tmp_path: Path, odd: dict[str, Any]) -> None:
    clock = FakeClock()
    clock.ahead = 10 * 86400
    deploy_lock.take(tmp_path, ANN, clock)
    rewrite(tmp_path, **odd)
    clock.ahead = 0
    clock.sleep(7200)
    with pytest.raises(deploy_lock.Taken, match=f"that is in the future, .* if it is dead, rm {tmp_path}/deploy.json"):
        deploy_lock.take(tmp_path, BOB, clock)
    clock.ahead = 11 * 86400
    assert deploy_lock.take(tmp_path, BOB, clock) is True


def rewrite(root: Path, **changed: Any) -> None:
    note = json.loads((root / deploy_lock.FILE).read_text())
    (root / deploy_lock.FILE).write_text(json.dumps({**note, **changed}))


def test_a_moment_that_cannot_be_read_keeps_nobody_out(tmp_path: Path) -> None:
    deploy_lock.take(tmp_path, ANN, FakeClock())
    rewrite(tmp_path, boot="", heard="yesterday")
    assert deploy_lock.take(tmp_path, BOB, FakeClock()) is True


class Waiting(threading.Event):
    """What a word waits for; it comes when the test says so, and is over when nobody waits for another one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float | None] = []
        self._waits, self._goes_on = threading.Semaphore(0), threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout)
        self._waits.release()
        self._goes_on.acquire()
        return self.is_set()

    def set(self) -> None:
        super().set()
        self._goes_on.release()

    def word(self) -> None:
        """Let the next word be said, and return when it was."""
        assert self._waits.acquire(timeout=30)
        self._goes_on.release()
        assert self._waits.acquire(timeout=30)
        self._waits.release()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    found = Waiting()
    monkeypatch.setattr(deploy_lock, "Event", lambda: found)
    return found


def test_an_act_that_takes_hours_is_heard_of_meanwhile(tmp_path: Path, waiting: Waiting) -> None:
    clock = FakeClock()
    deploy_lock.take(tmp_path, ANN, clock)
    with deploy_lock.heard_of(tmp_path, "one", clock):
        for _ in range(4):
            clock.sleep(1700)
            waiting.word()
            clock.sleep(1700)
            with pytest.raises(deploy_lock.Taken):
                deploy_lock.take(tmp_path, BOB, clock)
            waiting.word()
    clock.sleep(1801)
    assert deploy_lock.take(tmp_path, BOB, clock) is True, "whose act is over is not heard of any more"
    assert set(waiting.asked) == {300.0}


def test_an_act_without_the_lock_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="lost: no one has it"), deploy_lock.heard_of(tmp_path, "one", FakeClock()):
        pytest.fail("it began")


def test_an_act_whose_lock_was_lost_meanwhile_is_not_over_well(tmp_path: Path, waiting: Waiting) -> None:
    clock = FakeClock()
    deploy_lock.take(tmp_path, ANN, clock)
    act = deploy_lock.heard_of(tmp_path, "one", clock)
    act.__enter__()
    deploy_lock.take(tmp_path, BOB, clock, instead_of="one")
    waiting.word()
    waiting.word()
    held = deploy_lock.present(tmp_path)
    assert held is not None
    assert held.id == "two"
    with pytest.raises(Refused, match="lost: bob@there deploys here"):
        act.__exit__(None, None, None)


def test_what_goes_wrong_in_an_act_is_said(tmp_path: Path) -> None:
    deploy_lock.take(tmp_path, ANN, FakeClock())
    with pytest.raises(ZeroDivisionError), deploy_lock.heard_of(tmp_path, "one", FakeClock()):
        _ = 1 / 0
