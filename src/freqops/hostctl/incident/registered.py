"""Incidents of this host: entered into the registry from their evidence, and taken a step on.

Evidence comes first, its row second (see `recorded.record`). So all that is entered is entered from files, by one
function, whether the command that wrote them began it or a check found them later (see `check`).
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import string
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.visible import visible
from freqops.core.incident import answer, life, opening
from freqops.core.incident.ids import new_incident
from freqops.core.incident.life import Event
from freqops.core.runs import registry, run_id
from freqops.core.runs.incident_rows import IncidentRows, Wanted

from ..logs.writer import Writer
from . import recorded

PRIVATE_DIRECTORY = 0o700
SHORT_PATIENCE = 1.0
LARGEST = 16 * 1024 * 1024


def main(root: str, incident: str) -> None:
    """Enter the evidence of an incident: the whole work of a process that `entering.begin` began."""
    with contextlib.suppress(FreqopsError, OSError):  # nobody listens; `check` finds what was not entered
        enter(Path(root), incident)


def enter(root: Path, incident: str) -> list[str]:
    """Enter all evidence of an incident that has no event yet, in the order of time, and return which files.

    Raises:
        RegistryUnreadable: The registry is missing, damaged, or could not be written.
    """
    with opened(root, write=True) as present:
        if not pending(root, incident, present.incidents()):
            return []
        with present.incidents_changed() as rows:
            before = rows.of(incident)
            found = [(name, event) for name, event in pending(root, incident, rows)
                     if _entered(rows, incident, name, event)]  # fmt: skip
            after = rows.of(incident)
    if before is None and after is not None and after["id"] == incident:  # else it was added to another one
        _log(root, incident, next(event for _, event in found if event.step == life.OPENED))
    return [name for name, _ in found]


def _log(root: Path, incident: str, event: Event) -> None:
    """Write the line of log by which the runbook knows a new incident, at the level of its severity."""
    Writer(root, Clock()).write(
        event.severity.upper(), "risk", "incident_logged", correlation_id=incident, incident_id=incident,
        run_id=event.run, severity=event.severity, description=event.text, log_excerpt_path=event.log,
    )  # fmt: skip


def act(root: Path, incident: str, event: Event, clock: Clock) -> dict[str, Any]:
    """Take an incident a step on, prove it, and return its row.

    Raises:
        Refused: There is none, or its state does not allow the step; nothing was written.
        NotProven: It is written down, and the registry did not take it.
    """
    with opened(root) as present:
        row = present.incidents().of(incident)
        own = None if row is None else present.incidents().incident(str(row["id"]))
    if own is None:
        raise Refused(f"{answer.ABSENT} {incident} on this host; 'freqops-host incidents list' has those there are")
    life.refuse_unless_allowed(own, event)
    write_down(root, own.id, event, clock)
    after = _read_back(root, own.id)
    said = {"root_cause": event.root_cause, "action": event.action} if event.step == life.CLOSED else {}
    if after["state"] != life.LEADS[event.step][own.state] or any(after[name] != text for name, text in said.items()):
        raise NotProven(f"{own.id} is {after['state']}, not {event.step}: another command took it a step on meanwhile")
    return after


def open_one(root: Path, event: Event, clock: Clock, incident: str | None = None) -> dict[str, Any]:
    """Open an incident, or add to the one of the same cause that is not closed, and return its row.

    Args:
        root: The tree of freqops.
        event: What opens it.
        clock: The source of the time.
        incident: Its id, where the command has one already.

    Raises:
        Refused: There is an incident of that id.
        NotProven: It is written down, and the registry did not take it.
    """
    with opened(root):
        pass  # before anything is written
    claimed = claim(root, event.kind, clock, incident)
    write_down(root, claimed, event, clock)
    return _read_back(root, claimed)


def refuse_unless_run(root: Path, run: str) -> None:
    """Refuse where this host has no such run.

    Raises:
        Refused: It has none.
        RegistryUnreadable: The registry is missing, or cannot be read.
    """
    with opened(root) as present:
        if present.run(run) is None:
            raise Refused(f"{run_id.ABSENT} {visible(run, 100)} on this host; 'freqops-host runs list' has them")


def claim(root: Path, kind: str, clock: Clock, incident: str | None = None) -> str:
    """Make the directory of a new incident, which nobody else has, and return its id.

    Raises:
        Refused: The id that was given is taken.
    """
    (root / "incidents").mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    while True:
        wanted = incident or new_incident(kind.replace("_", "-"), clock)
        try:
            (root / "incidents" / wanted).mkdir(mode=PRIVATE_DIRECTORY)
        except FileExistsError:
            if incident is not None:
                raise Refused(f"there is an incident {incident} already") from None
        else:
            return wanted


def head(root: Path) -> str:
    """Return the head of the chain of this host.

    Raises:
        RegistryUnreadable: The registry is missing, or cannot be read.
    """
    with opened(root, patience=SHORT_PATIENCE) as present:
        return present.incidents().head()


def note_red(root: Path, red: Sequence[Event], clock: Clock) -> list[str]:
    """Open an incident for each red line, or add a new one to its incident, and return the incidents.

    Args:
        root: The tree of freqops.
        red: The events of `opening.red`.
        clock: The source of the time.

    Raises:
        RegistryUnreadable: The registry did not take it.
    """
    noted = []
    for event in red:
        with opened(root, patience=SHORT_PATIENCE) as present:
            rows = present.incidents()
            present_one = rows.unclosed(event.cause)
            if present_one is not None and any(
                life.tells_the_same(str(json.loads(each.data).get("text")), event.text)
                for each in rows.links(present_one)
            ):
                continue
        noted.append(claim(root, event.kind, clock))
        write_down(root, noted[-1], event, clock, wait=False)
    return noted


def listed(root: Path, wanted: Wanted) -> tuple[list[dict[str, Any]], str]:
    """Return the incidents that are wanted, the newest first, and the head of the chain."""
    with opened(root) as present:
        return present.incidents().listed(wanted), present.incidents().head()


def shown(root: Path, incident: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the row of an incident and its events.

    Raises:
        Refused: There is none.
    """
    with opened(root) as present:
        row = present.incidents().of(incident)
        if row is None:
            raise Refused(f"{answer.ABSENT} {incident} on this host")
        events = [
            {**json.loads(each.data), "number": each.number, "evidence": f"{each.directory}/{each.file}"}
            for each in present.incidents().links(str(row["id"]))
        ]
        return row, events


def row_of(root: Path, incident: str) -> tuple[dict[str, Any] | None, bool]:
    """Return the row to which an incident belongs, and whether evidence that opens it is not in the registry yet.

    Args:
        root: The tree of freqops.
        incident: The id of a command.

    Raises:
        RegistryUnreadable: The registry is missing, or cannot be read.
    """
    with opened(root) as present:
        rows = present.incidents()
        opens = any(event.step == life.OPENED for _, event in pending(root, incident, rows))
        return rows.of(incident), opens


def opened(
    root: Path, *, write: bool = False, whole: bool = False, patience: float = registry.BUSY_SECONDS
) -> contextlib.AbstractContextManager[registry.Registry]:
    """Open the registry of this host for the block.

    Args:
        root: The tree of freqops.
        write: Whether something is written.
        whole: Whether the whole file is looked over.
        patience: Seconds to wait for others who write.

    Raises:
        RegistryUnreadable: The registry is missing, damaged, or held by others for too long.
    """
    return registry.opened(registry.place(root), write=write, owner=os.geteuid(), whole=whole, patience=patience)


def write_down(root: Path, incident: str, event: Event, clock: Clock, *, wait: bool = True) -> None:
    """Write an act down, then enter it, or begin to enter it where nobody waits for that.

    Raises:
        NotProven: The act was not written down, or not entered.
    """
    began = clock.utcnow()
    letters = "".join(string.ascii_lowercase[byte % 26] for byte in os.urandom(8))  # two acts in a second are two files
    name = f"{event.step}_{letters}-{recorded.stamp(began)}"
    said = {
        "version": 1, "command": opening.COMMAND, "host": os.uname().nodename, "incident": incident,
        "reason": event.text, "actor": event.actor, "began": iso(began), "ended": iso(began), "proven": True,
        "event": event.to_json(),
    }  # fmt: skip
    unwritten = recorded.record(root, incident, name, said, enter=not wait)
    if unwritten is not None:
        raise NotProven(unwritten)
    try:
        if wait:
            enter(root, incident)
    except FreqopsError as error:
        raise NotProven(f"{error}; it is written down, and 'freqops-host incidents check' enters it") from error


def _read_back(root: Path, incident: str) -> dict[str, Any]:
    with opened(root) as present:
        row = present.incidents().of(incident)
    if row is None:
        raise NotProven(
            f"{incident} is written down, and not in the registry; 'freqops-host incidents check' enters it"
        )
    return row


def _entered(rows: IncidentRows, incident: str, name: str, event: Event) -> bool:
    """Enter an event; a step that came too late is only added, and nothing where there is nothing to add it to."""
    with contextlib.suppress(Refused):
        rows.enter(incident, name, event)
        return True
    late = replace(event, step=life.ADDED, text=f"{event.step}, when that was done already: {event.text}")
    with contextlib.suppress(Refused):
        rows.enter(incident, name, late)
        return True
    return False


def pending(root: Path, incident: str, rows: IncidentRows) -> list[tuple[str, Event]]:
    """Return the evidence of an incident that has no event, with what it means, in the order of time.

    What opens no incident is only of one where there is one, and comes after what opens it.
    """
    known = rows.entered(incident)
    fresh = [path for path in answers(root / "incidents" / incident) if path.name not in known]
    if not fresh:
        return []
    found = [(path, durable.read_json(path)) for path in fresh]
    events = [(path, opening.event_of(document), document) for path, document in found if isinstance(document, dict)]
    meant = [(path, event or opening.more(document)) for path, event, document in events]
    dated = [(path.name, event if event.at else replace(event, at=_changed(path))) for path, event in meant]
    ordered = sorted(dated, key=lambda pair: (pair[1].at, pair[1].step != life.OPENED, pair[0]))
    if rows.of(incident) is not None:
        return ordered
    first = next((pair for pair in ordered if pair[1].step == life.OPENED), None)
    return [] if first is None else [first, *(pair for pair in ordered if pair is not first)]


def answers(directory: Path) -> list[Path]:
    """Return the answers in a directory of evidence; links, journals, and what is too large are none."""
    found = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.endswith(".json"):
                continue
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST:
                found.append(directory / entry.name)
    return found


def _changed(path: Path) -> str:
    return iso(datetime.fromtimestamp(path.stat().st_mtime, timezone.utc))
