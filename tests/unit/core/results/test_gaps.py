"""Trades across a gap, and how much of a profit they made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from freqops.core.results import backtest_archive, gaps
from freqops.core.results.backtest_archive import Trade
from freqops.core.results.gaps import Gap
from tests.unit.core.results import left

HOUR = timedelta(hours=1)
AT = datetime(2025, 6, 6, tzinfo=UTC)
THE_GAP = Gap("ETH/USDT", "1h", AT + 10 * HOUR, AT + 20 * HOUR)


def trade(opened: int, closed: int | None, profit: float = 1.0, pair: str = "ETH/USDT") -> Trade:
    end = None if closed is None else AT + closed * HOUR
    return Trade(pair, AT + opened * HOUR, end, profit, profit / 100, 100.0, "roi", "")


@pytest.mark.parametrize(
    ("opened", "closed", "over"),
    [(1, 9, False), (1, 10, True), (1, 30, True), (12, 13, True), (19, 30, True), (20, 30, False), (1, None, True)],
)
def test_a_trade_is_across_a_gap_where_it_was_open_in_it(opened: int, closed: int | None, over: bool) -> None:
    assert gaps.across(trade(opened, closed), [THE_GAP]) is over
    assert not gaps.across(trade(opened, closed, pair="BTC/USDT"), [THE_GAP]), "of another pair there is no gap"


@pytest.mark.parametrize(
    ("over", "beside", "share"),
    [(5.0, 5.0, 0.5), (0.0, 5.0, 0.0), (15.0, -5.0, 1.5), (-5.0, 15.0, -0.5), (5.0, -15.0, 0.5), (5.0, -5.0, 1.0),
     (-5.0, 5.0, -1.0), (0.0, 0.0, 0.0)],
)  # fmt: skip
def test_the_share_is_of_all_that_was_made(over: float, beside: float, share: float) -> None:
    trades = [trade(1, 30, over), trade(40, 50, beside)]
    assert gaps.profit_across(trades, [THE_GAP]) == pytest.approx(share)


def test_without_a_gap_there_is_no_share() -> None:
    assert gaps.profit_across([trade(1, 30)], []) is None
    assert gaps.profit_across([], [THE_GAP]) == 0.0


@pytest.mark.parametrize("release", left.RELEASES)
def test_freqtrade_sees_no_gap_and_makes_all_of_its_profit_across_it(release: str) -> None:
    """36 hours of candles are missing, and the price behind them is half as high again."""
    found = backtest_archive.read(left.backtest(release, left.GAP))
    missing = Gap("ETH/USDT", "1h", datetime(2025, 6, 7, 20, tzinfo=UTC), datetime(2025, 6, 9, 8, tzinfo=UTC))
    over = [each for each in found.trades if gaps.across(each, [missing])]
    assert len(over) == 1
    assert over[0].profit_ratio > 0.4
    assert gaps.profit_across(found.trades, [missing]) == pytest.approx(over[0].profit_abs / 42.76, rel=0.01)
    assert over[0].profit_abs > 42.8, "without that trade it lost"
