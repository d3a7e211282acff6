"""The log of a host: killed, or failed by the disk, at every call of a line and of a rotation.

No reader takes a torn line for a line, no older line is lost, the command goes on, and what was lost is said once there
is room. A part is met in every run, all of it where FREQOPS_PROVE asks for that.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.logs import json_line
from freqops.core.logs.query import Query
from freqops.core.logs.redaction import Redactor
from freqops.hostctl.logs import reading
from freqops.hostctl.logs.files import Log
from freqops.hostctl.logs.writer import DIRECTORY, FILE
from tests.crash import traced
from tests.crash.log_command import KEPT, LARGEST, LOST
from tests.crash.traced import Point

MODULE, KILLED = "tests.crash.log_command", "signal=KILL"
FAULTS = (KILLED, "error=ENOSPC", "error=EIO")
SHARE = 1 if os.environ.get("FREQOPS_PROVE") == "1" else 3  # of the groups of points, one in so many is tried
SEED = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
REFUSED = 1  # the status of the command, whatever becomes of its line
SAID, LOSS = "start: refused", "1 lines before this one could not be written"


def line(message: str) -> str:
    return json_line.form(Redactor(), datetime.now(UTC) - timedelta(minutes=1), "INFO", "before", message)


@dataclass(frozen=True)
class World:
    """What the command finds.

    Attributes:
        name: The name.
        files: What each file of the log says, the newest first.
        torn: Whether the newest ends within a line.
        full: Whether the newest is to be rotated.
    """

    name: str
    files: tuple[tuple[str, ...], ...] = (("first",),)
    torn: bool = False
    full: bool = False

    def begin(self, root: Path) -> dict[str, Any]:
        """Write what the command finds, and return it as a job."""
        place = root / DIRECTORY
        place.mkdir(parents=True)
        for number, messages in enumerate(self.files):
            lines = [line(message) for message in messages]
            if self.full and number == 0:
                lines.append(line("x" * LARGEST))
            text = "".join(f"{each}\n" for each in lines) + (lines[0][:40] if self.torn and number == 0 else "")
            (place / (f"{FILE}.{number}" if number else FILE)).write_text(text)
        return self.job(root)

    @staticmethod
    def job(root: Path) -> dict[str, Any]:
        """Return the command."""
        return {"argv": ["start", "nobody"], "root": str(root), "out": f"{root}.out", "err": f"{root}.err"}

    @property
    def kept(self) -> set[str]:
        """What must still be read after one more line, whatever becomes of that."""
        last = len(self.files) - 1 if self.full and len(self.files) > KEPT else len(self.files)
        return {message for messages in self.files[:last] for message in messages}


WORLDS = (
    World("no log yet", files=()),
    World("a log"),
    World("a log whose last line is torn", torn=True),
    World("a full log", full=True),
    World("a full log, and all that is kept", (("third",), ("second",), ("first",)), full=True),
)


@dataclass(frozen=True)
class Case:
    """One command that met one fault at one call, and what was read after it and after two more."""

    world: World
    fault: str
    point: Point
    code: int
    found: tuple[list[str], ...]

    def __str__(self) -> str:
        return f"{self.world.name}: {self.fault} at {self.point}, exit {self.code}: {self.found}"


def read(root: Path) -> list[str]:
    """Return what a reader takes for lines, the oldest first."""
    now = datetime.now(UTC)
    log = Log(root / DIRECTORY.parent, DIRECTORY.name, FILE, optional=True)
    found = reading.lines(log, Query(now - timedelta(hours=1), now + timedelta(hours=1)), 1000)
    assert log.wrong == []
    return [each.message for each in reversed(found.lines) if not each.message.startswith("x")]


@pytest.fixture(scope="module")
def clean(memory: Path) -> dict[World, list[Point]]:
    traced.available()
    roots = {world: memory / f"log-{number}" for number, world in enumerate(WORLDS)}
    codes, calls = traced.recorded([world.begin(root) for world, root in roots.items()], memory / "log.strace", MODULE)
    assert codes == [REFUSED] * len(WORLDS)
    for world, root in roots.items():
        found = read(root)
        assert (found[-1], set(found)) == (SAID, {*world.kept, SAID}), world
    return {world: traced.points(calls, root / DIRECTORY) for world, root in roots.items()}


@pytest.fixture(scope="module")
def cases(memory: Path, clean: dict[World, list[Point]]) -> list[Case]:
    groups: dict[tuple[str, int, str], list[tuple[World, Point]]] = defaultdict(list)
    for world, points in clean.items():
        for point in points:
            for fault in FAULTS:
                groups[point.name, point.ordinal, fault].append((world, point))
    drawn = random.Random(SEED)  # noqa: S311  a sample
    found: list[Case] = []
    for number, group in enumerate(drawn.sample(sorted(groups, key=str), -(-len(groups) // SHARE))):
        found += met(memory / f"log-met-{number}", group, groups[group])
    return found


def met(place: Path, group: tuple[str, int, str], wanted: list[tuple[World, Point]]) -> list[Case]:
    """Meet a fault at a call in several worlds, and run the command twice more in each."""
    name, ordinal, fault = group
    roots = [place / str(number) for number in range(len(wanted))]
    jobs = [(world.begin(root), root / DIRECTORY / point.path)
            for root, (world, point) in zip(roots, wanted, strict=True)]  # fmt: skip
    codes = traced.injected(jobs, name, ordinal, fault, Path(f"{place}.strace"), MODULE)
    found = [[read(root)] for root in roots]
    for _ in range(2):
        assert traced.untraced([World.job(root) for root in roots], MODULE) == [REFUSED] * len(roots)
        for each, root in zip(found, roots, strict=True):
            each.append(read(root))
    assert not [root for root in roots if (root / LOST).exists()]
    return [Case(world, fault, point, code, tuple(each))
            for (world, point), code, each in zip(wanted, codes, found, strict=True)]  # fmt: skip


def test_every_kind_of_call_is_met(
    clean: dict[World, list[Point]], cases: list[Case], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        total = sum(map(len, clean.values()))
        print(f"\nlog: {total} calls, {len(cases)} of {total * len(FAULTS)} faults, FREQOPS_SEED={SEED}")  # noqa: T201
    for world, points in clean.items():
        names = {point.name for point in points}
        assert {"openat", "write"} <= names, (world, names)
        assert len([point for point in points if point.name.startswith("rename")]) == (
            len(world.files) if world.full and len(world.files) <= KEPT else KEPT if world.full else 0
        ), (world, points)


def test_the_command_goes_on_unless_it_was_killed(cases: list[Case]) -> None:
    for case in cases:
        assert case.code == (-signal.SIGKILL if case.fault == KILLED else REFUSED), case


def test_no_torn_line_is_read_and_no_older_one_is_lost(cases: list[Case]) -> None:
    for case in cases:
        first = case.found[0]
        assert set(first) <= {"first", "second", "third", SAID}, case
        assert set(first) >= case.world.kept, case
        assert first.count(SAID) <= 1, case


def test_what_was_lost_is_said_once_there_is_room(cases: list[Case]) -> None:
    for case in cases:
        first, second, third = case.found
        lost = case.fault != KILLED and SAID not in first
        assert second.count(LOSS) == third.count(LOSS) == int(lost), case
        assert second.count(SAID) == first.count(SAID) + 1, case
        assert third.count(SAID) == first.count(SAID) + 2, case
