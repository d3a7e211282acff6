"""The seeded path is continuous, adds up, depends on nothing but its seed, and always rises somewhere."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.exchange.candles import INTERVALS, klines, merge, span, trades, window
from lab.exchange.markets import MARKETS
from lab.exchange.prices import DRIFT, JITTER, LISTED_S, PPM, SIZES, TIDE, SeededPath

LAST_S = LISTED_S + 4 * 365 * 86400
SEEDS = st.integers(0, 1 << 32)
SYMBOLS = st.sampled_from(sorted(MARKETS))
SECONDS = st.integers(LISTED_S, LAST_S)
GOLDEN = {
    "BTCUSDT": 6688916,
    "ETHUSDT": 272395,
    "SOLUSDT": 16999,
    "XRPUSDT": 23339,
    "BNBUSDT": 69749,
    "DOGEUSDT": 16409,
    "ADAUSDT": 7210,
    "LTCUSDT": 9263,
    "LINKUSDT": 1782,
    "AVAXUSDT": 3727,
    "DOTUSDT": 5448,
    "TRXUSDT": 1486,
}


@given(SEEDS, SYMBOLS, SECONDS, st.sampled_from(SIZES))
def test_a_candle_opens_where_the_last_one_closed(seed: int, symbol: str, second: int, size: int) -> None:
    """Candles of every size join, and so do the seconds that they are made of."""
    path = SeededPath(seed, MARKETS[symbol])
    index = second // 60 // size
    before, after = path.node(size, index - 1), path.node(size, index)
    edge = index * size * 60
    assert before.close == after.open == path.price(edge - 1) == path.price(edge)


@given(SEEDS, SYMBOLS, SECONDS)
def test_a_minute_is_its_seconds(seed: int, symbol: str, second: int) -> None:
    """Open, high, low and close of a minute are those of its sixty live prices, and no second jumps out of it."""
    path = SeededPath(seed, MARKETS[symbol])
    minute = second // 60
    prices = [path.price(minute * 60 + within) for within in range(60)]
    candle = path.node(1, minute)
    assert (candle.open, candle.high, candle.low, candle.close) == (
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
    )
    assert candle.low > 0
    assert candle.volume > 0


@given(SEEDS, SYMBOLS, SECONDS, st.integers(0, 58))
def test_parts_of_a_minute_add_up(seed: int, symbol: str, second: int, cut: int) -> None:
    """An open candle and what is still to come make the closed one."""
    path = SeededPath(seed, MARKETS[symbol])
    minute = second // 60
    assert merge([path.part(minute, 0, cut), path.part(minute, cut + 1, 59)]) == path.node(1, minute)


@settings(max_examples=25)
@given(SEEDS, SYMBOLS, SECONDS, st.sampled_from(sorted(INTERVALS)))
def test_every_interval_is_what_its_minutes_add_up_to(seed: int, symbol: str, second: int, interval: str) -> None:
    """A candle of any length equals the merged candles of its minutes, to the tick and to the step."""
    path = SeededPath(seed, MARKETS[symbol])
    length = INTERVALS[interval]
    start = second // length * length
    minutes = [path.node(1, start // 60 + i) for i in range(length // 60)]
    assert window(path, start, start + length) == merge(minutes)


@given(SEEDS, SYMBOLS, SECONDS)
def test_the_path_depends_on_nothing_but_its_seed(seed: int, symbol: str, second: int) -> None:
    """Two paths with one seed agree, also if one of them was asked for other times before."""
    fresh, used = SeededPath(seed, MARKETS[symbol]), SeededPath(seed, MARKETS[symbol])
    used.price(second - 86400)
    used.node(60, second // 3600 + 7)
    assert fresh.price(second) == used.price(second)
    assert fresh.part(second // 60, 0, second % 60) == used.part(second // 60, 0, second % 60)


def test_the_path_is_the_same_on_every_machine() -> None:
    """A change of these numbers changes every recorded demo: it must be meant."""
    second = LISTED_S + 900 * 86400 + 12345
    prices = {symbol: SeededPath(1, market).price(second) for symbol, market in MARKETS.items()}
    assert prices == GOLDEN


@given(SEEDS, SECONDS)
def test_three_pairs_always_stand_higher_than_an_hour_ago(seed: int, second: int) -> None:
    """The tide beats drift and noise, so a trend-follower can enter at any moment."""
    paths = [SeededPath(seed, market) for market in MARKETS.values()]
    assert sum(path.price(second) > path.price(second - 3600) for path in paths) >= 3


@given(SEEDS, SYMBOLS, SECONDS)
def test_the_price_stays_near_its_base(seed: int, symbol: str, second: int) -> None:
    """Drift, tide, jitter and noise are bounded, so no pair ever dies or flies away."""
    market = MARKETS[symbol]
    reach = (sum(reach for _, reach in DRIFT) + TIDE + JITTER + 5_000) * market.base_ticks // PPM
    assert abs(SeededPath(seed, market).price(second) - market.base_ticks) <= reach


@given(SYMBOLS, SECONDS, st.integers(1, 200))
def test_public_trades_add_up_to_the_candle(symbol: str, second: int, count: int) -> None:
    """One trade a second, at the live price, with the candle's volume."""
    market = MARKETS[symbol]
    path = SeededPath(1, market)
    made = trades(path, market, range(second, second + count))
    candle = window(path, second, second + count)
    assert sum(round(float(trade["qty"]) * 10**market.step_places) for trade in made) == candle.volume
    assert max(float(trade["price"]) for trade in made) == float(market.price_text(candle.high))
    assert [later["id"] - earlier["id"] for earlier, later in pairwise(made)] == [1] * (count - 1)


@pytest.mark.parametrize("interval", sorted(INTERVALS))
def test_a_thousand_candles_take_less_than_a_second(interval: str) -> None:
    """Of the processor's time, also for a path that nobody asked before."""
    market = MARKETS["BTCUSDT"]
    now_s = LISTED_S + 1000 * 86400
    start = time.process_time()
    opens = span(INTERVALS[interval], now_s, None, None, 1000)
    made = klines(SeededPath(7, market), market, INTERVALS[interval], opens, now_s)
    assert time.process_time() - start < 1
    assert len(made) == 1000
