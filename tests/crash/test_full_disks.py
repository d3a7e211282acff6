"""A disk that is full, or that fails, at every call by which a command that stops a bot writes down that it does.

The command refuses, or says that it did not do all of it, and its exit status says so, too. Nothing is half-made; the
bot is where it was, or is named, and a recovery on a disk that is well again brings it there. A tenth of the calls is
met in every run, all of them where FREQOPS_PROVE asks for that.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from freqops.core.base import durable
from tests.crash import bench
from tests.crash.aftermath import left_over, named, state
from tests.crash.bench import Bench, Clean, Fault, Recovered, said, sampled
from tests.crash.stops import ALL, Stop
from tests.crash.traced import Point
from tests.crash.world import BOT

FAULTS = ("error=ENOSPC", "error=EIO")
NOTES = ("stopped", "switch", "container", "removing", "adopted", rf"{BOT}\.holds")
NOTE = re.compile(rf"(?:^|/)\.?(?:{'|'.join(NOTES)})\.json(?:\.[0-9a-f]{{8}})?$")
PLACES = (f"bots/{BOT}", "removed", "postgres")  # the directories that have them, and are synced after a rename
CALLS = ("open", "write", "pwrite", "fsync", "fdatasync", "fchmod", "rename", "unlink")
ENDS = (0, 1, 2)  # as commands end; whatever else it is, it is no answer
FEWEST = 4


@dataclass(frozen=True)
class Case:
    """One command that met one fault, and what was left before and after a recovery.

    Attributes:
        fault: The command, the call and the fault.
        root: Its tree.
        code: Its exit status.
        did_it: Whether all was as after the same command without a fault.
        named: Whether what was stopped was named.
        torn: The notes that could not be read, and what was half-written beside them.
        text: What the command said.
        recovered: What the recovery said.
    """

    fault: Fault
    root: Path
    code: int
    did_it: bool
    named: bool
    torn: list[str]
    text: str
    recovered: Recovered

    def __str__(self) -> str:
        return f"{self.fault}: ended with {self.code}: {self.text}\nrecovered with {self.recovered}"


def of_notes(points: list[Point]) -> list[Point]:
    """Return the calls by which notes are written, made to last, or removed."""
    return [point for point in points if point.name.startswith(CALLS)
            and (NOTE.search(point.path) or (point.name.startswith("f") and point.path in PLACES))]  # fmt: skip


def torn(root: Path) -> list[str]:
    """Return the notes that cannot be read, and what lies half-written beside them."""
    found = [path for path in root.rglob("*.json*") if NOTE.search(str(path.relative_to(root)))]
    spoilt = [path for path in found if path.name.startswith(".") or _unreadable(path)]
    return [str(path.relative_to(root)) for path in spoilt]


def _unreadable(path: Path) -> bool:
    return not isinstance(durable.read_json(path), dict)


class Disks:
    """Every command, clean and with faults."""

    def __init__(self, place: Path) -> None:
        self.seed, worked = bench.seed(), Bench(place)
        dice = random.Random(self.seed)  # noqa: S311  a sample, not a secret
        self.clean: dict[Stop, Clean] = worked.clean(ALL)
        self.cases: dict[Stop, list[Case]] = defaultdict(list)
        wanted = [fault for stop in ALL for fault in
                  sampled([Fault(stop, point, what) for point in of_notes(self.clean[stop].points) for what in FAULTS],
                          dice, FEWEST)]  # fmt: skip
        met = [(fault, root, code, self._did_it(fault, root), named(root), torn(root), said(root))
               for fault, root, code in worked.hit(wanted)]  # fmt: skip
        done = worked.recovered([root for _, root, *_ in met])
        for each, recovered in zip(met, done, strict=True):
            self.cases[each[0].stop].append(Case(*each, recovered))

    def _did_it(self, fault: Fault, root: Path) -> bool:
        return state(root) == state(self.clean[fault.stop].root)


@pytest.fixture(scope="module")
def disks(memory: Path) -> Disks:
    return Disks(memory / "disks")


each = pytest.mark.parametrize("stop", ALL, ids=lambda stop: stop.name)


@each
def test_every_command_that_writes_a_note_meets_a_bad_disk(
    disks: Disks, stop: Stop, capsys: pytest.CaptureFixture[str]
) -> None:
    points, cases = of_notes(disks.clean[stop].points), disks.cases[stop]
    with capsys.disabled():
        met = f"{len(cases)} of {len(points) * len(FAULTS)} faults"
        print(f"\nbad disks: {stop.name}: {len(points)} calls, {met}, FREQOPS_SEED={disks.seed}")  # noqa: T201
    assert {name for name in ("write", "fsync", "rename") for point in points if point.name.startswith(name)} == {
        "write", "fsync", "rename",
    }  # fmt: skip
    assert len(cases) >= FEWEST


@each
def test_what_was_not_done_is_not_called_done(disks: Disks, stop: Stop) -> None:
    for case in disks.cases[stop]:
        assert case.code in ENDS, case
        assert "Traceback" not in case.text, case
        if case.code == 0:
            assert (case.did_it, stop.code) == (True, 0), case


@each
def test_nothing_is_half_made(disks: Disks, stop: Stop) -> None:
    for case in disks.cases[stop]:
        assert case.torn == [], case
        assert case.named, case


@each
def test_the_bot_is_where_it_was_or_a_recovery_brings_it_there(disks: Disks, stop: Stop) -> None:
    for case in disks.cases[stop]:
        assert (case.recovered.code, stop.wrong(case.root)) == (0, []), case
        assert (left_over(case.root), case.recovered.again) == ([], ""), case
