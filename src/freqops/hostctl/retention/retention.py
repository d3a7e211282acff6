"""Old things of all kinds: looked at, removed one by one, and looked at again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.retention.answer import Retained
from freqops.core.retention.things import DUMPS, GOES, GONE, INCIDENTS, LEFT, LOGS, RELEASES, RUNS, STAYS, Thing

from ..logs.writer import Writer
from ..runs import results_lock
from . import last_time, old_dumps, old_incidents, old_releases, rotated_logs, run_files
from .host import Host

LOCK = Path("user_data") / ".retention.lock"  # a removal of the stack leaves that directory
PATIENCE = 60.0  # with what indexes runs, or removes them with their rows
BUSY = "another retention is under way on this host"
ROOMS: dict[str, ModuleType] = {
    LOGS: rotated_logs, RUNS: run_files, DUMPS: old_dumps, RELEASES: old_releases, INCIDENTS: old_incidents,
}  # fmt: skip
NO_LEFT = (RELEASES, INCIDENTS)  # a removal of these that was cut off leaves what is looked at like all others


def look(host: Host, kinds: Sequence[str]) -> Retained:
    """Say what would go, and what stays although it is old; nothing is touched."""
    answer = Retained(looked=True)
    for kind in kinds:
        for thing in _seen(host, kind, answer.problems):
            answer.add(thing, GOES if thing.goes else STAYS)
    answer.changed = bool(answer.of(GOES))
    return answer


def remove(host: Host, kinds: Sequence[str]) -> Retained:
    """Remove what may go, and look whether it is gone.

    Raises:
        Refused: Another such command is under way.
    """
    with contextlib.ExitStack() as stack:
        mine = stack.enter_context(durable.locked(host.root / LOCK, 0, host.clock))
        if not mine:
            raise Refused(
                BUSY if mine is False else f"{host.root / LOCK} cannot be opened: the disk is full, or read-only"
            )
        if RUNS in kinds:
            stack.enter_context(results_lock.alone(host.root, host.clock, PATIENCE))
        answer = Retained()
        for kind in kinds:
            for thing in _seen(host, kind, answer.problems):
                if not thing.goes:
                    answer.add(thing, STAYS)
                    continue
                why = _removed(host, kind, thing)
                answer.add(thing, LEFT if why else GONE, *([why] if why else []))
            _look_again(host, kind, answer)
        answer.problems += last_time.note(host.root, host.now)
        log(host.root, host.clock, host.mandate, answer)
        answer.changed = bool(answer.of(GONE))
        return answer


def _seen(host: Host, kind: str, problems: list[str]) -> list[Thing]:
    """Return the things of a kind; where that cannot be known, none of them, and a problem."""
    room, found = ROOMS[kind], list[Thing]()
    try:
        found += [] if kind in NO_LEFT else list(room.left(host))
        found += list(room.look(host, problems))
    except (FreqopsError, OSError) as error:
        problems.append(f"{kind}: {error}; nothing of this kind goes")
        return []
    return found


def _removed(host: Host, kind: str, thing: Thing) -> str:
    """Remove a thing, and return why it was not removed; empty where it was."""
    cut_off = Path(thing.name).name.startswith(".") and kind == LOGS
    try:
        rotated_logs.sweep(host, thing) if cut_off else ROOMS[kind].remove(host, thing)
    except (FreqopsError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


def log(root: Path, clock: Clock, mandate: Mandate, answer: Retained) -> None:
    """Write a line of log for each thing that went, or should have gone."""
    writer = Writer(root, clock)
    for row in [*answer.of(GONE), *answer.of(LEFT)]:
        level = "INFO" if row["verdict"] == GONE else "ERROR"
        writer.write(
            level, "retention", f"{row['verdict']}: {row['name']}", correlation_id=mandate.incident,
            kind=row["kind"], bytes=row["bytes"], why="; ".join([row["reason"], *row["why"]]),
            actor=mandate.actor, **({"bot": row["bot"]} if row["bot"] else {}),
        )  # fmt: skip


def _look_again(host: Host, kind: str, answer: Retained) -> None:
    """Look at a kind again: what still may go was not removed, whatever its removal said."""
    if not any(row["verdict"] == GONE and row["kind"] == kind for row in answer.rows):
        return
    still = {thing.name for thing in _seen(host, kind, answer.problems)}
    for row in answer.rows:
        if row["kind"] == kind and row["verdict"] == GONE and row["name"] in still:
            row.update(verdict=LEFT, why=["it was removed, and is still there"])
