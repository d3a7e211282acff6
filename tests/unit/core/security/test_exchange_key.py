"""The key of a bot: each right too many is red, and what the exchange does not say is not known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from freqops.core.security import exchange_key, items
from freqops.core.security.row import OK, RED, UNKNOWN, Row
from tests.unit.security_facts import NOW, key_fields


def rows(**changed: Any) -> dict[str, Row]:
    answer = {"told": True, "fields": key_fields(**changed)}
    return {each.item: each for each in exchange_key.judged("alpha", answer, NOW)}


def test_a_key_that_reads_and_trades_from_here_is_ok() -> None:
    found = rows()
    assert {item: each.verdict for item, each in found.items()} == dict.fromkeys(exchange_key.ITEMS, OK)
    assert "10 days old" in found[items.KEY_AGE].evidence
    assert found[items.KEY_END].evidence.startswith("none:")


@pytest.mark.parametrize(
    "right",
    [
        *("enableWithdrawals", "enableInternalTransfer", "enableMargin", "enableFutures", "permitsUniversalTransfer"),
        *("enableVanillaOptions", "enableFixApiTrade", "enablePortfolioMarginTrading", "enableWhatComesTomorrow"),
    ],
)
@pytest.mark.parametrize("yes", [True, "true", "TRUE", 1])
def test_each_right_but_reading_and_trading_is_red(right: str, yes: object) -> None:
    row = rows(**{right: yes})[items.KEY_RIGHTS]
    assert row.verdict == RED
    assert right in row.evidence
    assert not row.unseen


@pytest.mark.parametrize("name", [*exchange_key.MUST_SAY_NO, "enableSpotAndMarginTrading"])
@pytest.mark.parametrize("said", [..., None, "maybe", 0])
def test_a_right_of_which_nothing_is_said_is_not_known(name: str, said: object) -> None:
    assert rows(**{name: said})[items.KEY_RIGHTS].verdict == UNKNOWN


def test_a_field_that_nobody_understands_is_not_known_and_no_time_grants_anything() -> None:
    assert rows(somethingNew={"a": 1})[items.KEY_RIGHTS].verdict == UNKNOWN
    assert rows(somethingNew="perhaps")[items.KEY_RIGHTS].verdict == UNKNOWN
    assert rows(updateTime=1_700_000_000_000)[items.KEY_RIGHTS].verdict == OK


def test_a_key_that_may_not_trade_is_red() -> None:
    assert rows(enableSpotAndMarginTrading=False)[items.KEY_RIGHTS].verdict == RED


@pytest.mark.parametrize(("said", "verdict"), [(False, RED), (..., UNKNOWN), ("true", UNKNOWN), (1, UNKNOWN)])
def test_a_key_that_is_not_certainly_bound_is_not_ok(said: object, verdict: str) -> None:
    assert rows(ipRestrict=said)[items.KEY_BOUND].verdict == verdict


@pytest.mark.parametrize(
    ("days", "verdict"),
    [(0, OK), (items.KEY_AGE_DAYS, OK), (items.KEY_AGE_DAYS + 1, RED), (-3, UNKNOWN)],
)
def test_the_age_of_a_key(days: int, verdict: str) -> None:
    made = int((NOW - timedelta(days=days)).timestamp() * 1000)
    assert rows(createTime=made)[items.KEY_AGE].verdict == verdict


@pytest.mark.parametrize("made", [None, "yesterday", -1, 0, 1e99, True, 10**16])
def test_an_age_that_is_none_is_not_known(made: object) -> None:
    row = rows(createTime=made)[items.KEY_AGE]
    assert (row.verdict, row.unseen) == (UNKNOWN, False)


def test_an_age_that_is_not_told_can_be_attested() -> None:
    row = rows(createTime=...)[items.KEY_AGE]
    assert (row.verdict, row.unseen) == (UNKNOWN, True)


@pytest.mark.parametrize(("days", "verdict"), [(items.KEY_END_DAYS, OK), (items.KEY_END_DAYS - 1, RED), (-1, RED)])
def test_the_end_of_a_key(days: int, verdict: str) -> None:
    end = int((NOW + timedelta(days=days, hours=1)).timestamp() * 1000)
    assert rows(tradingAuthorityExpirationTime=end)[items.KEY_END].verdict == verdict


def test_an_unbound_key_without_an_end_and_an_end_that_is_none_are_not_known() -> None:
    assert rows(ipRestrict=False)[items.KEY_END].verdict == UNKNOWN
    assert rows(tradingAuthorityExpirationTime="soon")[items.KEY_END].verdict == UNKNOWN


def test_an_exchange_that_tells_nothing_leaves_all_to_be_attested() -> None:
    found = exchange_key.judged("alpha", {"told": False}, NOW)
    assert [(each.item, each.verdict, each.unseen) for each in found] == [
        (item, UNKNOWN, True) for item in exchange_key.ITEMS
    ]


@pytest.mark.parametrize(
    "answer",
    [None, [], "told", {}, {"told": 1}, {"told": True}, {"told": True, "fields": []}, {"told": True, "fields": {}},
     {"told": True, "fields": {f"x{number}": False for number in range(300)}}],
)  # fmt: skip
def test_an_answer_that_is_none_is_not_known_and_cannot_be_attested(answer: object) -> None:
    found = exchange_key.judged("alpha", answer, NOW)
    assert {(each.verdict, each.unseen) for each in found} == {(UNKNOWN, False)}
    assert len(found) == len(exchange_key.ITEMS)


def test_a_mark_is_equal_for_one_account_alone_and_hides_its_number() -> None:
    mark = exchange_key.account_mark("binance", {"told": True, "id": "354937868"})
    assert mark
    assert "354937868" not in mark
    assert mark == exchange_key.account_mark("binance", {"told": True, "id": " 354937868 "})
    assert mark != exchange_key.account_mark("binance", {"told": True, "id": "354937869"})
    assert mark != exchange_key.account_mark("kraken", {"told": True, "id": "354937868"})
    assert exchange_key.account_mark("binance", {"told": False}) == ""


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"told": True}, {"told": True, "id": ""}, {"told": True, "id": "  "}, {"told": True, "id": 7},
     {"told": "yes", "id": "7"}, {"told": True, "id": "7" * 101}],
)  # fmt: skip
def test_an_account_that_is_none_has_no_mark(answer: object) -> None:
    assert exchange_key.account_mark("binance", answer) is None
