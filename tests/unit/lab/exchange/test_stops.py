"""Stop-loss-limit orders: they wait outside the book until the last price reaches them, then they are limit orders."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from tests.unit.lab.exchange.audit import assert_adds_up
from tests.unit.lab.exchange.harness import Server, process, refused
from tests.unit.patience import PATIENCE

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Urls

ORDER = "/api/v3/order"
BTC = "BTC/USDT"
HELD = {"USDT": "100000", "BTC": "1"}


@pytest.fixture
def key(server: Server) -> dict[str, Any]:
    """An account with both assets; BTC stands at 60,000: the best bid is 59,999.50."""
    server.hold("BTCUSDT", 60000)
    server.time.advance(1)
    return server.account(balances=HELD)


def stop(client: ccxt.binance, side: str, stop_price: float, price: float, amount: float = 0.1, **params: str) -> Any:
    """Place a stop the way Freqtrade does."""
    return client.create_order(BTC, "stop_loss_limit", side, amount, price, {"stopPrice": stop_price, **params})


def move(server: Server, price: float) -> None:
    """Let BTC jump."""
    server.hold("BTCUSDT", price)
    server.time.advance(1)


def test_ccxt_knows_that_stops_can_be_placed(bot: ccxt.binance) -> None:
    """From the order types; the number of stops is limited by a filter of their own."""
    market = bot.load_markets()[BTC]["info"]
    assert market["orderTypes"] == ["LIMIT", "MARKET", "STOP_LOSS_LIMIT"]
    assert {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": "5"} in [
        {name: str(value) for name, value in found.items()} for found in market["filters"]
    ]


def test_a_stop_waits_outside_the_book(server: Server, bot: ccxt.binance) -> None:
    """It locks its money at once, is open, not working, and not in the depth, though its limit lies in the bids."""
    placed = stop(bot, "sell", 59000, 59999.8)
    found = bot.fetch_order(placed["id"], BTC)
    for order in (placed, found):
        assert (order["status"], order["stopPrice"], order["info"]["type"]) == ("open", 59000, "STOP_LOSS_LIMIT")
        assert order["info"]["workingTime"] in (-1, "-1")
    assert found["info"]["isWorking"] is False
    assert [order["id"] for order in bot.fetch_open_orders(BTC)] == [placed["id"]]
    assert bot.fetch_balance()["BTC"] == {"free": 0.9, "used": 0.1, "total": 1}
    asks = server.get("/api/v3/depth", symbol="BTCUSDT", limit=5)[1]["asks"]
    assert "59999.80000000" not in [ask[0] for ask in asks]


def test_a_sell_stop_fills_at_the_book_once_the_price_falls_to_it(server: Server, bot: ccxt.binance) -> None:
    """At the bids of that second, which may be better than its limit, and as the taker."""
    order = stop(bot, "sell", 59000, 58000)
    move(server, 59000.01)
    assert bot.fetch_order(order["id"], BTC)["info"]["isWorking"] is False
    move(server, 59000)
    filled = bot.fetch_order(order["id"], BTC)
    assert (filled["status"], filled["filled"], filled["info"]["isWorking"]) == ("closed", 0.1, True)
    assert 58990 < filled["average"] < 59000
    assert int(filled["info"]["workingTime"]) == server.time.ms
    assert {trade["takerOrMaker"] for trade in bot.fetch_my_trades(BTC)} == {"taker"}
    assert bot.fetch_balance()["BTC"] == {"free": 0.9, "used": 0, "total": 0.9}
    assert_adds_up(server, "bot")


def test_a_buy_stop_fills_once_the_price_rises_to_it(server: Server, bot: ccxt.binance) -> None:
    """And gets back what its limit had locked beyond the price."""
    order = stop(bot, "buy", 61000, 62000)
    assert bot.fetch_balance()["USDT"] == {"free": 93800, "used": 6200, "total": 100000}
    move(server, 61000)
    filled = bot.fetch_order(order["id"], BTC)
    assert (filled["status"], filled["filled"]) == ("closed", 0.1)
    assert bot.fetch_balance()["USDT"]["total"] == pytest.approx(100000 - filled["cost"])
    assert_adds_up(server, "bot")


def test_a_triggered_stop_may_rest(server: Server, bot: ccxt.binance) -> None:
    """When the price has run past its limit, it waits in the book like any limit order."""
    order = stop(bot, "sell", 59000, 58900)
    move(server, 58000)
    resting = bot.fetch_order(order["id"], BTC)
    assert (resting["status"], resting["filled"], resting["info"]["isWorking"]) == ("open", 0, True)
    asks = server.get("/api/v3/depth", symbol="BTCUSDT", limit=1000)[1]["asks"]
    assert ["58900.00000000", "0.10000000"] in asks
    move(server, 58900.5)
    filled = bot.fetch_order(order["id"], BTC)
    assert (filled["status"], filled["average"]) == ("closed", 58900)
    assert_adds_up(server, "bot")


def test_a_stop_triggers_and_fills_between_two_looks(server: Server, bot: ccxt.binance) -> None:
    """Each at its own second, as the path went."""
    order = stop(bot, "sell", 59000, 58900)
    placed = server.time.ms
    server.script("BTCUSDT", [0, 60000], [100, 58000], [200, 60000], mode="step")
    server.time.advance(1000)
    filled = bot.fetch_order(order["id"], BTC)
    assert (filled["status"], filled["average"]) == ("closed", 58900)
    assert int(filled["info"]["workingTime"]) == placed + 101_000
    assert filled["lastTradeTimestamp"] == placed + 201_000


@pytest.mark.parametrize("patience", ["IOC", "FOK"])
def test_an_impatient_stop_ends_when_it_triggers(server: Server, bot: ccxt.binance, patience: str) -> None:
    """It waits for its stop, but not for a price."""
    order = stop(bot, "sell", 59000, 58900, timeInForce=patience)
    assert order["status"] == "open"
    move(server, 58000)
    ended = bot.fetch_order(order["id"], BTC)
    assert (ended["status"], ended["filled"]) == ("expired", 0)
    assert bot.fetch_balance()["BTC"]["used"] == 0


@pytest.mark.parametrize(("side", "stop_price"), [("sell", 60000), ("sell", 60001), ("buy", 60000), ("buy", 59999)])
def test_a_stop_that_is_late_is_refused(server: Server, bot: ccxt.binance, side: str, stop_price: float) -> None:
    """With the exception by which Freqtrade knows that it must sell at once."""
    with refused(ccxt.OrderImmediatelyFillable, match=r"Stop price would trigger immediately\."):
        stop(bot, side, stop_price, 60000)
    assert server.control("GET", "/accounts/bot/orders") == []
    assert bot.fetch_balance()["USDT"]["used"] == 0


def test_a_stop_is_cancelled_before_and_after_it_triggers(server: Server, bot: ccxt.binance) -> None:
    """One by one or all together; its money is free again."""
    for price in (60000, 58000):
        move(server, 60000)
        orders = [stop(bot, "sell", 59000, 58900) for _ in range(2)]
        move(server, price)
        cancelled = bot.cancel_order(orders[0]["id"], BTC)
        assert (cancelled["status"], cancelled["stopPrice"]) == ("canceled", 59000)
        assert [order["id"] for order in bot.cancel_all_orders(BTC)] == [orders[1]["id"]]
        assert bot.fetch_balance()["BTC"] == {"free": 1, "used": 0, "total": 1}
    with refused(ccxt.OrderNotFound):
        bot.cancel_order(orders[0]["id"], BTC)


def test_only_so_many_stops_wait(server: Server, bot: ccxt.binance) -> None:
    """MAX_NUM_ALGO_ORDERS holds per pair and for stops alone."""
    for _ in range(5):
        stop(bot, "sell", 59000, 58900)
    with refused(ccxt.InvalidOrder, match="MAX_NUM_ALGO_ORDERS"):
        stop(bot, "sell", 59000, 58900)
    assert bot.create_order(BTC, "limit", "sell", 0.1, 61000)["status"] == "open"
    move(server, 58999)
    assert stop(bot, "sell", 58000, 57000)["status"] == "open"


def test_stops_count_as_orders(server: Server, key: dict[str, Any], bot: ccxt.binance) -> None:
    """MAX_NUM_ORDERS knows no difference."""
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
    for _ in range(200):
        assert server.signed("POST", ORDER, key, **order, price="600")[0] == 200
    with refused(ccxt.InvalidOrder, match="MAX_NUM_ORDERS"):
        stop(bot, "sell", 59000, 58900)


@pytest.mark.parametrize(
    ("changes", "code", "msg"),
    [
        ({"timeInForce": None}, -1102, "'timeInForce'"),
        ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({"quantity": None}, -1102, "'quantity'"),
        ({"price": None}, -1102, "'price'"),
        ({"stopPrice": None}, -1102, "'stopPrice' or 'trailingDelta'"),
        ({"stopPrice": "low"}, -1100, "'stopPrice'"),
        ({"stopPrice": "0.123456789"}, -1111, "'stopPrice' has too much precision"),
        ({"trailingDelta": "100"}, -1106, "'trailingDelta'"),
        ({"quoteOrderQty": "100"}, -1106, "'quoteOrderQty'"),
        ({"icebergQty": "0.05"}, -1106, "'icebergQty'"),
        ({"stopPrice": "59000.001"}, -1013, "PRICE_FILTER"),
        ({"stopPrice": "0"}, -1013, "PRICE_FILTER"),
        ({"stopPrice": "99999999"}, -1013, "PRICE_FILTER"),
        ({"price": "58900.001"}, -1013, "PRICE_FILTER"),
        ({"quantity": "0.000001"}, -1013, "LOT_SIZE"),
        ({"quantity": "0.00001"}, -1013, "NOTIONAL"),
        ({"quantity": "2"}, -2010, "insufficient balance"),
        ({"type": "STOP_LOSS"}, -2010, "Stop loss orders are not supported"),
        ({"type": "TAKE_PROFIT"}, -2010, "Take profit orders are not supported"),
        ({"type": "TAKE_PROFIT_LIMIT"}, -2010, "Take profit limit orders are not supported"),
        ({"type": "LIMIT"}, -1106, "'stopPrice' sent when not required"),
        ({"type": "MARKET", "timeInForce": None, "price": None}, -1106, "'stopPrice' sent when not required"),
    ],
)
def test_a_bad_stop_is_refused_with_binances_code(
    server: Server, key: dict[str, Any], changes: dict[str, str | None], code: int, msg: str
) -> None:
    """And leaves no trace."""
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC"}
    order |= {"quantity": "0.1", "price": "58900", "stopPrice": "59000"}
    params = {name: value for name, value in (order | changes).items() if value is not None}
    status, answer = server.signed("POST", ORDER, key, **params)
    assert (status, answer["code"]) == (400, code)
    assert msg in answer["msg"]
    assert server.control("GET", "/accounts/bot/orders") == []


def test_a_stop_triggers_while_the_exchange_is_down(tmp_path: Path) -> None:
    """At the second the path reached it, also when that was long ago and the price is back."""
    with Server(tmp_path / "state") as server:
        key = server.account(balances=HELD)
        server.script("BTCUSDT", [0, 60000], [3600, 60000], [7200, 56000], [10800, 60000])
        server.time.advance(1)
        reached, missed = (stop(server.client(key), "sell", price, price - 100) for price in (57000, 55999))
        placed = server.time.ms
    with Server(tmp_path / "state") as server:
        server.time.ms = placed + 86_400_000
        client = server.client(key)
        assert client.fetch_order(missed["id"], BTC)["info"]["isWorking"] is False
        filled = client.fetch_order(reached["id"], BTC)
        assert (filled["status"], filled["info"]["isWorking"]) == ("closed", True)
        assert (int(filled["info"]["workingTime"]) - placed) / 1000 == pytest.approx(3600 + 3600 * 3 / 4, abs=1)
        assert_adds_up(server, "bot")


def test_a_stop_survives_a_kill(tmp_path: Path) -> None:
    """What is there after `kill -9` is what was confirmed, and the market did not wait."""
    with process(tmp_path / "state") as running:
        key = running.account(balances=HELD)
        running.hold("BTCUSDT", 60000)
        eventually_costs(running, "60000.00000000")
        client = running.client(key)
        reached, missed = (stop(client, "sell", price, price - 1000) for price in (59000, 50000))
        running.script("BTCUSDT", [0, 60000], [1, 58500], mode="step")
        running.kill()
    down = time.time()
    time.sleep(3)
    with process(tmp_path / "state") as again:
        up = time.time()
        client = again.client(key)
        filled = client.fetch_order(reached["id"], BTC)
        assert filled["status"] == "closed"
        assert down - 1 < int(filled["info"]["workingTime"]) / 1000 < up - 0.5
        assert client.fetch_order(missed["id"], BTC)["info"]["isWorking"] is False
        assert client.fetch_balance()["BTC"] == {"free": 0.8, "used": 0.1, "total": 0.9}
        assert_adds_up(again, "bot")


def eventually_costs(urls: Urls, price: str) -> None:
    """Wait for the second from which on a price holds."""
    deadline = time.monotonic() + PATIENCE
    while urls.control("GET", "/status")["prices"]["BTCUSDT"] != price:
        assert time.monotonic() < deadline
        time.sleep(0.05)
