"""Merging the state of a snapshot: whatever both are, nothing is held less than before."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from freqops.core.backup import merging
from freqops.core.base.kinds import Malformed
from freqops.core.bot.limits import Limits
from freqops.core.breaker import breaker_file
from freqops.core.breaker.breaker_file import Breaker
from freqops.core.halt.holds import Hold, Holds, parse
from freqops.core.runs.slot_file import Declared

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LEVELS = (0, 1, 3)
RESTS = ("paused", "stopped")


def held(seq: int, **levels: tuple[int, str]) -> Holds:
    found = [Hold(holder, level, "why", "ann", f"of-{seq}", seq, f"2026-01-0{seq + 1}T00:00:00Z", rest)
             for holder, (level, rest) in levels.items() if level]  # fmt: skip
    return Holds(seq, tuple(found))


ALL = [held(seq, halt=(halt, rest), breaker=(other, "paused"))
       for seq, halt, rest, other in itertools.product((1, 4), LEVELS, RESTS, LEVELS)]  # fmt: skip


@pytest.mark.parametrize("present", ALL)
def test_of_all_holds_none_is_lifted_lowered_or_removed(present: Holds) -> None:
    for then in ALL:
        merged = merging.united(present, then)
        for hold in (*present.holds, *then.holds):
            mine = merged.of(hold.holder)
            assert mine is not None
            assert mine.level >= hold.level
            assert mine.rest == "stopped" or hold.rest == "paused"
        for hold in present.holds:
            then_level = found.level if (found := then.of(hold.holder)) else 0
            if hold.level >= then_level:
                assert merged.of(hold.holder).incident == hold.incident  # type: ignore[union-attr]
        assert merging.united(merged, then) == merged
        assert merged.seq >= present.seq
        assert bool(merging.gained(present, merged)) == (merged != present)
        assert parse(json.dumps(merged.to_json())) == merged


def test_a_hold_that_comes_back_keeps_the_moment_at_which_it_was_set() -> None:
    merged = merging.united(Holds(7), held(1, halt=(3, "paused")))
    assert [(each.set_at, each.seq) for each in merged.holds] == [("2026-01-02T00:00:00Z", 8)]


def test_limits_keep_to_both() -> None:
    values = [Limits(trades, share) for trades in (None, 1, 5) for share in (None, 0.1, 0.5)]
    for one, other in itertools.product(values, values):
        merged = merging.stricter_limits(one, other)
        for each in (one, other):
            assert each.max_concurrent_trades is None or merged.max_concurrent_trades <= each.max_concurrent_trades  # type: ignore[operator]
            assert each.max_market_exposure is None or merged.max_market_exposure <= each.max_market_exposure  # type: ignore[operator]
        assert merging.stricter_limits(merged, other) == merged


def test_slots_keep_to_both() -> None:
    one, other = Declared({"backtest": 4, "hyperopt": 1}, 60), Declared({"backtest": 2, "download": 3}, 900)
    merged = merging.stricter_slots(one, other)
    assert merged == merging.stricter_slots(other, one)
    assert merged == Declared({"backtest": 2, "download": 3, "hyperopt": 1}, 900)


def a_breaker(hours: int | None, *, active: bool = True) -> Breaker:
    until = None if hours is None else NOW + timedelta(hours=hours)
    return Breaker(active, "r", until, readable=True, why="")


@pytest.mark.parametrize(
    ("present", "then", "switched"),
    [
        (a_breaker(None, active=False), a_breaker(None), True),
        (a_breaker(None, active=False), a_breaker(1), True),
        (a_breaker(1), a_breaker(2), True),
        (a_breaker(1), a_breaker(None), True),
        (a_breaker(2), a_breaker(1), False),
        (a_breaker(1), a_breaker(1), False),
        (a_breaker(None), a_breaker(1), False),
        (a_breaker(None), a_breaker(None), False),
        (a_breaker(None), a_breaker(None, active=False), False),
        (a_breaker(1), a_breaker(None, active=False), False),
        (a_breaker(None, active=False), a_breaker(None, active=False), False),
    ],
)
def test_a_breaker_is_switched_on_where_that_is_stricter(present: Breaker, then: Breaker, switched: bool) -> None:
    assert merging.must_switch_on(present, then) is switched


def test_a_breaker_that_was_not_understood_is_refused_unless_the_present_one_has_no_end() -> None:
    odd = breaker_file.parse(b"{", Path("/x"), NOW)
    with pytest.raises(Malformed, match="/x counts as active"):
        merging.must_switch_on(a_breaker(None, active=False), odd)
    assert not merging.must_switch_on(a_breaker(None), odd)


def test_an_order_that_both_know_is_as_it_is_here() -> None:
    mine, old, other = {"client_id": "a", "id": 1}, {"client_id": "a", "id": None}, {"client_id": "b"}
    assert merging.all_sales([mine], [old, other]) == [other, mine]
