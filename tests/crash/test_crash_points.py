"""``freqops-host`` killed, or failed by the disk, at every call by which a hold or a resume changes a file.

The calls are those that a clean run makes. Kill comes before the call; that after a call is the kill before the next.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import Clock
from freqops.core.halt import holds
from freqops.hostctl.bot import holds_file
from tests.crash import traced
from tests.crash.scenarios import BOT, HOLDS, INCIDENT, SCENARIOS, STATE, Left, Scenario, hold, left, trades
from tests.crash.traced import Point
from tests.unit.fakes import START

KILLED = "signal=KILL"
FAULTS = (KILLED, "error=ENOSPC", "error=EIO")
CONF, LATCH_LOCK = f"bots/{BOT}/conf", f"bots/{BOT}/.holds.lock"
FEWEST = 20  # calls of the shortest command; a recorder that saw less is broken


@dataclass(frozen=True)
class Case:
    """One command that met one fault at one call."""

    scenario: Scenario
    fault: str
    point: Point
    root: Path
    left: Left

    @property
    def home(self) -> Path:
        """Where its bot lies."""
        return self.root / "bots" / BOT

    @property
    def decides(self) -> bool:
        """Whether the call is one by which the hold gets to the disk."""
        return self.point.path == LATCH_LOCK or self.point.path.startswith(CONF)

    @property
    def more_held(self) -> bool:
        """Whether a breaker could not be read, for its directory did not open: that holds the bot, too."""
        of_breakers = (f"bots/{BOT}", "user_data/state")
        if self.fault == KILLED or self.point.path not in of_breakers or self.left.holds is None:
            return False
        return holds.parse(self.left.holds.decode()).of(holds.BREAKER) is not None

    def __str__(self) -> str:
        return f"{self.fault} at {self.point}: {self.left}"


@dataclass(frozen=True)
class Clean:
    """A command without a fault: what was there before, what after, and its calls."""

    before: Left
    after: Left
    points: list[Point]


class Runs:
    """Every scenario, clean and with every fault at every call."""

    def __init__(self, memory: Path) -> None:
        traced.available()
        self._memory, self._made = memory, 0
        self.clean = self._record()
        self.cases: dict[Scenario, list[Case]] = defaultdict(list)
        for (name, ordinal, fault), wanted in self._groups().items():
            self._inject(name, ordinal, fault, wanted)

    def _begin(self, scenario: Scenario) -> tuple[Path, dict[str, Any]]:
        self._made += 1
        root = self._memory / f"r{self._made}"
        scenario.prepare(root)
        return root, scenario.job(root)

    def _record(self) -> dict[Scenario, Clean]:
        begun = [self._begin(scenario) for scenario in SCENARIOS]
        before = []
        for root, job in begun:
            for stream in ("out", "err"):
                Path(job[stream]).touch()
            before.append(left(root, 0))
        codes, calls = traced.recorded([job for _, job in begun], self._memory / "clean.strace")
        return {
            scenario: Clean(found, left(root, code), traced.points(calls, root))
            for scenario, found, (root, _), code in zip(SCENARIOS, before, begun, codes, strict=True)
        }

    def _groups(self) -> dict[tuple[str, int, str], list[tuple[Scenario, Point]]]:
        """One run of strace does all that have call, ordinal and fault in common: each on a file of its own."""
        groups: dict[tuple[str, int, str], list[tuple[Scenario, Point]]] = defaultdict(list)
        for scenario, clean in self.clean.items():
            for point in clean.points:
                for fault in FAULTS:
                    groups[point.name, point.ordinal, fault].append((scenario, point))
        return groups

    def _inject(self, name: str, ordinal: int, fault: str, wanted: list[tuple[Scenario, Point]]) -> None:
        begun = [self._begin(scenario) for scenario, _ in wanted]
        jobs = [(job, root / point.path) for (root, job), (_, point) in zip(begun, wanted, strict=True)]
        log = self._memory / f"{name}-{ordinal}-{fault}.strace"
        codes = traced.injected(jobs, name, ordinal, fault, log)
        for (scenario, point), (root, _), code in zip(wanted, begun, codes, strict=True):
            self.cases[scenario].append(Case(scenario, fault, point, root, left(root, code)))


@pytest.fixture(scope="session")
def runs(memory: Path) -> Runs:
    return Runs(memory)


each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@each
def test_without_a_fault_it_does_what_it_says(runs: Runs, scenario: Scenario) -> None:
    clean = runs.clean[scenario]
    assert (clean.after.code, clean.after.latched) == (0, scenario.is_halt), clean.after
    assert clean.after.holds != clean.before.holds
    assert clean.before.trades == (scenario.held == 0)
    assert clean.after.trades == (scenario.name == "resume from level 1")


@each
def test_every_call_was_met_with_every_fault(
    runs: Runs, scenario: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    points, cases = runs.clean[scenario].points, runs.cases[scenario]
    with capsys.disabled():
        print(f"\ncrash points: {scenario.name}: {len(points)} calls, each with {', '.join(FAULTS)}")  # noqa: T201
    assert len(points) >= FEWEST
    for kind in ("open", "write", "fsync", "rename"):
        places = {point.path.startswith(CONF) for point in points if point.name.startswith(kind)}
        assert places == {True, False}, f"{kind}: of the holds and of the incident"
    assert any(point.name.startswith("mkdir") for point in points)
    for fault in FAULTS:
        assert sorted(map(str, points)) == sorted(str(case.point) for case in cases if case.fault == fault)


@each
def test_the_files_are_the_old_ones_or_the_new_ones(runs: Runs, scenario: Scenario) -> None:
    """Byte for byte; only a file of holds that nobody could read may be gone, which is as good."""
    clean = runs.clean[scenario]
    whole = {clean.before.holds, clean.after.holds} | ({None} if scenario.held is None else set())
    for case in runs.cases[scenario]:
        assert case.left.holds in whole or case.more_held, case
        assert case.left.state in (clean.before.state, clean.after.state), case
    for fault in FAULTS:
        met = {case.left.holds for case in runs.cases[scenario] if case.fault == fault}
        assert met >= {clean.before.holds, clean.after.holds}, f"{fault} showed only one of the two"


@each
def test_nothing_starts_to_trade_while_a_hold_is_in_force(runs: Runs, scenario: Scenario) -> None:
    clean = runs.clean[scenario]
    for case in runs.cases[scenario]:
        assert not (case.left.level and case.left.trades), case
        assert not (clean.before.level and clean.after.level and case.left.trades), case
        assert case.left.level in (clean.before.level, clean.after.level), case


@each
def test_what_it_says_is_what_the_disk_says(runs: Runs, scenario: Scenario) -> None:
    """It never claims more; whatever keeps the hold from the disk makes it say so and end otherwise than with 0."""
    after = runs.clean[scenario].after
    for case in runs.cases[scenario]:
        done = (case.left.holds, case.left.state) == (after.holds, after.state)
        assert done or case.more_held or (case.left.code != 0 and not case.left.latched), case
        if case.fault == KILLED:
            assert (case.left.code, case.left.answer) == (2, None), case
        elif case.decides:
            assert case.left.code != 0, case
            assert case.left.answer is not None, case
            assert not case.left.latched, case
            if scenario.is_halt:
                assert "NOT SAVED" in str(case.left.answer), case


@each
def test_what_only_records_a_halt_spoils_no_halt(runs: Runs, scenario: Scenario) -> None:
    """Its journal, its incident and the lock of its bot: the disk may take them or not, and what it did not is said."""
    others = [case for case in runs.cases[scenario] if case.fault != KILLED and not case.decides]
    assert others
    for case in others:
        if scenario.is_halt:
            assert (case.left.code, case.left.latched) == (0, True), case
        if case.point.path.startswith("incidents"):
            assert case.left.code == 0, case
            assert "was not written" in str(case.left.answer), case


@each
def test_no_bot_is_asked_to_trade_before_its_resume_is_on_the_disk(runs: Runs, scenario: Scenario) -> None:
    after = runs.clean[scenario].after
    assert ("start" in after.asked) == after.trades
    for case in runs.cases[scenario]:
        if "start" in case.left.asked and not case.more_held:
            assert (case.left.holds, case.left.state) == (after.holds, after.state), case
        if case.fault != KILLED and case.point.path.startswith(CONF):
            assert "start" not in case.left.asked, case


@each
def test_the_next_command_finds_nothing_in_its_way(runs: Runs, scenario: Scenario) -> None:
    """What a crash left lying about is not taken for anything, and the same command, again, does all of it."""
    after, clock = runs.clean[scenario].after, Clock()
    for case in runs.cases[scenario]:
        if case.more_held:
            continue  # the guard ends that hold, when it can read the breaker
        conf, want = case.home / "conf", {"holds.json", "state.json", "secrets.json"}
        stray = {path.name for path in conf.iterdir()} - want
        assert all(name.startswith((".holds.json.", ".state.json.", "holds.json.unreadable-")) for name in stray), case
        if scenario.is_halt:
            latched = holds_file.latch(case.home, hold(int(scenario.command[2])), clock)
            assert latched.error is None, case
        elif (case.home / HOLDS).read_bytes() != after.holds:
            holds_file.change(case.home, lambda present: present.resumed(INCIDENT, START), clock)
        synchronised = holds_file.synchronise(case.home, clock)
        assert synchronised.level == after.level, case
        assert (case.home / STATE).read_bytes() == after.state, case
        assert trades(case.home) == after.trades, case
        assert [each.holder for each in holds.load(case.home / HOLDS).holds] == ["halt"] * bool(after.level), case
