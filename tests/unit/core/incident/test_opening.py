"""What a file of evidence opens: each kind of trouble, and nothing that went well."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.incident import life, opening
from freqops.core.incident.life import Event

AT = "2026-01-02T03:04:05Z"
MANDATE = {"incident": "one", "reason": "feed is wrong", "actor": "ann@desk", "began": AT, "ended": AT}
ROWS = [{"bot": "beta"}, {"bot": "alpha"}, "odd", {"bot": 7}]


def halt(level: object = 1, **more: Any) -> dict[str, Any]:
    return {"command": "halt", "level": level, "bots": ROWS, "proven": True, **MANDATE, **more}


def result(command: str, proven: bool, **of: Any) -> dict[str, Any]:
    return {"command": command, "bot": "alpha", "proven": proven, "result": of, **MANDATE}


OPENS = {
    "a halt": (halt(), "halt", "warning", "halt 1: alpha,beta"),
    "a sale": (halt(2), "halt", "error", "halt 2: alpha,beta"),
    "a hard stop": (halt(3), "halt", "critical", "halt 3: alpha,beta"),
    "a halt that is not proven": (halt(proven=False), "halt", "critical", "halt 1: alpha,beta"),
    "an odd level": (halt(7), "halt", "critical", "halt 3: alpha,beta"),
    "the breaker": (halt(command="breaker"), "breaker", "warning", "breaker 1: alpha,beta"),
    "a lockout": (result("lockout", True), "lockout", "critical", "lockout: alpha"),
    "a lockout not proven": (result("lockout", False), "lockout", "critical", "lockout: alpha"),
    "a failed drill": (result("drill", False), "drill", "error", "drill: alpha"),
    "a failed restore drill": (result("restore_drill", False), "restore_drill", "error", "restore_drill: alpha"),
    "a rolled-back deploy": (result("switch", True, outcome="rolled back"), "deploy", "error", "deploy: alpha"),
    "a deploy not proven": (result("switch", False, not_proven="x"), "deploy", "error", "deploy: alpha"),
    "a withdrawn one": (result("recover", True, outcome="withdrawn"), "deploy", "error", "deploy: alpha"),
}
OPENS_NOTHING: dict[str, object] = {
    "a good deploy": result("switch", True, outcome="running"),
    "a good drill": result("drill", True),
    "a good restore drill": result("restore_drill", True),
    "a resume": result("resume", True),
    "a failed resume": result("resume", False),
    "a switched breaker": {"command": "breaker_enable", "bots": [], "proven": True, **MANDATE},
    "a list": [],
    "nothing": None,
    "an act without words": {"command": "incident", **MANDATE},
    "an act with odd words": {"command": "incident", "event": {"step": "opened"}},
}


@pytest.mark.parametrize("name", OPENS)
def test_trouble_opens_one(name: str) -> None:
    document, kind, severity, cause = OPENS[name]
    found = opening.event_of(document)
    assert found is not None
    assert (found.step, found.kind, found.severity, found.cause) == (life.OPENED, kind, severity, cause)
    assert (found.at, found.actor) == (AT, "ann@desk")


@pytest.mark.parametrize("name", OPENS_NOTHING)
def test_what_is_no_trouble_opens_none(name: str) -> None:
    assert opening.event_of(OPENS_NOTHING[name]) is None


def test_an_act_is_what_it_says() -> None:
    event = Event(life.CLOSED, AT, "ann", "closed", root_cause="a", action="b")
    assert opening.event_of({"command": "incident", "event": event.to_json()}) == event


@pytest.mark.parametrize(
    "odd",
    [{"step": "undone"}, {"at": "soon"}, {"kind": "storm"}, {"severity": "bad"}, {"bots": "alpha"}, {"actor": 7}],
)
def test_an_act_that_cannot_be_is_none(odd: dict[str, Any]) -> None:
    event = Event(life.OPENED, AT, "ann", "x", life.MANUAL, "info").to_json()
    assert opening.event_of({"command": "incident", "event": {**event, **odd}}) is None


def test_other_evidence_only_adds_and_says_what_it_was() -> None:
    found = opening.more(result("resume", False))
    assert (found.step, found.text, found.bots, found.severity) == (life.ADDED, "resume, not proven", ("alpha",), "")
    assert opening.more(None).text == "unknown, not proven"


def test_foreign_words_are_made_visible() -> None:
    found = opening.event_of(halt(reason="a\nb\x1b[2J"))
    assert found is not None
    assert found.text == "halt at level 1: a\\nb\\x1b[2J"


def test_red_is_told_for_each_bot_and_the_host_and_a_shut_gate_by_itself() -> None:
    status = {
        "bots": [
            {"bot": "alpha", "problems": ["its start gate waits: it crashed", "x"]},
            {"bot": "beta", "problems": []},
        ],
        "host_problems": ["a disk"],
    }
    found = opening.red(status, AT, "ann")
    assert [(each.kind, each.severity, each.cause, each.bots, each.text) for each in found] == [
        ("gate", "error", "gate: alpha", ("alpha",), "its start gate waits: it crashed"),
        ("status", "warning", "status: alpha", ("alpha",), "x"),
        ("status", "warning", "status: host", (), "a disk"),
    ]
    assert {(each.step, each.at, each.actor) for each in found} == {(life.OPENED, AT, "ann")}


@pytest.mark.parametrize(
    ("restart", "text"),
    [
        ({"anyway": "it must\ntrade"}, r"resume, although its restart checklist was not complete: it must\ntrade"),
        ({"anyway": ""}, "resume"),
        ({"anyway": 7}, "resume"),
        ({}, "resume"),
        ("anyway", "resume"),
    ],
)
def test_that_a_checklist_was_passed_over_is_told(restart: object, text: str) -> None:
    said = {"command": "resume", "proven": True, "actor": "ann", "result": {"restart": restart}}
    assert opening.more(said).text == text
