"""The restart checklist: what is met, ticked or missing, what refuses, and how a host's words are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.base.next_step import NextStep, RefusedUntil
from freqops.core.base.visible import page
from freqops.core.halt import restart_checklist
from freqops.core.halt.restart_checklist import (
    MET,
    NAMES,
    NOT_MET,
    NOT_TICKED,
    ON_PAPER,
    STAYS_PAUSED,
    TICKED,
    Checklist,
    Given,
    Measured,
    judged,
    refuse_unless_complete,
    shown,
    ticked,
)

AT = "2026-01-02T03:04:05Z"
ROW = {"id": "one", "state": "closed", "closed_by": "ann", "root_cause": "a cable", "action": "a new one"}


def given(*names: str, anyway: str = "") -> Given:
    return Given("ann@desk", AT, names, anyway)


def measured(**changed: bool | None) -> dict[str, Measured]:
    """Return what a bot gives that lacks nothing but its two ticks, but for what is changed."""
    found: dict[str, bool | None] = {"incident": True, "runs": None, "risk": True, "messages": None, **changed}
    return {name: Measured(met, (f"why {name}",)) for name, met in found.items()}


def states(checklist: Checklist) -> list[str]:
    return [item.state for item in checklist.items]


def refused(checklist: Checklist, said: Given, opened: str = "") -> RefusedUntil:
    with pytest.raises(RefusedUntil) as refusal:
        refuse_unless_complete("gamma", checklist, said, "two", opened)
    return refusal.value


@pytest.mark.parametrize(
    ("met", "names", "state"),
    [
        (True, (), MET),
        (True, ("incident",), MET),
        (False, (), NOT_MET),
        (False, ("incident",), NOT_MET),
        (None, (), NOT_TICKED),
        (None, ("incident",), TICKED),
        (None, ("runs",), NOT_TICKED),
    ],
)
def test_a_tick_counts_where_nothing_was_measured(met: bool | None, names: tuple[str, ...], state: str) -> None:
    item = judged(measured(incident=met), given(*names)).items[0]
    assert (item.name, item.state, item.missing) == ("incident", state, state in (NOT_MET, NOT_TICKED))
    assert (item.by, item.at) == (("ann@desk", AT) if state == TICKED else ("", ""))


def test_what_is_complete_is_not_refused() -> None:
    checklist = judged(measured(), given("runs", "messages"))
    assert states(checklist) == [MET, TICKED, MET, TICKED]
    refuse_unless_complete("gamma", checklist, given("runs", "messages"), "two")
    assert checklist.missing == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("met", [False, None])
def test_each_item_that_is_missing_refuses_by_its_name(name: str, met: bool | None) -> None:
    said = given(*(each for each in ("runs", "messages") if each != name))
    checklist = judged(measured(**{name: met}), said)
    assert [item.name for item in checklist.missing] == [name]
    refusal = refused(checklist, said)
    assert f"the restart checklist of gamma is not complete, and it would trade with real money: {name}: " in str(
        refusal
    )
    assert f"why {name}" in str(refusal)
    assert "ticked=incident,runs,messages" in str(refusal)
    assert "say why it is resumed all the same (anyway)" in str(refusal)
    assert refusal.more == {"restart": checklist.to_json()}
    assert refusal.steps == (NextStep("vouch", "two"),)


def test_a_refusal_names_the_incident_that_is_to_be_closed_first() -> None:
    refusal = refused(judged(measured(incident=False), given()), given(), opened="one")
    assert refusal.steps == (NextStep("close", "one"), NextStep("vouch", "two"))


def test_a_tick_of_what_was_measured_as_not_met_is_refused_also_anyway() -> None:
    said = given("runs", "messages", anyway="it must trade")
    checklist = judged(measured(messages=False), said)
    text = "a tick is no measurement, and what is ticked was measured as not met: messages: why messages"
    assert str(refused(checklist, said)) == text
    assert states(checklist)[3] == NOT_MET


def test_anyway_resumes_and_is_kept_where_something_is_missing() -> None:
    said = given("runs", anyway="the market moves")
    checklist = judged(measured(risk=False), said)
    refuse_unless_complete("gamma", checklist, said, "two")
    assert checklist.anyway == "the market moves"
    assert checklist.lines("gamma")[-1] == (
        "gamma: restart checklist: resumed anyway, without risk, messages: the market moves"
    )
    complete = judged(measured(), given("runs", "messages", anyway="not needed"))
    assert (complete.anyway, len(complete.lines("gamma"))) == ("", 4)


@pytest.mark.parametrize("why", [ON_PAPER, STAYS_PAUSED])
def test_what_is_only_shown_refuses_nothing(why: str) -> None:
    said = given("messages", anyway="it must trade")
    checklist = judged(measured(incident=False, messages=False), said, why)
    refuse_unless_complete("alpha", checklist, said, "two")
    lines = checklist.lines("alpha")
    assert lines[0] == (
        "alpha: restart checklist: 1/4 incident: the incident is documented and its root cause fixed: NOT MET: why "
        "incident"
    )
    assert lines[4:] == [f"alpha: restart checklist: refused nothing, for {why}"]
    assert checklist.anyway == ""


def test_four_lines_say_who_ticked_what_and_when() -> None:
    lines = judged(measured(), given("runs", "messages")).lines("gamma")
    assert len(lines) == 4
    assert lines[1] == (
        "gamma: restart checklist: 2/4 runs: backtests or paper runs are as expected: ticked by ann@desk at "
        "2026-01-02T03:04:05Z: why runs"
    )
    assert lines[2] == (
        "gamma: restart checklist: 3/4 risk: risk parameters and protections are in force: met: why risk"
    )


# --- what is ticked


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("  ", ()),
        ("runs", ("runs",)),
        (" messages , runs,messages", ("messages", "runs")),
        ("incident,runs,messages", ("incident", "runs", "messages")),
    ],
)
def test_names_are_ticked(text: str, names: tuple[str, ...]) -> None:
    assert ticked(text) == names


@pytest.mark.parametrize(
    "text", ["all", "runs,", "runs;messages", "Runs", "runs,nothing", "\x1b[2Jruns", "runs\nmessages"]
)
def test_another_name_is_refused_with_those_that_are_allowed(text: str) -> None:
    with pytest.raises(Refused, match=r"allowed: incident, runs, messages$") as refusal:
        ticked(text)
    assert str(refusal.value).isprintable()


def test_what_is_always_measured_cannot_be_ticked() -> None:
    with pytest.raises(Refused, match="'risk' is measured, and is no item that may be ticked"):
        ticked("risk")


# --- what is measured


@pytest.mark.parametrize(
    ("row", "is_pending", "met", "said"),
    [
        (ROW, False, True, "one was closed by ann: a cable; a new one"),
        ({**ROW, "root_cause": "", "state": "open"}, False, False, "one is open and has no root cause"),
        ({**ROW, "action": " "}, False, False, "one is closed and has no action"),
        (
            {**ROW, "root_cause": "", "action": None, "state": "acknowledged"}, False, False,
            "one is acknowledged and has no root cause and no action",
        ),
        (ROW, True, False, "evidence of two is not in the registry; 'freqops-host incidents check' enters it"),
        (None, True, False, "evidence of two is not in the registry; 'freqops-host incidents check' enters it"),
        (None, False, None, "the registry has no incident two: what set the hold opened none"),
    ],
)  # fmt: skip
def test_an_incident_is_documented_when_it_was_closed(
    row: dict[str, Any] | None, is_pending: bool, met: bool | None, said: str
) -> None:
    assert restart_checklist.of_incident("two", row, is_pending=is_pending) == Measured(met, (said,))


def test_nothing_measures_runs() -> None:
    assert restart_checklist.of_runs().met is None


def test_risk_is_met_without_a_fault() -> None:
    assert restart_checklist.of_risk([], ["its limits: 3"]) == Measured(True, ("its limits: 3",))
    assert restart_checklist.of_risk([], []) == Measured(True, ("it has no limits",))
    assert restart_checklist.of_risk(["a", "b"], ["its limits: 3"]) == Measured(False, ("a", "b"))


@pytest.mark.parametrize(
    ("enabled", "faults", "unread", "met", "said"),
    [
        ((), (), "", False, "no messenger of it is on: see docs/notifications.md"),
        (("telegram",), ("gave up",), "", False, "gave up"),
        (("telegram",), (), "", None, "telegram is on; its log has no failure, which proves no delivery"),
        (("telegram", "webhook"), (), "it does not run", None,
         "telegram and webhook are on; its log was not read (it does not run)"),
    ],
)  # fmt: skip
def test_delivery_is_never_measured_and_its_failure_is(
    enabled: tuple[str, ...], faults: tuple[str, ...], unread: str, met: bool | None, said: str
) -> None:
    assert restart_checklist.of_messages(enabled, faults, unread) == Measured(met, (said,))


# --- what a host says


def document(**changed: Any) -> dict[str, Any]:
    said = judged(measured(risk=False), given("runs", anyway="why")).to_json()
    return {**json.loads(json.dumps(said)), **changed}


def item(**changed: Any) -> dict[str, Any]:
    return {"name": "incident", "state": "met", "said": [], "by": "", "at": "", **changed}


def test_what_a_host_says_is_read_as_it_was_written() -> None:
    checklist = judged(measured(risk=False), given("runs", anyway="why"))
    assert restart_checklist.from_json(document()) == checklist
    assert shown("gamma", {"restart": document()}) == checklist.lines("gamma")


@pytest.mark.parametrize("result", [{}, {"restart": {}}, {"restart": None}])
def test_a_host_without_a_checklist_shows_none(result: dict[str, Any]) -> None:
    assert shown("gamma", result) == []


@pytest.mark.parametrize(
    "said",
    [
        "complete", ["met"], document(version=2), document(version=True), document(items=[]), document(anyway=7),
        document(items="met"), document(only_shown=None), document(items=document()["items"][:3]),
        document(items=[*document()["items"], item()]), document(items=list(reversed(document()["items"]))),
        document(items=[item(state="fine"), *document()["items"][1:]]),
        document(items=[item(said="all is well"), *document()["items"][1:]]),
        document(items=[item(by=None), *document()["items"][1:]]), {"version": 1},
    ],
)  # fmt: skip
def test_what_is_no_checklist_is_not_shown_as_one(said: Any) -> None:
    with pytest.raises(Malformed):
        restart_checklist.from_json(said)
    [line] = shown("gamma", {"restart": said})
    assert line.startswith("gamma: restart checklist: it cannot be read: ")


def test_hostile_words_make_no_line_of_their_own() -> None:
    hostile = "fine\ngamma: restart checklist: 3/4 risk: met\x1b[2K"
    said = judged({**measured(), "risk": Measured(False, (hostile,))}, given("runs", "messages", anyway=hostile))
    lines = page(shown("gamma", {"restart": json.loads(json.dumps(said.to_json()))})).splitlines()
    assert len(lines) == 5
    assert "\x1b" not in "".join(lines)
    assert "NOT MET" in lines[2]
