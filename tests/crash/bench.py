"""Commands that stop a bot, each on a tree of its own: recorded, met by a fault at one call, and recovered from."""

from __future__ import annotations

import os
import random
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash import traced
from tests.crash.stops import Stop
from tests.crash.traced import Point

MODULE, KILLED = "tests.crash.world", "signal=KILL"
NAMING = ("rename", "unlink", "link", "mkdir", "rmdir")
FIRST, RECOVERY, AGAIN = 10**6, 2 * 10**6, 3 * 10**6  # where the numbers of a job begin: no two jobs share a name
RECOVER = "resume-switch"
WHOLE = os.environ.get("FREQOPS_PROVE") == "1"
TENTH = 10


@dataclass(frozen=True)
class Fault:
    """One fault at one call of one command.

    Attributes:
        stop: The command.
        point: The call.
        what: The fault, as strace calls it.
    """

    stop: Stop
    point: Point
    what: str

    def __str__(self) -> str:
        return f"{self.stop.name}: {self.what} at {self.point}"


@dataclass(frozen=True)
class Clean:
    """A command without a fault: its tree, its exit status, and its calls, those on evidence left out."""

    root: Path
    code: int
    points: list[Point]


@dataclass(frozen=True)
class Recovered:
    """What a recovery made of a tree, and whether another one found nothing to do: it says nothing then."""

    code: int
    said: str
    again: str


class Bench:
    """Runs commands below one directory."""

    def __init__(self, place: Path) -> None:
        traced.available()
        place.mkdir()
        self._place, self._made = place, 0

    def trees(self, stops: Iterable[Stop]) -> list[Path]:
        """Write a host as each command finds it, and return where."""
        wanted, roots = list(stops), []
        for stop in wanted:
            self._made += 1
            roots.append(self._place / f"s{self._made}")
            stop.prepare(roots[-1])
        first = [job(root, FIRST, *stop.first) for stop, root in zip(wanted, roots, strict=True) if stop.first]
        assert not any(traced.untraced(first, MODULE)), [Path(each["out"]).read_text() for each in first]
        return roots

    def clean(self, stops: Sequence[Stop]) -> dict[Stop, Clean]:
        """Run each command without a fault."""
        roots = self.trees(stops)
        jobs = [job(root, 0, *stop.command) for stop, root in zip(stops, roots, strict=True)]
        return dict(zip(stops, self._recorded(jobs, roots), strict=True))

    def recoveries(self, roots: Sequence[Path]) -> list[Clean]:
        """Recover each tree without a fault."""
        return self._recorded([job(root, RECOVERY, RECOVER) for root in roots], roots)

    def _recorded(self, jobs: list[dict[str, Any]], roots: Sequence[Path]) -> list[Clean]:
        codes, calls = traced.recorded(jobs, self._place / "clean.strace", MODULE)
        found = [[each for each in traced.points(calls, root) if not each.path.startswith("incidents")]
                 for root in roots]  # fmt: skip
        return [Clean(*each) for each in zip(roots, codes, found, strict=True)]

    def hit(self, faults: Iterable[Fault]) -> list[tuple[Fault, Path, int]]:
        """Run each command on a tree of its own with its fault, and return that tree and the exit status."""
        wanted = list(faults)
        roots = self.trees(fault.stop for fault in wanted)
        commands = [(fault, root, job(root, 0, *fault.stop.command)) for fault, root in zip(wanted, roots, strict=True)]
        codes = self._injected([(fault.point, fault.what, root, work) for fault, root, work in commands])
        return [(fault, root, codes[root]) for fault, root, _ in commands]

    def cut(self, points: Iterable[tuple[Path, Point]]) -> None:
        """Recover trees, each recovery cut at one call."""
        self._injected([(point, KILLED, root, job(root, RECOVERY, RECOVER)) for root, point in points])

    def _injected(self, wanted: Sequence[tuple[Point, str, Path, dict[str, Any]]]) -> dict[Path, int]:
        """One run of strace does all that have call, ordinal and fault in common: each on a file of its own."""
        groups: dict[tuple[str, int, str], list[tuple[Path, Point, dict[str, Any]]]] = defaultdict(list)
        for point, what, root, work in wanted:
            groups[point.name, point.ordinal, what].append((root, point, work))
        codes: dict[Path, int] = {}
        for (name, ordinal, what), group in groups.items():
            jobs = [(work, root / point.path) for root, point, work in group]
            found = traced.injected(jobs, name, ordinal, what, self._place / "fault.strace", MODULE)
            codes.update(zip((root for root, _, _ in group), found, strict=True))
        return codes

    def recovered(self, roots: Sequence[Path]) -> list[Recovered]:
        """Recover each tree, and recover it again."""
        firsts = self._said(roots, RECOVERY)
        return [Recovered(*first, again) for first, (_, again) in zip(firsts, self._said(roots, AGAIN), strict=True)]

    def _said(self, roots: Sequence[Path], number: int) -> list[tuple[int, str]]:
        codes = traced.untraced([job(root, number, RECOVER) for root in roots], MODULE)
        return [(code, said(root)) for root, code in zip(roots, codes, strict=True)]


def job(root: Path, number: int, *argv: str) -> dict[str, Any]:
    """Return a command as `tests.crash.world` takes it."""
    return {"argv": list(argv), "root": str(root), "number": number, "out": f"{root}.out", "err": f"{root}.err"}


def said(root: Path) -> str:
    """Return what the last command on a tree said."""
    return Path(f"{root}.out").read_text() + Path(f"{root}.err").read_text()


def naming(points: Iterable[Point]) -> list[Point]:
    """Return the calls by which a file appears, or goes, or the engine acts."""
    return [point for point in points if point.name.startswith(NAMING)]


def seed() -> int:
    """Return what a sample is drawn by: another one in each run, unless FREQOPS_SEED says which."""
    return int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))


def sampled[T](found: Sequence[T], dice: random.Random, fewest: int = 1) -> list[T]:
    """Return a tenth, or all of it where FREQOPS_PROVE asks for that."""
    if WHOLE:
        return list(found)
    return dice.sample(list(found), min(len(found), max(fewest, len(found) // TENTH)))
