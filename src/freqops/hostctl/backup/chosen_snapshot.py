"""The snapshot that is meant, and the private place into which one restore at a time takes it out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Callable

from freqops.core.backup import snapshot_choice
from freqops.core.backup.repository import HOME
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed

from . import staging
from .snapshots import PRIVATE_DIRECTORY
from .vault import Vault

RESTORES, LOCK, LOCK_SECONDS = "restores", ".restores.lock", 5.0
NAMED = 5


@dataclass(frozen=True)
class Wanted:
    """The content that a snapshot must have.

    Attributes:
        what: That, in words.
        unfit: Returns why it cannot come out of a snapshot; empty where it can.
        moment: Returns of which moment it is in a snapshot that has it.
    """

    what: str
    unfit: Callable[[Snapshot], str]
    moment: Callable[[Snapshot], datetime]


@dataclass(frozen=True)
class Meant:
    """A snapshot that is meant.

    Attributes:
        number: Its id.
        told: What it says of itself.
        aside: A line for each newer one that was left aside.
    """

    number: str
    told: Snapshot
    aside: list[str] = field(default_factory=list)


def meant(vault: Vault, asked: str, wanted: Wanted) -> Meant:
    """Return the snapshot that a choice means.

    Args:
        vault: The repository, opened.
        asked: The choice, understood; see `snapshot_choice`.
        wanted: What it must have.

    Raises:
        Refused: There is none.
        NotProven: A snapshot that may be the one that is meant cannot be read.
    """
    numbers, aside = vault.numbers(), list[str]()
    number = snapshot_choice.named(numbers, asked)
    if number is not None:
        told, why = _judged(vault, number, wanted)
        if told is None or why:
            raise Refused(f"snapshot {number[:8]} cannot be restored: {why}")
        return Meant(number, told)
    limit, fit = snapshot_choice.until(asked), list[str]()
    for number in reversed(numbers):
        told, why = _judged(vault, number, wanted)
        if told is None or why:
            aside.append(f"snapshot {number[:8]} is left aside: {why}")
            continue
        moment = wanted.moment(told)
        if limit is None or moment <= limit:
            return Meant(number, told, shortened(aside))
        fit.append(f"{number[:8]} of {iso(moment)}")
    when = "" if limit is None else f" at or before {asked}"
    others = [f"the oldest that has one is {fit[-1]}"] if fit else []
    raise Refused("; ".join([f"no snapshot has {wanted.what}{when}", *others, *shortened(aside)]))


def _judged(vault: Vault, number: str, wanted: Wanted) -> tuple[Snapshot | None, str]:
    try:
        told = vault.told(number)
    except Malformed as error:
        return None, f"it does not count: {error}"
    except NotProven as error:
        cure = "another one may be named by its id"
        raise NotProven(f"snapshot {number[:8]} cannot be judged, {cure}: {error}") from None
    return told, wanted.unfit(told)


@contextmanager
def place_alone(root: Path, clock: Clock) -> Iterator[Path]:
    """Give an empty directory of root's alone for the block, to one restore at a time; nothing of it is left then.

    Raises:
        Refused: Another restore has it, or the disk is full.
    """
    place = root / HOME / RESTORES
    with durable.locked(root / HOME / LOCK, LOCK_SECONDS, clock) as mine:
        if not mine:
            raise Refused("another restore out of a repository is under way, or the disk is full")
        staging.sweep(place)  # what one left that was killed
        try:
            yield place
        finally:
            staging.sweep(place)


def made(*directories: Path) -> None:
    """Make directories of root's alone."""
    for directory in directories:
        directory.mkdir(mode=PRIVATE_DIRECTORY)


def swept(root: Path, clock: Clock) -> None:
    """Take away what a restore left that was killed, where none is under way."""
    with durable.locked(root / HOME / LOCK, 0, clock) as mine:
        if mine:
            staging.sweep(root / HOME / RESTORES)


def shortened(lines: list[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    return lines if len(lines) <= NAMED else [*lines[:NAMED], f"and {len(lines) - NAMED} more are left aside"]
