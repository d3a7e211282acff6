"""Pausing, cancelling and what is read of a trade: `core.entry_stop`, `core.positions`."""

from __future__ import annotations

import pytest

from freqops.core.client import BotRefused
from freqops.core.entry_stop import entry_orders
from freqops.core.positions import position
from tests.contract.bot import Bot, reason
from tests.contract.polling import eventually

PRICE, LIMIT, BELOW = 100, 60, 50


def test_a_paused_bot_enters_nothing_and_still_exits(bot: Bot) -> None:
    trade = bot.enter("SOL/USDT")
    bot.api.pause()
    bot.wish(enter=["BTC/USDT", "XRP/USDT"])
    bot.rounds(3)
    assert [open_trade["trade_id"] for open_trade in bot.api.open_trades()] == [trade["trade_id"]]
    bot.wish(enter=["BTC/USDT", "XRP/USDT"], exit=["SOL/USDT"])
    eventually(lambda: not bot.api.open_trades(), "the paused bot exits")
    assert bot.api.read().state == "paused"


def test_a_position_and_its_stop_on_the_exchange_are_told(bot: Bot) -> None:
    bot.enter("BNB/USDT")
    trade = eventually(
        lambda: next((one for one in bot.api.open_trades() if any(o["is_open"] for o in one["orders"])), None),
        "the stop rests on the exchange",
    )
    assert entry_orders(trade) == (False, False)
    told = position(trade)
    assert told["pair"] == "BNB/USDT"
    assert all(told[key] is not None for key in told)
    assert told["protection"].startswith("stop at ")
    assert "None" not in told["protection"]


def test_entry_stop_leaves_a_position_and_its_stop_alone(bot: Bot) -> None:
    bot.enter("XRP/USDT")
    eventually(lambda: any(o["is_open"] for o in bot.api.open_trades()[0]["orders"]), "its stop rests")
    result = bot.stop_entries(reason())
    assert result.proven is not None, result.missing
    assert result.cancelled == set()
    assert position(bot.api.open_trades()[0])["protection"].startswith("stop at ")


def test_a_resting_entry_fills_when_the_price_comes(bot: Bot) -> None:
    """Without this, the next test would prove nothing."""
    bot.enter("LTC/USDT", limit=LIMIT)
    bot.exchange.move("LTCUSDT", BELOW)
    try:
        eventually(lambda: entry_orders(bot.trade("LTC/USDT") or {}) == (False, False), "the entry fills")
    finally:
        bot.exchange.move("LTCUSDT", PRICE)


def test_entry_stop_takes_a_resting_entry_away_for_good(bot: Bot) -> None:
    trade = bot.enter("ETH/USDT", limit=2000)
    assert entry_orders(trade) == (True, False)
    bot.wish(enter=["ETH/USDT"], price={"ETH/USDT": 2000})
    result = bot.stop_entries(reason())
    assert result.proven is not None, result.missing
    assert result.cancelled == {f"{trade['trade_id']} ETH/USDT"}
    assert result.refusals.keys() == {trade["trade_id"]}, "Freqtrade answers 502 to a cancellation that worked"
    bot.exchange.move("ETHUSDT", 1500)
    try:
        bot.rounds(3)
        assert bot.api.open_trades() == []
    finally:
        bot.exchange.move("ETHUSDT", 3300)


def test_cancelling_a_trade_without_open_orders_is_refused(bot: Bot) -> None:
    trade = bot.enter("BTC/USDT")
    with pytest.raises(BotRefused, match="No open order"):
        bot.api.cancel_open_orders(trade["trade_id"])
