"""Every command that stops a bot, clean, and cut at its calls, each cut recovered from."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.crash import bench
from tests.crash.aftermath import named
from tests.crash.bench import KILLED, Bench, Fault, Recovered, naming, sampled
from tests.crash.stops import ALL, STOPS, Stop


@dataclass(frozen=True)
class Cut:
    """One command that was cut at one call, and what a recovery made of it.

    Attributes:
        fault: The command and the call.
        root: Its tree.
        named: Whether it was named between the cut and the recovery, or nothing was stopped then.
        recovered: What the recovery said.
        seed: What the calls of the sampled commands were drawn by.
    """

    fault: Fault
    root: Path
    named: bool
    recovered: Recovered
    seed: int

    def __str__(self) -> str:
        return f"FREQOPS_SEED={self.seed}: {self.fault}: recovered with {self.recovered}"


class Cuts:
    """The commands of `STOPS` cut at every call, the others at a tenth of theirs."""

    def __init__(self, place: Path) -> None:
        self.bench, self.seed = Bench(place), bench.seed()
        dice = random.Random(self.seed)  # noqa: S311  a sample, not a secret
        self.clean = self.bench.clean(ALL)
        self.cuts: dict[Stop, list[Cut]] = defaultdict(list)
        points = {stop: naming(clean.points) for stop, clean in self.clean.items()}
        wanted = [(stop, point) for stop in ALL
                  for point in (points[stop] if stop in STOPS else sampled(points[stop], dice))]  # fmt: skip
        met = [(fault, root, named(root)) for fault, root, _ in
               self.bench.hit(Fault(stop, point, KILLED) for stop, point in wanted)]  # fmt: skip
        done = self.bench.recovered([root for _, root, _ in met])
        for (fault, root, is_named), recovered in zip(met, done, strict=True):
            self.cuts[fault.stop].append(Cut(fault, root, is_named, recovered, self.seed))
