"""Entries: pausing, cancelling, and what is read of a trade."""

from __future__ import annotations

import pytest

from freqops.core.bot.client import BotRefused
from freqops.core.exchange.positions import position
from freqops.core.halt.entry_stop import entry_orders
from tests.contract.bot import Bot, reason
from tests.contract.polling import eventually

PRICE, LIMIT, BELOW = 100, 60, 50
STOP = "a stop order on the exchange, the bot's own stop is "


def test_a_paused_bot_enters_nothing_and_still_exits(bot: Bot) -> None:
    """A paused bot enters nothing and still exits.

    So level 1 leaves positions to the bot.
    """
    trade = bot.enter("SOL/USDT")
    bot.api.pause()
    bot.wish(enter=["BTC/USDT", "XRP/USDT"])
    bot.rounds(3)
    assert [open_trade["trade_id"] for open_trade in bot.api.open_trades()] == [trade["trade_id"]]
    bot.wish(enter=["BTC/USDT", "XRP/USDT"], exit=["SOL/USDT"])
    eventually(lambda: not bot.api.open_trades(), "the paused bot exits")
    assert bot.api.read().state == "paused"


def test_a_position_and_its_stop_on_the_exchange_are_told(bot: Bot) -> None:
    """An open trade tells its amount, its stake and the stop that rests on the exchange.

    So freqops says of every position whether something protects it.
    """
    bot.enter("BNB/USDT")
    trade = eventually(
        lambda: next((one for one in bot.api.open_trades() if any(o["is_open"] for o in one["orders"])), None),
        "the stop rests on the exchange",
    )
    assert entry_orders(trade) == (False, False)
    told = position(trade, paper=False)
    assert told["pair"] == "BNB/USDT"
    assert all(told[key] is not None for key in told)
    assert told["protection"].startswith(STOP)
    assert "None" not in told["protection"]


def test_entry_stop_leaves_a_position_and_its_stop_alone(bot: Bot) -> None:
    """Level 1 leaves a position and its stop alone."""
    bot.enter("XRP/USDT")
    eventually(lambda: any(o["is_open"] for o in bot.api.open_trades()[0]["orders"]), "its stop rests")
    result = bot.stop_entries(reason())
    assert result.proven is not None, result.missing
    assert result.cancelled == set()
    assert position(bot.api.open_trades()[0], paper=False)["protection"].startswith(STOP)


def test_a_resting_entry_fills_when_the_price_comes(bot: Bot) -> None:
    """A resting entry fills when the price comes.

    So level 1 cancels it.
    """
    bot.enter("LTC/USDT", limit=LIMIT)
    bot.exchange.move("LTCUSDT", BELOW)
    try:
        eventually(lambda: entry_orders(bot.trade("LTC/USDT") or {}) == (False, False), "the entry fills")
    finally:
        bot.exchange.move("LTCUSDT", PRICE)


def test_entry_stop_takes_a_resting_entry_away_for_good(bot: Bot) -> None:
    """Cancelling an entry of which nothing filled is answered with 502 although it worked, and the trade is deleted.

    So freqops judges by the next reading, not by the answer; and trades of which none bought anything may be gone from
    a database without a loss.
    """
    trade = bot.enter("ETH/USDT", limit=2000)
    assert entry_orders(trade) == (True, False)
    bot.wish(enter=["ETH/USDT"], price={"ETH/USDT": 2000})
    result = bot.stop_entries(reason())
    assert result.proven is not None, result.missing
    assert result.cancelled == {f"{trade['trade_id']} ETH/USDT"}
    assert result.refusals.keys() == {trade["trade_id"]}, "Freqtrade answers 502 to a cancellation that worked"
    for table, column in (("trades", "id"), ("orders", "ft_trade_id")):
        assert bot.query(f"select count(*) from {table} where {column} = {trade['trade_id']}") == [[0]]  # noqa: S608
    bot.exchange.move("ETHUSDT", 1500)
    try:
        bot.rounds(3)
        assert bot.api.open_trades() == []
    finally:
        bot.exchange.move("ETHUSDT", 3300)


def test_cancelling_a_trade_without_open_orders_is_refused(bot: Bot) -> None:
    """Cancelling for a trade without open orders is refused.

    So freqops cancels only where it has read an open entry order.
    """
    trade = bot.enter("BTC/USDT")
    with pytest.raises(BotRefused, match="No open order"):
        bot.api.cancel_open_orders(trade["trade_id"])


def test_a_lock_does_not_keep_a_bot_from_adding_to_a_position(bot: Bot) -> None:
    """A global lock does not keep a running bot from adding to a position; a pause does.

    So a hold is a pause and a lock, and never a lock alone.
    """
    bot.enter("SOL/USDT")
    bot.api.lock(reason())
    bot.wish(add=["SOL/USDT"])
    eventually(lambda: bot.filled_entries("SOL/USDT") >= 3, "the locked bot adds to its position")
    bot.api.pause()
    bot.rounds(2)
    before = bot.filled_entries("SOL/USDT")
    bot.rounds(2)
    assert bot.filled_entries("SOL/USDT") == before


def test_cancelling_takes_exits_away_too(bot: Bot) -> None:
    """Cancelling the open orders of a trade takes its exits away, too.

    So freqops cancels only where every open order is an entry.
    """
    trade = bot.enter("SOL/USDT")
    bot.force_exit(trade, ordertype="limit", price=200)
    assert entry_orders(bot.trade("SOL/USDT") or {}) == (False, True)
    bot.api.cancel_open_orders(trade["trade_id"])
    left = bot.trade("SOL/USDT") or {}
    assert (left["has_open_orders"], left["amount"]) == (False, trade["amount"])


def test_a_trade_tells_what_freqops_reads_and_less_than_one_may_expect(bot: Bot) -> None:
    """An order in the list of trades has neither a price of its own nor a word whether it is an entry.

    So freqops reads its side, and the price that Freqtrade calls safe.
    """
    bot.enter("BNB/USDT", limit=300)
    bot.api.call("POST", "/stop")
    (trade,) = bot.api.call("GET", "/status")
    wanted = {
        "trade_id",
        "pair",
        "amount",
        "stake_amount",
        "is_short",
        "has_open_orders",
        "profit_abs",
        "open_timestamp",
    }
    assert wanted <= trade.keys()
    (order,) = trade["orders"]
    assert (order["ft_order_side"], order["is_open"], order["safe_price"]) == ("buy", True, 300)
    assert order["remaining"] == order["amount"]
    assert order["order_id"]
    assert not {"ft_is_entry", "price"} & order.keys()
