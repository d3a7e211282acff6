"""The modules for run slots: twice is once, a check predicts, and what is refused says what is allowed."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from freqops.core.base.clock import Clock
from freqops.core.halt.deadman import Boot, this_boot
from freqops.core.runs.slot_directory import SlotDirectory
from library import freqops_slot, freqops_slot_info
from tests.unit.library.conftest import Run
from tests.unit.slot_fields import lay_breaker, lay_override

PLAY: dict[str, Any] = {
    "kind": "backtest", "actor": "ann@control", "control": "control", "machine": "elsewhere pid:[1]", "pid": 77,
    "started": "7",
}  # fmt: skip


@pytest.fixture(autouse=True)
def breaker(tmp_path: Path) -> Path:
    """The operator breaker of the tree, inactive."""
    return lay_breaker(tmp_path)


def slot(run: Run, root: Path, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run(freqops_slot, check=check, root=str(root), **arguments)


def info(run: Run, root: Path) -> dict[str, Any]:
    return run(freqops_slot_info, root=str(root))


def test_taken_twice_is_taken_once_and_a_check_predicts_it(run: Run, tmp_path: Path) -> None:
    predicted = slot(run, tmp_path, check=True, **PLAY)
    assert info(run, tmp_path)["slots"] == []
    first, second = slot(run, tmp_path, **PLAY), slot(run, tmp_path, **PLAY)
    again = slot(run, tmp_path, check=True, **PLAY)
    assert [answer["changed"] for answer in (predicted, first, second, again)] == [True, True, False, False]
    assert (predicted["token"], first["token"]) == ("", second["token"])
    assert (
        predicted["diff"]
        == first["diff"]
        == {"before": "backtest slots: 0 of 1\n", "after": "backtest slots: 1 of 1\n"}
    )
    assert second["diff"]["before"] == second["diff"]["after"] == again["diff"]["before"] == first["diff"]["after"]
    assert [row["holder"] for row in info(run, tmp_path)["slots"]] == ["ann@control, process 77 on control"]


def test_given_back_twice_is_given_back_once_and_a_check_predicts_it(run: Run, tmp_path: Path) -> None:
    taken = slot(run, tmp_path, **PLAY)
    absent = {"state": "absent", "token": taken["token"]}
    answers = [slot(run, tmp_path, check=check, **absent) for check in (True, False, True, False)]
    assert [answer["changed"] for answer in answers] == [True, True, False, False]
    assert answers[1]["diff"] == {"before": taken["file"].removesuffix(".lock") + "\n", "after": ""}
    assert info(run, tmp_path)["kinds"]["backtest"] == {"active": 0, "limit": 1}


def test_a_check_of_a_whole_playbook_gives_nothing_back(run: Run, tmp_path: Path) -> None:
    predicted = slot(run, tmp_path, check=True, **PLAY)
    answer = slot(run, tmp_path, check=True, state="absent", token=predicted["token"])
    assert (answer["changed"], answer.get("failed", False)) == (False, False)


@pytest.mark.parametrize("check", [False, True])
def test_while_the_breaker_is_active_none_is_new_and_what_is_held_is_kept_and_given_back(
    run: Run, tmp_path: Path, check: bool
) -> None:
    held = slot(run, tmp_path, **PLAY)
    lay_breaker(tmp_path, active=True, reason="feed is wrong")
    refused = slot(run, tmp_path, check=check, **{**PLAY, "kind": "hyperopt"})
    assert refused["failed"] is True
    assert refused["msg"] == "REFUSED, nothing was changed: circuit_breaker_active: feed is wrong"
    again = slot(run, tmp_path, check=check, **PLAY)
    assert (again["changed"], again["remarks"]) == (False, [])
    for state in ("kept", "absent"):
        assert "failed" not in slot(run, tmp_path, check=check, state=state, token=held["token"])


@pytest.mark.parametrize("check", [False, True])
def test_under_an_override_it_is_new_and_says_so(
    run: Run, tmp_path: Path, check: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warned.append(text))  # Ansible says a text only once
    lay_breaker(tmp_path, active=True, reason="feed is wrong")
    lay_override(tmp_path, Clock().utcnow() + timedelta(hours=1))
    answer = slot(run, tmp_path, check=check, **PLAY)
    assert answer["changed"] is True
    assert answer["remarks"] == warned
    assert answer["remarks"][0].startswith("an override lets runs begin in spite of circuit_breaker_active: feed is")


@pytest.mark.parametrize("check", [False, True])
def test_where_all_are_taken_it_fails_and_a_check_does_too(run: Run, tmp_path: Path, check: bool) -> None:
    slot(run, tmp_path, **PLAY)
    answer = slot(run, tmp_path, check=check, **{**PLAY, "pid": 78})
    assert answer["failed"] is True
    assert "too_many_active_backtests: 1/1: ann@control, process 77 on control" in answer["msg"]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"ttl_seconds": 29}, "ttl_seconds is 29; allowed here: whole numbers from 30 to 86400"),
        ({"limit": 0}, "limit is 0; allowed: whole numbers from 1 to 1000"),
        ({"cid": "a b"}, "the correlation id is 'a b'"),
        ({"kind": "live"}, "value of kind must be one of: backtest, hyperopt, download, maintenance"),
        ({"pid": None}, "freqops_slot is an action of the control node"),
        ({"state": "absent"}, "state is absent but all of the following are missing: token"),
        ({"state": "absent", "token": "x"}, "it is no token of a slot"),
    ],
)
def test_what_is_not_allowed_is_refused_before_anything_is_taken(
    run: Run, tmp_path: Path, wish: dict[str, Any], said: str
) -> None:
    answer = slot(run, tmp_path, **{**PLAY, **wish})
    assert answer["failed"] is True
    assert said in answer["msg"]
    assert not SlotDirectory(tmp_path, Clock()).path.exists()


def test_a_heartbeat_is_noted_and_one_that_comes_late_is_lost(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = slot(run, tmp_path, **PLAY)
    kept = {"state": "kept", "token": taken["token"]}
    before = info(run, tmp_path)["slots"][0]["heartbeat_s"]
    assert "failed" not in slot(run, tmp_path, **kept)
    assert info(run, tmp_path)["slots"][0]["heartbeat_s"] <= before + 1

    later = Boot(this_boot().id, this_boot().uptime + 451)  # the kernel tells hundredths of a second
    made: Any = vars(freqops_slot)["SlotDirectory"]
    monkeypatch.setattr(freqops_slot, "SlotDirectory", lambda root, clock: made(root, clock, lambda: later))
    answer = slot(run, tmp_path, **kept)
    assert (answer["failed"], answer["lost"]) == (True, True)
    assert "nothing was heard of the holder" in answer["msg"]


def test_with_a_directory_that_cannot_be_read_nobody_is_told_that_none_is_taken(run: Run, tmp_path: Path) -> None:
    directory = SlotDirectory(tmp_path, Clock())
    directory.path.write_text("")
    answer = info(run, tmp_path)
    assert answer["failed"] is True
    assert "THE SLOTS ARE NOT KNOWN" in answer["msg"]
    assert slot(run, tmp_path, **PLAY)["failed"] is True


def test_info_names_what_cannot_be_read(run: Run, tmp_path: Path) -> None:
    slot(run, tmp_path, **PLAY)
    os.mkfifo(SlotDirectory(tmp_path, Clock()).path / "download_1_2_x.lock")
    answer = info(run, tmp_path)
    assert answer["problems"][0].startswith("download_1_2_x.lock is unreadable: it is a FIFO, not a plain file")
    assert [answer["kinds"][kind]["active"] for kind in ("backtest", "download")] == [1, 1]
