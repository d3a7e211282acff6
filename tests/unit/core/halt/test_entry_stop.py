"""Level 1 against a model of Freqtrade: proven means that it never enters again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from freqops.core.halt.entry_stop import POLL, EntryStop, EntryStopResult, entry_orders, is_proven
from freqops.core.halt.time_limits import ENTRIES_SECONDS
from tests.unit.core.halt.model import Habits, Model
from tests.unit.fakes import FakeClock, order, trade

REASON = "freqops halt one"


def at(seconds: float, habits: Habits | None = None, *events: tuple[float, str]) -> Model:
    """A bot that has lived for ``seconds``; ``events`` are counted from then."""
    model = Model(FakeClock(), habits or Habits())
    model.events = sorted((seconds + when, what) for when, what in events)
    model.clock.now = seconds
    model.live(seconds)
    return model


def halt(model: Model, deadline: float | None = None) -> EntryStopResult:
    return EntryStop(model, "alpha", REASON, model.clock, deadline).run(lambda: model.up)


def test_a_running_bot_is_paused_locked_and_proven_over_two_rounds() -> None:
    model = at(30.0)
    result = halt(model)
    assert result.acknowledged is not None
    assert result.acknowledged < 1.5
    assert result.proven is not None
    assert 5.0 < result.proven < 20.0
    assert (result.found, result.state, result.acted) == ("running", "paused", True)
    assert list(model.locks.values()) == [REASON]
    assert model.entry_orders == 0
    assert result.missing == []


def test_a_second_halt_changes_nothing() -> None:
    model = at(30.0)
    halt(model)
    again = halt(model)
    assert again.proven is not None
    assert not again.acted
    assert again.found == "paused"


def test_an_entry_order_of_the_loop_in_progress_is_cancelled_before_it_is_proven() -> None:
    model = at(3.0, Habits(prepare=2.0, per_pair=3.0, increases=False))
    model.clock.now += 2.5  # inside enter_positions, past its look at the state
    result = halt(model)
    assert result.proven is not None
    assert model.entry_orders == 0
    for _ in range(100):
        model.clock.now += 1
        model.live(model.clock.now)
    assert model.entry_orders == 0


def test_a_command_in_the_boot_window_is_repeated_after_it() -> None:
    model = at(0.5, Habits(boot=8.0))
    result = halt(model)
    assert result.found == "stopped"
    assert result.proven is not None
    assert model.state == "paused"
    assert model.entered == []
    assert model.wrong == []


def test_paused_in_the_boot_window_is_not_acknowledged() -> None:
    model = at(0.5, Habits(boot=8.0))
    model.state = "paused"  # somebody's command that will be overwritten
    result = halt(model, deadline=5.0)
    assert result.acknowledged is None
    assert result.proven is None


@pytest.mark.parametrize("pairs", [True, False])
def test_a_stopped_trader_is_left_stopped(pairs: bool) -> None:
    model = at(30.0, Habits(initial="stopped"))
    model.whitelist = pairs
    result = halt(model)
    assert "pause" not in model.calls
    assert model.state == "stopped"
    if pairs:
        assert result.acknowledged is not None
        assert result.proven is not None
        assert result.proven < 2
    else:
        assert result.proven is None
        assert "booting" in result.missing[0]


def test_a_trader_stopped_in_the_middle_of_a_loop_is_not_at_rest_yet() -> None:
    """/stop, then a halt: the loop that was going on still increases positions, under lock and all."""
    model = at(3.0, Habits(boot=1.0, prepare=8.0, increases=True))
    model.trades[1] = [order("buy", is_open=False)]
    model.state = "stopped"
    result = halt(model)
    assert model.entered
    assert result.proven is None
    assert any("a stopped trader cannot cancel it" in text for text in result.missing)


def test_no_time_is_proof_enough_of_a_loop_that_goes_on() -> None:
    """A bot that averages down, with many pairs: the loop in which it was stopped still buys, long afterwards."""
    model = at(3.0, Habits(boot=1.0, prepare=100.0, increases=True))
    model.trades[1] = [order("buy", is_open=False)]
    model.state = "stopped"
    result = halt(model)
    assert (result.proven, model.entered) == (None, [])
    assert result.missing == ["LAST LOOP: the loop in which it may have been stopped has not ended yet"]
    model.live(110.0)
    assert model.entered


def test_a_stopped_trader_is_at_rest_as_soon_as_its_last_loop_came_round() -> None:
    model = at(0.0, Habits(boot=1.0, prepare=8.0, increases=False, pairs=0))
    model.live(15.0)  # the second loop is going on
    model.clock.now = 15.0
    model.state = "stopped"
    result = halt(model)
    assert result.proven is not None
    assert result.proven < 10.0


def test_entry_and_exit_resting_together_are_left_and_not_proven() -> None:
    model = at(30.0, Habits(pairs=0, increases=False, replaces=False))
    model.trades[1] = [order("buy", is_open=False), order("buy"), order("sell")]
    result = halt(model)
    assert result.proven is None
    assert "rest together" in result.missing[0]
    assert "cancel" not in model.calls
    assert result.acknowledged is None


def test_a_stop_on_the_exchange_is_not_an_order_to_cancel() -> None:
    model = at(30.0, Habits(pairs=0, increases=False))
    model.trades[1] = [order("buy", is_open=False), order("stoploss")]
    assert halt(model).proven is not None
    assert "cancel" not in model.calls


def test_a_partly_filled_entry_is_cancelled_and_its_trade_stays() -> None:
    model = at(30.0, Habits(pairs=0, increases=False))
    model.trades[1] = [order("buy", is_open=False), order("buy")]
    result = halt(model)
    assert result.proven is not None
    assert result.cancelled == {"1 BTC/USDT"}
    assert result.refusals == {}
    assert list(model.trades) == [1]


def test_the_refusal_after_a_full_cancel_is_no_failure() -> None:
    model = at(30.0, Habits(pairs=0, increases=False))
    model.trades[1] = [order("buy")]
    result = halt(model)
    assert result.proven is not None
    assert result.refusals == {1: "no active trade"}


def test_after_a_cancel_one_more_round_is_needed() -> None:
    """The round that was read together with the order does not count: it was before the cancelling."""
    clock = FakeClock()
    model = Model(clock, Habits(boot=1.0, prepare=1.0, pairs=0, increases=False, replaces=False))
    clock.now = 4.0
    model.live(4.0)
    model.state = "paused"
    stop = EntryStop(model, "alpha", REASON, clock)
    rounds = 0
    while rounds < 2:
        before = model.last
        stop.step()
        clock.sleep(POLL)
        model.live(clock.now)
        if model.last != before:
            rounds += 1
    model.trades[1] = [order("buy", is_open=False), order("buy")]  # a loop has just placed it
    stop.step()
    last = model.last
    assert stop.result.proven is None
    while stop.result.proven is None:
        clock.sleep(POLL)
        stop.step()
    assert model.last is not None
    assert last is not None
    assert model.last > last


def test_with_the_database_down_nothing_is_proven() -> None:
    model = at(30.0, Habits(), (0.0, "database down"))
    result = halt(model)
    assert result.proven is None
    assert model.state == "paused"
    assert "500" in result.missing[0]
    assert model.clock.now - 30.0 < ENTRIES_SECONDS + 2


def test_a_database_that_comes_back_is_proven_then() -> None:
    model = at(30.0, Habits(), (0.0, "database down"), (10.0, "database up"))
    result = halt(model)
    assert result.proven is not None
    assert result.proven > 10.0


def test_an_api_that_dies_with_its_process_is_gone() -> None:
    result = halt(at(30.0, Habits(), (3.0, "die")))
    assert result.gone
    assert result.proven is None


def test_an_api_that_comes_back_running_is_paused_again() -> None:
    model = at(30.0, Habits(restart="running"), (3.0, "die"), (6.0, "return"))
    result = EntryStop(model, "alpha", REASON, model.clock).run(lambda: True)
    assert result.proven is not None
    assert result.proven > 6.0
    assert model.state == "paused"


def test_a_reload_in_between_is_survived() -> None:
    model = at(30.0, Habits(restart="running"), (3.0, "reload"))
    assert halt(model).proven is not None
    assert model.state == "paused"


def test_another_bot_on_the_port_is_left_alone() -> None:
    model = at(30.0)
    model.name = "beta"
    result = halt(model, 5.0)
    assert set(model.calls) == {"read"}
    assert result.missing == ["another bot answers on its port: beta"]
    assert result.acknowledged is None
    assert result.found is None


def test_a_wrong_password_is_not_silence() -> None:
    model = at(30.0)
    model.password = False
    result = EntryStop(model, "alpha", REASON, model.clock, 5.0).run(lambda: pytest.fail("asked for its process"))
    assert not result.gone
    assert "password" in result.missing[0]


def test_a_lock_that_does_not_stand_is_not_proven() -> None:
    model = at(30.0)
    model.lock = lambda reason: None  # type: ignore[method-assign]  # noqa: ARG005  the API's own name
    result = halt(model)
    assert result.proven is None
    assert any("does not stand" in text for text in result.missing)


def test_an_acknowledgement_does_not_outlive_a_start() -> None:
    model = at(30.0, Habits(), (3.0, "start"), (3.5, "database down"))
    result = halt(model)
    assert result.acknowledged is None


@pytest.mark.parametrize(("throttle", "expected"), [(5.0, ENTRIES_SECONDS), (40.0, 4 * 41.0)])
def test_the_deadline_is_the_larger_of_45_seconds_and_four_observed_loops(throttle: float, expected: float) -> None:
    model = at(60.0, Habits(throttle=throttle, prepare=1.0, pairs=0, increases=False))
    model.state = "paused"
    stop = EntryStop(model, "alpha", REASON, model.clock)
    stop.run(lambda: True)
    assert stop.deadline == pytest.approx(expected)
    assert stop.result.proven is not None


def test_a_loop_that_does_not_come_round_is_last_loop_not_proven() -> None:
    model = at(30.0, Habits(pairs=0, increases=False))
    model._wake = float("inf")
    result = halt(model)
    assert result.proven is None
    assert result.acknowledged is not None
    assert result.missing == ["LAST LOOP: its loop came round 0 of 2 times"]
    assert 45.0 <= model.clock.now - 30.0 < 46.0


def test_a_bot_found_running_again_is_counted_again() -> None:
    model = at(30.0, Habits(pairs=0, increases=False))
    stop = EntryStop(model, "alpha", REASON, model.clock)
    while stop._loops.rounds == 0:
        stop.step()
        model.clock.sleep(POLL)
    model.state = "running"
    stop.step()
    assert stop._loops.rounds == 0
    assert stop.result.missing == ["paused just now"]


def test_a_clock_that_jumps_back_begins_a_new_count() -> None:
    model = at(30.0, Habits(pairs=0, increases=False))
    stop = EntryStop(model, "alpha", REASON, model.clock)
    stop.step()
    stop.step()
    rounds = []
    for _ in range(60):
        stop.step()
        rounds.append(stop._loops.rounds)
        if rounds[-1] == 1:
            break
        model.clock.sleep(POLL)
    assert model.last is not None
    model.last = model.last.replace(year=2000)
    stop.step()
    assert stop._loops.rounds == 0


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([], (False, False)),
        ([order("buy")], (True, False)),
        ([order("sell")], (False, True)),
        ([order("buy"), order("sell")], (True, True)),
        ([order("buy", is_open=False), order("stoploss")], (False, False)),
    ],
)
def test_which_orders_are_entries(orders: list[dict[str, Any]], expected: tuple[bool, bool]) -> None:
    assert entry_orders(trade(1, *orders)) == expected


def test_a_short_enters_by_selling() -> None:
    assert entry_orders({**trade(1, order("sell")), "is_short": True}) == (True, False)


# --- what level 2 reads after each step


def stepping(model: Model) -> EntryStop:
    return EntryStop(model, "alpha", REASON, model.clock)


def test_a_step_says_whether_the_bot_answered() -> None:
    model = at(30.0)
    stop = stepping(model)
    assert not stop.answered
    stop.step()
    assert stop.answered
    model.database = False
    stop.step()
    assert not stop.answered
    assert not stop.result.paused
    model.database, model.password = True, False
    stop.step()
    assert not stop.answered
    model.password = True
    stop.step()
    assert stop.answered
    model.name = "beta"
    stop.step()
    assert not stop.answered


def test_it_is_paused_only_with_lock_and_past_its_boot() -> None:
    model = at(30.0, Habits(pairs=0, increases=False))
    stop = stepping(model)
    stop.step()
    assert not stop.result.paused  # this was the step that paused it
    stop.step()
    assert stop.result.paused
    model.state = "running"
    stop.step()
    assert not stop.result.paused
    stop.step()
    model.lock = lambda reason: None  # noqa: ARG005  the API's own name
    model.locks.clear()
    stop.step()
    assert not stop.result.paused


def test_paused_in_the_boot_window_is_not_paused_yet() -> None:
    model = at(0.5, Habits(boot=8.0))
    model.state = "paused"
    stop = stepping(model)
    stop.step()
    assert (stop.answered, stop.result.paused) == (True, False)


def test_it_is_paused_while_an_entry_order_still_rests() -> None:
    """Exits need not wait for that: the entry is cancelled in the same step."""
    model = at(30.0, Habits(pairs=0, increases=False))
    model.state, model.trades[1] = "paused", [order("buy", is_open=False), order("buy")]
    stop = stepping(model)
    stop.step()
    assert stop.result.paused
    assert stop.result.missing


def test_a_stopped_trader_is_at_rest_from_the_second_reading_on() -> None:
    model = at(30.0, Habits(initial="stopped"))
    stop = stepping(model)
    stop.step()
    assert not stop.result.resting
    stop.step()
    assert (stop.result.resting, stop.result.missing) == (True, [])
    model.state = "running"
    stop.step()
    assert not stop.result.resting


HABITS = st.builds(
    Habits,
    boot=st.floats(0.1, 12),
    prepare=st.floats(0.05, 6),
    per_pair=st.floats(0.05, 2),
    pairs=st.integers(0, 4),
    throttle=st.floats(0.3, 6),
    initial=st.sampled_from(["running", "paused", "stopped"]),
    restart=st.sampled_from(["running", "paused"]),
    increases=st.booleans(),
    replaces=st.booleans(),
)
EVENTS = st.lists(
    st.tuples(
        st.floats(0, 25),
        st.sampled_from(
            ["start", "stop", "reload", "die", "return", "database down", "database up", "fill", "unlock", "pause"]
        ),
    ),
    max_size=5,
)


@given(st.floats(0, 30), HABITS, EVENTS)
@settings(max_examples=250)
@example(3.0, Habits(boot=1.0, prepare=8.0), [(0.0, "stop")])
@example(10.0, Habits(prepare=5.0, per_pair=2.0), [(0.1, "stop"), (0.2, "fill")])
@example(10.0, Habits(restart="running"), [(4.0, "die"), (4.1, "return")])
def test_proven_means_that_it_never_enters_again(lived: float, habits: Habits, events: list[tuple[float, str]]) -> None:
    """What somebody commands after the last reading is not a halt's to prove: that is what re-assertion is for."""
    model = at(lived, habits, *events)
    result = EntryStop(model, "alpha", REASON, model.clock, 120.0).run(lambda: True)
    assert model.wrong == []
    if not is_proven(result) or any(lived + when > model.read_at for when, _ in events):
        return
    proven_at = model.clock.now
    assert REASON in model.locks.values()
    model.events = []
    model.live(proven_at + 120.0)
    assert [when for when in model.entered if when > proven_at] == []
    assert model.entry_orders == 0
    assert model.state != "running"


@given(st.floats(0, 30), HABITS)
def test_a_bot_that_nobody_disturbs_is_always_proven(lived: float, habits: Habits) -> None:
    model = at(lived, habits)
    assert is_proven(halt(model, 120.0))
