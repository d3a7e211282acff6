"""Whatever is traded, the account adds up to the last digit."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING

import ccxt
import pytest

from lab.exchange.markets import MARKETS
from tests.unit.exchange.audit import assert_adds_up, statuses

if TYPE_CHECKING:
    from tests.unit.exchange.harness import Server

ORDERS = 1000
DEPOSIT = {"USDT": "5000", "BTC": "0.05", "DOGE": "2000.12345678"}


def test_an_account_adds_up_after_a_thousand_random_orders(server: Server) -> None:
    """Of every kind and size, on every pair, cancelled, filled and refused, while time goes on."""
    seed = secrets.randbits(32)
    dice = random.Random(seed)  # noqa: S311 - a test must be repeatable
    client = server.client(server.account("gambler", balances=DEPOSIT))
    client.load_markets()
    refused = 0
    for _ in range(ORDERS):
        server.time.advance(dice.uniform(0.1, 30))
        try:
            _gamble(server, client, dice)
        except (ccxt.InsufficientFunds, ccxt.InvalidOrder, ccxt.OrderNotFound, ccxt.BadRequest):
            refused += 1
    ended = statuses(server, "gambler")
    context = f"random.Random({seed}): {refused} refused, {ended}"
    print(context)  # noqa: T201 - pytest shows it when the test fails
    assert_adds_up(server, "gambler")
    assert 0 < refused < ORDERS / 2, context
    assert {"FILLED", "CANCELED", "EXPIRED", "NEW"} <= set(ended), context


def _gamble(server: Server, client: ccxt.binance, dice: random.Random) -> None:
    market = dice.choice(list(MARKETS.values()))
    symbol, side = f"{market.base}/{market.quote}", dice.choice(["buy", "sell"])
    if dice.random() < 0.1 and (resting := client.fetch_open_orders(symbol)):
        client.cancel_order(dice.choice(resting)["id"], symbol)
        return
    last = float(market.price(server.exchange.feed.price(market.symbol)))
    amount = client.amount_to_precision(symbol, dice.uniform(4, 400) / last)
    price = client.price_to_precision(symbol, last * dice.uniform(0.997, 1.003))
    kind = dice.choice(["market", "money", "limit", "limit", "IOC", "FOK"])
    if kind == "market":
        client.create_order(symbol, "market", side, float(amount))
    elif kind == "money":
        client.create_order(symbol, "market", side, float(amount), last)
    else:
        patience = {} if kind == "limit" else {"timeInForce": kind}
        client.create_order(symbol, "limit", side, float(amount), float(price), patience)


def test_deposits_and_withdrawals_are_booked(server: Server) -> None:
    """But no more can be taken out than is free."""
    server.account()
    server.control("POST", "/accounts/bot/deposits", {"asset": "BTC", "amount": "0.12345678"})
    server.control("POST", "/accounts/bot/deposits", {"asset": "USDT", "amount": "-9999.99999999"})
    balances = server.control("GET", "/accounts/bot")["balances"]
    assert (balances["BTC"]["free"], balances["USDT"]["free"]) == ("0.12345678", "0.00000001")
    status, answer = server.try_control("POST", "/accounts/bot/deposits", {"asset": "USDT", "amount": "-1"})
    assert (status, answer) == (400, {"error": "Account has insufficient balance for requested action."})
    assert_adds_up(server, "bot")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"name": "a b"}, "an account needs"),
        ({}, "an account needs"),
        ({"name": "x", "balances": ["USDT"]}, "an account needs"),
        ({"name": "x", "balances": {"EUR": "1"}}, "no such asset: 'EUR'"),
        ({"name": "x", "balances": {"USDT": "much"}}, "not an amount"),
        ({"name": "x", "balances": {"USDT": "NaN"}}, "not an amount"),
        ({"name": "x", "balances": {"USDT": "Infinity"}}, "not an amount"),
        ({"name": "x", "balances": {"USDT": "0.123456789"}}, "at most eight decimals"),
        ({"name": "x", "balances": {"USDT": "-1"}}, "insufficient"),
        ({"name": "x", "permissions": ["flying"]}, "no such permission: flying"),
        ({"name": "bot"}, "an account 'bot' already"),
    ],
)
def test_a_bad_account_is_refused(server: Server, body: dict[str, object], complaint: str) -> None:
    """And nothing of it is kept."""
    server.account()
    status, answer = server.try_control("POST", "/accounts", body)
    assert status == 400
    assert complaint in answer["error"]
    assert server.control("GET", "/accounts") == ["bot"]


def test_keys_are_made_here_and_never_twice(server: Server) -> None:
    """There is no default key, and the control port answers 404 for who is not there."""
    keys = [server.account(name) for name in ("one", "two")]
    assert len({word for key in keys for word in (key["api_key"], key["secret"])}) == 4
    assert all(len(key["api_key"]) == len(key["secret"]) == 64 for key in keys)
    for path in ("/accounts/nobody", "/accounts/nobody/orders", "/accounts/nobody/trades"):
        assert server.try_control("GET", path)[0] == 404
