"""The power cut again, at every call of the recovery from a power cut: another recovery comes to the same end.

What the recovery has to do is the same after many cuts: one of them stands for all. A tenth of them, each cut at a
tenth of its calls, is met in every run, all where FREQOPS_PROVE asks for that.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.aftermath import left_over, named
from tests.crash.bench import Clean, Recovered, naming, sampled
from tests.crash.cuts import Cut, Cuts
from tests.crash.traced import Point
from tests.crash.world import BOT

NUMBER = re.compile(r"[0-9a-f]{8}|[0-9]{8}T[0-9]{6}Z")
FEWEST = 2


@dataclass(frozen=True)
class CutAgain:
    """One recovery that was cut at one call, and what another one made of that.

    Attributes:
        cut: The command that was cut first.
        point: The call of the recovery.
        root: Its tree.
        named: Whether it was named between the two recoveries, or nothing was stopped then.
        recovered: What the other recovery said.
    """

    cut: Cut
    point: Point
    root: Path
    named: bool
    recovered: Recovered

    def __str__(self) -> str:
        return f"{self.cut}\nand that cut before {self.point}: {self.recovered}"


class CutsAgain:
    """Recoveries that do something, each cut at its calls."""

    def __init__(self, cuts: Cuts) -> None:
        self.seed, worked = cuts.seed, cuts.bench
        dice = random.Random(self.seed)  # noqa: S311  a sample, not a secret
        busy = [cut for found in cuts.cuts.values() for cut in found if cut.recovered.said]
        drawn = sampled(busy, dice, FEWEST)
        roots = [root for _, root, _ in worked.hit(cut.fault for cut in drawn)]
        self.ways = self._different(list(zip(drawn, worked.recoveries(roots), strict=True)))
        pairs = [(cut, point) for cut, clean in self.ways for point in sampled(naming(clean.points), dice)]
        again = [root for _, root, _ in worked.hit(cut.fault for cut, _ in pairs)]
        worked.cut(zip(again, (point for _, point in pairs), strict=True))
        are_named = [named(root) for root in again]
        done = worked.recovered(again)
        self.cuts = [
            CutAgain(cut, point, root, is_named, recovered)
            for (cut, point), root, is_named, recovered in zip(pairs, again, are_named, done, strict=True)
        ]

    @staticmethod
    def _different(found: list[tuple[Cut, Clean]]) -> list[tuple[Cut, Clean]]:
        """Return one cut for each command and each way of its recovery."""
        ways: dict[tuple[str, ...], tuple[Cut, Clean]] = {}
        for cut, clean in found:
            calls = [f"{point.name} {NUMBER.sub('', point.path)}" for point in naming(clean.points)]
            ways.setdefault((cut.fault.stop.name, *calls), (cut, clean))
        return list(ways.values())


@pytest.fixture(scope="module")
def cuts_again(cuts: Cuts) -> CutsAgain:
    return CutsAgain(cuts)


def test_recoveries_are_cut(cuts_again: CutsAgain, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        ways, met = len(cuts_again.ways), len(cuts_again.cuts)
        calls = sum(len(naming(clean.points)) for _, clean in cuts_again.ways)
        print(f"\ncut recoveries: {ways} ways, {met} of {calls} calls, FREQOPS_SEED={cuts_again.seed}")  # noqa: T201
    assert all(clean.code == 0 for _, clean in cuts_again.ways)
    assert {cut.point.path.startswith(("world", f"bots/{BOT}")) for cut in cuts_again.cuts} >= {True}
    assert len(cuts_again.cuts) >= FEWEST


def test_until_the_next_recovery_what_is_stopped_is_named(cuts_again: CutsAgain) -> None:
    assert not [str(cut) for cut in cuts_again.cuts if not cut.named]


def test_the_next_recovery_comes_to_the_same_end(cuts_again: CutsAgain) -> None:
    for cut in cuts_again.cuts:
        assert (cut.recovered.code, cut.cut.fault.stop.wrong(cut.root)) == (0, []), cut
        assert (left_over(cut.root), cut.recovered.again) == ([], ""), cut
