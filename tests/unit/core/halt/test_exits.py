"""Level 2's exits: each trade by itself, no trade that is not open, and none called closed before it is gone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.bot.client import ApiError, BotRefused, Failed, Unreachable
from freqops.core.halt.exits import LONGEST_PAUSE, SECOND_TRY, Exits
from tests.unit.fakes import FakeClock, trade


class Bot:
    """Open trades by number; ``stubborn`` ones stay, with the error that is given for them, or without one."""

    def __init__(self, *numbers: int, **stubborn: ApiError | None) -> None:
        self.open = {number: trade(number, pair=f"P{number}/USDT") for number in numbers}
        self.stubborn = {int(name[1:]): error for name, error in stubborn.items()}
        self.asked: list[int] = []

    def force_exit(self, trade_id: int) -> None:
        self.asked.append(trade_id)
        if trade_id not in self.stubborn:
            self.open.pop(trade_id, None)
            return
        error = self.stubborn[trade_id]
        if error is not None:
            raise error

    def trades(self) -> list[dict[str, Any]]:
        return list(self.open.values())

    def asked_in_this_round(self) -> list[int]:
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_a_failing_pair_stops_no_other(clock: FakeClock) -> None:
    bot = Bot(1, 2, 3, t1=BotRefused("no money"))
    exits = Exits(bot, clock)
    exits.round(bot.trades())
    assert bot.asked == [1, 2, 3]
    exits.seen(bot.trades())
    assert exits.closed == ["2 P2/USDT", "3 P3/USDT"]


@pytest.mark.parametrize("error", [BotRefused("no"), Failed("status 500"), ApiError("silence")])
def test_whatever_a_bot_answers_the_others_are_asked_in_the_same_round(clock: FakeClock, error: ApiError) -> None:
    bot = Bot(*range(1, 9), t1=error, t4=error)
    exits = Exits(bot, clock)
    exits.round(bot.trades())
    assert bot.asked == list(range(1, 9))


def test_a_bot_that_falls_silent_ends_the_round(clock: FakeClock) -> None:
    """Each call may take its whole timeout; whether it still answers is for the next reading to say."""
    bot = Bot(1, 2, 3, t1=Unreachable("timed out"))
    exits = Exits(bot, clock)
    exits.round(bot.trades())
    assert bot.asked_in_this_round() == [1]
    assert "the last answer: timed out" in exits.open(bot.trades())[0]
    exits.round(bot.trades())
    assert bot.asked == [2, 3]


def test_what_failed_goes_last(clock: FakeClock) -> None:
    bot = Bot(t1=BotRefused("no"), t2=None)
    exits = Exits(bot, clock)
    for trades in ([1], [1, 2], [1, 2, 3]):
        bot.asked.clear()
        exits.round([trade(number) for number in trades])
        clock.now += LONGEST_PAUSE
    assert bot.asked == [3, 2, 1]  # never tried, tried once, tried twice


def test_what_failed_is_asked_again_after_a_pause_that_grows(clock: FakeClock) -> None:
    bot = Bot(1, t1=BotRefused("no"))
    exits = Exits(bot, clock)
    moments = []
    while clock.now < 30:
        exits.round(bot.trades())
        if bot.asked_in_this_round():
            moments.append(clock.now)
        clock.now += 0.25
    assert moments[:5] == [0.0, 1.0, 3.0, 7.0, 12.0]
    assert {after - before for before, after in pairwise(moments[3:])} == {LONGEST_PAUSE}


def test_200_without_an_effect_is_said_and_is_not_closed(clock: FakeClock) -> None:
    bot = Bot(7, t7=None)
    exits = Exits(bot, clock)
    exits.round(bot.trades())
    exits.seen(bot.trades())
    assert exits.closed == []
    assert exits.open(bot.trades()) == [
        "trade 7 P7/USDT 2.0: asked to exit, and still open (1 times, without an error)",
    ]


def test_the_last_reason_is_said_with_the_number_of_attempts(clock: FakeClock) -> None:
    bot = Bot(7, t7=BotRefused("not enough balance"))
    exits = Exits(bot, clock)
    for _ in range(3):
        exits.round(bot.trades())
        clock.now += LONGEST_PAUSE
    assert exits.open(bot.trades()) == [
        "trade 7 P7/USDT 2.0: asked to exit 3 times, the last answer: not enough balance",
    ]
    assert exits.open([trade(8)]) == ["trade 8 BTC/USDT 2.0: not asked to exit yet"]


def test_closed_is_said_once_and_of_what_was_asked_alone(clock: FakeClock) -> None:
    bot = Bot(1, 2)
    exits = Exits(bot, clock)
    assert not exits.asked
    exits.seen(bot.trades())
    exits.seen([])  # gone by themselves
    assert exits.closed == []
    exits.round(bot.trades())
    assert exits.asked
    for _ in range(3):
        exits.seen([])
    assert exits.closed == ["1 P1/USDT", "2 P2/USDT"]


def test_an_entry_that_was_cancelled_counts_as_closed_when_it_is_gone(clock: FakeClock) -> None:
    """Freqtrade answers 502 where it cancelled an entry of which nothing had filled."""
    bot = Bot(1, t1=BotRefused("no active trade"))
    exits = Exits(bot, clock)
    exits.round(bot.trades())
    exits.seen([])
    assert exits.closed == ["1 P1/USDT"]


NUMBERS = st.sets(st.integers(1, 5))
PAUSES = st.integers(0, 64).map(lambda sixteenths: sixteenths / 16)  # sums of them are exact


@given(st.lists(st.tuples(NUMBERS, st.booleans(), PAUSES), max_size=30), NUMBERS)
def test_no_trade_is_asked_that_is_not_in_the_last_reading(
    rounds: list[tuple[set[int], bool, float]], failing: set[int]
) -> None:
    clock = FakeClock()
    bot = Bot(**{f"t{number}": BotRefused("no") for number in failing})
    exits = Exits(bot, clock)
    last: dict[int, float] = {}
    for present, acts, pause in rounds:
        trades = [trade(number, pair=f"P{number}/USDT") for number in present]
        exits.round(trades) if acts else exits.seen(trades)
        asked = bot.asked_in_this_round()
        assert set(asked) <= (present if acts else set())
        assert len(asked) == len(set(asked))
        for number in asked:  # one that left and came back is another, and may be asked at once
            assert number not in last or clock.now - last[number] >= SECOND_TRY
        last = {number: when for number, when in last.items() if number in present}
        last.update(dict.fromkeys(asked, clock.now))
        clock.now += pause
    assert len(exits.open([trade(1), trade(2)])) == 2
