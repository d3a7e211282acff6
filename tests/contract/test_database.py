"""The database of a bot, as it is read past the bot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from freqops.core.bot.client import BotRefused
from tests.contract.bot import Bot
from tests.contract.polling import eventually

TRADES = (
    "id, pair, is_open, amount, stake_amount, open_rate, open_date, close_date, base_currency, stake_currency, "
    "is_short, exchange, strategy, exit_reason, stop_loss, stop_loss_pct, initial_stop_loss"
)
ORDERS = (
    "ft_trade_id, order_id, ft_order_side, ft_is_open, ft_pair, ft_amount, status, order_date, order_filled_date, "
    "order_type, side, stop_price, filled, remaining"
)


def test_a_trade_and_its_orders_are_found_in_the_database(bot: Bot) -> None:
    """A trade with a stop on the exchange is a row of trades, and its orders are rows of orders, with these columns.

    So freqops reads what a bot that is down believes to have.
    """
    bot.enter("BNB/USDT")
    told = eventually(
        lambda: next((one for one in bot.api.open_trades() if any(o["is_open"] for o in one["orders"])), None),
        "its stop rests",
    )
    (row,) = bot.query(f"SELECT {TRADES} FROM trades WHERE is_open = 1")  # noqa: S608  a constant
    trade = dict(zip(TRADES.split(", "), row, strict=True))
    wanted = ("pair", "amount", "stake_amount", "open_rate", "base_currency", "exchange", "strategy")
    assert {name: trade[name] for name in wanted} == {name: told[name] for name in wanted}
    assert (trade["id"], trade["is_short"], trade["close_date"]) == (told["trade_id"], 0, None)
    assert (trade["stake_currency"], trade["exit_reason"]) == ("USDT", None)
    assert trade["stop_loss"] == told["stop_loss_abs"]
    assert abs(datetime.fromisoformat(trade["open_date"]).replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(hours=1)
    rows = bot.query(f"SELECT {ORDERS} FROM orders WHERE ft_trade_id = {trade['id']} ORDER BY id")  # noqa: S608  a number
    entry, stop = (dict(zip(ORDERS.split(", "), row, strict=True)) for row in rows)
    assert (entry["ft_order_side"], entry["ft_is_open"], entry["status"]) == ("buy", 0, "closed")
    assert entry["filled"] == trade["amount"]
    assert (stop["ft_order_side"], stop["ft_is_open"], stop["status"], stop["side"]) == ("stoploss", 1, "open", "sell")
    assert (stop["ft_pair"], stop["remaining"]) == ("BNB/USDT", trade["amount"])
    assert stop["order_id"] in {order["order_id"] for order in told["orders"]}
    assert stop["stop_price"] == trade["stop_loss"]


def test_the_number_of_a_trade_is_given_again(bot: Bot) -> None:
    """With SQLite, the number of a trade whose entry never filled is given to the next trade."""
    numbers = set()
    for _ in range(2):
        dropped = bot.enter("BTC/USDT", limit=30000)
        with pytest.raises(BotRefused):
            bot.force_exit(dropped)
        numbers.add(dropped["trade_id"])
    assert len(numbers) == 1


def test_a_closed_trade_stays_in_the_database(bot: Bot) -> None:
    """A closed trade stays in the database with its moment and its reason; an entry that never filled does not.

    So a trade that is not found there was never held.
    """
    closed = bot.enter("SOL/USDT")
    bot.force_exit(closed)
    dropped = bot.enter("BTC/USDT", limit=30000)
    bot.api.pause()
    with pytest.raises(BotRefused):
        bot.force_exit(dropped)
    numbers = f"{closed['trade_id']}, {dropped['trade_id']}"
    rows = bot.query(f"SELECT id, is_open, exit_reason, close_date FROM trades WHERE id IN ({numbers})")  # noqa: S608  numbers
    ((number, is_open, why, when),) = rows
    assert (number, is_open, why) == (closed["trade_id"], 0, "force_exit")
    assert datetime.fromisoformat(when)
