"""The meaning of a file of evidence for an incident: it opens one, adds to one, or takes one a step on.

The files are those that `freqops.hostctl.incident.recorded` writes, from this version or an older one. They lie on a
disk, and are believed no further than they are understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base import kinds
from ..base.errors import Refused
from ..base.visible import visible
from . import life, removed
from .journal_file import moment
from .life import Event

COMMAND = "incident"  # of the evidence of an act on an incident itself
SEVERITY_OF_LEVEL = {1: "warning", 2: "error", 3: "critical"}
GATE_SHUT = "its start gate waits"  # how status begins to say so
BOTS = 100  # of which one event tells at most
SHORT = 200


def event_of(document: object) -> Event | None:
    """Return the meaning of a file of evidence; None where it opens no incident and is no step of one.

    ``added`` to an incident that is there is all that other evidence can be; see `more`.
    """
    if not isinstance(document, dict):
        return None
    command = document.get("command")
    if command == COMMAND:
        return _act(document)
    if command in (life.HALT, life.BREAKER) and isinstance(document.get("level"), int):
        return _halt(document, str(command))
    return _of_result(document, command)


def _of_result(document: dict[str, Any], command: object) -> Event | None:
    """Return what the evidence of a command on one bot opens."""
    result = document.get("result")
    result = result if isinstance(result, dict) else {}
    proven = document.get("proven") is True
    if command == life.LOCKOUT:
        said = "a secret leaked and was replaced" if proven else "a secret leaked; NOT PROVEN to be shut out"
        return _opened(document, life.LOCKOUT, "critical", said)
    if command in (life.DRILL, life.RESTORE_DRILL) and not proven:
        what = "the halt" if command == life.DRILL else "a restore"
        return _opened(document, str(command), "error", f"the drill of {what} failed")
    if command in ("switch", "recover", "rollback") and _went_back(result, proven=proven):
        outcome = _text(result.get("outcome")) or "not proven"
        return _opened(document, life.DEPLOY, "error", f"a deploy did not come up: {outcome}", *_detail(result))
    return None


def more(document: object) -> Event:
    """Return what evidence adds to an incident that is there already."""
    said = document if isinstance(document, dict) else {}
    command = _text(said.get("command")) or "unknown"
    proven = "" if said.get("proven") is True else ", not proven"
    anyway = _anyway(said.get("result"))
    gone = removed.listed(document)
    told = f"{command}{proven}{anyway}" if gone is None else removed.said(gone)
    return Event(life.ADDED, _at(said), _text(said.get("actor")), told, bots=_bots(said))


def _anyway(result: object) -> str:
    """Return why a bot was resumed although items of its restart checklist were missing; empty where it was not."""
    restart = result.get("restart") if isinstance(result, dict) else None
    why = _text(restart.get("anyway")) if isinstance(restart, dict) else ""
    return f", although its restart checklist was not complete: {why}" if why else ""


def red(status: Mapping[str, Any], at: str, actor: str) -> list[Event]:
    """Return the events by which the red lines of a status open incidents: of each bot, and of the host.

    Args:
        status: The answer of the status.
        at: When it was given, as ISO 8601 in UTC.
        actor: Who looked.
    """
    found = []
    for bot, problems in [(row["bot"], row["problems"]) for row in status["bots"]] + [("", status["host_problems"])]:
        shut = [text for text in problems if text.startswith(GATE_SHUT)]
        other = [text for text in problems if text not in shut]
        for kind, severity, texts in ((life.GATE, "error", shut), (life.STATUS, "warning", other)):
            text, cause = "; ".join(texts)[: life.LONGEST], f"{kind}: {bot or 'host'}"
            found += (
                [Event(life.OPENED, at, actor, text, kind, severity, cause, (bot,) if bot else ())] if texts else []
            )
    return found


def _went_back(result: Mapping[str, Any], *, proven: bool) -> bool:
    return result.get("outcome") in ("rolled back", "withdrawn", "halted") or not proven


def _halt(document: dict[str, Any], kind: str) -> Event:
    level = document["level"] if document["level"] in SEVERITY_OF_LEVEL else 3
    proven = document.get("proven") is True
    text = f"{kind} at level {level}{'' if proven else ', NOT ALL PROVEN'}: {_text(document.get('reason'))}"
    severity = SEVERITY_OF_LEVEL[level] if proven else "critical"
    return _event(document, kind, severity, f"{kind} {level}", text)


def _opened(document: dict[str, Any], kind: str, severity: str, *said: str) -> Event:
    return _event(document, kind, severity, kind, ": ".join(text for text in said if text))


def _event(document: dict[str, Any], kind: str, severity: str, cause: str, text: str) -> Event:
    bots = _bots(document)
    whole = f"{cause}: {','.join(bots)}" if bots else cause
    at, actor = _at(document), _text(document.get("actor"))
    return Event(life.OPENED, at, actor, visible(text, life.LONGEST), kind, severity, whole, bots)


def _act(document: dict[str, Any]) -> Event | None:
    """Return an act on an incident, which has its words in ``event``; None where they are none."""
    said = document.get("event")
    try:
        return checked(said)
    except (kinds.Malformed, Refused):
        return None


def checked(said: object) -> Event:
    """Return an event as it was kept, or was written by an act.

    Raises:
        Malformed: It is none.
    """
    text = ("step", "at", "actor", "text", "kind", "severity", "cause", "root_cause", "action", "run", "log")
    known = kinds.checked(said, {**dict.fromkeys(text, kinds.text), "bots": kinds.list_of(kinds.text)}, (*text, "bots"))
    event = Event(**{**known, "bots": tuple(known["bots"])})
    if event.step not in life.STEPS or (moment(event.at) is None and event.kind != life.RUNBOOK):
        raise kinds.Malformed(f"{visible(event.step, SHORT)} at {visible(event.at, SHORT)} is no event of an incident")
    if event.step == life.OPENED and (event.kind not in life.KINDS or event.severity not in life.SEVERITIES):
        raise kinds.Malformed(f"{visible(event.kind, SHORT)}, {visible(event.severity, SHORT)} opens no incident")
    return event


def _bots(document: Mapping[str, Any]) -> tuple[str, ...]:
    rows = document.get("bots")
    names = [row.get("bot") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    names += [document.get("bot")]
    return tuple(sorted({visible(name, SHORT) for name in names if isinstance(name, str) and name}))[:BOTS]


def _detail(result: Mapping[str, Any]) -> list[str]:
    found = result.get("detail")
    first = [text for text in found if isinstance(text, str)][:1] if isinstance(found, list) else []
    return first or [text for text in [_text(result.get("not_proven"))] if text]


def _text(value: object) -> str:
    return visible(value, SHORT) if isinstance(value, str) else ""


def _at(document: Mapping[str, Any]) -> str:
    """Return when it ended, or began, as far as it says so; the time of no evidence is made up."""
    for name in ("ended", "began"):
        found = document.get(name)
        if isinstance(found, str) and moment(found) is not None:
            return found
    return ""
