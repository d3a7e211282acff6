"""The contract of the witness, against the lab's real exchange: what is shown, refused and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.next_step import NextStep
from freqops.core.exchange import allowed, contract
from freqops.core.halt import moved, way_out
from freqops.core.halt.holds import HoldsUnreadable
from freqops.hostctl.exchange import sales_journal
from freqops.hostctl.exchange.witness_contract import NOT_SHOWN, READING_SHOWN, SHOWN, Allowance, Contracted
from tests.unit.fakes import process
from tests.unit.hostctl.exchange.contracted import (
    BTC,
    ORDERED,
    READ,
    TIME,
    Contracting,
)

ACTS = {"buy", "sell", "cancel"}


# --- where it is true


def test_the_reading_part_is_shown_without_an_act(lab: Contracting) -> None:
    row = lab.run()
    assert (row.proven, row.outcome, row.changed, row.left) == (True, READING_SHOWN, False, [])
    assert lab.verdicts(row) == dict.fromkeys(READ, contract.PROVEN)
    assert (row.exchange, ACTS & set(lab.asked)) == ("binance", set())
    assert lab.orders() == []
    assert any("order part was not run" in why for why in row.why_not)
    assert not lab.bot.sales.exists()


def test_the_reading_part_is_shown_while_the_bot_runs_and_has_orders(lab: Contracting) -> None:
    lab.processes.append(process())
    client = lab.server.client(lab.key)
    client.create_order(BTC, "limit", "buy", 0.01, 50000)
    for _ in range(5):
        client.create_order(BTC, "market", "buy", 0.001)
        lab.server.time.advance(1)
    row = lab.run()
    assert row.proven, row.claims
    assert lab.evidence(row, "open_orders") == "1 open orders, 1 in these pairs"
    assert lab.evidence(row, "fills") == "5 in BTC/USDT"


def test_both_parts_are_shown_and_the_account_is_as_before_less_fees(lab: Contracting) -> None:
    row = lab.order()
    assert (row.proven, row.outcome, row.changed, row.left) == (True, SHOWN, True, []), row.claims
    assert lab.verdicts(row) == dict.fromkeys([*READ, *ORDERED], contract.PROVEN)
    assert [order["status"] for order in lab.orders()] == ["CANCELED", "FILLED", "FILLED"]
    assert "the fee is 0.0000001 BTC" in lab.evidence(row, "received")
    assert Decimal(9999) < lab.coins["USDT"] < Decimal(10000)
    lab.nothing_left()


def test_a_bot_that_trades_on_paper_shows_it_before_it_is_live(lab: Contracting) -> None:
    """Its trades are on paper, so they are not asked for."""
    declared = json.loads((lab.home / "bot.json").read_text())
    (lab.home / "bot.json").write_text(json.dumps({**declared, "mode": "paper"}))
    lab.trades.append({"id": 7, "pair": BTC, "is_open": True})
    row = lab.order()
    assert row.proven, row.claims
    assert "records" not in lab.asked
    lab.nothing_left()


def test_what_it_ordered_is_known_as_ours(lab: Contracting) -> None:
    lab.order()
    assert sales_journal.numbers(lab.bot) == {str(order["orderId"]) for order in lab.orders()}
    assert [line["side"] for line in lab.lines] == ["buy", "buy", "sell"]


def test_each_order_is_on_the_disk_before_it_is_sent(lab: Contracting) -> None:
    seen: list[tuple[str, int]] = []
    lab.before = lambda what: seen.append((what, len(lab.lines))) if what in ("buy", "sell") else None
    lab.order()
    assert seen == [("buy", 1), ("buy", 2), ("sell", 3)]


def test_the_coin_that_the_account_had_is_not_sold(lab: Contracting) -> None:
    lab.server.control("POST", "/accounts/bot/deposits", {"asset": "BTC", "amount": "0.5"})
    row = lab.order()
    assert row.proven, row.claims
    assert lab.coins["BTC"] >= Decimal("0.5")


def test_what_was_found_is_kept_for_root_alone(lab: Contracting) -> None:
    row = lab.order()
    place = lab.home / contract.FILE
    assert place.stat().st_mode & 0o777 == 0o600
    assert (lab.kept["claims"], lab.kept["ccxt"], lab.kept["parts"]) == (row.claims, row.ccxt, ["reading", "order"])
    text = place.read_text() + json.dumps(row.to_json())
    assert not any(secret in text for secret in (lab.key["api_key"], lab.key["secret"], lab.key["api_key"][::-1]))


def test_a_contract_with_another_address_counts_for_no_exchange(lab: Contracting) -> None:
    """It was shown at the lab's: nothing is known of the exchange whose name it has."""
    row = lab.order()
    now = lab.clock.utcnow()
    assert row.proven, row.claims
    assert any("ccxt_config.urls may lead elsewhere" in why for why in row.why_not)
    assert contract.passed({**lab.kept, "overrides": []}, "binance", lab.bot.image, now) == []


# --- refusals


def refused(lab: Contracting, said: str, act: Callable[[], Contracted]) -> Any:
    with pytest.raises(Refused, match=said) as refusal:
        act()
    assert ACTS & set(lab.asked) == set()
    assert lab.orders() == []
    assert not (lab.home / contract.FILE).exists()
    return refusal.value


def test_without_a_key_nothing_is_asked(lab: Contracting) -> None:
    lab.configure("short", pair_whitelist=[BTC])
    refused(lab, "has no key of an account", lab.run)
    assert lab.asked == []


def test_a_bot_that_moved_away_is_not_asked_for(lab: Contracting) -> None:
    moved.write(lab.bot.home.parent.parent, "alpha", moved.Moved("prod-2", "one", "2026-01-02T03:04:05Z"))
    refused(lab, "moved to prod-2", lab.run)
    assert lab.asked == []


def test_nothing_is_ordered_while_the_bot_runs(lab: Contracting) -> None:
    lab.processes.append(process(77))
    error = refused(lab, "process 77 of alpha lives", lab.order)
    assert way_out.of_error(error) == (NextStep("halt"),)
    assert lab.asked == []


def test_nothing_is_ordered_where_the_bot_is_not_held_at_level_3(lab: Contracting) -> None:
    document = json.loads(lab.bot.holds.read_text().partition("\n")[2] or lab.bot.holds.read_text())
    document["holds"][0]["level"] = 1
    lab.bot.holds.write_text(json.dumps(document))
    refused(lab, "not held at level 3", lab.order)
    assert lab.asked == []


def test_with_holds_that_cannot_be_read_nothing_is_ordered(lab: Contracting) -> None:
    lab.bot.holds.write_text("{")
    with pytest.raises(HoldsUnreadable):
        lab.order()
    assert lab.asked == []


def test_nothing_is_ordered_while_another_command_works_or_was_cut_off(lab: Contracting) -> None:
    with durable.locked(lab.home / ".lock", 0, Clock()):
        refused(lab, "another command", lab.order)
    (lab.home / "restoring.json").write_text("{}")
    refused(lab, "a command is at work", lab.order)


def test_nothing_is_ordered_while_trades_are_open(lab: Contracting) -> None:
    lab.trades.append({"id": 7, "pair": BTC, "is_open": True})
    refused(lab, r"has trades open \(7 BTC/USDT\)", lab.order)


@pytest.mark.parametrize(("most", "said"), [("6", "more than the 6 allowed"), ("0", "above zero"), ("NaN", "above")])
def test_nothing_is_ordered_above_what_is_allowed(lab: Contracting, most: str, said: str) -> None:
    refused(lab, said, lambda: lab.order(most))


def test_nothing_is_ordered_without_the_stake_for_it(lab: Contracting) -> None:
    lab.server.control("POST", "/accounts/bot/reset", {"balances": {"USDT": "6"}})
    refused(lab, "6.0 are free", lab.order)


@pytest.mark.parametrize("pair", ["BTC/EUR", "USDT", "BTC/USDT:USDT", ""])
def test_nothing_is_asked_for_a_pair_that_is_none_of_its_stake(lab: Contracting, pair: str) -> None:
    refused(lab, "is no pair in which alpha has its stake", lambda: lab.run(Allowance(pair, Decimal(20))))
    assert lab.asked == []


def test_nothing_is_ordered_while_orders_rest_on_the_account(lab: Contracting) -> None:
    resting = lab.server.client(lab.key).create_order("ETH/USDT", "limit", "buy", 0.1, 100)
    with pytest.raises(Refused, match=f"orders rest on the account .{resting['id']} buy ETH/USDT."):
        lab.order()
    assert ACTS & set(lab.asked) == set()


def test_nothing_is_ordered_where_the_reading_part_is_not_shown(lab: Contracting) -> None:
    lab.liar.lies[TIME] = lambda *_: (200, {"serverTime": lab.server.time() + 60_000})
    row = lab.order()
    assert (row.proven, row.outcome, row.changed) == (False, NOT_SHOWN, False)
    shown = [name for name, verdict in lab.verdicts(row).items() if verdict == contract.PROVEN]
    assert shown == [name for name in READ if name != "time"]
    assert {lab.evidence(row, name) for name in ORDERED} == {contract.NOT_REACHED}
    assert lab.orders() == []


# --- what is kept


def test_the_last_one_counts(lab: Contracting) -> None:
    assert lab.order().proven
    lab.liar.lies[TIME] = lambda *_: (200, {"serverTime": 1})
    assert not lab.run().proven
    assert lab.kept["parts"] == ["reading"]


def test_a_reading_part_that_is_shown_takes_nothing_from_a_whole_one(
    lab: Contracting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowed, "overrides", lambda _: [])  # as on the exchange itself
    whole = lab.order()
    assert (whole.proven, whole.why_not) == (True, [])
    row = lab.run()
    assert (row.outcome, row.why_not) == (READING_SHOWN, [])
    assert lab.kept["claims"] == whole.claims
    assert any("stays, and counts" in line for line in row.detail)


def test_what_was_not_kept_is_not_proven(lab: Contracting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freqops.hostctl.exchange.witness_contract.durable.write_json", lambda *_: None)
    with pytest.raises(NotProven, match="was not kept"):
        lab.run()
