"""The limits of a bot: what a file of them must say, and when an entry is beyond them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from freqops.core.base.strict_json import Unreadable
from freqops.core.bot import limits
from freqops.core.bot.limits import Limits

NO_TRADES: tuple[Any, ...] = (0, -1, 10_001, 2.0, True, "5", [5])
NO_FRACTIONS: tuple[Any, ...] = (0, 0.0, -0.1, 1.01, 25, True, "0.25", {})
FRACTIONS = st.floats(0, 1, exclude_min=True)
TRADES = st.integers(1, limits.MOST_TRADES)
ANY = st.builds(Limits, st.none() | TRADES, st.none() | FRACTIONS)
WHOLE = {"version": 1, "max_concurrent_trades": 5, "max_market_exposure": 0.25}


@given(ANY)
def test_what_is_written_is_read(declared: Limits) -> None:
    assert limits.parse(json.loads(json.dumps(declared.to_json()))) == declared


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "",
        {},
        {name: WHOLE[name] for name in ("version", "max_concurrent_trades")},
        {**WHOLE, "more": 1},
        {**WHOLE, "version": 2},
        {**WHOLE, "version": True},
        {**WHOLE, "version": "1"},
        *({**WHOLE, "max_concurrent_trades": value} for value in NO_TRADES),
        *({**WHOLE, "max_market_exposure": value} for value in NO_FRACTIONS),
    ],
)
def test_anything_else_is_unreadable(document: Any) -> None:
    with pytest.raises(Unreadable):
        limits.parse(document)


def test_a_missing_file_is_not_one_without_limits(tmp_path: Path) -> None:
    path = tmp_path / limits.FILE
    with pytest.raises(Unreadable, match="missing"):
        limits.load(path)
    path.write_text(json.dumps(Limits().to_json()))
    assert limits.load(path) == Limits()
    assert not limits.load(path).declared


@pytest.mark.parametrize(("value", "shows"), [(25, "0.25"), (1.05, "0.0105"), (100, "100 % is written 1")])
def test_a_percentage_is_refused_with_its_fraction(value: float, shows: str) -> None:
    with pytest.raises(Refused, match=shows):
        limits.fraction(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_fraction(value: float) -> None:
    with pytest.raises(Refused):
        limits.fraction(value)


@pytest.mark.parametrize(("number", "reason"), [(1, ""), (2, "live_concurrent_trades_exceeded: 2/2"), (3, "…: 3/2")])
def test_one_more_trade(number: int, reason: str) -> None:
    assert limits.concurrent_exceeded(number, 2) == reason.replace("…", limits.CONCURRENT)


def test_a_share_that_is_larger_is_too_large_and_one_that_is_equal_is_not() -> None:
    assert limits.exposure_exceeded("BTC/USDT", 0.25, 0.25) == ""
    assert limits.exposure_exceeded("BTC/USDT", 0.26, 0.25) == "per_market_exposure_exceeded:BTC/USDT:0.26>0.25"
    assert limits.exposure_exceeded("BTC/USDT", float("nan"), 1.0) == "per_market_exposure_exceeded:BTC/USDT:nan>1"
    assert limits.exposure_exceeded("BTC/USDT", float("inf"), 1.0)


@given(st.floats(1, 1e6), st.floats(1e-3, 1e6), st.floats(1e-6, 1))
def test_what_an_amount_and_a_price_make_of_a_stake_is_the_same_stake(total: float, rate: float, most: float) -> None:
    stake = total * most
    assert not limits.exposure_exceeded("X", stake / rate * rate / total, most)
    assert limits.exposure_exceeded("X", stake * 1.001 / rate * rate / total, most)


def test_they_say_themselves_in_words() -> None:
    assert str(Limits(5, 0.25)) == "concurrent trades 5, exposure of a market 0.25"
    assert str(Limits()) == "concurrent trades unlimited, exposure of a market unlimited"
