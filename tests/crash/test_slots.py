"""A slot taken, kept and given back, killed or failed by a full disk at every call that changes a file.

What is there afterwards is a whole lock file or none, and no command says that it did what it did not.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import Clock
from freqops.core.runs import slot_processes
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Holder, LockFile, Wanted
from tests.crash import traced
from tests.crash.traced import Point
from tests.unit.fakes import FakeClock
from tests.unit.slot_fields import lay_breaker

MODULE, KILLED, FULL = "tests.crash.slots", "signal=KILL", "error=ENOSPC"
COMMANDS, FEWEST = ("acquire", "keep", "release"), 4


def wanted(kind: str) -> Wanted:
    return Wanted(kind, Holder(slot_processes.this(), "host", "ann@host"), "crash")


@dataclass
class Case:
    """One command that met one fault at one call."""

    command: str
    fault: str
    point: Point
    root: Path
    code: int

    @property
    def files(self) -> list[LockFile]:
        return SlotDirectory(self.root, Clock()).found()

    @property
    def left(self) -> list[str]:
        """What lies beside the lock files."""
        path = SlotDirectory(self.root, Clock()).path
        names = [entry.name for entry in path.iterdir()] if path.exists() else []
        return [name for name in names if name.startswith(".") and name != ".lock"]

    def __str__(self) -> str:
        return f"{self.command}, {self.fault} at {self.point}: ended with {self.code}, {self.files}, {self.left}"


class Runs:
    """Each command, clean and with each fault at each call."""

    def __init__(self, memory: Path) -> None:
        traced.available()
        self._memory, self._made = memory / "slots", 0
        self._memory.mkdir()
        begun = [self._begin(command) for command in COMMANDS]
        self.codes, calls = traced.recorded([job for _, job in begun], self._memory / "clean.strace", MODULE)
        roots = zip(COMMANDS, begun, strict=True)
        self.points = {command: traced.points(calls, root) for command, (root, _) in roots}
        self.cases: list[Case] = []
        groups: dict[tuple[str, int, str], list[tuple[str, Point]]] = defaultdict(list)
        for command, points in self.points.items():
            for point in points:
                for fault in (KILLED, FULL):
                    groups[point.name, point.ordinal, fault].append((command, point))
        for group, met in groups.items():
            self._inject(*group, met)

    def _begin(self, command: str) -> tuple[Path, dict[str, Any]]:
        self._made += 1
        root = self._memory / f"r{self._made}"
        root.mkdir()
        lay_breaker(root)
        argv = ["slot", command]
        if command == "acquire":
            argv += ["--kind", "backtest", "--pid", str(os.getpid()), "--cid", "crash"]
        else:
            argv += ["--token", SlotDirectory(root, FakeClock()).acquire(wanted("backtest")).token]
        return root, {"argv": argv, "root": str(root), "out": f"{root}.out", "err": f"{root}.err"}

    def _inject(self, name: str, ordinal: int, fault: str, met: list[tuple[str, Point]]) -> None:
        begun = [self._begin(command) for command, _ in met]
        jobs = [(job, root / point.path) for (root, job), (_, point) in zip(begun, met, strict=True)]
        log = self._memory / f"{name}-{ordinal}-{fault}.strace"
        codes = traced.injected(jobs, name, ordinal, fault, log, MODULE)
        for (command, point), (root, _), code in zip(met, begun, codes, strict=True):
            self.cases.append(Case(command, fault, point, root, code))


@pytest.fixture(scope="module")
def runs(memory: Path) -> Runs:
    return Runs(memory)


def test_without_a_fault_each_does_what_it_says(runs: Runs, capsys: pytest.CaptureFixture[str]) -> None:
    assert runs.codes == [0, 0, 0]
    with capsys.disabled():
        print("\ncrash points:", {command: len(points) for command, points in runs.points.items()})  # noqa: T201
    assert all(len(points) >= FEWEST for points in runs.points.values())
    assert {"link", "fsync", "write"} <= {point.name for point in runs.points["acquire"]}
    assert len(runs.cases) == 2 * sum(map(len, runs.points.values()))


def test_a_lock_file_is_whole_or_not_there(runs: Runs) -> None:
    for case in runs.cases:
        assert [each.error for each in case.files] in ([], [""]), str(case)


def test_a_full_disk_leaves_nothing_half_made_and_is_no_success(runs: Runs) -> None:
    for case in runs.cases:
        if case.fault == FULL:
            assert case.code != 0, str(case)
            if case.point.name not in ("unlink", "unlinkat"):
                assert case.left == [], str(case)
            if case.command == "acquire":
                assert case.files == [], str(case)


def test_what_a_command_says_that_it_did_it_did(runs: Runs) -> None:
    for case in runs.cases:
        if case.code == 0:
            assert len(case.files) == (0 if case.command == "release" else 1), str(case)
        if case.command == "keep":
            assert len(case.files) == 1, str(case)


def test_a_command_that_was_cut_leaves_the_way_free(runs: Runs) -> None:
    for case in runs.cases:
        directory = SlotDirectory(case.root, Clock())
        assert directory.release(directory.acquire(wanted("hyperopt")).token) is True, str(case)
