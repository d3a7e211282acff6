"""The registry while it is made or migrated, killed or failed by the disk at each call: the old one or the new one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from freqops.core.runs import registry, registry_migration, registry_schema
from tests.crash import sampled, traced
from tests.crash.sampled import Case
from tests.crash.traced import Point
from tests.unit.core.runs import old_registry
from tests.unit.fakes import FakeClock

MODULE = "tests.crash.registry_command"
FEWEST = 30  # calls of the shorter command; a recorder that saw less is broken
OLD = (old_registry.backtests(), old_registry.hyperopts(2))
WORLDS = ("nothing", "an old one")


def begin(root: Path, world: str) -> dict[str, Any]:
    """Write what the command finds, and return it as a job."""
    root.mkdir()
    if world != "nothing":
        old_registry.write(registry.place(root), *OLD)
    return {
        "argv": ["registry", "--prepare", "--json"], "root": str(root), "out": f"{root}.out", "err": f"{root}.err",
    }  # fmt: skip


def version(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return registry.version(connection)


@pytest.fixture(scope="module")
def clean(memory: Path) -> dict[str, list[Point]]:
    traced.available()
    roots = {world: memory / f"registry-{number}" for number, world in enumerate(WORLDS)}
    jobs = [begin(root, world) for world, root in roots.items()]
    codes, calls = traced.recorded(jobs, memory / "registry.strace", MODULE)
    assert codes == [0] * len(jobs), [Path(job["err"]).read_text() for job in jobs]
    return {world: traced.points(calls, root) for world, root in roots.items()}


@pytest.fixture(scope="module")
def cases(memory: Path, clean: dict[str, list[Point]]) -> list[Case]:
    return sampled.cases(clean, begin, memory / "registry", MODULE)


def test_every_kind_of_call_is_met(clean: dict[str, list[Point]], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nregistry: {', '.join(f'{len(points)} calls on {world}' for world, points in clean.items())}")  # noqa: T201
    for world, points in clean.items():
        assert len(points) >= FEWEST, world
        names = {point.name for point in points}
        assert {"pwrite64", "rename"} <= names, (world, names)
        assert names & {"fsync", "fdatasync"}, (world, names)


def test_it_is_the_old_one_or_the_new_one_and_the_next_command_ends_it(cases: list[Case]) -> None:
    for case in cases:
        path = registry.place(case.root)
        present = version(path) if path.exists() else None
        if case.code == 0:
            assert present == registry_schema.VERSION, case
        elif case.kind == "nothing":
            assert present in (None, registry_schema.VERSION), case
        elif present == 0:
            assert old_registry.dump(path)["runs"][0]["status"] == "completed", case
        with contextlib.suppress(FileNotFoundError):
            assert present is None or path.stat().st_size > 0, case
        registry_migration.prepare(path, FakeClock(), os.getuid())
        with registry.opened(path, owner=os.getuid()) as whole:
            assert whole.rows()["runs"] == (0 if case.kind == "nothing" else 6), case
        assert not list(path.parent.glob(f".{path.name}.*")), case
        if case.kind != "nothing":
            [backup, *_] = sorted(path.parent.glob(f"{path.name}.before-v*"))
            assert len(old_registry.dump(backup)["runs"]) == 7, case
