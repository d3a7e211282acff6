"""The operator breaker of a host, looked at, switched, and overridden for runs; each change is an incident."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Callable

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.exit_status import BREAKER_ACTIVE, BREAKER_UNREADABLE, NOT_PROVEN, PROVEN
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.breaker import answer, override_file, places
from freqops.core.breaker.answer import Answer
from freqops.core.breaker.judge import word

from ..incident.recorded import Command, stamp
from . import proof, writer
from .writer import Switch, Written


@dataclass(frozen=True)
class Order:
    """The order of one command.

    Attributes:
        action: The action.
        root: The tree of freqops.
        bots: The bots whose own breakers are meant; None for the breaker of the host.
        other: Another file that is meant instead of the host's, which guard does not follow.
        end: When it ends by itself.
        mandate: The reason, the actor and the incident.
        deadline: Seconds for the proof.
        withdraw: Whether an override is taken away.
    """

    action: str
    root: Path
    bots: list[str] | None
    other: Path | None
    end: datetime | None
    mandate: Mandate
    deadline: float
    withdraw: bool = False

    @property
    def host(self) -> Switch:
        """The breaker of the host, or the file that is named instead of it."""
        return Switch(self.other or places.host_breaker(self.root))

    @property
    def override(self) -> Path:
        """The override that belongs to that breaker."""
        return places.override_of(self.host.path.parent)

    def homes(self) -> list[Path]:
        """Return the bots that are asked about; a file that guard does not follow has none.

        Raises:
            Refused: A bot is unknown.
        """
        if self.other is not None:
            return []
        return layout.homes(self.root) if self.bots is None else layout.select(self.bots, self.root)

    def switches(self) -> list[Switch]:
        """Return the files that are meant."""
        if self.bots is None:
            return [self.host]
        return [Switch(Home(home).breaker, home.name) for home in self.homes()]


@dataclass
class Done:
    """The answer of one command.

    Attributes:
        order: What was asked for.
        answer: What the control node reads.
        exit: The exit status.
        files: The files that were written, as they stand in the evidence.
    """

    order: Order
    answer: Answer
    exit: int
    files: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the answer with the command that it answers."""
        said = {"command": "breaker", "action": self.order.action, "host": os.uname().nodename, "exit": self.exit}
        return {**self.answer.to_json(), **said, **self.order.mandate.to_json(), "files": self.files}

    def lines(self) -> list[str]:
        """Return the answer for a person."""
        last = {PROVEN: "ALL PROVEN", NOT_PROVEN: "NOT ALL PROVEN", BREAKER_ACTIVE: "ACTIVE"}
        return [*self.answer.lines(), last.get(self.exit, "UNREADABLE, which counts as active")]


def status(order: Order, clock: Clock) -> Done:
    """Say how the breaker stands; see `_status_exit` for the exit status."""
    now = clock.utcnow()
    said = [switch.said(now) for switch in order.switches()]
    rows = proof.rows(order.homes(), order.host, clock)
    found = Answer(rows, override=_override(order, now), detail=[each.line for each in said] + _unfollowed(order))
    found.file = word(said)
    words = [found.file, *(row.file for row in rows)]
    return Done(order, found, _status_exit(words, proven=all(row.proven for row in rows)))


def _status_exit(words: Sequence[str], *, proven: bool) -> int:
    """Return 4 where a file is unreadable, 3 where one is active, 2 where a bot is not as its files demand, else 0."""
    if answer.UNREADABLE in words:
        return BREAKER_UNREADABLE
    if answer.ACTIVE in words:
        return BREAKER_ACTIVE
    return PROVEN if proven else NOT_PROVEN


def enable(order: Order, clock: Clock) -> Done:
    """Switch the breaker on, and wait until every bot is held and proven."""
    return _switched(order, clock, lambda switch: writer.enable(switch, order.end, order.mandate, clock))


def disable(order: Order, clock: Clock) -> Done:
    """Switch the breaker off, and wait until it holds no bot, or only such as wait for a person."""
    return _switched(order, clock, lambda switch: writer.disable(switch, order.mandate, clock))


def override(order: Order, clock: Clock) -> Done:
    """Let runs start in spite of the breaker until the end, or take that away."""
    began = clock.utcnow()
    if order.withdraw:
        written = writer.withdraw(order.override, clock)
    elif order.end is not None:
        written = writer.permit(order.override, order.end, order.mandate, clock)
    else:
        raise Refused("an override needs an end")
    now = clock.utcnow()
    in_force = override_file.read(order.override, now, owner=writer.OWNER).in_force
    good = in_force is not order.withdraw and written.error is None
    said = [written.error] if written.error is not None else []
    found = Answer([], written.changed, _override(order, now), [*said, *written.notes], word([order.host.said(now)]))
    done = Done(order, found, PROVEN if good else NOT_PROVEN, [written.evidence()])
    _record(done, began, clock)
    return done


def _switched(order: Order, clock: Clock, act: Callable[[Switch], Written]) -> Done:
    """Write the files that are meant, one failing keeps no other, and wait for what follows from them."""
    began, homes, meant = clock.utcnow(), order.homes(), order.switches()
    written, failed = _each(order, act)
    since = clock.utcnow()
    found = Answer([], any(each.changed for each in written), _override(order, since))
    done = Done(order, found, NOT_PROVEN, [each.evidence() for each in written])
    _record(done, began, clock)  # before anything is waited for: who is killed meanwhile leaves it
    found.rows = proof.awaited(homes, order.host, clock, since, order.deadline if written else 0.0)
    wrong = [*failed, *_undone(order, written, clock.utcnow())]
    found.file = word([switch.said(clock.utcnow()) for switch in meant])
    found.detail += [*wrong, *(note for each in written for note in each.notes), *_unfollowed(order)]
    done.exit = PROVEN if not wrong and all(row.proven for row in found.rows) else NOT_PROVEN
    _record(done, began, clock)
    return done


def _each(order: Order, act: Callable[[Switch], Written]) -> tuple[list[Written], list[str]]:
    """Write every file that is meant, and return what was written, and what was not or may not last.

    Raises:
        Refused: There is one file only, and it was refused.
        PermissionError: This is not root.
    """
    written: list[Written] = []
    failed: list[str] = []
    switches = order.switches()
    for switch in switches:
        try:
            written.append(act(switch))
        except (FreqopsError, OSError) as error:
            not_root = isinstance(error, PermissionError) and os.geteuid() != 0
            if not_root or (isinstance(error, Refused) and len(switches) == 1):
                raise
            failed.append(_failed(order, switch, error))
    return written, [*failed, *(each.error for each in written if each.error is not None)]


def _failed(order: Order, switch: Switch, error: Exception) -> str:
    """Return the notes on a file that was not written, with the other way to the same end."""
    way = "; 'freqops-host halt --level 1' stops entries without it" if order.action == "enable" else ""
    return f"NOT WRITTEN: {switch.path}: {error}{way}"


def _undone(order: Order, written: Sequence[Written], now: datetime) -> list[str]:
    """Return the files that changed since they were written, or have come to their end meanwhile."""
    wrong = []
    for each in written:
        present = Switch(each.path, None if order.bots is None else each.path.parent.name).read(now)
        if present.active is not (order.action == "enable"):
            wrong.append(f"NOT SO ANY MORE: {present.why}")
    return wrong


def _unfollowed(order: Order) -> list[str]:
    """Return the notes on a file that guard does not follow."""
    if order.other is None:
        return []
    return [f"{order.other} is not the breaker of this host, {places.host_breaker(order.root)}: it holds no bot"]


def _override(order: Order, now: datetime) -> str:
    """Return the notes on the override; nothing where there is none."""
    found = override_file.read(order.override, now, owner=writer.OWNER)
    return found.why if found.in_force or not found.readable else ""


def _record(done: Done, began: datetime, clock: Clock) -> None:
    """Write down the change; a failure to do so stands in the answer."""
    if not done.answer.changed:
        return
    name = f"breaker_{done.order.action}"
    command = Command(name, done.order.mandate, done.order.root, clock)
    rows = [
        {**vars(row), "verdict": f"{row.file}, {'proven' if row.proven else 'NOT PROVEN'}"} for row in done.answer.rows
    ]
    evidence = {"bots": rows, "proven": done.exit == PROVEN, "files": done.files, "detail": done.answer.detail}
    unwritten = command.write(f"{name}-{stamp(began)}", began, evidence)
    if unwritten is not None and unwritten not in done.answer.detail:
        done.answer.detail.append(unwritten)
