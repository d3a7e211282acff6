"""An incident that is opened, acknowledged and closed, cut at each call between its evidence and its row.

Each command is killed, and failed as by a full and by a broken disk, at each call by which it changes a file: evidence,
registry, log. One check later, evidence and registry say the same, and nothing that was written down is lost.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.runs import registry, registry_migration
from freqops.core.runs.incident_rows import Wanted
from freqops.hostctl.incident import check, registered
from tests.crash import sampled, traced
from tests.crash.sampled import Case
from tests.crash.traced import Point
from tests.unit.fakes import FakeClock

MODULE = "tests.crash.incident_command"
NAME = "given"
WORDS = {
    "opened": ["open", "--description=odd prices", "--severity=error", f"--incident={NAME}"],
    "acknowledged": ["acknowledge", NAME],
    "closed": ["close", NAME, "--root-cause=a cable", "--action=a new one"],
}
BEFORE = {"opened": None, "acknowledged": "open", "closed": "open"}
AFTER = {"opened": "open", "acknowledged": "acknowledged", "closed": "closed"}
OTHER = Event(life.OPENED, "2026-01-02T03:04:05Z", "ann", "feed is wrong", life.MANUAL, "warning", "manual: feed")


def begin(root: Path, step: str) -> dict[str, Any]:
    """Make what the command finds, and return the command as a job, with the head of the chain before it."""
    root.mkdir()
    registry_migration.prepare(registry.place(root), FakeClock(), os.getuid())
    registered.open_one(root, OTHER, FakeClock(), "another")
    if step != "opened":
        registered.open_one(root, Event(**{**vars(OTHER), "cause": "prices"}), FakeClock(), NAME)
    return {
        "argv": ["incidents", *WORDS[step], "--json"], "root": str(root), "out": f"{root}.out", "err": f"{root}.err",
        "head": registered.head(root),
    }  # fmt: skip


@pytest.fixture(scope="module")
def clean(memory: Path) -> dict[str, list[Point]]:
    traced.available()
    roots = {step: memory / f"incident-{step}" for step in WORDS}
    jobs = [begin(root, step) for step, root in roots.items()]
    codes, calls = traced.recorded(jobs, memory / "incidents.strace", MODULE)
    assert codes == [PROVEN] * len(jobs), [Path(job["err"]).read_text() for job in jobs]
    return {step: traced.points(calls, root) for step, root in roots.items()}


@pytest.fixture(scope="module")
def cases(memory: Path, clean: dict[str, list[Point]]) -> list[Case]:
    return sampled.cases(clean, begin, memory / "incident", MODULE)


def state(root: Path) -> str | None:
    """Return the state of the incident; None where there is none."""
    rows = {row["id"]: str(row["state"]) for row in registered.listed(root, Wanted())[0]}
    assert rows.pop("another") == life.OPEN
    return rows.get(NAME)


def written(root: Path, step: str) -> bool:
    """Return whether the step's evidence stands whole on the disk."""
    found = list((root / "incidents" / NAME).glob(f"*-{step}_*.json"))
    return any(json.loads(path.read_text())["event"]["step"] == step for path in found[-1:]) and step in AFTER


def test_every_kind_of_call_is_met(clean: dict[str, list[Point]], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nincidents: {', '.join(f'{len(points)} calls of {step}' for step, points in clean.items())}")  # noqa: T201
    for step, points in clean.items():
        places = {point.path.partition("/")[0] for point in points}
        assert {"incidents", "user_data"} <= places, step
        assert {"pwrite64", "rename"} <= {point.name for point in points}, step


def test_evidence_and_registry_say_the_same_after_one_check(cases: list[Case]) -> None:
    for case in cases:
        if case.code == PROVEN:
            assert state(case.root) == AFTER[case.kind], case
        checked = check.check(case.root, case.job["head"])
        assert checked.problems == [], case
        again = check.check(case.root, checked.head)
        assert (again.problems, again.mended, again.head) == ([], [], checked.head), case
        done = written(case.root, case.kind)
        assert state(case.root) == (AFTER if done else BEFORE)[case.kind], case
        assert done or case.code != PROVEN, case
        assert case.code in (PROVEN, NOT_PROVEN, 1, -9), (case, Path(f"{case.root}.err").read_text())


def test_what_is_called_refused_was_not_done(cases: list[Case]) -> None:
    for case in cases:
        if case.code == 1:
            assert not written(case.root, case.kind), case
