"""Stops that rest on the exchange, and entries of which a part has filled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from freqops.core.bot.client import Failed
from tests.contract.bot import Bot, by_pair
from tests.contract.conftest import Deployed
from tests.contract.exchange import ORDER, PRICES, Account
from tests.contract.polling import eventually

BAD_LOT = {"status": 400, "code": -1013, "msg": "Filter failure: LOT_SIZE"}
STOP = "STOP_LOSS_LIMIT"


@pytest.fixture(scope="module")
def with_stops(deployed: Deployed) -> Iterator[Bot]:
    """Return the live bot, which puts its stops on the exchange for the time of these tests."""
    live = deployed.live
    if not live.exchange.takes(STOP):
        pytest.fail("the lab's exchange is older than this checkout and takes no stops: run `python -m lab up`")
    live.reset()
    live.configure(stops=True)
    live.reload("running")
    yield live
    live.reset()
    live.configure()
    live.reload("running")


@pytest.fixture
def stopping(with_stops: Bot) -> Bot:
    with_stops.reset()
    return with_stops


def _protected(bot: Bot, account: Account, pair: str) -> dict[str, Any]:
    """Have the bot enter and return the trade when its stop rests on the exchange, and the bot knows it."""
    bot.enter(pair)
    eventually(lambda: account.resting() and _stops_known(bot) == 1, f"a stop protects {pair}")
    return bot.trade(pair) or {}


def _stops_known(bot: Bot) -> int:
    orders = [order for trade in bot.api.open_trades() for order in trade["orders"]]
    return sum(order["ft_order_side"] == "stoploss" and order["is_open"] for order in orders)


def test_a_stop_is_an_order_on_the_exchange(stopping: Bot, account: Account) -> None:
    """A stop on the exchange is an order there that the trade lists, and that does not count among its open orders.

    So freqops looks for it by its side, and believes the exchange.
    """
    trade = _protected(stopping, account, "SOL/USDT")
    (stop,) = (order for order in trade["orders"] if order["ft_order_side"] == "stoploss")
    (resting,) = account.resting("SOLUSDT")
    assert (resting["type"], resting["side"], str(resting["orderId"])) == (STOP, "SELL", stop["order_id"])
    assert not trade["has_open_orders"]
    assert stop["safe_price"] > 0


def test_a_forced_exit_takes_the_stop_away_before_it_sells(stopping: Bot, account: Account) -> None:
    """A forced exit cancels the stop on the exchange before it sells.

    So freqops cancels no stop itself.
    """
    trade = _protected(stopping, account, "SOL/USDT")
    stopping.force_exit(trade)
    assert stopping.api.open_trades() == []
    stop, sale = account.orders("SOLUSDT")[-2:]
    assert (stop["type"], stop["status"]) == (STOP, "CANCELED")
    assert (sale["type"], sale["status"]) == ("MARKET", "FILLED")
    assert account.resting() == []


def test_a_rejected_sale_has_cost_the_stop(stopping: Bot, account: Account) -> None:
    """Where the sale is rejected the stop is gone already; a paused bot sets a new one in its next round.

    So what is left is looked at again after an attempt that failed.
    """
    trade = _protected(stopping, account, "SOL/USDT")
    stopping.api.pause()
    stopping.rounds(1)
    (old,) = account.resting("SOLUSDT")
    stopping.exchange.fault(ORDER, symbol="SOLUSDT", side="SELL", error=BAD_LOT, times=1)
    with pytest.raises(Failed, match="status 500"):
        stopping.force_exit(trade)
    assert old["orderId"] not in {order["orderId"] for order in account.resting("SOLUSDT")}
    eventually(lambda: account.resting("SOLUSDT"), "the paused bot sets a new stop")
    assert stopping.api.read().state == "paused"


def test_a_partly_filled_entry_is_cancelled_and_what_filled_is_sold(stopping: Bot, account: Account) -> None:
    """A forced exit of an entry of which a part has filled cancels the rest and sells that part.

    So freqops exits such a trade like any other; until then its amount reads 0.
    """
    stopping.exchange.fault(ORDER, symbol="LTCUSDT", side="BUY", partial="0.5")
    trade = stopping.enter("LTC/USDT", limit=PRICES["LTCUSDT"] * 1.005)
    (order,) = trade["orders"]
    assert trade["amount"] == 0
    assert 0 < order["filled"] < order["amount"]
    stopping.api.pause()
    stopping.exchange.heal()
    stopping.force_exit(trade)
    assert stopping.api.open_trades() == []
    entry, sale = account.orders("LTCUSDT")[-2:]
    assert (entry["side"], entry["status"]) == ("BUY", "CANCELED")
    assert (sale["side"], sale["status"]) == ("SELL", "FILLED")
    assert float(sale["executedQty"]) == pytest.approx(order["filled"], rel=0.01)


@dataclass(frozen=True)
class Absence:
    """What was seen of the stops while the container was down and one of them was reached."""

    exit_status: int
    resting: set[tuple[str, str]]
    recovered: dict[str, dict[str, Any]]
    sent: int
    exit_reasons: dict[str, str]


@pytest.fixture(scope="module")
def absence(with_stops: Bot, account: Account) -> Absence:
    """End the container, let the price reach one of two stops, recover offline, and start again."""
    bot = with_stops
    bot.reset()
    bot.wish(enter=["SOL/USDT", "XRP/USDT"])
    eventually(lambda: len(account.resting()) == 2 and _stops_known(bot) == 2, "a stop protects either trade")
    bot.wish()
    exit_status = bot.stop()
    resting = {(order["symbol"], order["type"]) for order in account.resting()}
    (stop,) = account.resting("SOLUSDT")
    bot.exchange.move("SOLUSDT", (float(stop["price"]) + float(stop["stopPrice"])) / 2)
    eventually(lambda: not account.resting("SOLUSDT"), "the price reaches the stop")
    bot.exchange.move("SOLUSDT", PRICES["SOLUSDT"])
    before = len(account.orders())
    status, said = bot.update_records()
    sent = len(account.orders()) - before
    assert status == 0, said
    recovered = by_pair(said)
    bot.container.start()
    bot.at_work("running")
    rows = bot.query("SELECT pair, exit_reason FROM trades WHERE is_open = 0 ORDER BY id")
    return Absence(exit_status, resting, recovered, sent, {str(pair): str(reason) for pair, reason in rows})


def test_stops_stay_on_the_exchange_when_the_container_ends(absence: Absence) -> None:
    """Stops stay on the exchange when the container is stopped in an orderly way.

    So level 3 lists them: they are what protects the positions from then on.
    """
    assert absence.exit_status in {0, 130}
    assert absence.resting == {("SOLUSDT", STOP), ("XRPUSDT", STOP)}


def test_the_offline_recovery_takes_in_a_stop_that_was_reached(absence: Absence) -> None:
    """The offline recovery closes a trade whose stop was reached meanwhile, leaves the others, and sends no order.

    So the records of a bot that must not run can be made true.
    """
    assert not absence.recovered["SOL/USDT"]["open"]
    assert absence.recovered["XRP/USDT"]["open"]
    assert absence.sent == 0
