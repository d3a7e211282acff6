"""The answer of a halt: read as it was written, by a control node that may be older or newer than the host."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base import kinds
from freqops.core.base.kinds import Malformed
from freqops.core.bot import foreign_process
from freqops.core.halt.answer import KINDS, Answer, Row
from freqops.core.halt.fleet_answer import SILENT, UNKNOWN, FleetAnswer, HostAnswer

# What a host of the first release says, name by name as its code writes them; never to be changed.
FIRST: dict[str, Any] = json.loads("""{
  "actor": "ann@desk", "began": "2026-01-02T03:04:05Z", "command": "halt", "ended": "2026-01-02T03:04:09Z",
  "exit": 0, "host": "paper-1", "incident": "20260102T030405Z-halt1-9f3c21", "level": 1, "proven": true,
  "reason": "the feed is wrong", "undeclared": [], "version": 1,
  "bots": [{
    "acknowledged": true, "acknowledged_s": 0.21, "acted": true, "bot": "alpha", "closed": [], "detail": ["dust"],
    "exchange": null, "found": "running", "incident": "20260102T030405Z-halt1-9f3c21", "latched": true, "level": 1,
    "mode": "paper", "positions": [{"pair": "BTC/USDT", "amount": 0.5, "stake": 20.0, "protection": "unprotected"}],
    "positions_found": [], "proven": true, "proven_s": 3.4, "raised": true, "state": "paused",
    "verdict": "HALTED, PROVEN"
  }]
}""")
ROW = FIRST["bots"][0]


def fleet(document: dict[str, Any] | None, error: str | None = None, bots: tuple[str, ...] = ("alpha",)) -> FleetAnswer:
    return FleetAnswer(1, "one", [HostAnswer.of("paper-1", list(bots), document, error)])


def test_the_first_release_is_understood_to_the_last_name() -> None:
    answer = Answer.from_json(FIRST)
    assert [row.to_json() for row in answer.rows] == FIRST["bots"]
    assert (answer.proven, answer.foreign) == (True, [])
    assert answer.to_json() == {name: FIRST[name] for name in ("version", "bots", "undeclared", "proven")}


def test_who_did_not_look_for_processes_of_no_bot_says_nothing_of_them() -> None:
    silent = {name: value for name, value in FIRST.items() if name != "undeclared"}
    assert "undeclared" not in Answer.from_json(silent).to_json()
    assert fleet(silent).proven


def test_a_newer_host_may_say_more() -> None:
    newer = {**FIRST, "version": 2, "weather": "fine", "bots": [{**ROW, "mood": 7}]}
    assert Answer.from_json(newer) == Answer.from_json(FIRST)
    assert fleet(newer).proven


@pytest.mark.parametrize("name", sorted(FIRST["bots"][0].keys() - {"acknowledged"}))
def test_a_row_without_what_all_hosts_say_is_no_row(name: str) -> None:
    with pytest.raises(Malformed, match=f"no {name}"):
        Row.from_json({key: value for key, value in ROW.items() if key != name})


@pytest.mark.parametrize("version", [None, 0, "1", True, 1.0])
def test_an_answer_of_no_version_is_none(version: object) -> None:
    with pytest.raises(Malformed, match="its version"):
        Answer.from_json({**FIRST, "version": version})


@given(name=st.sampled_from(sorted(KINDS)), value=st.sampled_from([{"a": 1}, [3], -1, 4.5, "?", object()]))
def test_a_value_of_another_kind_is_never_taken(name: str, value: object) -> None:
    if KINDS[name](value):
        return
    with pytest.raises(Malformed, match=name):
        Row.from_json({**ROW, name: value})


@pytest.mark.parametrize(
    "more",
    [{"proven": False}, {"proven": 1}, {"proven": "yes"}, {"proven_s": None}, {"latched": False}],
    ids=str,
)
def test_a_proof_needs_the_word_the_seconds_and_the_latch(more: dict[str, Any]) -> None:
    assert not Row.from_json({**ROW, **more}).proven
    assert not fleet({**FIRST, "bots": [{**ROW, **more}]}).proven


@pytest.mark.parametrize("verdict", ["HALTED, PROVEN", "FLAT, PROVEN", "ALL PROVEN", "NOTHING TO DO", ""])
@pytest.mark.parametrize("said", [{"latched": False}, {"proven": False}, {"proven_s": None}])
def test_no_verdict_claims_what_the_figures_deny(said: dict[str, Any], verdict: str) -> None:
    row = Row.from_json({**ROW, **said, "verdict": verdict})
    assert row.verdict == "NOT PROVEN"
    assert row.detail[-1] == f"its host calls it {verdict!r}, and its figures do not"


@pytest.mark.parametrize("verdict", ["HALTED, NOT SAVED", "HALTED, LAST LOOP NOT PROVEN", "NOT FLAT", "NOT HALTED"])
def test_the_word_of_an_unproven_row_stands_where_it_claims_nothing(verdict: str) -> None:
    assert Row.from_json({**ROW, "latched": False, "verdict": verdict}).verdict == verdict


def test_what_was_not_acknowledged_is_not_proven() -> None:
    assert not fleet({**FIRST, "bots": [{**ROW, "acknowledged": False, "acknowledged_s": None}]}).proven


def test_a_host_that_halted_less_than_was_commanded_has_not_halted() -> None:
    result = FleetAnswer(3, "one", [HostAnswer.of("paper-1", ["alpha"], FIRST, None)])
    [(_, row)] = result.rows
    assert (result.proven, row.verdict, row.detail) == (False, "NOT HALTED", ["its host answered for level 1"])
    held = {**FIRST, "bots": [{**ROW, "level": 3}]}
    assert fleet(held).proven


NAN, INFINITE, HUGE = float("nan"), float("inf"), 10**400


@pytest.mark.parametrize(
    "junk",
    [
        {"bots": 5}, {"bots": None}, {"bots": [5]}, {"bots": [[]]}, {"bots": [{}]}, {"bots": {"alpha": ROW}},
        {"bots": [ROW, ROW]}, {"bots": [ROW, {**ROW, "verdict": "NOT PROVEN"}]}, {"undeclared": [{"pid": "7"}]},
        {"undeclared": [{"pid": 7}]}, {"undeclared": [{"pid": 7, "command": "x", "left_alone": {"reason": "x"}}]},
        {"bots": [{**ROW, "proven_s": NAN}]}, {"bots": [{**ROW, "proven_s": INFINITE}]},
        {"bots": [{**ROW, "acknowledged_s": HUGE}]}, {"bots": [{**ROW, "detail": None}]},
        {"bots": [{**ROW, "detail": "all is well"}]}, {"bots": [{**ROW, "positions": [{"amount": [[[1]]]}]}]},
        {"version": HUGE * -1}, {"bots": [{**ROW, "level": 10**30}]},
    ],
    ids=lambda junk: str(junk)[:60],
)  # fmt: skip
def test_junk_of_one_host_is_the_answer_of_that_host_alone(junk: dict[str, Any]) -> None:
    document = {**FIRST, **junk}
    hosts = [HostAnswer.of("bad", ["alpha"], document, None), HostAnswer.of("good", ["alpha"], FIRST, None)]
    result = FleetAnswer(1, "one", hosts)
    assert [(host, row.proven) for host, row in result.rows] == [("bad", False), ("good", True)]
    assert result.rows[0][1].verdict == "NOT HALTED"
    assert result.unheard() == {"bad": result.rows[0][1].detail[0]}
    assert not result.proven
    json.dumps(result.to_json(), allow_nan=False)


def test_a_row_stands_under_the_host_that_was_asked() -> None:
    [row] = fleet({**FIRST, "host": "another", "bots": [{**ROW, "host": "another"}]}).to_json()
    assert row["host"] == "paper-1"


def test_a_line_for_each_bot_says_how_far_it_is() -> None:
    both = {**FIRST, "proven": False, "bots": [ROW, {**ROW, "bot": "beta", "proven": False, "verdict": "NOT PROVEN"}]}
    assert HostAnswer.of("paper-1", ["alpha", "beta", "gamma"], both, None).lines(1) == [
        "alpha on paper-1: acknowledged yes, proven yes, HALTED, PROVEN",
        "beta on paper-1: acknowledged yes, proven NO, NOT PROVEN",
        "gamma on paper-1: acknowledged NO, proven NO, NOT HALTED",
    ]


def test_a_host_writes_no_line_into_the_table() -> None:
    forged = "x\x1b[2J\nALL PROVEN | incident one\u202e"
    row = {
        **ROW, "bot": forged, "mode": forged, "verdict": forged, "incident": forged, "detail": [forged],
        "closed": [forged], "positions": [{"pair": forged, "amount": forged, "stake": forged, "protection": forged}],
    }  # fmt: skip
    marked = {"pid": 8, "command": forged, "left_alone": {"project": forged, "reason": forged}}
    said = {**FIRST, "proven": False, "bots": [row], "undeclared": [{"pid": 7, "command": forged}, marked]}
    result = FleetAnswer(1, "one", [HostAnswer.of("paper-1", ["alpha"], said, None)])
    lines = result.text().split("\n")
    assert [line for line in lines if line.startswith("ALL PROVEN")] == []
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 2 + 2 + 6 + 1


def test_a_host_has_the_last_word_against_a_proof() -> None:
    assert fleet(FIRST).proven
    assert not fleet({**FIRST, "proven": False}).proven


@pytest.mark.parametrize(
    ("document", "error", "detail"),
    [
        (None, "unreachable: no route", ["unreachable: no route", SILENT]),
        (None, None, ["no answer", SILENT]),
        ({"refused": "busy"}, None, ["busy"]),
        ({"not_proven": "disk"}, None, ["disk"]),
        ({}, None, ["its answer cannot be understood: its version is None"]),
        ({**FIRST, "bots": [{**ROW, "bot": 7}]}, None, ["its answer cannot be understood: bot is '7'"]),
        ({**FIRST, "bots": []}, None, [UNKNOWN]),
    ],
)
def test_a_bot_of_which_nothing_was_said_is_not_halted(
    document: dict[str, Any] | None, error: str | None, detail: list[str]
) -> None:
    result = fleet(document, error)
    [(host, row)] = result.rows
    assert (host, row.bot, row.verdict, row.detail) == ("paper-1", "alpha", "NOT HALTED", detail)
    assert (result.proven, result.unproven) == (False, ["alpha on paper-1: NOT HALTED"])
    assert "NOT ALL PROVEN | incident one" in result.text()


def test_a_process_of_no_bot_is_named_and_proves_nothing() -> None:
    result = fleet({**FIRST, "proven": False, "undeclared": [{"pid": 7, "command": "freqtrade trade"}]})
    assert result.unproven == ["undeclared Freqtrade process 7 on paper-1"]
    assert "paper-1: UNDECLARED Freqtrade process 7: freqtrade trade" in result.text()


LEFT = {
    "pid": 7, "command": "freqtrade trade",
    "left_alone": {"project": "/opt/beta/docker-compose.yml", "reason": "adopted on Sunday"},
}  # fmt: skip


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_process_that_is_left_alone_is_named_and_spoils_nothing(level: int) -> None:
    said = {**FIRST, "bots": [{**ROW, "level": level}], "undeclared": [LEFT, {**LEFT, "pid": 8}]}
    result = FleetAnswer(level, "one", [HostAnswer.of("paper-1", ["alpha"], said, None)])
    assert (result.proven, result.unproven) == (True, [])
    lines = result.lines()
    assert lines[-2] == (
        "paper-1: LEFT ALONE, NOT HALTED: Freqtrade of /opt/beta/docker-compose.yml goes on trading (pid 8): "
        "adopted on Sunday; stop it: docker compose -f /opt/beta/docker-compose.yml stop"
    )
    assert lines[-1] == f"ALL PROVEN, but for 2 Freqtrades that are left alone | incident {FIRST['incident']}"


def test_what_is_left_alone_proves_nothing_of_the_rest() -> None:
    result = fleet({**FIRST, "proven": False, "undeclared": [LEFT, {"pid": 9, "command": "freqtrade trade"}]})
    assert result.unproven == ["undeclared Freqtrade process 9 on paper-1"]
    assert result.lines()[-1] == f"NOT ALL PROVEN | incident {FIRST['incident']}"


def test_the_first_release_takes_one_that_is_left_alone_for_undeclared() -> None:
    """Its reader wants ``pid`` and ``command`` of each, and knows no other name: nothing is hidden from it."""
    known = {name: LEFT[name] for name in ("pid", "command")}
    assert kinds.having(pid=kinds.count, command=kinds.text)(LEFT)
    assert Answer.from_json({**FIRST, "undeclared": [LEFT]}).to_json()["undeclared"] == [LEFT]
    assert foreign_process.halted_line(known) == "UNDECLARED Freqtrade process 7: freqtrade trade"


def test_the_table_says_what_each_bot_has_left() -> None:
    text = fleet({**FIRST, "bots": [{**ROW, "closed": ["7 BTC/USDT"]}]}).text()
    assert "alpha on paper-1: closed: trade 7 BTC/USDT" in text
    assert "alpha on paper-1: open position BTC/USDT 0.5, stake 20.0, unprotected" in text
    assert text.endswith("ALL PROVEN | incident 20260102T030405Z-halt1-9f3c21")


def test_a_position_on_paper_has_no_protection_to_speak_of() -> None:
    [position] = ROW["positions"]
    text = fleet({**FIRST, "bots": [{**ROW, "positions": [{**position, "protection": None}]}]}).text()
    assert "alpha on paper-1: open position BTC/USDT 0.5, stake 20.0\n" in text


def test_incidents_are_those_of_the_holds_each_with_its_hosts() -> None:
    other = {**FIRST, "bots": [{**ROW, "incident": "older"}]}
    hosts = [HostAnswer.of(name, ["alpha"], said, None) for name, said in (("b", FIRST), ("a", FIRST), ("c", other))]
    assert FleetAnswer(1, "one", hosts).incidents() == {FIRST["incident"]: ["a", "b"], "older": ["c"]}
