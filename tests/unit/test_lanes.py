"""Which part of `make test` runs where, and what becomes of the others when one is red."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from lab.base.paths import ROOT
from lab.hosts.roster import HOSTS
from tests import lanes
from tests.lanes import Lane, Room, Run, run_all, selected
from tests.report import Part

SCENARIOS = {path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")} - {"default"}
ONE = Lane("one", ("a", "b", "c"), ("paper-1",))
TWO = Lane("two", ("d", "e"), ())
THREE = Lane("three", ("f",), beside=True)


class Rehearsal(Run):
    """A run in which nothing runs: it notes lane and part, and is red where it shall be."""

    red: Sequence[str] = ()

    def do(self, part: str, lane: Lane, command: Sequence[str]) -> bool:
        """Note it."""
        what = f"{part} {command[3]}" if part == lanes.LAB else part
        self.parts.append(Part(what, lane.name, 0, 0, ok=part not in self.red))
        return part not in self.red

    def of(self, lane: str) -> list[str]:
        """Return what a lane did."""
        return [part.name for part in self.parts if part.lane == lane]


@pytest.fixture
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> type[Rehearsal]:
    """Let a run be a rehearsal."""
    monkeypatch.setattr(Rehearsal, "red", ())
    monkeypatch.setattr(lanes, "Run", Rehearsal)
    return Rehearsal


def run() -> Rehearsal:
    """Rehearse three lanes."""
    found = run_all([ONE, TWO, THREE], 2, 100)
    assert isinstance(found, Rehearsal)
    return found


def test_every_scenario_and_every_command_is_in_one_lane() -> None:
    parts = [part for lane in lanes.load() for part in lane.parts]
    assert sorted(parts) == sorted({*SCENARIOS, "lint", "unit", "contract"})


def test_lanes_have_hosts_that_exist_and_scenarios_have_a_lab() -> None:
    for lane in lanes.load():
        assert set(lane.hosts or ()) <= {host.name for host in HOSTS}
        assert lane.lab is not None or not SCENARIOS & set(lane.parts)
        assert lane.lab is None or lane.memory > 0


def test_a_lane_begins_with_a_new_lab_and_takes_it_away(rehearsed: type[Rehearsal]) -> None:
    assert run().of("one") == ["lab down", "lab up", "a", "b", "c", "lab down"]


def test_a_red_part_ends_its_lane_and_no_other(rehearsed: type[Rehearsal], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsed, "red", ("b",))
    found = run()
    assert found.of("one") == ["lab down", "lab up", "a", "b", "lab stop-host"]
    assert [part for part in found.of("two") if not part.startswith("lab")] == ["d", "e"]
    assert found.of("three") == ["f"]


def test_without_images_no_lane_begins_that_needs_a_lab(
    rehearsed: type[Rehearsal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsed, "red", (lanes.LAB,))
    found = run()
    assert (found.of("one"), found.of("two"), found.of("three")) == ([], [], ["f"])


def test_some_parts_are_chosen_and_others_left_out() -> None:
    assert selected([ONE, TWO, THREE], only=["b", "d"]) == [Lane("one", ("b",), ("paper-1",)), Lane("two", ("d",), ())]
    assert selected([ONE, TWO, THREE], without=["d", "e", "f"]) == [ONE]
    with pytest.raises(SystemExit, match="no part x"):
        selected([ONE], only=["x"])


def test_a_lane_waits_for_memory_and_the_largest_runs_alone() -> None:
    room, came = Room(10), threading.Event()

    def enter() -> None:
        with room.taken(12):
            came.set()

    with room.taken(4), room.taken(6):
        waiting = threading.Thread(target=enter)
        waiting.start()
        waiting.join(0.1)
        assert not came.is_set()
    waiting.join()
    assert came.is_set()


def test_a_scenario_is_for_molecule_and_the_rest_for_make() -> None:
    assert Path(lanes.command_of("deploy")[0]).name == "molecule"
    assert lanes.command_of("unit")[0] == "make"
