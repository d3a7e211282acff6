"""Each vital sign is red from its threshold on, with its figure, its threshold and its cure, and not before."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.bot import vital_signs
from freqops.core.bot.vital_signs import RESTART


@pytest.mark.parametrize(
    ("state", "declared", "rest", "red"),
    [
        ("running", "running", None, False), ("paused", "paused", None, False), ("stopped", "stopped", None, False),
        ("stopped", "running", None, True), ("paused", "running", None, True), ("stopped", "paused", None, True),
        ("running", "stopped", None, False), ("running", "paused", None, False), ("paused", "stopped", None, False),
        ("paused", "running", "paused", False), ("stopped", "running", "stopped", False),
        ("paused", "running", "stopped", False), ("stopped", "running", "paused", True),
        ("running", "running", "paused", True), ("running", "stopped", "stopped", True),
        ("reload_config", "running", None, False), ("reload_config", "running", "paused", False),
    ],
)  # fmt: skip
def test_a_trader_does_what_was_ordered(state: str, declared: str, rest: str | None, red: bool) -> None:
    found = vital_signs.trader_state(state, declared, rest, 6)
    assert bool(found) is red
    assert all(("6 open trades" in text and "resume.yml" in text) or "level=1" in text for text in found)


def test_a_trader_that_stopped_itself_is_named_with_its_trades_and_the_cure() -> None:
    [said] = vital_signs.trader_state("stopped", "running", None, 6)
    assert said.startswith("its trader is stopped with 6 open trades, and nothing ordered that (declared running): nob")
    assert said.endswith(f"Its log says why; where that is repaired, {RESTART}")
    [said] = vital_signs.trader_state("paused", "running", None, 0)
    assert "it enters nothing" in said


def test_one_that_a_person_started_is_only_said() -> None:
    assert vital_signs.trader_note("running", "stopped", None) == [
        "its trader is running; it was declared to start stopped"
    ]
    for state, declared, rest in (
        ("running", "running", None),
        ("stopped", "running", None),
        ("running", "stopped", "paused"),
        ("reload_config", "stopped", None),
    ):
        assert vital_signs.trader_note(state, declared, rest) == []


@pytest.mark.parametrize(
    ("state", "age", "loop_s", "up_s", "said"),
    [
        ("running", 180.0, 5.0, 1e6, None), ("running", 181.0, 5.0, 1e6, "come round for 181 s (red above 180 s"),
        ("paused", 108000.0, 5.0, 1e6, "come round for 108000 s (red above 180 s"), ("stopped", 1e6, 5.0, 1e6, None),
        ("running", 239.0, 60.0, 1e6, None), ("running", 241.0, 60.0, 1e6, "(red above 240 s"),
        ("running", -5.0, 5.0, 1e6, None), ("running", -6.0, 5.0, 1e6, "6 s in the future (red above 5 s)"),
        ("running", None, 5.0, 180.0, None), ("paused", None, 5.0, 181.0, "since its start 181 s ago (red above 180 s"),
        ("stopped", None, 5.0, 1e6, None),
    ],
)  # fmt: skip
def test_the_heartbeat_is_judged_by_the_trader_state(
    state: str, age: float | None, loop_s: float, up_s: float, said: str | None
) -> None:
    found = vital_signs.heartbeat(state, age, loop_s, up_s)
    assert [str(said) in text for text in found] == ([] if said is None else [True])


@pytest.mark.parametrize(
    ("newest", "traded", "named"),
    [
        ({"A": 660.0}, ["A"], []), ({"A": 661.0, "B": 661.0}, [], ["A", "B"]), ({"A": 661.0, "B": 90.0}, [], []),
        ({"A": 661.0, "B": 90.0}, ["A"], ["A"]), ({"A": 90.0, "B": 661.0}, ["A"], []), ({"A": None}, [], ["A"]),
        ({"A": None, "B": 90.0}, [], []), ({"A": None, "B": 90.0}, ["A"], ["A"]), ({}, [], []),
    ],
)  # fmt: skip
def test_candles_are_old_beyond_two_timeframes_and_a_minute(
    newest: dict[str, Any], traded: list[str], named: list[str]
) -> None:
    found = vital_signs.candles(newest, traded, 300.0, 10_000.0)
    assert [text.partition("candle of ")[2][0] for text in found] == named
    assert all("(red above 660 s" in text for text in found)


def test_candles_that_a_bot_never_had_are_as_old_as_its_process() -> None:
    assert vital_signs.candles({"A": None}, ["A"], 60.0, 180.0) == []
    assert "no candle of A 181 s after its start" in vital_signs.candles({"A": None}, ["A"], 60.0, 181.0)[0]


def test_a_whitelist_may_be_empty_for_ten_minutes() -> None:
    assert vital_signs.whitelist(0, 600.0) == []
    assert vital_signs.whitelist(1, 6000.0) == []
    [said] = vital_signs.whitelist(0, 601.0)
    assert "empty, 601 s after its start (red above 600 s" in said


def test_locks_of_others_are_said_with_their_end_and_not_all_of_them() -> None:
    lock = {"pair": "BTC/USDT", "lock_end_timestamp": 1767323045000, "reason": "Cooldown"}
    assert vital_signs.locks([]) == []
    [said] = vital_signs.locks([lock, {**lock, "reason": None, "lock_end_timestamp": 10**30}])
    assert said.startswith(
        "2 pair locks of others keep it from entering: BTC/USDT until 2026-01-02T03:04:05Z (Cooldown)"
    )
    assert said.endswith(", BTC/USDT until beyond all years (no reason)")
    [said] = vital_signs.locks([lock] * 5)
    assert said.endswith("and 2 more")


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        ({"internals": {"process_throttle_secs": 60}}, 60.0), ({"internals": {"process_throttle_secs": "60"}}, 5.0),
        ({"internals": {"process_throttle_secs": True}}, 5.0), ({"internals": {"process_throttle_secs": 1e999}}, 5.0),
        ({"internals": []}, 5.0), ({}, 5.0), (None, 5.0),
    ],
)  # fmt: skip
def test_the_length_of_a_loop_is_that_of_the_configuration(config: Any, seconds: float) -> None:
    assert vital_signs.loop_seconds(config) == seconds
