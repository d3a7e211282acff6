"""Run slots: the right to run now, a lease in a lock file, and the rules by which a slot is had, kept and lost.

A slot is stale, and counts no longer, when nothing was heard of its holder for the time to live *and* the holder is
gone. Where the holder is a process of this machine, that is looked up; of any other holder only the silence is known.
A holder that missed its heartbeat ends its own run at half of the time to live, so before anybody may take the slot.

Silence is counted by the age of the host's boot: no clock that is set frees a slot, or freezes one. After a reboot
nothing was heard in this boot, so its age is the silence. A lock file without a heartbeat, as the Tradingbot runbook
writes it, or one that cannot be read, has nothing but the time of its last change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, NamedTuple

from ..base.errors import NotProven, Refused
from ..halt.deadman import Boot

KINDS = ("backtest", "hyperopt", "download", "maintenance")
DEFAULT_LIMIT, MOST_SLOTS = 1, 1000
DEFAULT_TTL, LONGEST_TTL = 900, 86_400  # seconds; the shortest is 1, as in the runbook
BEATS_IN_TTL = 6  # heartbeats within the time to live
LATE = 0.5  # of the time to live: a holder that is silent for so long ends its run
GRACE = 0.125  # of the time to live, between asking a run to end and killing it
LONGEST_GRACE = 10.0  # seconds


class Full(Refused):
    """All slots of a kind are taken."""


class Lost(NotProven):
    """A slot is no longer its holder's, or its heartbeat is late: the run under it must end."""


class Process(NamedTuple):
    """One process: its number, when it began as its kernel counts, and the machine on which both count."""

    pid: int
    started: str
    machine: str


@dataclass(frozen=True)
class Holder:
    """The holder of a slot.

    Attributes:
        process: The process that holds it.
        host: The name of its machine, for people.
        actor: The person, or the machine, that gave the command.
    """

    process: Process
    host: str
    actor: str

    @property
    def described(self) -> str:
        """The holder in words."""
        return f"{self.actor}, process {self.process.pid} on {self.host}"


@dataclass(frozen=True)
class Slot:
    """One slot in the hands of a holder.

    Attributes:
        kind: One of `KINDS`.
        cid: The correlation id of the run; may be empty.
        secret: What its holder alone was told.
        taken_at: When it was taken, ISO 8601 UTC.
        holder: The holder.
        ttl: Seconds of silence after which it may be stale.
        limit: Slots of its kind that its holder went by.
        heard: The boot of this host, and its age in seconds, when the holder was last heard.
        heard_at: The same by the clock, for people; ISO 8601 UTC.
        run: The process that leads the session of the run, where there is one.
    """

    kind: str
    cid: str
    secret: str
    taken_at: str
    holder: Holder
    ttl: int
    limit: int
    heard: Boot
    heard_at: str
    run: Process | None = None

    def silence(self, now: Boot) -> float:
        """Return the seconds since the holder was heard at least; without a word in this boot, its whole age."""
        return now.uptime - self.heard.uptime if now.id == self.heard.id else now.uptime

    def is_late(self, now: Boot) -> bool:
        """Return whether the heartbeat is so late that the run under the slot must end."""
        return self.silence(now) >= self.ttl * LATE

    def beaten(self, now: Boot, at: str) -> Slot:
        """Return the slot with a word of its holder just now."""
        return replace(self, heard=now, heard_at=at)


def seconds_between_beats(ttl: int) -> float:
    """Return how often a holder lets itself be heard."""
    return ttl / BEATS_IN_TTL


def seconds_of_grace(slot: Slot, now: Boot) -> float:
    """Return how long a run may take to end by itself: nothing where the slot was silent for longer than that."""
    until = slot.ttl * (LATE + GRACE)
    return max(0.0, min(LONGEST_GRACE, slot.ttl * GRACE, until - slot.silence(now)))


@dataclass(frozen=True)
class LockFile:
    """One lock file as it was found.

    Attributes:
        name: The name of the file.
        kind: The kind that its name says.
        changed: When it last changed, seconds since 1970.
        slot: The slot in it, None where it is unreadable or not written by freqops.
        error: Why it cannot be read; empty where it can.
        pid: The process that it names, where it is not ours.
    """

    name: str
    kind: str
    changed: float
    slot: Slot | None = None
    error: str = ""
    pid: int | None = None

    @property
    def described(self) -> str:
        """The holder of the slot, in words."""
        if self.slot is not None:
            return f"{self.slot.holder.described}, since {self.slot.taken_at}"
        return f"{self.name} ({self.error or f'process {self.pid}, not of freqops'})"

    def is_of(self, holder: Holder, cid: str) -> bool:
        """Return whether it is the slot of a holder for the run of this correlation id."""
        return self.slot is not None and self.slot.holder.process == holder.process and self.slot.cid == cid


class Moment(NamedTuple):
    """The present: the boot of this host with its age, and the seconds since 1970 by its clock."""

    boot: Boot
    wall: float


class Alive(NamedTuple):
    """The live processes of a slot: its holder, its run. None where that is not known: it is of another machine."""

    holder: bool | None
    run: bool | None


Look = Callable[[Slot], Alive]


def silence(found: LockFile, now: Moment) -> float:
    """Return the seconds since anything was heard of the holder of a lock file."""
    return now.wall - found.changed if found.slot is None else found.slot.silence(now.boot)


def is_stale(found: LockFile, now: Moment, ttl: int, look: Look) -> bool:
    """Return whether a lock file counts no longer.

    Args:
        found: The lock file.
        now: The present.
        ttl: Seconds to live of a lock file that does not say it itself.
        look: Says what lives of a slot; not asked before the time to live is over.
    """
    if silence(found, now) <= (ttl if found.slot is None else found.slot.ttl):
        return False
    return found.slot is None or not any(look(found.slot))


@dataclass(frozen=True)
class Wanted:
    """The request of a holder.

    Attributes:
        kind: One of `KINDS`.
        holder: The holder.
        cid: The correlation id of the run.
        limit: Slots of the kind at most; None for what the host declares.
        ttl: Seconds to live; None for what the host declares.
    """

    kind: str
    holder: Holder
    cid: str = ""
    limit: int | None = None
    ttl: int | None = None

    def __post_init__(self) -> None:
        refuse_unless_kind(self.kind)
        refuse_unless_cid(self.cid)
        if self.limit is not None:
            refuse_unless_whole("limit", self.limit, MOST_SLOTS)
        if self.ttl is not None:
            refuse_unless_whole("ttl", self.ttl, LONGEST_TTL)


@dataclass(frozen=True)
class Acquired:
    """A slot that was acquired.

    Attributes:
        slot: The slot.
        token: What its holder needs to keep it and to give it back.
        file: The name of its lock file.
        is_new: Whether its holder did not have it before.
        active_before: Slots of the kind that others had.
        removed: Names of stale lock files that were removed.
        remarks: What there is to say of it: that the run may begin in spite of the operator breaker.
    """

    slot: Slot
    token: str
    file: str
    is_new: bool
    active_before: int
    removed: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """The slots that a new holder meets.

    Attributes:
        own: The slot that it has already.
        active: The lock files of its kind that count.
        stale: Those that count no longer.
        limit: Slots of its kind at most.
        remarks: As of `Acquired`.
    """

    own: LockFile | None
    active: list[LockFile]
    stale: list[LockFile]
    limit: int
    remarks: tuple[str, ...] = ()


def refuse_unless_kind(kind: str) -> None:
    """Refuse what is none of `KINDS`."""
    if kind not in KINDS:
        raise Refused(f"{kind!r} is no kind of run; allowed: {', '.join(KINDS)}")


def refuse_unless_cid(cid: str) -> None:
    """Refuse a correlation id that could not stand in the name of a file."""
    if len(cid) > 64 or not all(char.isascii() and (char.isalnum() or char == "-") for char in cid):
        raise Refused(f"the correlation id is {cid!r}; allowed: at most 64 letters, digits and hyphens")


def refuse_unless_whole(name: str, value: int, most: int) -> None:
    """Refuse a number that is not whole, or not from 1 to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise Refused(f"{name} is {value!r}; allowed: whole numbers from 1 to {most}")
