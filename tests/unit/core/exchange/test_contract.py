"""When a contract counts: every claim of the table shown, there, with that image, not long ago, and nothing left."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.exchange import contract, contract_answer
from freqops.core.exchange.contract import CLAIMS, LIED, NOT_PROVEN, PARTS, READING
from tests.unit.core.exchange.test_allowed import IMAGE, NOW, shown


def why(document: object, now: datetime = NOW, exchange: str = "kraken", image: str = IMAGE) -> list[str]:
    return contract.passed(document, exchange, image, now)


def test_the_table_has_both_parts_in_their_order_and_each_claim_once() -> None:
    names = [claim.name for claim in CLAIMS]
    assert len(set(names)) == len(names)
    parts = [claim.part for claim in CLAIMS]
    assert parts == sorted(parts, key=PARTS.index)
    assert set(parts) == set(PARTS)
    assert all(claim.meaning and claim.proof for claim in CLAIMS)


def test_a_whole_one_counts_and_survives_the_disk() -> None:
    document = json.loads(json.dumps(shown()))
    assert why(document) == []
    assert why(document, NOW + timedelta(days=contract.MOST_DAYS)) == []
    assert why(document, image="another.registry/name@" + IMAGE.partition("@")[2]) == []


@pytest.mark.parametrize("claim", [claim.name for claim in CLAIMS])
@pytest.mark.parametrize("verdict", [NOT_PROVEN, LIED, "PROVEN", ""])
def test_one_claim_that_is_not_shown_suffices(claim: str, verdict: str) -> None:
    document = shown()
    for row in document["claims"]:
        row["verdict"] = verdict if row["claim"] == claim else row["verdict"]
    assert why(document) == [f"{claim}: {verdict}: seen"]


@pytest.mark.parametrize("claim", [claim.name for claim in CLAIMS])
def test_one_claim_that_is_missing_suffices(claim: str) -> None:
    document = shown()
    rows = [row for row in document["claims"] if row["claim"] != claim]
    assert why({**document, "claims": rows}) == ["its claims are not those of this version"]
    twice = [*document["claims"], next(row for row in document["claims"] if row["claim"] == claim)]
    assert why({**document, "claims": twice}) == ["its claims are not those of this version"]


def test_a_claim_that_was_not_reached_stands_there_as_not_proven() -> None:
    asked = contract.Asked("kraken", "4.5.90", IMAGE, "0" * 16)
    document = contract.document(asked, PARTS, [contract.proven("markets", "seen")], [], NOW)
    assert [row["claim"] for row in document["claims"]] == [claim.name for claim in CLAIMS]
    assert len(why(document)) == len(CLAIMS) - 1


@pytest.mark.parametrize("part", PARTS)
def test_one_part_alone_does_not_count(part: str) -> None:
    asked = contract.Asked("kraken", "4.5.90", IMAGE, "0" * 16)
    findings = [contract.proven(claim.name, "seen") for claim in CLAIMS]
    [other] = set(PARTS) - {part}
    assert why(contract.document(asked, [part], findings, [], NOW)) == [f"its {other} part was not run"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exchange": "okx"}, "it was shown on okx, not on kraken"),
        ({"exchange": ""}, "not on kraken"),
        ({"image": IMAGE.replace("a", "b")}, "with another image"),
        ({"image": ""}, "with another image"),
        ({"image": "freqtrade:stable"}, "with another image"),
        ({"ccxt": ""}, "which ccxt"),
        ({"left": ["order 7"]}, "it left on the account: order 7"),
        ({"overrides": ["urls"]}, "it was shown elsewhere"),
        ({"at": "2026-06-01T12:01:00Z"}, "in the future"),
        ({"at": "2025-06-01T12:00:00Z"}, "counts for 180 days"),
        ({"at": "yesterday"}, "cannot be understood"),
        ({"at": None}, "cannot be understood"),
        ({"version": 2}, "cannot be understood"),
        ({"claims": {}}, "cannot be understood"),
        ({"claims": ["found"]}, "cannot be understood"),
        ({"left": None}, "cannot be understood"),
        ({"parts": "reading order"}, "cannot be understood"),
    ],
)
def test_what_is_not_as_it_must_be_does_not_count_and_says_why(changed: dict[str, Any], said: str) -> None:
    assert any(said in line for line in why(shown(**changed)))


def test_an_image_without_a_digest_never_counts() -> None:
    assert why(shown(image="x"), image="x")
    assert why(shown(image=""), image="")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(shown())), inner),
    )
)
def test_anything_else_is_none(document: object) -> None:
    assert why(document)


def test_what_others_wrote_is_visible() -> None:
    document = shown(exchange="x\x1b[2J", left=["y\x1b[2J"])
    assert all(line.isprintable() for line in why(document))


def test_a_mark_tells_accounts_from_each_other_and_not_their_key() -> None:
    one = contract.mark("kraken", "key")
    assert len(one) == contract.MARK_LENGTH
    assert one not in (contract.mark("kraken", "other"), contract.mark("okx", "key"))
    assert "key" not in one


def test_the_last_one_takes_the_place_of_the_former() -> None:
    reading = [contract.proven(claim.name, "seen") for claim in CLAIMS if claim.part == READING]
    asked = contract.Asked("kraken", "4.5.90", IMAGE, "0" * 16)
    newer = contract.document(asked, [READING], reading, [], NOW)
    assert not contract.supersedes(newer, shown(), NOW)
    failed = contract.document(asked, [READING], reading[1:], [], NOW)
    for other, former in [
        (newer, None), (newer, {}), (newer, shown(account="1" * 16)), (newer, shown(ccxt="4.5.91")),
        (newer, shown(exchange="okx")), (newer, shown(left=["x"])), (failed, shown()), (shown(), shown()),
        ({**newer, "left": ["x"]}, shown()),
    ]:  # fmt: skip
        assert contract.supersedes(other, former, NOW)


def test_lines_for_a_person_have_everything() -> None:
    row = {"bot": "a", "exchange": "kraken", "ccxt": "4", "outcome": "NOT PROVEN", "claims": shown()["claims"],
           "left": ["order 7"], "detail": ["read back"], "why_not": ["old"]}  # fmt: skip
    said = list(contract_answer.lines(row))
    assert said[0] == "a on kraken, ccxt 4: NOT PROVEN"
    assert said[-3:] == ["LEFT ON THE ACCOUNT: order 7", "read back", "does not count for live trading: old"]
    assert len(said) == 1 + 2 + len(CLAIMS) + 3
    assert "did not answer" in next(contract_answer.lines({**row, "exchange": ""}))
