"""One deploy at a time, and none that is locked out for good."""

from __future__ import annotations

import json
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
    with pytest.raises(deploy_lock.Taken, match=f"that is yet to come, .* if it is dead, rm {tmp_path}/deploy.json"):
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
