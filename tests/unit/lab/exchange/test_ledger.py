"""Whatever is traded, the account adds up to the last digit."""

from __future__ import annotations

import os
import random
import secrets
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from lab.exchange.markets import MARKETS, Market
from tests.unit.lab.exchange.audit import assert_adds_up, statuses

if TYPE_CHECKING:
    from tests.unit.lab.exchange.harness import Server

# One tenth in every run; the whole proof takes minutes and is asked for.
ORDERS = 10_000 if os.environ.get("FREQOPS_PROVE") == "1" else 1_000
DEPOSIT = {"USDT": "5000", "BTC": "0.05", "ETH": "1.5", "SOL": "20", "DOGE": "2000.12345678"}
REFUSALS = (ccxt.InsufficientFunds, ccxt.InvalidOrder, ccxt.OrderNotFound, ccxt.BadRequest)


class Gambler:
    """Places orders of every kind and size on every pair, and now and then meddles with those that rest."""

    def __init__(self, server: Server, dice: random.Random) -> None:
        self._server = server
        self._dice = dice
        self._client = server.client(server.account("gambler", balances=DEPOSIT))
        self._client.load_markets()
        self.done: Counter[str] = Counter()

    def play(self) -> None:
        """Let some time pass, and do something."""
        self._server.time.advance(self._dice.uniform(0.1, 30))
        market = self._dice.choice(list(MARKETS.values()))
        meddle = self._dice.choices([None, self._cancel, self._fill, self._fill_in_part], [76, 8, 8, 8])[0]
        try:
            if meddle:
                meddle(market)
            self._order(market)
        except REFUSALS:
            self.done["refused"] += 1
        else:
            self.done["placed"] += 1

    def _order(self, market: Market) -> None:
        dice, client, symbol = self._dice, self._client, f"{market.base}/{market.quote}"
        last = float(market.price(self._server.exchange.feed.price(market.symbol)))
        amount = float(client.amount_to_precision(symbol, dice.uniform(4, 400) / last))
        price = float(client.price_to_precision(symbol, last * dice.uniform(0.997, 1.003)))
        kind, side = (
            dice.choice(["market", "money", "limit", "limit", "stop", "IOC", "FOK"]),
            dice.choice(["buy", "sell"]),
        )
        if kind == "market":
            client.create_order(symbol, "market", side, amount)
        elif kind == "money":
            client.create_order(symbol, "market", side, amount, last)
        elif kind == "stop":
            stop = last * (1 + dice.uniform(-0.0002, 0.004) * (1 if side == "buy" else -1))
            patience = dice.choice(["GTC", "GTC", "IOC", "FOK"])
            params = {"stopPrice": client.price_to_precision(symbol, stop), "timeInForce": patience}
            client.create_order(symbol, "stop_loss_limit", side, amount, price, params)
        else:
            patience = "GTC" if kind == "limit" else kind
            client.create_order(symbol, "limit", side, amount, price, {"timeInForce": patience})

    def _cancel(self, market: Market) -> None:
        if resting := self._resting(market):
            self._client.cancel_order(self._dice.choice(resting)["id"], f"{market.base}/{market.quote}")
            self.done["cancelled"] += 1

    def _fill(self, market: Market) -> None:
        """Fill by hand some steps of an order, or all that remains, or try to fill too much."""
        if not (resting := self._resting(market)):
            return
        order = self._dice.choice(resting)
        steps = int(Decimal(str(order["remaining"])) / market.step)
        part = market.quantity(max(1, int(steps * self._dice.uniform(0, 1.1))))
        body = self._dice.choice([{}, {"quantity": f"{part:f}"}])
        status, _ = self._server.try_control("POST", f"/accounts/gambler/orders/{order['id']}/fill", body)
        self.done["filled by hand" if status == 200 else "not filled by hand"] += 1

    def _fill_in_part(self, market: Market) -> None:
        fraction = f"0.{self._dice.randrange(10**6):06d}"
        self._server.fault(symbol=market.symbol, account="gambler", partial=fraction, times=1)
        self.done["to be filled in part"] += 1

    def _resting(self, market: Market) -> list[Any]:
        return list(self._client.fetch_open_orders(f"{market.base}/{market.quote}"))


def test_an_account_adds_up_after_random_orders(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """Of every kind and size, on every pair, cancelled, filled by the market and by hand, and refused."""
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    gambler = Gambler(server, random.Random(seed))  # noqa: S311 - a test must be repeatable
    while gambler.done["placed"] < ORDERS:
        gambler.play()
    with capsys.disabled():
        print(f"\nrandom orders: {ORDERS}, seed {seed}")  # noqa: T201 - whoever reads the run repeats it by this
    orders, ended = server.control("GET", "/accounts/gambler/orders"), statuses(server, "gambler")
    context = f"FREQOPS_SEED={seed}: {gambler.done}, {ended}"
    assert len(orders) == ORDERS, context
    assert_adds_up(server, "gambler")
    assert 0 < gambler.done["refused"] < ORDERS, context
    assert min(gambler.done[deed] for deed in ("cancelled", "filled by hand", "to be filled in part")) > 0, context
    assert {"FILLED", "CANCELED", "EXPIRED", "NEW"} <= set(ended), context
    assert any(0 < Decimal(order["executedQty"]) < Decimal(order["origQty"]) for order in orders), context
    stops = Counter((order["isWorking"], order["status"]) for order in orders if order["type"] == "STOP_LOSS_LIMIT")
    assert {(True, "FILLED"), (True, "EXPIRED"), (False, "NEW"), (False, "CANCELED")} <= set(stops), (context, stops)


def test_deposits_and_withdrawals_are_booked(server: Server) -> None:
    """But no more can be taken out than is free."""
    server.account()
    server.control("POST", "/accounts/bot/deposits", {"asset": "BTC", "amount": "0.12345678"})
    server.control("POST", "/accounts/bot/deposits", {"asset": "USDT", "amount": "-9999.99999999"})
    balances = server.control("GET", "/accounts/bot")["balances"]
    assert (balances["BTC"]["free"], balances["USDT"]["free"]) == ("0.12345678", "0.00000001")
    status, answer = server.try_control("POST", "/accounts/bot/deposits", {"asset": "USDT", "amount": "-1"})
    assert (status, answer["code"]) == (400, -2010)
    assert answer["error"] == "Account has insufficient balance for requested action."
    assert_adds_up(server, "bot")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"name": "a b"}, "an account needs"),
        ({}, "an account needs"),
        ({"name": "x", "balances": ["USDT"]}, "balances must look like"),
        ({"name": "x", "balances": {"USDT": True}}, "not an amount"),
        ({"name": "x", "addresses": 5}, "addresses must be a list of words"),
        ({"name": "x", "permissions": "reading"}, "permissions must be a list of words"),
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
