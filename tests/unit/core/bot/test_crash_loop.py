"""The count of crashes, and the waits of the gate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from freqops.core.bot import crash_loop


def wait(var: Path, seconds: float, boot: str = "one") -> float:
    return crash_loop.seconds_to_wait(var, crash_loop.Moment(boot, seconds))


def crash(var: Path, began: float = 0.0) -> float:
    """Start five times in five minutes, and return when the sixth start comes."""
    for number in range(crash_loop.CRASHES):
        assert wait(var, began + 60 * number) == 0
    return began + 60 * crash_loop.CRASHES


def test_five_crashes_in_ten_minutes_are_enough(tmp_path: Path) -> None:
    assert wait(tmp_path, crash(tmp_path)) == 120


def test_crashes_that_are_far_between_are_not(tmp_path: Path) -> None:
    assert all(wait(tmp_path, number * 121) == 0 for number in range(50))


def test_it_opens_again_after_2_5_and_15_minutes(tmp_path: Path) -> None:
    now, waited = crash(tmp_path), []
    for _ in range(5):
        waited.append(wait(tmp_path, now))
        assert wait(tmp_path, now + waited[-1]) == 0, "its time is up"
        now += waited[-1] + 1
        for _ in range(crash_loop.CRASHES - 1):
            assert wait(tmp_path, now) == 0
    assert waited == [120, 300, 900, 900, 900]


def test_who_ran_for_ten_minutes_begins_with_two_minutes_again(tmp_path: Path) -> None:
    now = crash(tmp_path)
    opens = now + wait(tmp_path, now)
    assert wait(tmp_path, opens) == 0
    assert wait(tmp_path, crash(tmp_path, opens + crash_loop.WINDOW)) == 120


def test_a_gate_that_is_started_again_waits_for_what_is_left(tmp_path: Path) -> None:
    now = crash(tmp_path)
    assert [wait(tmp_path, now + seconds) for seconds in (0, 1, 100, 119)] == [120, 119, 20, 1]
    assert wait(tmp_path, now + 121) == 0


def test_a_reboot_counts_as_one_start(tmp_path: Path) -> None:
    now = crash(tmp_path)
    assert wait(tmp_path, now) == 120
    assert wait(tmp_path, now + 1, "another") == 0
    assert json.loads((tmp_path / crash_loop.STARTS_FILE).read_text())["starts"] == [now + 1]


def test_a_start_through_the_door_forgets_the_crashes(tmp_path: Path) -> None:
    now = crash(tmp_path)
    (tmp_path / crash_loop.STARTS_FILE).unlink()
    assert wait(tmp_path, now) == 0


@pytest.mark.parametrize(
    "content",
    ["", "{", "[1]", '["2026-01-02T03:04:05Z"]', "null", "5", "[" * 100_000,
     *(json.dumps({"boot": "one", "starts": [1.0] * 5, "waited": 0, "opens": 0, **wrong}) for wrong in (
         {"opens": 1e18}, {"opens": 1e999}, {"waited": -1}, {"waited": 1e999}, {"starts": [99.0] * 5}, {"starts": 5},
         {"starts": ["now"]}, {"boot": "another"}))],
)  # fmt: skip
def test_a_spoilt_count_of_starts_keeps_nobody_from_starting(tmp_path: Path, content: str) -> None:
    """The bot itself can write it, and today's gate finds what the one before it wrote."""
    (tmp_path / crash_loop.STARTS_FILE).write_text(content)
    assert wait(tmp_path, 10.0) == 0
    assert json.loads((tmp_path / crash_loop.STARTS_FILE).read_text())["starts"] == [10.0]


def test_a_full_disk_keeps_nobody_from_starting(tmp_path: Path) -> None:
    assert wait(tmp_path / "nowhere", 1.0) == 0


def test_no_clock_that_is_set_moves_the_present() -> None:
    before, after = crash_loop.present(), crash_loop.present()
    assert before.boot == after.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert before.seconds <= after.seconds <= float(Path("/proc/uptime").read_text().split()[0]) + 1
