"""The power cut at every call by which a command that stops a bot makes a file appear, or go, or has the engine act.

A recovery then brings it to where it was, or to where its command wanted it, or it is held; until then it is named.
Calls on evidence are left out, and those before a file has its name: `test_crash_points` meets each of these.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from freqops.hostctl.recovery import recover
from tests.crash import traced
from tests.crash.stops import NOTES, STOPS, Stop, level
from tests.crash.traced import Point
from tests.crash.world import BOT, OLD, OURS, World

NAMING = ("rename", "unlink", "link", "mkdir", "rmdir")
MODULE, KILLED, FEWEST = "tests.crash.world", "signal=KILL", 5


def job(root: Path, number: int, *argv: str) -> dict[str, Any]:
    return {"argv": list(argv), "root": str(root), "number": number, "out": f"{root}.out", "err": f"{root}.err"}


@dataclass
class Cut:
    """One command that was cut at one call, and what a recovery made of it.

    Attributes:
        point: The call.
        root: Its tree.
        named: Whether it was named between the cut and the recovery, or nothing was stopped then.
        code: The exit status of the recovery.
        said: What the recovery said.
        again: What another recovery said.
    """

    point: Point
    root: Path
    named: bool
    code: int = -1
    said: str = ""
    again: str = ""

    def __str__(self) -> str:
        return f"cut before {self.point}: recovered with {self.code}: {self.said}"


class Cuts:
    """Every command, clean and cut at every call, each cut recovered from."""

    def __init__(self, memory: Path) -> None:
        traced.available()
        self._memory, self._made = memory, 0
        self.clean: dict[str, tuple[Path, int, list[Point]]] = {}
        self.cuts: dict[str, list[Cut]] = defaultdict(list)
        self._record()
        for (name, ordinal), wanted in self._groups().items():
            self._cut(name, ordinal, wanted)
        self._recover()

    def _begin(self, stops: list[Stop]) -> list[Path]:
        roots = []
        for stop in stops:
            self._made += 1
            roots.append(self._memory / f"s{self._made}")
            stop.prepare(roots[-1])
        first = [job(root, 10**6, *stop.first) for stop, root in zip(stops, roots, strict=True) if stop.first]
        assert not any(traced.untraced(first, MODULE)), [Path(each["out"]).read_text() for each in first]
        return roots

    def _record(self) -> None:
        roots = self._begin(list(STOPS))
        jobs = [job(root, 0, *stop.command) for stop, root in zip(STOPS, roots, strict=True)]
        codes, calls = traced.recorded(jobs, self._memory / "stops.strace", MODULE)
        for stop, root, code in zip(STOPS, roots, codes, strict=True):
            points = [point for point in traced.points(calls, root) if point.name.startswith(NAMING)]
            self.clean[stop.name] = (root, code, [each for each in points if not each.path.startswith("incidents")])

    def _groups(self) -> dict[tuple[str, int], list[tuple[Stop, Point]]]:
        groups: dict[tuple[str, int], list[tuple[Stop, Point]]] = defaultdict(list)
        for stop in STOPS:
            for point in self.clean[stop.name][2]:
                groups[point.name, point.ordinal].append((stop, point))
        return groups

    def _cut(self, name: str, ordinal: int, wanted: list[tuple[Stop, Point]]) -> None:
        roots = self._begin([stop for stop, _ in wanted])
        jobs = [
            (job(root, 0, *stop.command), root / point.path) for root, (stop, point) in zip(roots, wanted, strict=True)
        ]
        traced.injected(jobs, name, ordinal, KILLED, self._memory / "cut.strace", MODULE)
        for (stop, point), root in zip(wanted, roots, strict=True):
            self.cuts[stop.name].append(Cut(point, root, named(root)))

    def _recover(self) -> None:
        cuts = [cut for found in self.cuts.values() for cut in found]
        jobs = [job(cut.root, 2 * 10**6, "resume-switch") for cut in cuts]
        for cut, code in zip(cuts, traced.untraced(jobs, MODULE), strict=True):
            cut.code, cut.said = code, Path(f"{cut.root}.out").read_text() + Path(f"{cut.root}.err").read_text()
        traced.untraced(jobs, MODULE)
        for cut in cuts:
            cut.again = Path(f"{cut.root}.out").read_text()


def named(root: Path) -> bool:
    """Return whether status names what is stopped, or something runs, or a hold says why not."""
    home, there = root / "bots" / BOT, World(root)
    if (there.runs(OURS) and not there.frozen) or there.runs(OLD) or not home.exists() or level(root) == 3:
        return True
    return bool(recover._unfinished(home))


@pytest.fixture(scope="session")
def cuts(memory: Path) -> Cuts:
    return Cuts(memory)


each = pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)


@each
def test_without_a_cut_it_does_what_it_says(cuts: Cuts, stop: Stop, capsys: pytest.CaptureFixture[str]) -> None:
    root, code, points = cuts.clean[stop.name]
    with capsys.disabled():
        print(f"\ncrash points: {stop.name}: {len(points)} calls, each with {KILLED}")  # noqa: T201
    assert (code, stop.wrong(root)) == (stop.code, []), Path(f"{root}.out").read_text()
    assert not [name for name in NOTES if (root / "bots" / BOT / name).exists()]
    assert len(points) >= FEWEST
    assert any(point.path.startswith("world") for point in points), "what the engine does is among them"


@each
def test_whatever_is_stopped_is_named(cuts: Cuts, stop: Stop) -> None:
    assert not [str(cut) for cut in cuts.cuts[stop.name] if not cut.named]


@each
def test_a_recovery_brings_it_to_where_it_was_or_to_where_it_was_to_be(cuts: Cuts, stop: Stop) -> None:
    for cut in cuts.cuts[stop.name]:
        assert (cut.code, stop.wrong(cut.root)) == (0, []), cut


@each
def test_a_recovery_leaves_nothing_half_done(cuts: Cuts, stop: Stop) -> None:
    for cut in cuts.cuts[stop.name]:
        home = cut.root / "bots" / BOT
        left = [name for name in NOTES if (home / name).exists()]
        assert (left, (cut.root / "postgres" / "former.yml").exists(), cut.again) == ([], False, ""), cut
