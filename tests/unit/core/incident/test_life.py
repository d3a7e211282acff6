"""The life of an incident: which step follows which, how grave it is, and what its events make of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.incident import life
from freqops.core.incident.life import Event, Incident

AT = "2026-01-02T03:04:05Z"
OPENS = Event(life.OPENED, AT, "ann", "feed is wrong", life.HALT, "warning", "halt 1: alpha", ("alpha",))
SEEN = Event(life.ACKNOWLEDGED, "2026-01-02T03:05:00Z", "bob", "I look")
ENDS = Event(life.CLOSED, "2026-01-02T04:00:00Z", "cat", "closed", root_cause="a cable", action="a new one")
MORE = Event(life.ADDED, AT, "ann", "resume", bots=("beta",))


def after(*events: Event) -> Incident:
    return life.folded("one", [OPENS, *events])


def test_it_begins_open_and_says_what_opened_it() -> None:
    found = after()
    assert (found.state, found.kind, found.severity, found.description) == ("open", "halt", "warning", "feed is wrong")
    assert (found.created, found.bots, found.events) == (AT, ("alpha",), 1)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([SEEN], "acknowledged"),
        ([ENDS], "closed"),
        ([SEEN, ENDS], "closed"),
        ([MORE], "open"),
        ([SEEN, MORE], "acknowledged"),
        ([ENDS, MORE], "closed"),
        ([SEEN, OPENS], "acknowledged"),
        ([ENDS, OPENS], "open"),
        ([ENDS, OPENS, SEEN], "acknowledged"),
    ],
)
def test_a_step_leads_on(events: list[Event], state: str) -> None:
    found = after(*events)
    assert (found.state, found.events) == (state, 1 + len(events))


@pytest.mark.parametrize("events", [[SEEN, SEEN], [ENDS, SEEN], [ENDS, ENDS], [replace(SEEN, step="undone")]])
def test_no_other_step_is_allowed(events: list[Event]) -> None:
    with pytest.raises(Refused, match=r"it cannot be|no step"):
        after(*events)


@pytest.mark.parametrize("missing", [{"root_cause": ""}, {"action": ""}, {"root_cause": " ", "action": "\t"}])
def test_nothing_is_closed_without_root_cause_and_action(missing: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"there is no (root cause|action)"):
        after(replace(ENDS, **missing))


def test_who_did_what_stands_in_it_until_it_is_opened_again() -> None:
    found = after(SEEN, ENDS)
    assert (found.acknowledged_by, found.closed_by, found.closed_at) == ("bob", "cat", ENDS.at)
    assert (found.root_cause, found.action) == ("a cable", "a new one")
    again = after(SEEN, ENDS, OPENS)
    assert (again.acknowledged_by, again.closed_by, again.closed_at, again.root_cause) == ("", "", "", "")


def test_it_is_as_grave_as_its_gravest_event_and_about_all_their_bots() -> None:
    found = after(replace(OPENS, severity="critical"), replace(OPENS, severity="info"), MORE)
    assert (found.severity, found.bots) == ("critical", ("alpha", "beta"))
