"""Equity, drawdowns, months and groups of the trades of a backtest."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.kinds import Malformed
from freqops.core.results import backtest_archive, curves
from freqops.core.results.backtest_archive import Backtest, Trade
from freqops.core.results.curves import Drawdown, Group, Month, Point
from tests.unit.core.results import left

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def trade(closed: float | None, profit: float, **more: Any) -> Trade:
    fields: dict[str, Any] = {
        "pair": "BTC/USDT", "opened": START, "closed": None if closed is None else at(closed), "profit_abs": profit,
        "profit_ratio": profit / 100, "stake": 100.0, "exit_reason": "roi", "enter_tag": "",
    }  # fmt: skip
    return Trade(**{**fields, **more})


def backtest(*trades: Trade, **more: Any) -> Backtest:
    fields: dict[str, Any] = {
        "strategy": "S", "run_id": "", "timeframe": "5m", "timeframe_detail": "", "window_start": START,
        "window_end": END, "freqtrade_version": "", "starting_balance": 1000.0, "stake_currency": "USDT", "metrics": {},
        "trades": trades, "parameters": {}, "config": {}, "config_sha256": "",
    }  # fmt: skip
    return Backtest(**{**fields, **more})


MOMENTS = st.one_of(st.none(), st.integers(0, 12 * 91).map(lambda hours: hours / 12))
TRADES = st.lists(
    st.builds(
        trade,
        MOMENTS,
        st.floats(-300, 400).map(lambda profit: round(profit, 8)),
        pair=st.sampled_from(["A/USDT", "B/USDT", "C/USDT"]),
        exit_reason=st.sampled_from(["roi", "stop_loss", ""]),
    ),
    max_size=40,
)


def close_to(value: float) -> Any:
    return pytest.approx(value, abs=1e-6)


# --- curves


def test_equity_is_the_starting_balance_and_the_profit_of_what_closed() -> None:
    found = curves.curve(backtest(trade(20, -220), trade(10, 100), trade(None, 7000), trade(30, 440)))
    assert found == [
        Point(START, 1000, 0), Point(at(10), 1100, 0), Point(at(20), 880, 0.2), Point(at(30), 1320, 0),
    ]  # fmt: skip


def test_trades_that_close_at_once_make_one_point() -> None:
    found = curves.curve(backtest(trade(5, -500), trade(5, 600), trade(5, -100)))
    assert found == [Point(START, 1000, 0), Point(at(5), 1000, 0)]


def test_without_a_trade_there_is_the_beginning() -> None:
    assert curves.curve(backtest(trade(None, 5))) == [Point(START, 1000, 0)]
    assert curves.drawdowns(curves.curve(backtest())) == []


def test_what_closed_before_the_window_is_in_the_curve_all_the_same() -> None:
    assert curves.curve(backtest(trade(-3, 1))) == [Point(at(-3), 1000, 0), Point(at(-3), 1001, 0)]


@given(TRADES, st.integers(0, 2**32))
def test_a_curve_is_of_its_trades_alone_and_not_of_their_order(trades: list[Trade], seed: int) -> None:
    found = curves.curve(backtest(*trades))
    shuffled = random.Random(seed).sample(trades, len(trades))  # noqa: S311  an order, not a secret
    assert curves.curve(backtest(*shuffled)) == found
    assert found[-1].equity == close_to(1000 + sum(each.profit_abs for each in trades if each.closed is not None))
    assert all(first.at <= second.at for first, second in pairwise(found))
    assert len({point.at for point in found[1:]}) == len(found) - 1
    for number, point in enumerate(found):
        highest = max(other.equity for other in found[: number + 1])
        assert point.drawdown == close_to((highest - point.equity) / highest)
        assert (point.drawdown == 0) == (point.equity == highest)


@given(TRADES)
def test_drawdowns_cover_what_is_below_the_highest_and_nothing_else(trades: list[Trade]) -> None:
    points = curves.curve(backtest(*trades))
    found = curves.drawdowns(points)
    assert [each.depth for each in found] == sorted((each.depth for each in found), reverse=True)
    assert max((each.depth for each in found), default=0) == max(point.drawdown for point in points)
    assert sum(each.ended is None for each in found) == (points[-1].drawdown > 0)
    spans = sorted((each.began, each.ended or END + timedelta(days=1)) for each in found)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    for each in found:
        assert each.began <= each.lowest <= (each.ended or END)
    for point in points[1:]:
        inside = [each for each in found if each.began < point.at and (each.ended is None or point.at < each.ended)]
        assert len(inside) == (point.drawdown > 0) or point.at == START
        assert all(point.drawdown <= each.depth for each in inside)


def test_a_drawdown_says_when_it_began_was_deepest_and_ended() -> None:
    points = curves.curve(backtest(
        trade(1, 100), trade(2, -110), trade(3, 55), trade(4, -165), trade(5, 400), trade(6, -64), trade(7, 10),
    ))  # fmt: skip
    assert curves.drawdowns(points) == [
        Drawdown(at(1), at(4), at(5), 0.2), Drawdown(at(5), at(6), None, 0.05),
    ]  # fmt: skip


@pytest.mark.parametrize("balance", [0.0, -1000.0, 1e-300])
def test_a_backtest_that_began_with_nothing_has_no_curve(balance: float) -> None:
    for asked in (curves.curve, curves.months):
        with pytest.raises(Malformed, match="of which nothing can be a share"):
            asked(backtest(trade(1, 5), starting_balance=balance))


@pytest.mark.parametrize("release", left.RELEASES)
def test_a_curve_of_real_trades_ends_where_freqtrade_says(release: str) -> None:
    """Its drawdown is Freqtrade's, too, but where trades closed at once."""
    results = [each for path in left.backtests(release) for each in backtest_archive.read_all(path)]
    assert {len(each.trades) > 1 for each in results} == {True, False}
    for found in results:
        points, said = curves.curve(found), found.metrics
        assert (points[0].equity, points[-1].equity) == (said["starting_balance"], close_to(said["final_balance"]))
        assert curves.months(found)[-1].equity == points[-1].equity
        pairs, reasons = curves.by_pair(found.trades), curves.by_exit_reason(found.trades)
        assert math.fsum(group.profit for group in pairs) == close_to(said["profit_total_abs"])
        assert sum(group.wins for group in reasons) == said["wins"]
        deepest, theirs = max(point.drawdown for point in points), said["max_relative_drawdown"]
        apart = len({trade.closed for trade in found.trades}) == len(found.trades)
        assert deepest == close_to(theirs) if apart else deepest <= theirs + 1e-9


# --- months


def test_a_month_returns_its_profit_as_a_fraction_of_what_it_began_with() -> None:
    found = curves.months(backtest(trade(0, 100), trade(20, -220), trade(31 + 29, 88), trade(32, -44)))
    assert found == [
        Month(2024, 1, 2, -120, -0.12, 880, 0.2),
        Month(2024, 2, 1, -44, -0.05, 836, close_to(0.24)),
        Month(2024, 3, 1, 88, close_to(88 / 836), 924, close_to(0.24)),
    ]


def test_months_without_a_trade_are_there_too() -> None:
    assert [(each.month, each.trades, each.ratio) for each in curves.months(backtest())] == [
        (1, 0, 0.0), (2, 0, 0.0), (3, 0, 0.0),
    ]  # fmt: skip
    year = backtest(trade(0, -100), window_start=datetime(2023, 11, 5, tzinfo=UTC))
    assert [(each.year, each.month, each.drawdown) for each in curves.months(year)] == [
        (2023, 11, 0), (2023, 12, 0), (2024, 1, 0.1), (2024, 2, 0.1), (2024, 3, 0.1),
    ]  # fmt: skip


def test_a_trade_that_closes_at_the_very_end_has_its_month() -> None:
    assert [each.month for each in curves.months(backtest(trade(31 + 29 + 31, 1)))] == [1, 2, 3, 4]


def test_a_month_that_begins_with_nothing_returns_nothing_that_can_be_said() -> None:
    found = curves.months(backtest(trade(1, -1000), trade(40, 10)))
    assert [each.ratio for each in found] == [-1.0, None, 1 / 10 - 0.1]


def test_a_month_is_one_of_utc() -> None:
    late = datetime(2024, 1, 31, 20, tzinfo=timezone(timedelta(hours=-5)))
    found = curves.months(backtest(replace(trade(0, 1), closed=late), window_end=at(3)))
    assert [(each.month, each.trades) for each in found] == [(1, 0), (2, 1)]


@given(TRADES)
def test_months_together_are_the_whole(trades: list[Trade]) -> None:
    whole = backtest(*trades)
    found, points = curves.months(whole), curves.curve(whole)
    assert sum(each.trades for each in found) == len(trades) - curves.still_open(trades)
    assert found[-1].equity == points[-1].equity
    assert max(each.drawdown for each in found) == max(point.drawdown for point in points)
    assert [(each.year, each.month) for each in found][:3] == [(2024, 1), (2024, 2), (2024, 3)]
    equity = 1000.0
    for each in found:
        assert each.equity == close_to(equity + each.profit)
        assert each.ratio is None or each.ratio == close_to(each.profit / equity)
        equity = each.equity
    if all(each.ratio is not None and each.equity > 0 for each in found):
        grown = math.prod(1 + (each.ratio or 0) for each in found)
        assert grown == pytest.approx(found[-1].equity / 1000, rel=1e-6)


# --- groups


def test_groups_have_the_trades_that_closed_the_best_first() -> None:
    trades: Sequence[Trade] = (
        trade(1, 5), trade(2, -1, pair="ETH/USDT", exit_reason="stop_loss"), trade(3, 0), trade(None, 100),
        trade(4, 7, exit_reason="stop_loss", profit_ratio=0.5), trade(5, -1, pair="ADA/USDT"),
    )  # fmt: skip
    assert curves.by_pair(trades) == [
        Group("BTC/USDT", 3, 2, 0, 12, close_to(0.55 / 3)),
        Group("ADA/USDT", 1, 0, 1, -1, -0.01),
        Group("ETH/USDT", 1, 0, 1, -1, -0.01),
    ]
    assert [(each.name, each.trades, each.profit) for each in curves.by_exit_reason(trades)] == [
        ("stop_loss", 2, 6), ("roi", 3, 4),
    ]  # fmt: skip
    assert curves.still_open(trades) == 1


@given(TRADES)
def test_groups_together_are_the_whole(trades: list[Trade]) -> None:
    closed = [each for each in trades if each.closed is not None]
    for groups in (curves.by_pair(trades), curves.by_exit_reason(trades)):
        assert sum(each.trades for each in groups) == len(closed)
        assert math.fsum(each.profit for each in groups) == close_to(math.fsum(each.profit_abs for each in closed))
        assert sum(each.wins for each in groups) == sum(each.profit_abs > 0 for each in closed)
        assert sum(each.losses for each in groups) == sum(each.profit_abs < 0 for each in closed)
        assert len({each.name for each in groups}) == len(groups)
        assert all(each.wins + each.losses <= each.trades for each in groups)
