"""A tenth of the faults that a command can meet at its calls, or all of them where FREQOPS_PROVE asks for that.

FREQOPS_SEED draws the same tenth again.
"""

from __future__ import annotations

import os
import random
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash import traced
from tests.crash.traced import Point

FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")
SHARE = 1 if os.environ.get("FREQOPS_PROVE") == "1" else 10  # of the groups of points, one in so many is tried


@dataclass(frozen=True)
class Case:
    """One command that met one fault at one call.

    Attributes:
        kind: Which of the commands.
        fault: The fault, as strace calls it.
        point: The call.
        job: The command, as it was begun.
        code: Its exit status.
    """

    kind: str
    fault: str
    point: Point
    job: dict[str, Any]
    code: int

    @property
    def root(self) -> Path:
        """The tree in which it ran."""
        return Path(self.job["root"])

    def __str__(self) -> str:
        return f"{self.kind}: {self.fault} at {self.point}, exit {self.code}"


def cases(
    clean: Mapping[str, Sequence[Point]], begin: Callable[[Path, str], dict[str, Any]], place: Path, module: str
) -> list[Case]:
    """Run commands, each with a fault at one of its calls.

    Args:
        clean: The calls of each kind of command when nothing goes wrong.
        begin: Makes a tree and returns the command of a kind in it as a job.
        place: Where the trees are made; a part of their names.
        module: What runs the jobs.
    """
    groups: dict[tuple[str, int, str], list[tuple[str, Point]]] = defaultdict(list)
    for kind, points in clean.items():
        for point in points:
            for fault in FAULTS:
                groups[point.name, point.ordinal, fault].append((kind, point))
    drawn = random.Random(int(os.environ.get("FREQOPS_SEED", secrets.randbits(32))))  # noqa: S311  a sample
    found: list[Case] = []
    for number, key in enumerate(drawn.sample(sorted(groups, key=str), -(-len(groups) // SHARE))):
        name, ordinal, fault = key
        kinds, points = zip(*groups[key], strict=True)
        jobs = [begin(Path(f"{place}-{number}-{each}"), kind) for each, kind in enumerate(kinds)]
        places = [(job, Path(job["root"], point.path)) for job, point in zip(jobs, points, strict=True)]
        codes = traced.injected(places, name, ordinal, fault, Path(f"{place}-{number}.strace"), module)
        found += [Case(kind, fault, point, job, code)
                  for kind, point, job, code in zip(kinds, points, jobs, codes, strict=True)]  # fmt: skip
    return found
