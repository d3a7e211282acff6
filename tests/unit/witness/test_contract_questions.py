"""The questions that the contract of the witness asks besides: what asks, whole balances, a wrong key, and a buy."""

from __future__ import annotations

import json
from types import ModuleType

import ccxt
import pytest

from freqops.witness.exchange import Exchange, TooMuch
from tests.unit.lab.exchange.harness import Server

BTC, NAME = "BTC/USDT", "freqops-0123456789abcdef"


def test_it_says_what_asks(witness: Exchange) -> None:
    found = witness.about([BTC, "NONE/USDT"])
    assert found == {"exchange": "binance", "ccxt": ccxt.__version__, "steps": True, "spot": {BTC: True}}


def test_an_exchange_that_counts_digits_has_no_steps(witness: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness._api, "precisionMode", ccxt.DECIMAL_PLACES)
    assert witness.about([])["steps"] is False


def test_the_time_is_that_of_the_exchange(witness: Exchange, server: Server) -> None:
    assert witness.time()["exchange_ms"] == server.time()


def test_totals_have_every_coin_with_its_sum(witness: Exchange, server: Server) -> None:
    witness.buy(BTC, "0.1", NAME, "50000")
    found = witness.totals()
    assert found == {"USDT": {"free": "5000.0", "used": "5000.0", "total": "10000.0"}}
    json.dumps(found)


def test_open_orders_of_one_pair(witness: Exchange) -> None:
    placed = witness.buy(BTC, "0.001", NAME, "50000")
    assert [each["id"] for each in witness.open_orders_of(BTC)] == [placed["id"]]
    assert witness.open_orders_of("ETH/USDT") == []


def test_a_buy_with_a_price_rests_and_is_found_by_its_name(witness: Exchange) -> None:
    placed = witness.buy(BTC, "0.00123999", NAME, "50000.019")
    assert (placed["type"], placed["status"], placed["amount"], placed["price"]) == (
        "limit",
        "open",
        "0.00123",
        "50000.02",
    )
    found = witness.order(BTC, NAME)
    assert found is not None
    assert (found["id"], found["client_id"], found["side"]) == (placed["id"], NAME, "buy")


def test_a_buy_without_a_price_is_filled_at_the_market(witness: Exchange) -> None:
    placed = witness.buy(BTC, "0.001", NAME)
    assert (placed["type"], placed["status"], placed["filled"]) == ("market", "closed", "0.001")
    assert [each["order"] for each in witness.fills(BTC, 0)] == [placed["id"]]


def test_a_wrong_key_is_asked_with_and_refused(witness: Exchange, server: Server, entry: ModuleType) -> None:
    witness.balances()
    with pytest.raises(ccxt.AuthenticationError) as error:
        witness.wrong_key()
    assert entry.kind_of(error.value) == "unauthorized"
    assert witness.balances()  # the right one is asked with again


def test_pages_are_as_large_as_they_are_asked_for(witness: Exchange, server: Server) -> None:
    for number in range(5):
        witness.buy(BTC, "0.001", f"{NAME}{number}")
        server.time.advance(1)
    assert len(witness.fills(BTC, 0, 2)) == len(witness.fills(BTC, 0)) == 5
    with pytest.raises(TooMuch, match="more than 20 fills"):
        witness.fills(BTC, 0, 1)  # such a page is never passed
