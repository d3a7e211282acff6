"""Forced exits on paper: what they answer, and what they do."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.bot.client import BotRefused
from tests.contract.bot import Bot
from tests.contract.polling import eventually


@pytest.mark.parametrize("kind", [int, str])
def test_a_trade_is_named_by_its_number(bot: Bot, kind: type) -> None:
    """A trade is named by its number, as a number or as text, and is gone when the answer comes.

    So freqops asks for each trade by itself, and reads the list of trades after it.
    """
    trade = bot.enter("SOL/USDT")
    bot.force_exit({"trade_id": kind(trade["trade_id"])})
    assert bot.api.open_trades() == []


def test_the_kind_of_order_is_the_strategys_unless_told(bot: Bot) -> None:
    """Without an order type it exits as the strategy says for forced exits, which may be a limit order.

    So freqops always says "market".
    """
    assert _exit_type(bot, ordertype=None) == "limit"
    assert _exit_type(bot) == "market"


def _exit_type(bot: Bot, **how: str | None) -> str:
    trade = bot.enter("SOL/USDT" if how else "XRP/USDT")
    bot.force_exit(trade, **how)
    closed = eventually(lambda: _closed(bot, trade["trade_id"]), "the exit fills")
    return str(closed["orders"][-1]["order_type"])


def _closed(bot: Bot, number: int) -> dict[str, Any] | None:
    trade: dict[str, Any] = bot.api.call("GET", f"/trade/{number}")
    return None if trade["is_open"] else trade


def test_a_trade_that_is_not_there_is_refused(bot: Bot) -> None:
    """A forced exit of a trade that is not open is refused.

    So freqops does not count a refusal as a failure where the trade is gone.
    """
    trade = bot.enter("SOL/USDT")
    bot.force_exit(trade)
    with pytest.raises(BotRefused, match="invalid argument"):
        bot.force_exit(trade)


def test_a_denied_exit_is_answered_with_200(bot: Bot) -> None:
    """A forced exit that the strategy denies is answered with 200, and nothing was sold.

    So freqops takes a trade for closed when it is no longer listed, and not before.
    """
    trade = bot.enter("SOL/USDT")
    bot.wish(deny=["SOL/USDT"])
    bot.force_exit(trade)
    assert [left["trade_id"] for left in bot.api.open_trades()] == [trade["trade_id"]]
    assert not bot.api.open_trades()[0]["has_open_orders"]


def test_a_resting_exit_is_replaced(bot: Bot) -> None:
    """A forced exit takes a resting exit order away and sells at the market.

    So freqops cancels no exit itself.
    """
    trade = bot.enter("SOL/USDT")
    bot.force_exit(trade, ordertype="limit", price=200)
    assert bot.api.open_trades()[0]["has_open_orders"]
    bot.force_exit(trade)
    assert bot.api.open_trades() == []


def test_an_unfilled_entry_is_cancelled_and_called_a_failure(bot: Bot) -> None:
    """A forced exit of an entry that has not filled cancels it and is answered with 502.

    So freqops judges by the list of trades.
    """
    trade = bot.enter("BTC/USDT", limit=30000)
    bot.api.pause()
    with pytest.raises(BotRefused, match="Failed to exit trade"):
        bot.force_exit(trade)
    assert bot.api.open_trades() == []


def test_a_running_bot_buys_again_at_once_and_a_paused_one_does_not(bot: Bot) -> None:
    """After a forced exit of an unfilled entry a running bot places the next one at once; a paused one does not.

    So freqops stops entries before it exits anything.
    """
    price = {"BTC/USDT": 30000.0}
    first = bot.enter("BTC/USDT", limit=30000)
    bot.wish(enter=["BTC/USDT"], price=price)
    with pytest.raises(BotRefused):
        bot.force_exit(first)
    second = eventually(lambda: bot.trade("BTC/USDT"), "the running bot enters again")
    assert second["orders"][0]["order_id"] != first["orders"][0]["order_id"]
    bot.api.pause()
    bot.rounds(2)
    with pytest.raises(BotRefused):
        bot.force_exit(bot.trade("BTC/USDT") or {})
    bot.rounds(2)
    assert bot.api.open_trades() == []


def test_reloading_a_trade_on_paper_changes_nothing(bot: Bot) -> None:
    """Having a paper trade looked for on the exchange is answered with the trade as it was.

    So freqops asks for it on live bots alone.
    """
    trade = bot.enter("SOL/USDT")
    told = bot.api.call("POST", f"/trades/{trade['trade_id']}/reload")
    assert (told["is_open"], told["amount"], len(told["orders"])) == (True, trade["amount"], len(trade["orders"]))
