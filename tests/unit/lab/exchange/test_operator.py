"""The operator's port: accounts are looked at, reset and traded for by hand, and prices held."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ccxt
import pytest

from lab.base.conversation import Conversation, ProcessLine
from tests.unit.lab.exchange.audit import assert_adds_up

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Server

BTC = "BTC/USDT"
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.1",
    "price": "59000",
}


@pytest.fixture(autouse=True)
def quiet_market(server: Server) -> None:
    """Let BTC stand at 60,000."""
    server.hold("BTCUSDT", 60000)
    server.time.advance(1)


def test_an_account_tells_its_keys_but_no_secret(server: Server, key: dict[str, Any]) -> None:
    """A secret is told once, when its key is made."""
    other = server.control("POST", "/accounts/bot/keys", {"permissions": ["reading"], "addresses": ["192.0.2.1"]})
    shown = server.control("GET", "/accounts/bot")
    expected = [
        {"api_key": key["api_key"], "permissions": ["reading", "trading"], "addresses": []},
        {"api_key": other["api_key"], "permissions": ["reading"], "addresses": ["192.0.2.1"]},
    ]
    assert sorted(shown["keys"], key=str) == sorted(expected, key=str)
    assert not {key["secret"], other["secret"]} & set(str(shown).split("'"))


def test_a_reset_sets_the_balances(server: Server, bot: ccxt.binance) -> None:
    """Exactly these and no others, with all orders cancelled, and booked so that the account still adds up."""
    bot.create_order(BTC, "market", "buy", 0.1)
    bot.create_order(BTC, "limit", "buy", 0.01, 59000)
    bot.create_order(BTC, "stop_loss_limit", "sell", 0.05, 58000, {"stopPrice": 59000})
    shown = server.control("POST", "/accounts/bot/reset", {"balances": {"USDT": "12345.6789", "ETH": "2"}})
    assert {asset: held for asset, held in shown["balances"].items() if float(held["free"])} == {
        "USDT": {"free": "12345.67890000", "locked": "0.00000000"},
        "ETH": {"free": "2.00000000", "locked": "0.00000000"},
    }
    assert shown == server.control("GET", "/accounts/bot")
    assert bot.fetch_open_orders(BTC) == []
    assert_adds_up(server, "bot")
    server.control("POST", "/accounts/bot/reset", {"balances": {}})
    assert bot.fetch_balance()["total"]["USDT"] == 0
    assert_adds_up(server, "bot")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "balances must look like"),
        ({"balances": "all"}, "balances must look like"),
        ({"balances": {"USDT": "-1"}}, "below zero"),
        ({"balances": {"EUR": "1"}}, "no such asset: 'EUR'"),
        ({"balances": {"USDT": "0.123456789"}}, "at most eight decimals"),
    ],
)
def test_a_bad_reset_changes_nothing(server: Server, bot: ccxt.binance, body: dict[str, Any], complaint: str) -> None:
    """Not even the orders."""
    order = bot.create_order(BTC, "limit", "buy", 0.1, 59000)
    status, answer = server.try_control("POST", "/accounts/bot/reset", body)
    assert status == 400
    assert complaint in answer["error"]
    assert bot.fetch_order(order["id"], BTC)["status"] == "open"
    assert server.try_control("POST", "/accounts/nobody/reset", {"balances": {}})[0] == 404


def test_an_order_made_by_hand_is_like_any_other(server: Server, bot: ccxt.binance) -> None:
    """Answered in full; the bot finds it on its account and can cancel it."""
    made = server.control("POST", "/accounts/bot/orders", LIMIT)
    assert (made["status"], made["price"], made["fills"]) == ("NEW", "59000.00000000", [])
    assert [order["id"] for order in bot.fetch_open_orders(BTC)] == [str(made["orderId"])]
    assert bot.cancel_order(str(made["orderId"]), BTC)["status"] == "canceled"
    market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": 0.00011}
    [fill] = server.control("POST", "/accounts/bot/orders", market)["fills"]
    assert (fill["qty"], fill["price"]) == ("0.00011000", "60000.50000000")
    assert_adds_up(server, "bot")


def test_a_number_may_be_sent_as_a_number(server: Server, key: dict[str, Any]) -> None:
    """Also one that Python would write with an exponent."""
    made = server.control("POST", "/accounts/bot/orders", {**LIMIT, "side": "BUY", "quantity": 9e-05, "price": 60000})
    assert (made["origQty"], made["price"]) == ("0.00009000", "60000.00000000")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": "NOPE"}, -1121),
        ({"type": "STOP_LOSS_LIMIT"}, -1102),
        ({"type": "STOP_LOSS_LIMIT", "stopPrice": "60000"}, -2010),
        ({"quantity": "0.000001"}, -1013),
        ({"quantity": "1"}, -2010),
        ({"quantity": ["1"]}, None),
        ({"quantity": True}, None),
    ],
)
def test_an_order_made_by_hand_is_checked(
    server: Server, key: dict[str, Any], changes: dict[str, object], code: int | None
) -> None:
    """As if a bot had sent it."""
    status, answer = server.try_control("POST", "/accounts/bot/orders", {**LIMIT, **changes})
    assert (status, answer.get("code")) == (400, code)
    assert answer["error"]
    assert server.control("GET", "/accounts/bot/orders") == []


def test_an_order_is_cancelled_by_hand(server: Server, bot: ccxt.binance) -> None:
    """Once; what is not there is not found."""
    order = bot.create_order(BTC, "limit", "buy", 0.1, 59000)
    assert server.control("DELETE", f"/accounts/bot/orders/{order['id']}")["status"] == "CANCELED"
    assert bot.fetch_order(order["id"], BTC)["status"] == "canceled"
    assert server.try_control("DELETE", f"/accounts/bot/orders/{order['id']}") == (
        400,
        {"error": "Unknown order sent.", "code": -2011},
    )
    for path in ("/accounts/bot/orders/99", "/accounts/bot/orders/x", "/accounts/nobody/orders/1"):
        assert server.try_control("DELETE", path)[0] == 404


def test_a_price_is_held(server: Server) -> None:
    """From the next second on, until it is set again or given back to the seeded path."""
    shown = server.control("PUT", "/prices/ETHUSDT", {"price": "3123.45"})
    assert (shown["mode"], [price for _, price in shown["points"]]) == ("step", ["3123.45000000"])
    for _ in range(2):
        server.time.advance(3600)
        assert server.control("GET", "/status")["prices"]["ETHUSDT"] == "3123.45000000"
    server.control("DELETE", "/scripts/ETHUSDT")
    server.time.advance(1)
    assert server.control("GET", "/status")["prices"]["ETHUSDT"] != "3123.45000000"


@pytest.mark.parametrize(
    ("symbol", "body"),
    [("NOPE", {"price": 1}), ("ETHUSDT", {}), ("ETHUSDT", {"price": "0"}), ("ETHUSDT", {"price": [1]})],
)
def test_a_price_that_cannot_be_is_refused(server: Server, symbol: str, body: dict[str, object]) -> None:
    """With words."""
    status, answer = server.try_control("PUT", f"/prices/{symbol}", body)
    assert status == 400
    assert answer["error"]


def test_requests_on_a_line_are_answered_as_those_to_the_port(server: Server) -> None:
    """Also what it refuses, and what nobody answers; the program goes on."""
    url = urlsplit(server.control_base)
    command = [sys.executable, "-m", "lab.exchange.operator_line"]
    line = Conversation(lambda: ProcessLine([*command, str(url.port)]))

    def answer(method: str, path: str, body: object = None) -> tuple[int, Any]:
        said = line.ask({"method": method, "path": path, "body": body})
        return said["status"], said["body"]

    script = {"BTCUSDT": {"points": [[0, 50000]]}}
    assert answer("PUT", "/scripts", script)[1].keys() == script.keys()
    for method, path, body in (("GET", "/scripts", None), ("PUT", "/scripts/BTCUSDT", {}), ("GET", "/nothing", None)):
        assert answer(method, path, body) == server.try_control(method, path, body)
    nobody = Conversation(lambda: ProcessLine([*command, "1"])).ask({"method": "GET", "path": "/status", "body": None})
    assert "refused" in nobody["error"]
