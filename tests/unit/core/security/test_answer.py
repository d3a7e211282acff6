"""The answer of a host, hostile until it is read, and the last one that lies there."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.security import answer as answers
from freqops.core.security import items, last
from freqops.core.security.answer import Answer
from freqops.core.security.row import ATTESTED, OK, RED, UNKNOWN, Row

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BOTS = {"alpha": "live", "beta": "paper"}
MARK = "0123456789abcdef"


def passed(changed: dict[str, str] | None = None, *, afar: bool = True) -> Answer:
    """An answer in which every item is ok, but those that are named."""
    rows = [Row(item, bot, (changed or {}).get(item, OK), "seen") for item, bot in items.of_host(BOTS, afar=afar)]
    return Answer(rows, BOTS, {"alpha": MARK})


def document(**changed: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(passed(afar=False).to_json())), **changed}


def fleet(*verdicts: str) -> list[dict[str, Any]]:
    return [
        Row(item, "", verdict, "seen").to_json() for (item, _), verdict in zip(items.of_fleet(), verdicts, strict=True)
    ]


def test_an_answer_is_read_as_it_was_written() -> None:
    read = answers.of(document())
    assert read.passed
    assert (read.bots, read.accounts) == (BOTS, {"alpha": MARK})
    assert answers.of(json.loads(json.dumps(read.to_json()))) == read


@pytest.mark.parametrize("item", [each.name for each in items.ITEMS if each.of != items.FLEET])
@pytest.mark.parametrize("verdict", [RED, UNKNOWN, None])
def test_each_item_that_is_red_not_known_or_missing_makes_it_fail(item: str, verdict: str | None) -> None:
    whole = passed({item: verdict} if verdict else None)
    rows = [each for each in whole.rows if verdict or each.item != item]
    read = answers.of(json.loads(json.dumps({**Answer(rows, BOTS).to_json(), "passed": False})), judged=True)
    assert not read.passed
    assert [each for each in read.rows if each.item == item]


@pytest.mark.parametrize(
    "spoil",
    [
        {"version": 2}, {"version": None}, {"rows": {}}, {"rows": [{}]}, {"rows": ["x"]}, {"bots": []},
        {"bots": {"alpha": "dead"}}, {"bots": {"../x": "live"}}, {"bots": {}}, {"accounts": []},
        {"accounts": {"alpha": "354937868"}}, {"accounts": {"beta": MARK}}, {"accounts": {"alpha": 7}},
        {"listening": [{"protocol": "tcp"}]}, {"listening": [{"protocol": "tcp", "address": "here", "port": 22}]},
        {"listening": [{"protocol": "tcp", "address": "::", "port": 0}]}, {"passed": "yes"},
        {"rows": [Row(items.HISTORY, "", OK, "x").to_json()]},
        {"rows": [Row(items.REACHABLE_PORTS, "", OK, "x").to_json()]},
        {"rows": [Row(items.CLOCK, "", OK, "x").to_json()] * 2},
        {"rows": [Row(items.PASSWORDS, "gamma", OK, "x").to_json()]},
        {"rows": [Row(items.TWO_FACTORS, "alpha", ATTESTED, "x").to_json()]},
        {"rows": [Row(items.CLOCK, "", RED, "x").to_json()]},  # and says that it passed
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(spoil: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        answers.of(document(**spoil))


@pytest.mark.parametrize("item", [items.TWO_FACTORS, items.KEY_RIGHTS])
def test_a_host_attests_nothing_and_the_control_node_may(item: str) -> None:
    made = document(rows=[Row(item, "alpha", ATTESTED, "x").to_json()], passed=False)
    with pytest.raises(Malformed, match="is 'attested'"):
        answers.of(made)
    assert ATTESTED in {each.verdict for each in answers.of(made, judged=True).rows}


def test_an_account_that_is_not_told_is_not_known() -> None:
    assert answers.of(document(accounts={})).accounts == {"alpha": None}


def test_an_answer_without_any_row_passes_nothing() -> None:
    assert not Answer([], {}).passed


def test_a_table_has_each_row_with_its_threshold_and_evidence_of_others_is_made_visible() -> None:
    evil = Row(items.CLOCK, "", RED, "\x1b[2J\nall ok")
    text = "\n".join(answers.lines({"one": [evil]}))
    assert len(text.splitlines()) == 3
    assert "\x1b" not in text
    assert "at most 1 s apart" in text
    assert answers.failures({"one": [evil, Row(items.KERNEL, "", OK, "x")]})[0].startswith("one: clock is red")


# --- the last one


def judged(**changed: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(passed().to_json())), "fleet": fleet(OK, OK), **changed}


def test_what_is_stored_is_read_back_with_its_moment(tmp_path: Path) -> None:
    last.store(tmp_path, judged(), BOTS, NOW)
    found = last.last(tmp_path, os.getuid())
    assert found.moment == NOW
    assert found.passed("alpha")
    assert found.passed("beta")
    assert (tmp_path / last.FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"rows": [Row(items.KEY_RIGHTS, "alpha", RED, "x").to_json()], "passed": False}, ["alpha", "beta"]),
        ({"fleet": []}, ["alpha", "beta"]),
        ({"fleet": fleet(OK, RED)}, ["alpha", "beta"]),
    ],
)
def test_what_is_red_or_missing_does_not_pass(tmp_path: Path, changed: dict[str, Any], wrong: list[str]) -> None:
    last.store(tmp_path, judged(**changed), BOTS, NOW)
    found = last.last(tmp_path, os.getuid())
    assert [bot for bot in BOTS if not found.passed(bot)] == wrong


def test_what_is_red_of_one_bot_is_not_the_others(tmp_path: Path) -> None:
    made = passed({items.KEY_RIGHTS: RED})
    last.store(tmp_path, {**made.to_json(), "fleet": fleet(OK, OK)}, BOTS, NOW)
    found = last.last(tmp_path, os.getuid())
    assert (found.passed("alpha"), found.passed("beta"), found.passed("gamma")) == (False, True, False)
    assert found.wrong("alpha")[0].startswith("key_rights of alpha is red")


@pytest.mark.parametrize(
    "spoil",
    [{"fleet": None}, {"fleet": [Row(items.CLOCK, "", OK, "x").to_json()]}, {"bots": {"alpha": "live"}},
     {"rows": [{}]}, {"version": 9}],
)  # fmt: skip
def test_what_is_no_judged_answer_of_this_host_is_not_stored(tmp_path: Path, spoil: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        last.store(tmp_path, judged(**spoil), BOTS, NOW)
    with pytest.raises(Refused):
        last.store(tmp_path, ["no object"], BOTS, NOW)
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_none_or_one_of_others_nothing_is_believed(tmp_path: Path) -> None:
    with pytest.raises(last.NoCheck, match="never checked"):
        last.last(tmp_path, os.getuid())
    last.store(tmp_path, judged(), BOTS, NOW)
    path = tmp_path / last.FILE
    path.chmod(0o666)
    with pytest.raises(last.NoCheck, match="can be written by others"):
        last.last(tmp_path, os.getuid())
    path.chmod(0o600)
    for text in ("", "{", '{"version": 1}', json.dumps(judged()), json.dumps({**judged(), "moment": "today"}), "[]"):
        path.write_text(text)
        with pytest.raises(last.NoCheck):
            last.last(tmp_path, os.getuid())
