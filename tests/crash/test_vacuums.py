"""A full vacuum of a file, killed or failed by the disk at some of the calls on it, at all if FREQOPS_PROVE asks.

The database holds then what it held, whatever the command says, and the next vacuum is proven.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash import bench, traced
from tests.crash.bench import AGAIN, KILLED, MODULE, WHOLE, Bench, Fault, job
from tests.crash.restores import NAME
from tests.crash.vacuums import VACUUM, a_bloated_file, size

ERRORS = ("error=ENOSPC", "error=EIO")
TEMPORARY = "etilqs"  # SQLite's own name of a file that it needs meanwhile, another one in every run
IN_FILE = f"var/{NAME}"
FEWEST, FEW = 40, 13


@dataclass(frozen=True)
class Case:
    """One vacuum that met one fault at one call."""

    fault: Fault
    root: Path
    code: int
    said: str
    wrong: list[str]
    seed: int

    def __str__(self) -> str:
        return f"FREQOPS_SEED={self.seed}: {self.fault}: {self.code} {self.said!r}, {self.wrong}"


class Vacuums:
    """A vacuum without a fault, and one for each fault."""

    def __init__(self, place: Path) -> None:
        self.bench, self.seed = Bench(place), bench.seed()
        self.clean = self.bench.clean([VACUUM])[VACUUM]
        self.cases = list(self._cases())

    def _cases(self) -> Iterator[Case]:
        dice = random.Random(self.seed)  # noqa: S311  a sample, not a secret
        points = [point for point in self.clean.points if IN_FILE in point.path and TEMPORARY not in point.path]
        faults = [
            Fault(VACUUM, point, what)
            for what in (KILLED, *ERRORS)
            for point in (points if WHOLE else dice.sample(points, FEW))
        ]
        for fault, root, code in self.bench.hit(faults):
            yield Case(fault, root, code, bench.said(root), VACUUM.wrong(root), self.seed)


@pytest.fixture(scope="module")
def vacuums(memory: Path) -> Vacuums:
    """A vacuum met by every fault."""
    return Vacuums(memory / "vacuums")


def test_without_a_fault_the_file_is_shorter_and_holds_all(
    vacuums: Vacuums, memory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\nvacuums: {len(vacuums.clean.points)} calls, {len(vacuums.cases)} faults")  # noqa: T201
    before, root = memory / "before", vacuums.clean.root
    a_bloated_file(before)
    assert (vacuums.clean.code, VACUUM.wrong(root)) == (0, []), bench.said(root)
    assert size(root) < size(before) // 2
    assert len(vacuums.clean.points) >= FEWEST
    assert any(point.path.endswith(IN_FILE) and "write" in point.name for point in vacuums.clean.points)


def test_whatever_cuts_it_the_database_holds_what_it_held(vacuums: Vacuums) -> None:
    assert not [str(case) for case in vacuums.cases if case.wrong]


def test_what_a_vacuum_says_itself_is_so(vacuums: Vacuums) -> None:
    shortest = size(vacuums.clean.root)
    for case in vacuums.cases:
        proven = case.said.startswith("{") and json.loads(case.said.splitlines()[0]).get("proven") is True
        assert proven == (case.code == 0), case
        assert not proven or size(case.root) == shortest, case


def test_the_next_vacuum_is_proven(vacuums: Vacuums) -> None:
    roots = [case.root for case in vacuums.cases]
    codes = traced.untraced([job(root, AGAIN, *VACUUM.command) for root in roots], MODULE)
    shortest = size(vacuums.clean.root)
    for case, code in zip(vacuums.cases, codes, strict=True):
        assert (code, VACUUM.wrong(case.root), size(case.root)) == (0, [], shortest), f"{case}: {bench.said(case.root)}"
