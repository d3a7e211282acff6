"""``freqops-host breaker`` killed, or failed by the disk, at every call by which it changes its files, and read."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from freqops.core.breaker import breaker_file, places
from freqops.core.breaker.breaker_file import Breaker
from tests.crash import traced
from tests.crash.breaker_reading import ACTIVE, INACTIVE
from tests.crash.traced import Point
from tests.unit.fakes import START, make_bot

MODULE = "tests.crash.breaker_command"
KILLED = "signal=KILL"
BELOW = "user_data"  # the incident is written by threads of its own, and spoils nothing
# A tenth in every run; the whole million is asked for.
PROVE = os.environ.get("FREQOPS_PROVE") == "1"
FAULTS = (KILLED, "error=ENOSPC", "error=EIO") if PROVE else (KILLED, "error=ENOSPC")
READS, LIVES = (1_000_000, 60) if PROVE else (100_000, 6)
WRITES, FEWEST_CHANGES, TIMEOUT = 30, 20, 900
ON, OFF = '{"active": true, "reason": "before"}', '{"active": false, "reason": "before"}'


@dataclass(frozen=True)
class Scenario:
    """One command and the file that it finds."""

    name: str
    action: str
    before: str | None

    def prepare(self, root: Path) -> dict[str, Any]:
        """Write what the command finds, and return the job."""
        make_bot(root)
        file = places.host_breaker(root)
        if self.before is None:
            file.unlink()
        else:
            file.write_text(self.before)
            file.chmod(0o644)
        argv = ["breaker", self.action, "--json", "--deadline", "1", "--reason", "why", "--incident", "one"]
        streams = {name: f"{root}.{name}" for name in ("out", "err")}
        return {"argv": argv, "root": str(root), **streams}


SCENARIOS = (
    Scenario("enable", "enable", OFF),
    Scenario("enable on a host without a file", "enable", None),
    Scenario("enable over a damaged file", "enable", '{"active": fal'),
    Scenario("disable", "disable", ON),
    Scenario("disable a damaged file", "disable", '{"active": fal'),
)
each = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@dataclass(frozen=True)
class Case:
    """A command that met a fault at a call, and what it left."""

    fault: str
    point: Point
    root: Path
    code: int

    @property
    def answer(self) -> dict[str, Any]:
        said = Path(f"{self.root}.out").read_text()
        return json.loads(said) if said else {}

    def __str__(self) -> str:
        return f"{self.fault} at {self.point}: {self.code} {self.answer}"


def content(root: Path) -> bytes | None:
    path = places.host_breaker(root)
    return path.read_bytes() if path.exists() else None


def says(root: Path) -> Breaker:
    return breaker_file.read(places.host_breaker(root), START, owner=os.getuid())


def written(points: list[Point]) -> list[Point]:
    """Return the points but for the opening of directories, which are read before and synced after, at fsync."""
    return [point for point in points if point.name not in traced.OPENING or point.path.startswith("state/")]


class Runs:
    """Every scenario, clean and with every fault at every call."""

    def __init__(self, memory: Path) -> None:
        traced.available()
        self._memory, self._made = memory, 0
        begun = {scenario: self._begin(scenario) for scenario in SCENARIOS}
        self.before = {scenario: content(root) for scenario, (root, _) in begun.items()}
        codes, calls = traced.recorded([job for _, job in begun.values()], memory / "breaker.strace", MODULE)
        assert set(codes) == {2}, "there is no guard, so nothing is proven"
        self.after = {scenario: content(root) for scenario, (root, _) in begun.items()}
        self.points = {scenario: written(traced.points(calls, root / BELOW)) for scenario, (root, _) in begun.items()}
        self.cases: dict[Scenario, list[Case]] = defaultdict(list)
        groups: dict[tuple[str, int, str], list[tuple[Scenario, Point]]] = defaultdict(list)
        for scenario, points in self.points.items():
            for point in points:
                for fault in FAULTS:
                    groups[point.name, point.ordinal, fault].append((scenario, point))
        for (name, ordinal, fault), wanted in groups.items():
            self._inject(name, ordinal, fault, wanted)

    def _begin(self, scenario: Scenario) -> tuple[Path, dict[str, Any]]:
        self._made += 1
        root = self._memory / f"b{self._made}"
        return root, scenario.prepare(root)

    def _inject(self, name: str, ordinal: int, fault: str, wanted: list[tuple[Scenario, Point]]) -> None:
        begun = [self._begin(scenario) for scenario, _ in wanted]
        jobs = [(job, root / BELOW / point.path) for (root, job), (_, point) in zip(begun, wanted, strict=True)]
        log = self._memory / f"breaker-{name}-{ordinal}-{fault}.strace"
        codes = traced.injected(jobs, name, ordinal, fault, log, MODULE)
        for (scenario, point), (root, _), code in zip(wanted, begun, codes, strict=True):
            self.cases[scenario].append(Case(fault, point, root, code))


@pytest.fixture(scope="session")
def runs(memory: Path) -> Runs:
    return Runs(memory)


@each
def test_every_call_was_met_and_both_files_were_seen(runs: Runs, scenario: Scenario) -> None:
    points = runs.points[scenario]
    named = {point.name for point in points if point.path.startswith("state/.circuit_breaker.json.0")}
    assert len([name for name in named if name.startswith(("open", "write", "fchmod", "fsync", "rename"))]) == 5
    for fault in FAULTS:
        met = {content(case.root) for case in runs.cases[scenario] if case.fault == fault}
        assert met >= {runs.before[scenario], runs.after[scenario]}, fault


@each
def test_the_file_is_the_old_one_or_the_new_one(runs: Runs, scenario: Scenario) -> None:
    """And never says inactive where both of them say active."""
    whole = (runs.before[scenario], runs.after[scenario])
    for case in runs.cases[scenario]:
        assert content(case.root) in whole, case
        assert says(case.root).active or INACTIVE in (scenario_says(whole[0]), scenario_says(whole[1])), case


def scenario_says(data: bytes | None) -> str:
    found = breaker_file.parse(data or b"", Path("/file"), START)
    return ACTIVE if found.active else INACTIVE


@each
def test_what_is_not_on_the_disk_is_not_claimed(runs: Runs, scenario: Scenario) -> None:
    for case in runs.cases[scenario]:
        assert case.code in (1, 2), case
        if case.fault == KILLED:
            assert case.answer == {}, case
        elif content(case.root) == runs.before[scenario]:
            said = str(case.answer)
            assert "NOT WRITTEN" in said or "not_proven" in said or "refused" in said, case
        else:
            assert case.answer["changed"] is True, case


@each
def test_what_could_not_be_read_is_never_lost(runs: Runs, scenario: Scenario) -> None:
    if scenario.before is None or breaker_file.parse(scenario.before.encode(), Path("/file"), START).readable:
        return
    for case in runs.cases[scenario]:
        state = places.state_directory(case.root)
        kept = [*state.glob("*.unreadable-*"), places.host_breaker(case.root)]
        assert scenario.before in [path.read_text() for path in kept if path.exists()], case


@each
def test_the_same_command_again_does_all_of_it(runs: Runs, scenario: Scenario) -> None:
    cases = runs.cases[scenario][:: 1 if PROVE else 5]
    jobs = []
    for case in cases:
        argv = ["breaker", scenario.action, "--json", "--deadline", "1", "--reason", "why", "--incident", "two"]
        jobs.append({"argv": argv, "root": str(case.root), "out": f"{case.root}.out", "err": f"{case.root}.err"})
    assert set(traced.untraced(jobs, MODULE)) == {2}
    for case in cases:
        assert content(case.root) == runs.after[scenario], case


def begin(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-S", "-m", f"tests.crash.{module}", *arguments]
    environment = {"PYTHONPATH": f"{traced.ROOT}:{traced.ROOT / 'src'}"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=traced.ROOT, env=environment)


def killed_at_each_call(points: list[Point], root: Path, job: dict[str, Any], memory: Path) -> Iterator[Point]:
    """Kill the command at each of its calls, one after the other, all of them on one file that is read meanwhile."""
    state = places.state_directory(root)
    for number, point in enumerate(points):
        for stray in state.glob(".circuit_breaker.json*.0*"):
            stray.unlink()
        path = places.host_breaker(root)
        other = path.with_name("other")
        other.write_text(OFF)
        other.chmod(0o644)
        other.replace(path)
        log = memory / f"shared-{number}.strace"
        assert traced.injected([(job, root / BELOW / point.path)], point.name, point.ordinal, KILLED, log, MODULE) == [
            2
        ]
        yield point


def kill_at_work(writer: subprocess.Popen[str], path: Path) -> None:
    """Kill a writer that never rests, wherever it is when it has written often enough."""
    seen: set[int] = set()
    while len(seen) < WRITES and writer.poll() is None:
        seen.add(path.stat().st_mtime_ns)
    assert writer.poll() is None, "the writer ended"
    writer.kill()
    writer.communicate()


def test_no_read_is_torn_while_writers_are_killed(runs: Runs, memory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At each call of the write, and at any moment of writers that never rest."""
    seed = int(os.environ.get("FREQOPS_SEED", secrets.randbits(32)))
    [scenario] = [each for each in SCENARIOS if each.name == "enable"]
    root = memory / "shared"
    job, path = scenario.prepare(root), places.host_breaker(root)
    readers = [begin("breaker_reading", str(path), str(READS // 2), str(FEWEST_CHANGES)) for _ in range(2)]
    points = [point for point in runs.points[scenario] if PROVE or "set.json" not in point.path]
    try:
        killed = list(killed_at_each_call(points, root, job, memory))
        lives, give_up = 0, time.monotonic() + TIMEOUT
        while lives < LIVES or any(reader.poll() is None for reader in readers):
            assert time.monotonic() < give_up, "the readers do not see enough changes"
            kill_at_work(begin("breaker_churn", str(path), str(seed + lives)), path)
            lives += 1
    except BaseException:
        for reader in readers:
            reader.kill()
        raise
    found = [json.loads(reader.communicate(timeout=TIMEOUT)[0]) for reader in readers]
    with capsys.disabled():
        print(f"\nreads: {found}; writers killed at {len(killed)} calls and {lives} moments, seed {seed}")  # noqa: T201
    for result in found:
        assert set(result["counts"]) == {ACTIVE, INACTIVE}, f"seed {seed}: {result}"
        assert sum(result["counts"].values()) >= READS // 2
        assert result["changes"] >= FEWEST_CHANGES
