"""Statements: a sentence with a name and an end, and nothing less is one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from freqops.core.base import statements
from freqops.core.base.errors import Refused

TODAY = date(2026, 1, 31)
GOOD: dict[str, Any] = {
    "about": "2fa_exchange",
    "says": "Two factors are asked for at the exchange.",
    "by": "Ann",
    "until": "2026-06-30",
}


def one(**given: Any) -> statements.Statement:
    return statements.parsed([{**GOOD, **given}], "security_attestations", ("2fa_exchange", "age"), TODAY)[0]


def test_it_is_read_as_it_stands_in_the_inventory() -> None:
    found = one(bot="alpha")
    assert found.to_json() == {**GOOD, "bot": "alpha"}
    assert found.line == "2fa_exchange of alpha: Two factors are asked for at the exchange. (Ann, until 2026-06-30)"
    assert one().bot == statements.EVERY_BOT
    assert one(until=date(2026, 6, 30)) == one()
    assert one(until=type("Tagged", (date,), {})(2026, 6, 30)) == one()
    assert type(one(until=type("Tagged", (date,), {})(2026, 6, 30)).until) is date


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"about": "3fa"}, "'3fa'; allowed: 2fa_exchange, age"),
        ({"about": ["age"]}, "allowed: 2fa_exchange, age"),
        ({"says": ""}, "says must be one line"),
        ({"says": "yes"}, "a sentence of at least 10 characters"),
        ({"says": "two\nlines of it"}, "says must be one line"),
        ({"says": "x" * 501}, "says must be one line"),
        ({"by": " "}, "by must be one line"),
        ({"by": 7}, "by must be one line"),
        ({"until": "soon"}, "a day is written like 2026-01-31"),
        ({"until": "20260630"}, "a day is written like 2026-01-31"),
        ({"until": 20260630}, "a day is written like 2026-01-31"),
        ({"until": datetime(2026, 6, 30, tzinfo=UTC)}, "a day is written like 2026-01-31"),
        ({"until": "2027-02-02"}, "holds for a year at most"),
        ({"bot": None}, "bot must be one line"),
        ({"till": "2026-06-30"}, "knows no till"),
    ],
)
def test_what_is_none_is_refused_and_named(given: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=r"^security_attestations.0.") as refused:
        one(**given)
    assert why in str(refused.value)


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_one_that_lacks_something_is_refused(missing: str) -> None:
    lacking = {key: value for key, value in GOOD.items() if key != missing}
    with pytest.raises(Refused, match=f"has no {missing}"):
        statements.parsed([lacking], "waivers", ("2fa_exchange",), TODAY)


@pytest.mark.parametrize("documents", [None, {}, "x", [1], [[]]])
def test_what_is_no_list_of_them_is_refused(documents: Any) -> None:
    with pytest.raises(Refused, match="waivers"):
        statements.parsed(documents, "waivers", ("age",), TODAY)


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (366, True), (367, False)])
def test_it_holds_until_its_end_and_for_a_year_at_most(days: int, holds: bool) -> None:
    made = statements.Statement("age", "", "It is as old as that.", "Ann", TODAY + timedelta(days=days))
    assert made.holds(TODAY) is holds
    assert (statements.in_force([made], "age", "alpha", TODAY) is made) is holds


def test_one_of_another_bot_or_item_says_nothing_and_the_longest_is_taken() -> None:
    short, long = one(until="2026-02-01"), one(until="2026-03-01")
    assert statements.in_force([short, long], "2fa_exchange", "alpha", TODAY) is long
    assert statements.in_force([long], "age", "alpha", TODAY) is None
    assert statements.in_force([one(bot="beta")], "2fa_exchange", "alpha", TODAY) is None
    assert statements.in_force([one(bot="beta")], "2fa_exchange", "beta", TODAY) is not None
