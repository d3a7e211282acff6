"""Rows: what may be attested or waived, what is missing, and whose account is whose."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.base.statements import Statement
from freqops.core.security import items, row
from freqops.core.security.row import ATTESTED, OK, RED, UNKNOWN, WAIVED, Row

TODAY = date(2026, 6, 1)


def said(about: str, bot: str = "", days: int = 30) -> Statement:
    return Statement(about, bot, "looked at it myself", "ann", TODAY + timedelta(days=days))


@pytest.mark.parametrize("item", items.ATTESTED)
def test_what_no_machine_sees_is_attested_until_its_end(item: str) -> None:
    unseen = Row(item, "alpha", UNKNOWN, "not told", unseen=True)
    found = row.stated(unseen, [said(item)], [], TODAY)
    assert (found.verdict, found.passes) == (ATTESTED, True)
    assert "looked at it myself (ann, until 2026-07-01)" in found.evidence
    assert row.stated(unseen, [said(item, days=-1)], [], TODAY) == unseen
    assert row.stated(unseen, [said(item, bot="beta")], [], TODAY) == unseen
    assert row.stated(unseen, [], [said(item)], TODAY).verdict != ATTESTED


@pytest.mark.parametrize("item", items.ATTESTED)
@pytest.mark.parametrize(("verdict", "unseen"), [(RED, False), (RED, True), (UNKNOWN, False)])
def test_what_is_measured_or_was_not_answered_is_never_attested(item: str, verdict: str, unseen: bool) -> None:
    measured = Row(item, "alpha", verdict, "seen", unseen=unseen)
    assert row.stated(measured, [said(item)], [said(item)], TODAY) == measured


@pytest.mark.parametrize("item", [each.name for each in items.ITEMS])
@pytest.mark.parametrize("verdict", [RED, UNKNOWN])
def test_a_waiver_lets_pass_what_may_be_waived_and_nothing_else(item: str, verdict: str) -> None:
    bot = "alpha" if items.BY_NAME[item].of in (items.BOT, items.LIVE_BOT) else ""
    found = row.stated(Row(item, bot, verdict, "seen"), [], [said(item)], TODAY)
    expected = WAIVED if item in items.WAIVED and item != items.HISTORY else verdict  # each finding needs its mark
    assert found.verdict == expected
    assert found.evidence.startswith("seen")


def test_what_may_cost_money_can_neither_be_waived_nor_be_attested_against_a_measurement() -> None:
    assert set(items.WAIVED) == {items.CLOCK, items.UPDATES, items.KERNEL, items.REACHABLE_PORTS, items.HISTORY}


def test_what_is_ok_stays_ok_whatever_is_said_of_it() -> None:
    measured = Row(items.CLOCK, "", OK, "near")
    assert row.stated(measured, [], [said(items.CLOCK)], TODAY) == measured


def test_a_row_that_is_missing_is_not_known() -> None:
    bots = {"alpha": "live", "beta": "paper"}
    wanted = list(items.of_host(bots, afar=True))
    found = row.filled([], wanted)
    assert {(each.item, each.bot) for each in found} == set(wanted)
    assert {each.verdict for each in found} == {UNKNOWN}
    assert (items.KEY_RIGHTS, "alpha") in wanted
    assert (items.KEY_RIGHTS, "beta") not in wanted
    assert (items.PASSWORDS, "beta") in wanted
    assert (items.REACHABLE_PORTS, "") in wanted
    assert (items.REACHABLE_PORTS, "") not in set(items.of_host(bots, afar=False))


@pytest.mark.parametrize(
    "changed",
    [
        {"item": "luck"}, {"verdict": "fine"}, {"verdict": 1}, {"evidence": None}, {"bot": "alpha"},
        {"unseen": True}, {"verdict": ATTESTED}, {"item": items.PASSWORDS, "bot": "alpha", "verdict": WAIVED},
        {"item": items.PASSWORDS}, {"unseen": "no"},
    ],
)  # fmt: skip
def test_a_row_that_contradicts_the_list_is_none(changed: dict[str, Any]) -> None:
    good = {"item": items.CLOCK, "bot": "", "verdict": OK, "evidence": "near", "unseen": False}
    assert row.of(good, row.VERDICTS).verdict == OK
    with pytest.raises(Malformed):
        row.of({**good, **changed}, row.VERDICTS)


def test_a_host_attests_nothing() -> None:
    document = Row(items.TWO_FACTORS, "alpha", ATTESTED, "says who").to_json()
    with pytest.raises(Malformed, match="2fa_exchange is 'attested'"):
        row.of(document, row.MEASURED)


def test_two_bots_on_one_account_are_both_red() -> None:
    told = {("one", "alpha"): "a" * 16, ("two", "beta"): "a" * 16, ("two", "gamma"): "b" * 16}
    found = row.accounts_judged(told, whole=True)
    assert [each.verdict for each in found.values()] == [RED, RED, OK]
    assert "beta on two" in found["one", "alpha"].evidence
    assert "alpha on one" in found["two", "beta"].evidence


def test_an_account_that_is_not_known_is_not_unique() -> None:
    told: dict[tuple[str, str], str | None] = {("one", "beta"): "", ("two", "alpha"): "a" * 16}
    found = row.accounts_judged(told, whole=True)
    assert [(each.verdict, each.unseen) for each in found.values()] == [(UNKNOWN, True), (OK, False)]
    found = row.accounts_judged({**told, ("one", "alpha"): None}, whole=True)
    assert {(each.verdict) for each in found.values()} == {UNKNOWN}
    assert found["two", "alpha"].evidence == "not known is the account of alpha on one"
    assert not found["one", "alpha"].unseen


def test_a_part_of_the_fleet_proves_no_account_unique() -> None:
    assert row.accounts_judged({("one", "alpha"): "a" * 16}, whole=False)["one", "alpha"].verdict == UNKNOWN


def test_a_line_has_threshold_and_cure() -> None:
    line = Row(items.CLOCK, "", RED, "3 s off").line
    assert line.startswith("clock is red: 3 s off (wanted: at most 1 s apart). look at 'chronyc tracking'")
