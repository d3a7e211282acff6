"""The power cut at every call by which a command that stops a bot makes a file appear, or go, or has the engine act.

A recovery then brings it to where it was, or to where its command wanted it, or it is held; until then it is named.
Calls on evidence are left out, and those before a file has its name: `test_crash_points` meets each of these.
"""

from __future__ import annotations

import pytest

from tests.crash.aftermath import NOTES, left_over
from tests.crash.bench import KILLED, naming, said
from tests.crash.cuts import Cuts
from tests.crash.stops import ALL, Stop
from tests.crash.world import BOT

FEWEST = 5

each = pytest.mark.parametrize("stop", ALL, ids=lambda stop: stop.name)


@each
def test_without_a_cut_it_does_what_it_says(cuts: Cuts, stop: Stop, capsys: pytest.CaptureFixture[str]) -> None:
    clean = cuts.clean[stop]
    points = naming(clean.points)
    with capsys.disabled():
        print(f"\ncrash points: {stop.name}: {len(cuts.cuts[stop])} of {len(points)} calls, each with {KILLED}")  # noqa: T201
    assert (clean.code, stop.wrong(clean.root)) == (stop.code, []), said(clean.root)
    assert not [name for name in NOTES if (clean.root / "bots" / BOT / name).exists()]
    assert len(points) >= FEWEST
    assert any(point.path.startswith("world") for point in points), "what the engine does is among them"
    assert cuts.cuts[stop]


@each
def test_whatever_is_stopped_is_named(cuts: Cuts, stop: Stop) -> None:
    assert not [str(cut) for cut in cuts.cuts[stop] if not cut.named]


@each
def test_a_recovery_brings_it_to_where_it_was_or_to_where_it_was_to_be(cuts: Cuts, stop: Stop) -> None:
    for cut in cuts.cuts[stop]:
        assert (cut.recovered.code, stop.wrong(cut.root)) == (0, []), cut


@each
def test_a_recovery_leaves_nothing_half_done(cuts: Cuts, stop: Stop) -> None:
    for cut in cuts.cuts[stop]:
        assert (left_over(cut.root), cut.recovered.again) == ([], ""), cut
