"""Orders that are filled in part: because an operator's fault wants it, or by the operator's own hand."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from tests.unit.lab.exchange.audit import assert_adds_up

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Server

BTC = "BTC/USDT"


@pytest.fixture
def key(server: Server) -> dict[str, Any]:
    """An account with both assets; BTC stands at 60,000."""
    server.hold("BTCUSDT", 60000)
    server.time.advance(1)
    return server.account(balances={"USDT": "100000", "BTC": "1"})


def test_a_limit_order_fills_in_part_and_rests(server: Server, bot: ccxt.binance) -> None:
    """A fraction, rounded down to the lot, and no more of it however often the path comes by."""
    server.fault(symbol="BTCUSDT", partial="0.33333", times=1)
    order = bot.create_order(BTC, "limit", "buy", 0.1, 60100)
    assert (order["status"], order["filled"], order["info"]["status"]) == ("open", 0.03333, "PARTIALLY_FILLED")
    server.hold("BTCUSDT", 50000)
    server.time.advance(100)
    assert bot.fetch_order(order["id"], BTC)["filled"] == 0.03333
    assert bot.fetch_balance()["USDT"]["used"] == pytest.approx(0.06667 * 60100)
    assert bot.create_order(BTC, "limit", "buy", 0.1, 50100)["status"] == "closed"
    assert bot.cancel_order(order["id"], BTC)["status"] == "canceled"
    assert bot.fetch_balance()["USDT"]["used"] == 0
    assert_adds_up(server, "bot")


def test_a_resting_order_is_filled_in_part_when_it_is_reached(server: Server, bot: ccxt.binance) -> None:
    """The fault is the order's from its placing on, also for a stop that triggers later."""
    server.fault(account="bot", partial="0.5", times=2)
    limit = bot.create_order(BTC, "limit", "buy", 0.1, 59000)
    stop = bot.create_order(BTC, "stop_loss_limit", "sell", 0.1, 58000, {"stopPrice": 59000})
    server.hold("BTCUSDT", 58500)
    server.time.advance(10)
    assert [bot.fetch_order(order["id"], BTC)["filled"] for order in (limit, stop)] == [0.05, 0.05]
    assert_adds_up(server, "bot")


@pytest.mark.parametrize("price", [None, 60000], ids=["by quantity", "by money"])
def test_a_market_order_fills_in_part_and_expires(server: Server, bot: ccxt.binance, price: float | None) -> None:
    """As it does on Binance when the book is empty."""
    server.fault(symbol="BTCUSDT", side="BUY", partial="0.4")
    order = bot.create_order(BTC, "market", "buy", 0.1, price)
    original, executed = (Decimal(order["info"][name]) for name in ("origQty", "executedQty"))
    assert order["status"] == "expired"
    assert executed == (original * Decimal("0.4")).quantize(Decimal("0.00001"), "ROUND_DOWN")
    assert bot.fetch_order(order["id"], BTC)["filled"] == float(executed)
    assert bot.create_order(BTC, "market", "sell", 0.01)["status"] == "closed"
    assert_adds_up(server, "bot")


@pytest.mark.parametrize(("kind", "filled"), [("IOC", 0.04), ("FOK", 0)])
def test_impatient_orders_end_with_a_part_or_nothing(
    server: Server, bot: ccxt.binance, kind: str, filled: float
) -> None:
    """A part is all that IOC gets, and too little for FOK."""
    server.fault(account="bot", partial="0.4")
    order = bot.create_order(BTC, "limit", "buy", 0.1, 60100, {"timeInForce": kind})
    assert (order["status"], order["filled"]) == ("expired", filled)
    assert bot.fetch_balance()["USDT"]["used"] == 0


def test_nothing_is_a_fraction_too(server: Server, bot: ccxt.binance) -> None:
    """For an order that never fills, as long as nobody does it by hand."""
    server.fault(symbol="BTCUSDT", partial="0", times=2)
    order = bot.create_order(BTC, "limit", "buy", 0.1, 60100)
    assert bot.create_order(BTC, "market", "buy", 0.1)["status"] == "expired"
    server.time.advance(100)
    assert bot.fetch_order(order["id"], BTC)["info"]["status"] == "NEW"
    assert fill(server, order)["status"] == "FILLED"


def fill(server: Server, order: dict[str, Any], **body: object) -> Any:
    """Fill an order by hand."""
    return server.control("POST", f"/accounts/bot/orders/{order['id']}/fill", body)


def test_an_order_is_filled_by_hand(server: Server, bot: ccxt.binance) -> None:
    """In parts and then the rest, at its own price, as the maker."""
    order = bot.create_order(BTC, "limit", "buy", 0.1, 59000)
    shown = fill(server, order, quantity="0.03")
    assert (shown["status"], shown["executedQty"]) == ("PARTIALLY_FILLED", "0.03000000")
    assert bot.fetch_order(order["id"], BTC)["remaining"] == 0.07
    assert fill(server, order)["status"] == "FILLED"
    filled = bot.fetch_order(order["id"], BTC)
    assert (filled["status"], filled["average"]) == ("closed", 59000)
    assert {trade["takerOrMaker"] for trade in bot.fetch_my_trades(BTC)} == {"maker"}
    assert_adds_up(server, "bot")


@pytest.mark.parametrize("quantity", ["0.10001", "0.000001", "0", "-0.01", "much", True, [1], "NaN"])
def test_a_fill_that_cannot_be_is_refused(server: Server, bot: ccxt.binance, quantity: object) -> None:
    """More than remains, not a multiple of the lot, or no quantity at all."""
    order = bot.create_order(BTC, "limit", "buy", 0.1, 59000)
    path = f"/accounts/bot/orders/{order['id']}/fill"
    status, answer = server.try_control("POST", path, {"quantity": quantity})
    assert status == 400
    assert answer["error"]
    assert bot.fetch_order(order["id"], BTC)["filled"] == 0


def test_only_what_rests_is_filled_by_hand(server: Server, bot: ccxt.binance) -> None:
    """Neither an order that ended, nor a stop that waits, nor an order of somebody else."""
    waiting = bot.create_order(BTC, "stop_loss_limit", "sell", 0.1, 58000, {"stopPrice": 59000})
    ended = bot.create_order(BTC, "market", "buy", 0.01)
    server.account("stranger")
    for order, complaint in ((waiting, "its stop 59000.00000000 was not reached"), (ended, "FILLED")):
        status, answer = server.try_control("POST", f"/accounts/bot/orders/{order['id']}/fill")
        assert status == 400
        assert complaint in answer["error"]
    for path in (f"/accounts/stranger/orders/{waiting['id']}/fill", "/accounts/bot/orders/99/fill"):
        assert server.try_control("POST", path)[0] == 404
