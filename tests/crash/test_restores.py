"""A restore killed at every call by which a file appears, or goes, and killed or failed by the disk at a tenth of all.

At all of them where FREQOPS_PROVE asks for that.

The former database or the restored one stands then, whole, and which one is said; the recovery takes away what is left
of the other one, and the next restore is proven.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash import bench, traced
from tests.crash.bench import AGAIN, KILLED, MODULE, TENTH, Bench, Fault, Recovered, job, naming, sampled
from tests.crash.restores import FORMER, NAME, RESTORE, RESTORED, stands
from tests.crash.world import BOT

ERRORS = ("error=ENOSPC", "error=EIO")
LAST = AGAIN + 10**6
FEWEST = 40


@dataclass(frozen=True)
class Case:
    """One restore that met one fault at one call, and what came after it."""

    fault: Fault
    root: Path
    code: int
    said: str
    stood: str
    noted: bool
    recovered: Recovered
    seed: int

    def __str__(self) -> str:
        return f"FREQOPS_SEED={self.seed}: {self.fault}: {self.code} {self.said!r}, {self.stood}, {self.recovered}"


class Restores:
    """A restore without a fault, and one for each fault."""

    def __init__(self, place: Path) -> None:
        self.bench, self.seed = Bench(place), bench.seed()
        self.clean = self.bench.clean([RESTORE])[RESTORE]
        self.cases = list(self._cases())

    def _cases(self) -> Iterator[Case]:
        dice, points = random.Random(self.seed), self.clean.points  # noqa: S311  a sample, not a secret
        names = naming(points)
        others = sampled([point for point in points if point not in names], dice)
        killed = (*sampled(names, dice, TENTH), *others)
        faults = [Fault(RESTORE, point, KILLED) for point in killed]
        faults += [Fault(RESTORE, point, error) for error in ERRORS for point in sampled(points, dice)]
        met = [(*each, bench.said(each[1]), stands(each[1]), noted(each[1])) for each in self.bench.hit(faults)]
        done = self.bench.recovered([root for _, root, *_ in met])
        for each, recovered in zip(met, done, strict=True):
            yield Case(*each, recovered, self.seed)


def noted(root: Path) -> bool:
    """Return whether a note says that a restore is not over."""
    return (root / "bots" / BOT / "restoring.json").exists()


@pytest.fixture(scope="module")
def restores(memory: Path) -> Restores:
    """A restore met by every fault."""
    return Restores(memory / "restores")


def test_without_a_fault_it_is_restored_and_its_calls_are_known(
    restores: Restores, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\nrestores: {len(restores.clean.points)} calls, {len(restores.cases)} faults")  # noqa: T201
    said = bench.said(restores.clean.root)
    assert (restores.clean.code, RESTORE.wrong(restores.clean.root), stands(restores.clean.root)) == (
        0,
        [],
        RESTORED,
    ), said
    assert json.loads(said.splitlines()[0])["proven"] is True
    assert len(restores.clean.points) >= FEWEST
    assert any(point.name.startswith("rename") and point.path.endswith(f"var/.{NAME}.restoring")
               for point in restores.clean.points)  # fmt: skip


def test_the_former_or_the_restored_one_stands_whole_at_every_moment(restores: Restores) -> None:
    assert not [str(case) for case in restores.cases if case.stood not in (FORMER, RESTORED)]
    assert {case.stood for case in restores.cases} == {FORMER, RESTORED}


def test_a_recovery_says_which_one_and_leaves_nothing_of_the_other(restores: Restores) -> None:
    for case in restores.cases:
        assert (case.recovered.code, RESTORE.wrong(case.root)) == (0, []), case
        assert case.recovered.again == "", case
        if case.noted:
            assert f"the {case.stood} database stands" in case.recovered.said, case


def test_what_it_says_itself_is_so(restores: Restores) -> None:
    for case in restores.cases:
        proven = case.said.startswith("{") and json.loads(case.said.splitlines()[0]).get("proven") is True
        assert proven == (case.code == 0), case
        assert not proven or case.stood == RESTORED, case
        for name in (FORMER, RESTORED):
            assert f"the {name} database stands" not in case.said or case.stood == name, case


def test_the_next_restore_is_proven(restores: Restores) -> None:
    roots = [case.root for case in restores.cases]
    codes = traced.untraced([job(root, LAST, *RESTORE.command) for root in roots], MODULE)
    for case, code in zip(restores.cases, codes, strict=True):
        assert (code, stands(case.root), RESTORE.wrong(case.root)) == (0, RESTORED, []), (
            f"{case}: {bench.said(case.root)}"
        )


def test_the_next_restore_ends_one_that_was_cut_without_a_recovery(restores: Restores) -> None:
    dice = random.Random(restores.seed)  # noqa: S311  as above
    faults = [Fault(RESTORE, point, KILLED) for point in sampled(naming(restores.clean.points), dice, TENTH)]
    roots = [root for _, root, _ in restores.bench.hit(faults)]
    codes = traced.untraced([job(root, LAST, *RESTORE.command) for root in roots], MODULE)
    for fault, root, code in zip(faults, roots, codes, strict=True):
        assert (code, stands(root), RESTORE.wrong(root)) == (0, RESTORED, []), f"{fault}: {bench.said(root)}"
