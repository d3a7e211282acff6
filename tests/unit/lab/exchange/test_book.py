"""The ladder, and the second in which a resting order is reached."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lab.exchange.book import MAX_LEVELS, Book, Side, reach
from lab.exchange.candles import window
from lab.exchange.markets import MARKETS
from lab.exchange.prices import LISTED_S, SeededPath
from lab.exchange.reaching import first_second, is_reached
from tests.unit.lab.exchange.harness import NOON

SYMBOLS = st.sampled_from(sorted(MARKETS))
SIDES: st.SearchStrategy[Side] = st.sampled_from(["BUY", "SELL"])
BTC = MARKETS["BTCUSDT"]
PATH = SeededPath(1, BTC)


def book_of(symbol: str) -> Book:
    """Return a book at the pair's base price."""
    return Book(MARKETS[symbol], 1, NOON, MARKETS[symbol].base_ticks)


@given(SYMBOLS, SIDES)
def test_the_ladder_is_sorted_and_its_beginning_is_the_same_at_every_length(symbol: str, side: Side) -> None:
    """Best first, nothing empty, nothing free, and never across the spread."""
    book = book_of(symbol)
    levels = book.levels(side, MAX_LEVELS)
    assert all((later.ticks - earlier.ticks) * (1 if side == "BUY" else -1) > 0 for earlier, later in pairwise(levels))
    assert all(level.ticks > 0 and level.steps > 0 for level in levels)
    assert book.levels(side, 5) == levels[:5]
    assert book.best("SELL") < book.last < book.best("BUY")


@given(SYMBOLS, SIDES, st.integers(1, 10**9))
def test_a_sweep_takes_what_is_wanted_and_no_more(symbol: str, side: Side, steps: int) -> None:
    """In the order of the ladder, level by level, down to its end."""
    book = book_of(symbol)
    wanted = book.market.quantity(steps)
    offered = sum(level.steps for level in book.levels(side, MAX_LEVELS))
    taken = book.sweep(side, wanted, None)
    assert sum((part.quantity for part in taken), Decimal(0)) == book.market.quantity(min(steps, offered))
    levels = book.levels(side, len(taken))
    assert [part.price for part in taken] == [book.market.price(level.ticks) for level in levels]
    assert [part.quantity for part in taken[:-1]] == [book.market.quantity(level.steps) for level in levels[:-1]]


@given(SYMBOLS, SIDES, st.decimals(5, 1_000_000, places=2))
def test_money_is_spent_to_the_last_step(symbol: str, side: Side, money: Decimal) -> None:
    """Never more than there is, and never so little that another step could have been had."""
    book = book_of(symbol)
    taken = book.sweep_money(side, money)
    spent = sum((part.price * part.quantity for part in taken), Decimal(0))
    assert spent <= money
    assert money - spent < book.market.step * book.market.price(book.levels(side, len(taken) + 1)[-1].ticks)
    assert all(part.quantity % book.market.step == 0 for part in taken)


@given(SIDES, st.integers(0, 10**7), st.integers(1, 5000), st.integers(-300, 300))
def test_a_resting_order_is_reached_when_its_price_first_is(side: Side, start: int, length: int, away: int) -> None:
    """Halving the stretch finds the second that looking at each one finds."""
    seconds = range(LISTED_S + start, LISTED_S + start + length)
    limit = PATH.price(seconds.start) * (100_000 + away) // 100_000
    asks = (reach(BTC, side, PATH.price(second)) for second in seconds)
    hits = (
        second for second, ask in zip(seconds, asks, strict=True) if (ask <= limit if side == "BUY" else ask >= limit)
    )
    expected = next(hits, None)
    assert is_reached(BTC, side, limit, window(PATH, seconds.start, seconds.stop)) is (expected is not None)
    if expected is not None:
        assert first_second(PATH, lambda candle: is_reached(BTC, side, limit, candle), seconds) == expected
