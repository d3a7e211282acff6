"""What a host says of its bots, its drill and its manifest: what is not of its kind is refused, and is never green."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.bot import host_command, status_table
from freqops.core.deploy import host_manifest
from freqops.core.halt import halt_drill

HOLD = {"holder": "halt", "level": 1, "incident": "one"}
ROW: dict[str, Any] = {"bot": "alpha", "problems": [], "holds": [HOLD], "mode": "paper", "trader": "running"}
STATUS: dict[str, Any] = {"version": 1, "host": "h", "bots": [ROW], "undeclared": []}
MANIFEST: dict[str, Any] = {**STATUS, "same": True, "ground_same": True, "differences": []}
EXERCISE: dict[str, Any] = {
    "exercise": "level 1", "expected": "proven", "said": "HALTED, PROVEN", "acknowledged_s": 0.5, "proven_s": 6.0,
    "seconds": None, "passed": True,
}  # fmt: skip
DRILLED: dict[str, Any] = {"bot": "alpha", "exercises": [EXERCISE], "passed": True, "detail": []}
LEFT = {"project": "/opt/beta/docker-compose.yml", "reason": "adopted on Sunday"}
NAN, HUGE = float("nan"), 10**400


def with_row(document: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**document, "bots": [{**document["bots"][0], **changed}]}


def test_what_hosts_say_is_understood_and_they_may_say_more() -> None:
    for document in (STATUS, with_row(STATUS, image=None, heartbeat_s=-0.3, drill_days=None, mood=[1])):
        status_table.check(document)
    host_manifest.check({**MANIFEST, "weather": "fine"})
    host_manifest.check({**MANIFEST, "same": False, "differences": ["one"]})
    host_manifest.check({**MANIFEST, "undeclared": [{"pid": 7, "command": "x", "left_alone": LEFT}]})
    halt_drill.check({"bots": [DRILLED, {**DRILLED, "bot": "beta", "passed": False, "exercises": []}]})


@pytest.mark.parametrize(
    "junk",
    [
        {"bots": 5}, {"bots": None}, {"bots": [5]}, {"bots": [ROW, ROW]}, {"undeclared": None},
        {"undeclared": [{"pid": "7", "command": "x"}]}, {"undeclared": [7]},
        {"undeclared": [{"pid": 7, "command": "x", "left_alone": None}]},
        with_row(STATUS, problems=None), with_row(STATUS, problems="none"), with_row(STATUS, holds=None),
        with_row(STATUS, holds=[{}]), with_row(STATUS, holds=["halt"]), with_row(STATUS, heartbeat_s="1"),
        with_row(STATUS, heartbeat_s=NAN), with_row(STATUS, open_trades=-1), with_row(STATUS, drill_days=HUGE),
        with_row(STATUS, drill_days=True), with_row(STATUS, mode=["paper"]), with_row(STATUS, bot=7),
        with_row(STATUS, trader=None),
        with_row(STATUS, trader=""), {"bots": [{"bot": "alpha", "problems": [], "holds": []}]},
    ],
    ids=lambda junk: str(junk)[:60],
)  # fmt: skip
def test_an_odd_status_is_none(junk: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        status_table.check({**STATUS, **junk})
    with pytest.raises(Malformed):
        host_manifest.check({**MANIFEST, **junk})


@pytest.mark.parametrize("name", ["bot", "problems", "holds"])
def test_a_row_without_what_each_has_is_none(name: str) -> None:
    row = {key: value for key, value in ROW.items() if key != name}
    with pytest.raises(Malformed, match=f"no {name}"):
        status_table.check({**STATUS, "bots": [row]})


@pytest.mark.parametrize(
    "junk",
    [
        {"same": "no"}, {"same": 1}, {"same": None}, {"ground_same": "yes"}, {"differences": None},
        {"differences": ["one"]}, {"differences": [7]}, with_row(MANIFEST, problems=["it does not run"]),
        {"undeclared": [{"pid": 7, "command": "freqtrade"}]},
    ],
    ids=str,
)  # fmt: skip
def test_no_odd_manifest_lets_a_host_be_left_alone(junk: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        host_manifest.check({**MANIFEST, **junk})


@pytest.mark.parametrize(
    "row",
    [
        {}, 5, {**DRILLED, "passed": 1}, {**DRILLED, "detail": "x"}, {**DRILLED, "exercises": []},
        {**DRILLED, "exercises": [{**EXERCISE, "passed": False}]}, {**DRILLED, "exercises": [{}]},
        {**DRILLED, "exercises": [{"exercise": "level 1", "passed": True}]},
        {**DRILLED, "exercises": [{**EXERCISE, "seconds": NAN}]}, {**DRILLED, "exercises": None},
        {key: value for key, value in DRILLED.items() if key != "detail"},
    ],
    ids=lambda row: str(row)[:60],
)  # fmt: skip
def test_an_odd_drill_is_none(row: Any) -> None:
    with pytest.raises(Malformed):
        halt_drill.check({"bots": [row]})
    with pytest.raises(Malformed, match="2 rows for alpha"):
        halt_drill.check({"bots": [DRILLED, DRILLED]})


# --- the JSON object itself


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ' + "[" * 100_000, '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", '{"a": ' + "[" * 40 + "]" * 40 + "}",
        '{"a":' * 40 + "1" + "}" * 40, '{"a": ' + "9" * 100_000 + "}", '{"a"', "{", "",
    ],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_answer_of_ours_is_no_object(text: str) -> None:
    assert host_command.last_object(text) is None


def test_a_number_that_is_not_finite_is_not_known() -> None:
    found = host_command.last_object('{"a": NaN, "b": [Infinity, -Infinity, 1e999], "c": 1.5, "d": 7}')
    assert found == {"a": None, "b": [None, None, None], "c": 1.5, "d": 7}


def test_what_is_as_deep_as_an_answer_may_be_is_read() -> None:
    deep: Any = 1
    for _ in range(host_command.DEEPEST - 1):
        deep = [deep]
    assert host_command.last_object(json.dumps({"a": deep})) == {"a": deep}
    assert host_command.last_object(json.dumps({"a": [deep]})) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"refused": "busy"}, "busy"),
        ({"not_proven": "disk"}, "disk"),
        ({"refused": None}, "None"),
        ({"bots": []}, None),
    ],
)
def test_a_host_that_refused_says_why(answer: dict[str, Any], said: str | None) -> None:
    assert host_command.refusal(answer) == said
