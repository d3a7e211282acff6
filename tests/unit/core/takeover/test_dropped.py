"""What an adoption leaves behind is named before anything runs, and refused where it matters until it is accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from freqops.core.takeover import adoption, dropped
from tests.unit.core.takeover.test_adoption import CONFIG, EXCHANGE, FOREIGN, WANTED

ON = {"enabled": True, "token": "canary-token", "chat_id": "1"}


def left(before: dict[str, Any], after: dict[str, Any] | None = None, *, is_live: bool = False) -> dict[str, bool]:
    """Return the names of what is left behind, and whether each matters."""
    return {each.name: each.matters for each in dropped.settings(before, after or {}, is_live=is_live)}


@pytest.mark.parametrize("section", ["telegram", "webhook", "discord"])
def test_a_messenger_that_is_on_is_named_and_must_be_accepted(section: str) -> None:
    found = replace(FOREIGN, config={**CONFIG, section: ON})
    [line] = adoption.objections(found, WANTED)
    assert line == f"its {section} will be off after the adoption; accept that: -e accept_dropped={section}"
    assert adoption.objections(found, WANTED, accepted=(section,)) == []


@pytest.mark.parametrize(("section", "secret"), [("telegram", "token"), ("webhook", "url"), ("discord", "webhook_url")])
def test_a_messenger_that_stays_on_takes_its_secrets_along(section: str, secret: str) -> None:
    before = {section: {"enabled": True, secret: "canary", "timeout": 5, "entry": {"value1": "a"}}}
    after = {section: {"enabled": True, "timeout": 5, "entry": {"value1": "b"}}}
    assert left(before, after) == {f"{section}.entry.value1": False}
    after[section][secret] = "its own"
    assert left(before, after)[f"{section}.{secret}"] is False
    after[section]["enabled"] = False
    assert left(before, after) == {section: True}


def test_a_messenger_that_is_off_is_only_said() -> None:
    assert left({"telegram": {"enabled": False}}) == {"telegram": False}


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ({"max_open_trades": 5}, {"max_open_trades": 3}, "max_open_trades"),
        ({"stoploss": -0.1}, {}, "stoploss"),
        ({"unfilledtimeout": {"entry": 5, "exit": 7}}, {"unfilledtimeout": {"entry": 5}}, "unfilledtimeout.exit"),
        ({"protections": [{"method": "CooldownPeriod"}]}, {}, "protections"),
        ({"exchange": {"pair_whitelist": ["A"]}}, {"exchange": {"pair_whitelist": ["B"]}}, "exchange.pair_whitelist"),
        ({"order_types": {"entry": "limit"}}, {"order_types": None}, "order_types.entry"),
        ({"a_word_of_its_strategy": 1}, {}, "a_word_of_its_strategy"),
        ({"dry_run_wallet": 500}, {"dry_run_wallet": 10000}, "dry_run_wallet"),
        ({"force_entry_enable": True}, {"force_entry_enable": False}, "force_entry_enable"),
        ({"telegram": "on"}, {}, "telegram"),
    ],
)
def test_what_changes_how_it_trades_matters(before: dict[str, Any], after: dict[str, Any], name: str) -> None:
    assert left(before, after) == {name: True}


@pytest.mark.parametrize(
    "before", [{"api_server": {"username": "u"}}, {"fiat_display_currency": "EUR"}, {"exchange": {"key": "k"}}]
)
def test_what_does_not_is_only_said(before: dict[str, Any]) -> None:
    assert list(left(before).values()) == [False]


@pytest.mark.parametrize("same", [{"stoploss": -0.1}, {"order_types": {"entry": "limit"}}, {"protections": []}])
def test_what_the_bot_has_too_is_not_named(same: dict[str, Any]) -> None:
    assert left(same, same) == {}


def test_nothing_is_the_same_as_an_empty_one() -> None:
    assert left({"protections": [], "internals": {}, "fee": None}) == {}


def test_a_live_bot_takes_its_credentials_along_and_its_paper_wallet_does_not_matter() -> None:
    before = {"exchange": {"key": "k", "secret": "s"}, "dry_run_wallet": 500}
    assert left(before, is_live=True) == {"dry_run_wallet": False}


def test_what_has_rules_of_its_own_is_not_named_twice() -> None:
    before = {
        "dry_run": False,
        "stake_currency": "BTC",
        "strategy": "T",
        "trading_mode": "x",
        "exchange": {"name": "k"},
    }
    assert left(before) == {}


def test_the_refusal_has_values_and_an_answer_for_all_of_it() -> None:
    found = replace(FOREIGN, config={**CONFIG, "telegram": ON, "stoploss": -0.1, "max_open_trades": 5})
    wanted = replace(WANTED, config={**CONFIG, "max_open_trades": 3})
    lines = adoption.objections(found, wanted)
    assert len(lines) == 2
    assert "stoploss (-0.1; alpha: none), max_open_trades (5; alpha: 3)" in lines[1]
    assert "write it into config of alpha" in lines[1]
    assert all(line.endswith("-e accept_dropped=telegram,stoploss,max_open_trades") for line in lines)
    assert "canary" not in "".join(lines)
    assert adoption.objections(found, wanted, accepted=("telegram", "stoploss", "max_open_trades")) == []


def test_a_section_stands_for_all_in_it() -> None:
    found = replace(FOREIGN, config={**CONFIG, "order_types": {"entry": "limit", "exit": "market"}})
    assert len(adoption.objections(found, WANTED)) == 1
    assert adoption.objections(found, WANTED, accepted=("order_types",)) == []
    assert len(adoption.objections(found, WANTED, accepted=("order",))) == 2


def test_what_is_accepted_must_be_there() -> None:
    assert "accept_dropped names 'telegramm', which is not dropped; dropped are nothing" in adoption.objections(
        FOREIGN, WANTED, accepted=("telegramm",)
    )


def test_tables_that_a_conversion_does_not_carry_are_refused_by_name() -> None:
    found = replace(FOREIGN, tables={"trades": 3, "orders": 4, "trades_bak0": 2, "notes": 0})
    wanted = replace(WANTED, kind="postgresql")
    [line] = adoption.objections(found, wanted)
    assert "tables.trades_bak0 (2 rows) behind" in line
    assert "declare database: sqlite" in line
    assert adoption.objections(found, wanted, accepted=("tables.trades_bak0",)) == []
    assert ("not brought along: tables.notes", "0 rows", "none") in adoption.changes(found, wanted)
    assert adoption.objections(found, WANTED) == []


def test_a_proxy_with_a_password_is_told_its_place_and_not_shown() -> None:
    proxies = {"httpsProxy": "http://me:canary@p:1", "wsProxy": "http://p:1"}
    before = {"exchange": {**EXCHANGE, "ccxt_config": proxies}}
    found = dropped.settings(before, {"exchange": EXCHANGE}, is_live=False)
    lines = list(dropped.objections(found, (), "alpha"))
    accept = "accept that: -e accept_dropped=exchange.ccxt_config.httpsProxy,exchange.ccxt_config.wsProxy"
    assert lines[0] == (
        "its proxy with a password is not brought along: exchange.ccxt_config.httpsProxy; put it into "
        f"secrets_exchange of alpha, and {accept}"
    )
    assert lines[1].startswith("how it trades would change by exchange.ccxt_config.wsProxy (")
    assert "canary" not in "".join(lines)


def test_secrets_are_named_and_not_shown() -> None:
    before = {"exchange": {**EXCHANGE, "password": "canary-one"}, "api_server": {"jwt_secret_key": "canary-two"}}
    found = replace(FOREIGN, config={**CONFIG, **before})
    rows = adoption.changes(found, WANTED)
    assert ("not brought along: api_server.jwt_secret_key", '"[not shown]"', "none") in rows
    assert "canary" not in str(rows)


def test_names_are_separated_by_commas() -> None:
    assert dropped.names("") == ()
    assert dropped.names(" a, b.c,") == ("a", "b.c")
    assert dropped.left_tables(("a", "tables.b.c")) == ["b.c"]
