"""Orders: placed, filled, cancelled and found again by ccxt, or refused with Binance's code."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from tests.unit.lab.exchange.harness import refused

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Server

ORDER = "/api/v3/order"
BTC = "BTC/USDT"


def limit(**changes: object) -> dict[str, object]:
    """Return the parameters of a limit order that would be taken, with some of them changed."""
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": "100",
    }
    return {name: value for name, value in (order | changes).items() if value is not None}


@pytest.fixture(autouse=True)
def quiet_market(server: Server) -> None:
    """Let BTC stand at 60,000: the best bid is 59,999.50, the best ask 60,000.50."""
    server.script("BTCUSDT", [0, 60000])
    server.time.advance(1)


def test_a_market_order_fills_at_the_book(bot: ccxt.binance) -> None:
    """At the best ask, at once, with the fee taken from what was bought."""
    order = bot.create_order(BTC, "market", "buy", 0.01)
    assert (order["status"], order["average"], order["filled"]) == ("closed", 60000.5, 0.01)
    assert order["fee"] == {"cost": 0.00001, "currency": "BTC", "rate": pytest.approx(0.001)} or order["fees"]
    balance = bot.fetch_balance()
    assert (balance["BTC"]["free"], balance["USDT"]["free"]) == (0.00999, 9399.995)


def test_a_market_order_walks_up_the_ladder(server: Server) -> None:
    """A large order pays more than the best price, level by level, and no fill is better than the one before."""
    key = server.account("whale", balances={"USDT": "10000000"})
    order = server.client(key).create_order(BTC, "market", "buy", 20)
    prices = [float(fill["price"]) for fill in order["info"]["fills"]]
    assert len(prices) > 3
    assert prices == sorted(prices)
    assert order["filled"] == 20
    assert order["average"] > 60000.5


def test_a_market_order_by_money_spends_no_more(bot: ccxt.binance) -> None:
    """quoteOrderQty buys as many whole steps as the money pays."""
    order = bot.create_order(BTC, "market", "buy", 0.01, 60000)
    assert order["info"]["origQuoteOrderQty"] == "600.00000000"
    assert order["cost"] <= 600 < order["cost"] + 0.00001 * 60000.5
    assert order["status"] == "closed"


def test_an_order_larger_than_the_book_expires(server: Server) -> None:
    """What nobody offers is not filled, and the rest of the order ends."""
    key = server.account("whale", balances={"LTC": "600000"})
    order = server.client(key).create_order("LTC/USDT", "market", "sell", 520000)
    assert order["status"] == "expired"
    assert 0 < order["filled"] < 520000
    assert server.client(key).fetch_balance()["LTC"]["used"] == 0


def test_a_limit_order_rests_until_the_price_crosses_it(server: Server, bot: ccxt.binance) -> None:
    """It locks its money, shows in the book, and fills at its own price, once the ask comes down to it."""
    order = bot.create_order(BTC, "limit", "buy", 0.1, 59000)
    assert order["status"] == "open"
    assert bot.fetch_balance()["USDT"] == {"free": 4100, "used": 5900, "total": 10000}
    assert [order["id"] for order in bot.fetch_open_orders(BTC)] == [order["id"]]
    server.script("BTCUSDT", [0, 60000], [100, 58999.50], [101, 60000])
    server.time.advance(100)
    assert bot.fetch_order(order["id"], BTC)["status"] == "open"
    server.time.advance(100)
    filled = bot.fetch_order(order["id"], BTC)
    assert (filled["status"], filled["average"], filled["filled"]) == ("closed", 59000, 0.1)
    [trade] = bot.fetch_my_trades(BTC)
    assert (trade["takerOrMaker"], trade["fee"]) == ("maker", {"cost": 0.0001, "currency": "BTC"}) or trade["fees"]
    assert filled["lastTradeTimestamp"] == server.time.ms - 99_000
    assert bot.fetch_balance()["USDT"] == {"free": 4100, "used": 0, "total": 4100}


def test_a_limit_sell_takes_its_fee_in_quote(server: Server, bot: ccxt.binance) -> None:
    """The fee is always a part of what was received."""
    bot.create_order(BTC, "market", "buy", 0.1)
    before = bot.fetch_balance()["USDT"]["free"]
    order = bot.create_order(BTC, "limit", "sell", 0.05, 61000)
    server.script("BTCUSDT", [0, 62000])
    server.time.advance(1)
    assert bot.fetch_order(order["id"], BTC)["status"] == "closed"
    assert bot.fetch_balance()["USDT"]["free"] == pytest.approx(before + 3050 - 3.05)


def test_a_crossing_limit_order_takes_and_the_rest_rests(server: Server) -> None:
    """It fills at the book's better prices up to its own, gets the difference back, and waits with the remainder."""
    key = server.account("whale", balances={"USDT": "1000000"})
    client = server.client(key)
    order = client.create_order(BTC, "limit", "buy", 10, 60010)
    assert order["status"] == "open"
    assert 0 < order["filled"] < 10
    assert order["average"] <= 60010
    assert order["info"]["status"] == "PARTIALLY_FILLED"
    remaining = Decimal(order["info"]["origQty"]) - Decimal(order["info"]["executedQty"])
    usdt = server.control("GET", "/accounts/whale")["balances"]["USDT"]
    assert Decimal(usdt["locked"]) == remaining * 60010
    assert Decimal(usdt["free"]) == 1_000_000 - Decimal(order["info"]["cummulativeQuoteQty"]) - Decimal(usdt["locked"])


@pytest.mark.parametrize(("time_in_force", "filled"), [("IOC", True), ("FOK", False)])
def test_impatient_orders_leave_nothing_behind(server: Server, time_in_force: str, filled: bool) -> None:
    """IOC takes what is there, FOK all or nothing; neither rests."""
    key = server.account("whale", balances={"USDT": "1000000"})
    client = server.client(key)
    order = client.create_order(BTC, "limit", "buy", 10, 60010, {"timeInForce": time_in_force})
    assert order["status"] == "expired"
    assert (order["filled"] > 0) is filled
    assert client.fetch_balance()["USDT"]["used"] == 0
    assert client.fetch_open_orders() == []


def test_resting_orders_show_in_the_book(server: Server, bot: ccxt.binance) -> None:
    """Between the offers of the ladder."""
    bot.create_order(BTC, "limit", "buy", 0.1, 59998.01)
    bids = server.get("/api/v3/depth", symbol="BTCUSDT", limit=5)[1]["bids"]
    assert ["59998.01000000", "0.10000000"] in bids
    assert [float(bid[0]) for bid in bids] == sorted((float(bid[0]) for bid in bids), reverse=True)


def test_cancelling_releases_the_money(bot: ccxt.binance) -> None:
    """And an order is cancelled only once."""
    order = bot.create_order(BTC, "limit", "buy", 0.1, 50000)
    assert bot.cancel_order(order["id"], BTC)["status"] == "canceled"
    assert bot.fetch_balance()["USDT"] == {"free": 10000, "used": 0, "total": 10000}
    assert bot.fetch_order(order["id"], BTC)["status"] == "canceled"
    with refused(ccxt.OrderNotFound):
        bot.cancel_order(order["id"], BTC)


def test_all_orders_of_a_pair_are_cancelled_together(bot: ccxt.binance) -> None:
    """And only of that pair; Binance refuses when there are none."""
    for price in (50000, 51000):
        bot.create_order(BTC, "limit", "buy", 0.01, price)
    other = bot.create_order("ETH/USDT", "limit", "buy", 0.1, 1000)
    assert {order["status"] for order in bot.cancel_all_orders(BTC)} == {"canceled"}
    assert [order["id"] for order in bot.fetch_open_orders()] == [other["id"]]
    with refused(ccxt.OrderNotFound):
        bot.cancel_all_orders(BTC)


def test_orders_and_trades_are_listed(server: Server, bot: ccxt.binance) -> None:
    """By pair, oldest first, from a number or a time on."""
    ids = []
    for _ in range(5):
        ids.append(bot.create_order(BTC, "market", "buy", 0.001)["id"])
        server.time.advance(60)
    assert [order["id"] for order in bot.fetch_orders(BTC)] == ids
    assert [order["id"] for order in bot.fetch_orders(BTC, limit=2)] == ids[-2:]
    assert [order["id"] for order in bot.fetch_orders(BTC, params={"orderId": ids[2]})] == ids[2:]
    since = server.time.ms - 150_000
    assert [order["id"] for order in bot.fetch_orders(BTC, since=since)] == ids[-2:]
    assert [trade["order"] for trade in bot.fetch_my_trades(BTC)] == ids
    assert [trade["order"] for trade in bot.fetch_my_trades(BTC, since=since)] == ids[-2:]
    assert [trade["order"] for trade in bot.fetch_order_trades(ids[1], BTC)] == [ids[1]]
    assert bot.fetch_orders("ETH/USDT") == []
    assert server.control("GET", "/accounts/bot/orders")[0]["orderId"] == int(ids[0])


def test_an_order_is_found_by_its_clients_own_name(bot: ccxt.binance) -> None:
    """Which lets a bot find out whether an unanswered order went through."""
    bot.create_order(BTC, "limit", "buy", 0.1, 50000, {"newClientOrderId": "mine-1"})
    assert bot.fetch_order("", BTC, {"clientOrderId": "mine-1"})["status"] == "open"
    with refused(ccxt.InvalidOrder, match="Duplicate order sent"):
        bot.create_order(BTC, "limit", "buy", 0.1, 50000, {"newClientOrderId": "mine-1"})
    assert len(bot.fetch_open_orders(BTC)) == 1


def test_accounts_do_not_see_each_other(server: Server, bot: ccxt.binance) -> None:
    """Neither orders nor money."""
    order = bot.create_order(BTC, "limit", "buy", 0.1, 50000)
    stranger = server.client(server.account("stranger"))
    with refused(ccxt.OrderNotFound):
        stranger.fetch_order(order["id"], BTC)
    with refused(ccxt.OrderNotFound):
        stranger.cancel_order(order["id"], BTC)
    assert stranger.fetch_open_orders() == []
    assert stranger.fetch_balance()["USDT"]["free"] == 10000


def test_ccxt_trades_asynchronously(server: Server, key: dict[str, Any]) -> None:
    """Twenty orders at once, each of them booked once."""

    async def trade() -> list[Any]:
        client = server.async_client(key)
        try:
            await client.load_markets()
            return await asyncio.gather(*(client.create_order(BTC, "market", "buy", 0.001) for _ in range(20)))
        finally:
            await client.close()

    orders = asyncio.run(trade())
    assert len({order["id"] for order in orders}) == 20
    assert Decimal(server.control("GET", "/accounts/bot")["balances"]["BTC"]["free"]) == Decimal("0.01998")


def test_ccxt_names_what_is_wrong(bot: ccxt.binance) -> None:
    """The exceptions that Freqtrade reacts to."""
    with refused(ccxt.InsufficientFunds):
        bot.create_order(BTC, "limit", "buy", 1, 59000)
    with refused(ccxt.InsufficientFunds):
        bot.create_order(BTC, "market", "sell", 0.01)
    with refused(ccxt.OrderNotFound):
        bot.fetch_order("999", BTC)
    with refused(ccxt.OrderNotFound):
        bot.cancel_order("999", BTC)
    with refused(ccxt.InvalidOrder, match="LOT_SIZE"):
        bot.private_post_order(limit(quantity="0.000001"))
    with refused(ccxt.InvalidOrder, match="PRICE_FILTER"):
        bot.private_post_order(limit(price="100.001"))
    with refused(ccxt.BadRequest, match="NOTIONAL"):
        bot.private_post_order(limit(price="1"))
    with refused(ccxt.BadSymbol, match="Invalid symbol"):
        bot.private_post_order(limit(symbol="NOPE"))
    with refused(ccxt.BadRequest, match="Mandatory parameter 'price'"):
        bot.private_post_order(limit(price=None))
    with refused(ccxt.OrderImmediatelyFillable):
        bot.create_order(BTC, "limit", "buy", 0.1, 59000, {"stopPrice": 59500})


@pytest.mark.parametrize(
    ("changes", "code", "msg"),
    [
        ({"symbol": None}, -1102, "Mandatory parameter 'symbol'"),
        ({"symbol": "NOPE"}, -1121, "Invalid symbol."),
        ({"side": None}, -1102, "'side'"),
        ({"side": "HOLD"}, -1117, "Invalid side."),
        ({"type": "FANCY"}, -1116, "Invalid orderType."),
        ({"type": "STOP_LOSS"}, -2010, "Stop loss orders are not supported"),
        ({"type": "TAKE_PROFIT"}, -2010, "Take profit orders are not supported"),
        ({"type": "LIMIT_MAKER"}, -2010, "Limit maker orders are not supported"),
        ({"timeInForce": None}, -1102, "'timeInForce'"),
        ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
        ({"price": None}, -1102, "'price'"),
        ({"quantity": None}, -1102, "'quantity'"),
        ({"stopPrice": "90"}, -1106, "'stopPrice' sent when not required"),
        ({"type": "MARKET"}, -1106, "sent when not required"),
        ({"quantity": "much"}, -1100, "Illegal characters found in parameter 'quantity'"),
        ({"quantity": "-1"}, -1100, "'quantity'"),
        ({"quantity": "1e2"}, -1100, "'quantity'"),
        ({"quantity": "0.123456789"}, -1111, "'quantity' has too much precision"),
        ({"quantity": "0"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
        ({"quantity": "99999999"}, -1013, "Filter failure: LOT_SIZE"),
        ({"price": "0"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"price": "0.001"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"price": "99999999"}, -1013, "Filter failure: PRICE_FILTER"),
        ({"quantity": "0.01", "price": "499.99"}, -1013, "Filter failure: NOTIONAL"),
        ({"newClientOrderId": "no spaces please"}, -1100, "'newClientOrderId'"),
        ({"quantity": "1", "price": "10000.01"}, -2010, "insufficient balance"),
        ({"side": "SELL"}, -1013, "NOTIONAL"),
        ({"side": "SELL", "price": "70000"}, -2010, "insufficient balance"),
    ],
)
def test_a_bad_order_is_refused_with_binances_code(
    server: Server, key: dict[str, Any], changes: dict[str, object], code: int, msg: str
) -> None:
    """And leaves no trace."""
    status, answer = server.signed("POST", ORDER, key, **limit(**changes))
    assert (status, answer["code"]) == (400, code)
    assert msg in answer["msg"]
    assert server.control("GET", "/accounts/bot/orders") == []
    assert server.control("GET", "/accounts/bot")["balances"]["USDT"]["locked"] == "0.00000000"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"quantity": "0.00001"}, -1013),
        ({"quantity": "0.01", "quoteOrderQty": "10"}, -1128),
        ({"quoteOrderQty": "4.99"}, -1013),
        ({"quoteOrderQty": "0"}, -1130),
        ({"quoteOrderQty": "10001"}, -2010),
        ({}, -1102),
    ],
)
def test_a_bad_market_order_is_refused(server: Server, key: dict[str, Any], params: dict[str, str], code: int) -> None:
    """Its size is judged by the last price."""
    status, answer = server.signed("POST", ORDER, key, symbol="BTCUSDT", side="BUY", type="MARKET", **params)
    assert (status, answer["code"]) == (400, code)


def test_only_so_many_orders_rest(server: Server, key: dict[str, Any]) -> None:
    """MAX_NUM_ORDERS holds per pair."""
    for _ in range(200):
        assert server.signed("POST", ORDER, key, **limit(quantity="0.05"))[0] == 200
    status, answer = server.signed("POST", ORDER, key, **limit(quantity="0.05"))
    assert (status, answer["msg"]) == (400, "Filter failure: MAX_NUM_ORDERS")


def test_an_order_must_be_named(server: Server, key: dict[str, Any]) -> None:
    """By its number or by the client's name for it."""
    for method in ("GET", "DELETE"):
        status, answer = server.signed(method, ORDER, key, symbol="BTCUSDT")
        assert (status, answer["code"]) == (400, -1102)


def test_what_surrounds_orders_is_answered(server: Server, bot: ccxt.binance, key: dict[str, Any]) -> None:
    """Fees, coins, restrictions, margin pairs and delistings: Freqtrade asks for all of them in live mode."""
    assert bot.fetch_trading_fee(BTC)["taker"] == 0.001
    assert set(bot.fetch_trading_fees()) == set(bot.symbols or [])
    assert "USDT" in (bot.fetch_currencies() or {})
    assert server.signed("GET", "/api/v3/account/commission", key, symbol="BTCUSDT")[1]["symbol"] == "BTCUSDT"
    assert server.signed("GET", "/sapi/v1/account/apiRestrictions", key)[1]["enableWithdrawals"] is False
    for path in ("/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs", "/sapi/v1/spot/delist-schedule"):
        assert server.signed("GET", path, key) == (200, [])
