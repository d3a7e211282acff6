"""The life of an incident: what kinds there are, how grave they are, which step follows which, and what its events say.

An incident is what its events say, in their order; its row is only that, folded. So a row can be made again, and one
that says something else was changed by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ..base.errors import Refused

OPEN, ACKNOWLEDGED, CLOSED = "open", "acknowledged", "closed"
STATES = (OPEN, ACKNOWLEDGED, CLOSED)
SEVERITIES = ("info", "warning", "error", "critical")  # each graver than the one before
HALT, BREAKER, LOCKOUT, DRILL, RESTORE_DRILL = "halt", "breaker", "lockout", "drill", "restore_drill"
DEPLOY, GATE, STATUS, MANUAL, RUNBOOK = "deploy", "gate", "status", "manual", "runbook"
KINDS = (HALT, BREAKER, LOCKOUT, DRILL, RESTORE_DRILL, DEPLOY, GATE, STATUS, MANUAL, RUNBOOK)
ADDED = "added"  # an event that changes no state: more of the same cause, or what came under the incident later
OPENED = "opened"
STEPS = (OPENED, ADDED, ACKNOWLEDGED, CLOSED)
# From which states a step leads where: a closed incident is only opened again by what opens one.
LEADS = {
    OPENED: {OPEN: OPEN, ACKNOWLEDGED: ACKNOWLEDGED, CLOSED: OPEN},
    ADDED: {OPEN: OPEN, ACKNOWLEDGED: ACKNOWLEDGED, CLOSED: CLOSED},
    ACKNOWLEDGED: {OPEN: ACKNOWLEDGED},
    CLOSED: {OPEN: CLOSED, ACKNOWLEDGED: CLOSED},
}
LONGEST = 1000
FIGURES = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Event:
    """What happened to an incident.

    Attributes:
        step: One of `STEPS`.
        at: When, as ISO 8601 in UTC.
        actor: By whom.
        text: What happened, in a line.
        kind: The kind of the incident that it opens.
        severity: How grave it is; empty where it says nothing of that.
        cause: The cause; what has the same one is added to the incident of it that is not closed.
        bots: The bots that it is about.
        root_cause: Why it happened; where it closes the incident.
        action: What was done about it; likewise.
        run: The run to which the incident belongs that it opens; empty where it belongs to none.
        log: Where more is written of the incident that it opens.
    """

    step: str
    at: str
    actor: str
    text: str
    kind: str = ""
    severity: str = ""
    cause: str = ""
    bots: tuple[str, ...] = ()
    root_cause: str = ""
    action: str = ""
    run: str = ""
    log: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the event as it is kept."""
        return {**vars(self), "bots": list(self.bots)}


@dataclass(frozen=True)
class Incident:
    """An incident as its events have it.

    Attributes:
        id: Its id, which is that of the command under which it was opened.
        kind: One of `KINDS`.
        severity: The gravest of its events.
        state: One of `STATES`.
        cause: Its cause.
        bots: The bots of all its events.
        description: What opened it.
        created: When it was opened.
        events: How many events it has.
        acknowledged_by: Who acknowledged it; empty where nobody did.
        closed_at: When it was closed; empty where it is not.
        closed_by: By whom.
        root_cause: Why it happened.
        action: What was done about it.
        run: The run to which it belongs.
        log: Where more is written of it.
    """

    id: str
    kind: str
    severity: str
    state: str
    cause: str
    bots: tuple[str, ...]
    description: str
    created: str
    events: int = 0
    acknowledged_by: str = ""
    closed_at: str = ""
    closed_by: str = ""
    root_cause: str = ""
    action: str = ""
    run: str = ""
    log: str = ""


def opened(incident: str, event: Event) -> Incident:
    """Return the incident that an event opens."""
    return Incident(
        incident, event.kind, event.severity, OPEN, event.cause, tuple(sorted(set(event.bots))), event.text, event.at,
        events=1, run=event.run, log=event.log,
    )  # fmt: skip


def after(incident: Incident, event: Event) -> Incident:
    """Return an incident after one more event.

    Raises:
        Refused: The step is none that its state allows.
    """
    refuse_unless_allowed(incident, event)
    state = LEADS[event.step][incident.state]
    changed = replace(
        incident, state=state, severity=graver(incident.severity, event.severity), events=incident.events + 1,
        bots=tuple(sorted({*incident.bots, *event.bots})),
    )  # fmt: skip
    if event.step == ACKNOWLEDGED:
        return replace(changed, acknowledged_by=event.actor)
    if event.step == CLOSED:
        return replace(
            changed, closed_at=event.at, closed_by=event.actor, root_cause=event.root_cause, action=event.action
        )
    if incident.state == CLOSED and state == OPEN:  # what was said of its end was too early
        return replace(changed, acknowledged_by="", closed_at="", closed_by="", root_cause="", action="")
    return changed


def folded(incident: str, events: Iterable[Event]) -> Incident:
    """Return what events make of an incident, the first of which opened it.

    Raises:
        Refused: A step is none that the state before it allows.
    """
    found = list(events)
    result = opened(incident, found[0])
    for event in found[1:]:
        result = after(result, event)
    return result


def refuse_unless_allowed(incident: Incident, event: Event) -> None:
    """Refuse a step that the state of an incident does not allow, or an end that explains nothing.

    Raises:
        Refused: It is one.
    """
    if event.step not in LEADS:
        raise Refused(f"{event.step!r} is no step of an incident; allowed: {', '.join(STEPS)}")
    if incident.state not in LEADS[event.step]:
        since = f" since {incident.closed_at} by {incident.closed_by}" if incident.state == CLOSED else ""
        raise Refused(f"{incident.id} is {incident.state}{since}; it cannot be {event.step}")
    if event.step == CLOSED:
        refuse_unless_explained(event.root_cause, event.action)


def refuse_unless_explained(root_cause: str, action: str) -> None:
    """Refuse to close an incident without its root cause or its action.

    Raises:
        Refused: Root cause or action is missing.
    """
    missing = [name for name, text in (("root cause", root_cause), ("action", action)) if not text.strip()]
    if missing:
        raise Refused(
            f"an incident is closed with its root cause and the action; there is no {' and no '.join(missing)}"
        )


def tells_the_same(one: str, other: str) -> bool:
    """Whether the texts of two events tell the same, but for their figures: an age is another one each time."""
    return FIGURES.sub("", one) == FIGURES.sub("", other)


def graver(one: str, other: str) -> str:
    """Return the graver of two severities; one that is empty says nothing."""
    known = [each for each in (one, other) if each in SEVERITIES]
    return max(known, key=SEVERITIES.index, default="")
