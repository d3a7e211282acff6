"""What the witness says of an account is what the exchange has; its acts are found again by their names."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

import ccxt
import pytest

from freqops.core.exchange.account import Market
from freqops.core.security import exchange_key
from freqops.core.security.row import OK, RED
from freqops.witness import exchange as asking
from freqops.witness.exchange import Exchange, TooMuch
from tests.unit.lab.exchange.harness import Server
from tests.unit.witness.conftest import config_of

BTC = "BTC/USDT"
NAME = "freqops-0123456789abcdef"
PLACING = "POST /api/v3/order"


def at(server: Server) -> datetime:
    return datetime.fromtimestamp(server.time() / 1000, UTC)


@pytest.fixture
def bot(server: Server, key: dict[str, Any]) -> ccxt.binance:
    """The bot's own client of the same account."""
    return server.client(key)


# --- questions


def rights_of(server: Server, name: str, **body: Any) -> dict[str, Any]:
    asked = Exchange(config_of(server, server.account(name, **body)))
    asked._api.nonce = server.time
    return asked.rights()


def test_the_rights_of_a_key_are_the_words_of_the_exchange(server: Server) -> None:
    bound = rights_of(server, "bound", addresses=["127.0.0.1"])
    assert bound["told"] is True
    assert bound["fields"]["ipRestrict"] is True
    assert "tradingAuthorityExpirationTime" not in bound["fields"]
    rows = {row.item: row.verdict for row in exchange_key.judged("alpha", bound, at(server))}
    assert rows == dict.fromkeys(exchange_key.ITEMS, OK)


@pytest.mark.parametrize("right", ["withdrawals", "internal-transfers", "universal-transfers", "margin", "futures"])
def test_each_right_too_many_is_seen(server: Server, right: str) -> None:
    found = rights_of(server, "rich", addresses=["127.0.0.1"], permissions=["reading", "trading", right])
    rows = {row.item: row.verdict for row in exchange_key.judged("alpha", found, at(server))}
    assert rows["key_rights"] == RED


def test_a_key_that_is_bound_to_no_address_has_an_end(server: Server) -> None:
    found = rights_of(server, "free")
    rows = {row.item: row for row in exchange_key.judged("alpha", found, at(server))}
    assert (rows["key_bound"].verdict, rows["key_end"].verdict) == (RED, OK)
    assert "in 90 days" in rows["key_end"].evidence


def test_two_keys_of_one_account_have_one_number_and_other_accounts_others(server: Server) -> None:
    one, other = server.account("one"), server.account("other")
    second = {**server.control("POST", "/accounts/one/keys", {})}
    numbers = []
    for key in (one, second, other):
        asked = Exchange(config_of(server, key))
        asked._api.nonce = server.time
        numbers.append(asked.account())
    assert numbers[0] == numbers[1] != numbers[2]
    assert numbers[0]["told"] is True
    assert isinstance(numbers[0]["id"], str)


def test_an_account_without_a_number_has_none(witness: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness._api, "privateGetAccount", dict)
    assert witness.account() == {"told": True, "id": None}


def test_an_exchange_whose_words_are_not_known_tells_nothing(server: Server, key: dict[str, Any]) -> None:
    config = config_of(server, key)
    asked = Exchange({**config, "exchange": {**config["exchange"], "name": "kraken", "ccxt_config": {}}})
    assert (asked.rights(), asked.account()) == ({"told": False}, {"told": False})


def test_the_time_is_that_of_the_exchange(witness: Exchange, server: Server) -> None:
    found = witness.time()
    assert found["exchange_ms"] == server.time()
    assert found["asked_ms"] <= found["answered_ms"]


def test_balances_are_free_and_used(witness: Exchange, bot: ccxt.binance) -> None:
    bot.create_order(BTC, "market", "buy", 0.1)
    bot.create_order(BTC, "limit", "sell", 0.04, 70000)
    found = witness.balances()
    assert found["BTC"] == {"free": "0.0599", "used": "0.04"}
    assert found["USDT"] == {"free": str(bot.fetch_balance()["USDT"]["free"]), "used": "0.0"}
    assert found.keys() == {"BTC", "USDT"}  # coins that are not there are not listed


def test_small_amounts_are_no_powers_of_ten(witness: Exchange, server: Server) -> None:
    server.control("POST", "/accounts/bot/reset", {"balances": {"BTC": "0.00000001"}})
    assert witness.balances() == {"BTC": {"free": "0.00000001", "used": "0.0"}}


def test_open_orders_of_the_whole_account(witness: Exchange, bot: ccxt.binance) -> None:
    bot.create_order("ETH/USDT", "limit", "buy", 0.1, 100)
    bot.create_order(BTC, "market", "buy", 0.1)
    stop = bot.create_order(BTC, "stop_loss_limit", "sell", 0.05, 58000, {"stopPrice": 59000})
    found = {each["pair"]: each for each in witness.open_orders([])}
    assert found.keys() == {BTC, "ETH/USDT"}
    assert found[BTC] == {
        "id": stop["id"], "client_id": stop["clientOrderId"], "pair": BTC, "side": "sell",
        "type": found[BTC]["type"], "status": "open", "amount": "0.05", "filled": "0", "cost": "0", "price": "58000.0",
        "stop_price": "59000.0",
    }  # fmt: skip
    assert (found["ETH/USDT"]["side"], found["ETH/USDT"]["stop_price"]) == ("buy", None)


def test_an_exchange_that_wants_a_pair_named_is_asked_for_each(
    witness: Exchange, bot: ccxt.binance, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.create_order("ETH/USDT", "limit", "buy", 0.1, 100)
    fetch = witness._api.fetch_open_orders

    def only_by_pair(pair: str | None = None) -> Any:
        if pair is None:
            raise ccxt.ArgumentsRequired("symbol")
        return fetch(pair)

    monkeypatch.setattr(witness._api, "fetch_open_orders", only_by_pair)
    assert [each["pair"] for each in witness.open_orders([BTC, "ETH/USDT"])] == ["ETH/USDT"]


def test_fills_say_their_order_and_come_from_then_on(witness: Exchange, server: Server, bot: ccxt.binance) -> None:
    old = bot.create_order(BTC, "market", "buy", 0.1)
    server.time.advance(60)
    since = server.time()
    new = bot.create_order(BTC, "market", "sell", 0.02)
    found = witness.fills(BTC, since)
    assert {each["order"] for each in found} == {new["id"]}
    assert sum(Decimal(each["amount"]) for each in found) == Decimal("0.02")
    assert {(each["side"], each["pair"], each["at_ms"]) for each in found} == {("sell", BTC, since)}
    assert {each["order"] for each in witness.fills(BTC, 0)} == {old["id"], new["id"]}
    assert witness.fills("ETH/USDT", 0) == []


@pytest.mark.parametrize("page", [2, 3, 500])
def test_fills_are_read_page_by_page_and_none_is_lost_or_counted_twice(
    witness: Exchange, server: Server, bot: ccxt.binance, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(asking, "PAGE", page)
    placed = []
    for _ in range(7):
        placed.append(bot.create_order(BTC, "market", "buy", 0.01)["id"])
        server.time.advance(1)
    found = witness.fills(BTC, 0)
    assert [each["order"] for each in found] == placed
    assert len({each["id"] for each in found}) == 7


def test_fills_of_one_moment_that_fill_a_page_are_too_many(
    witness: Exchange, bot: ccxt.binance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next page begins at that moment again: it must not go on for ever, nor call half of it all."""
    monkeypatch.setattr(asking, "PAGE", 2)
    for _ in range(4):
        bot.create_order(BTC, "market", "buy", 0.01)
    with pytest.raises(TooMuch, match="more than 40 fills in BTC/USDT"):
        witness.fills(BTC, 0)


def test_markets_have_what_the_rules_need(witness: Exchange) -> None:
    found = witness.markets([BTC, "NONE/USDT"], ["ETH", "GONE"])
    assert found.keys() == {BTC, "ETH/USDT"}
    market = Market("BTC", *(Decimal(found[BTC][name]) for name in ("min_amount", "min_cost", "step", "price")))
    assert (found[BTC]["base"], found[BTC]["quote"]) == ("BTC", "USDT")
    assert market.price == 60000
    assert market.step > 0
    assert market.min_cost > 0
    assert market.is_dust(market.min_cost / market.price / 2)
    assert witness.markets([], []) == {}
    json.dumps(found)


# --- acts


def test_an_order_is_cancelled_by_its_number(witness: Exchange, bot: ccxt.binance) -> None:
    keep, gone = (bot.create_order(BTC, "limit", "buy", 0.01, price)["id"] for price in (50000, 51000))
    assert witness.cancel(BTC, gone) == {"cancelled": gone}
    assert [each["id"] for each in witness.open_orders([])] == [keep]


def test_a_sale_is_found_again_by_its_name(witness: Exchange, bot: ccxt.binance) -> None:
    bot.create_order(BTC, "market", "buy", 0.1)
    placed = witness.sell(BTC, "0.0999", NAME)
    assert (placed["status"], placed["filled"], placed["client_id"], placed["side"]) == (
        "closed",
        "0.0999",
        NAME,
        "sell",
    )
    found = witness.order(BTC, NAME)
    assert found is not None
    assert {name: found[name] for name in ("id", "filled", "status")} == {
        name: placed[name] for name in ("id", "filled", "status")
    }
    assert {each["order"] for each in witness.fills(BTC, 0) if each["side"] == "sell"} == {placed["id"]}


def test_an_order_that_was_never_placed_is_none_and_no_error(witness: Exchange) -> None:
    assert witness.order(BTC, NAME) is None


def test_a_sale_whose_answer_was_lost_is_found_by_its_name(
    witness: Exchange, server: Server, bot: ccxt.binance, entry: ModuleType
) -> None:
    bot.create_order(BTC, "market", "buy", 0.1)
    server.fault(endpoint=PLACING, error={"status": 504, "code": -1007, "msg": "Timeout."}, after=True, times=1)
    with pytest.raises(ccxt.NetworkError) as lost:
        witness.sell(BTC, "0.05", NAME)
    assert entry.kind_of(lost.value) == "unanswered"
    found = witness.order(BTC, NAME)
    assert found is not None
    assert found["filled"] == "0.05"


def test_amounts_are_cut_to_whole_steps_never_raised(witness: Exchange, bot: ccxt.binance) -> None:
    bot.create_order(BTC, "market", "buy", 0.1)
    assert witness.sell(BTC, "0.049999999", NAME)["amount"] == "0.04999"


# --- what went wrong


def kind(entry: ModuleType, act: Any) -> str:
    with pytest.raises(ccxt.BaseError) as error:
        act()
    return str(entry.kind_of(error.value))


def test_what_the_exchange_declines_is_rejected(witness: Exchange, server: Server, entry: ModuleType) -> None:
    assert kind(entry, lambda: witness.sell(BTC, "1", NAME)) == "rejected"  # no funds
    assert kind(entry, lambda: witness.cancel(BTC, "999999")) == "rejected"
    asked = Exchange(config_of(server, {"api_key": "x" * 64, "secret": "y" * 64}))
    asked._api.nonce = server.time
    assert kind(entry, asked.balances) == "unauthorized"


@pytest.mark.parametrize(
    "fault",
    [
        {"error": {"status": 503, "code": -1000}},
        {"error": {"status": 503, "code": -1006}},  # execution status unknown
        {"error": {"status": 504, "code": -1007}},
        {"error": {"status": 429, "code": -1003}},
        {"error": {"status": 418, "code": -1003}},
        {"error": {"status": 400, "code": -1021}},
        {"answer": "half"},
        {"answer": "reset"},
    ],
    ids=str,
)
def test_whatever_may_have_been_done_all_the_same_is_unanswered(
    witness: Exchange, server: Server, bot: ccxt.binance, entry: ModuleType, fault: dict[str, Any]
) -> None:
    bot.create_order(BTC, "market", "buy", 0.1)
    witness.markets([BTC], [])
    server.fault(endpoint=PLACING, times=1, **fault)
    assert kind(entry, lambda: witness.sell(BTC, "0.05", NAME)) == "unanswered"


def test_an_exchange_that_does_not_answer_in_time_is_unanswered(
    witness: Exchange, server: Server, entry: ModuleType
) -> None:
    witness._api.timeout = 200
    server.fault(endpoint="GET /api/v3/account", latency_ms=400)
    assert kind(entry, witness.balances) == "unanswered"
    time.sleep(0.4)  # the exchange ends with nothing under way


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ccxt.ExchangeError("x"), "rejected"),
        (ccxt.InsufficientFunds("x"), "rejected"),
        (ccxt.NetworkError("x"), "unanswered"),
        (ccxt.RequestTimeout("x"), "unanswered"),
        (ccxt.BadResponse("x"), "unanswered"),
        (TooMuch("x"), "unanswered"),
        (KeyError("x"), "unanswered"),
        (ValueError("x"), "unanswered"),
    ],
)
def test_kinds(entry: ModuleType, error: Exception, expected: str) -> None:
    assert entry.kind_of(error) == expected


def test_the_witness_never_waits_for_a_rate_limit(server: Server, key: dict[str, Any]) -> None:
    config = config_of(server, key)
    del config["exchange"]["ccxt_config"]["enableRateLimit"]
    assert Exchange(config)._api.enableRateLimit is False
