"""Runs that are ended, indexed and removed, cut at each call by which a file is changed.

Each command is killed, and failed as by a full and by a broken disk. An end that is cut off is not written down, or is
whole, and the next one brings it to its end. An index leaves whole runs or none of them, and the next one takes the
rest. A removal leaves row and files, or neither, when the next command has looked.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import iso
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN, REFUSED
from freqops.core.base.iso_time import parse
from freqops.core.breaker import places
from freqops.core.results import document
from freqops.core.results.artifacts import artifact
from freqops.core.runs import slot_processes
from freqops.core.runs.risk_variables import HostRisk
from freqops.core.runs.run_command import HYPEROPTS
from freqops.core.runs.run_records import Begun
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Holder, Wanted
from freqops.hostctl.runs import documents, indexing, removal
from freqops.hostctl.runs.run_directory import ASKED, CANCELLED, UNDER_WAY, RunDirectory
from freqops.hostctl.runs.supervisor import RUNNING
from tests.crash import sampled, traced
from tests.crash.sampled import Case
from tests.crash.traced import Point
from tests.unit.core.results import left
from tests.unit.hostctl.runs.laid import Tree

MODULE = "tests.crash.runs_command"
WORDS = {
    "index": ["index"],
    "prune": ["prune", "--days=30", "--keep=1", "--incident=20260102T030405Z-runs-000000"],
}
CANCELLED_RUN = "hyperopt-20260101T100000Z-0badca"
COMMANDS = {**{what: ["runs", *words, "--json"] for what, words in WORDS.items()}, "end": ["run", "end", CANCELLED_RUN]}
RUNS, EPOCHS = 5, 7
OURS = "download-20260101T100000Z-0badca"
FEWEST = 30  # calls of the shorter command; a recorder that saw less is broken


def leave(tree: Tree) -> None:
    """Leave a hyperopt that was cancelled after seven epochs, with its slot, and without anybody who supervises it."""
    place = RunDirectory(tree.root, CANCELLED_RUN)
    for each in (place.input, place.output / HYPEROPTS, place.data / "binance"):
        each.mkdir(parents=True)
    shutil.copy(left.hyperopt("2026.9"), place.output / HYPEROPTS)
    (place.output / HYPEROPTS / "candles.pkl").touch()
    (place.data / "binance" / "BTC_USDT-5m.feather").touch()
    place.log.write_text("a line\n")
    began = parse("2026-01-01T10:00:00Z")
    breaker = places.host_breaker(tree.root)
    breaker.parent.mkdir(parents=True, exist_ok=True)
    breaker.write_text('{"active": false, "reason": "before"}')
    held = SlotDirectory(tree.root, tree.clock).acquire(
        Wanted("hyperopt", Holder(slot_processes.this(), "test", "ann"), CANCELLED_RUN)
    )
    inputs = {"kind": "hyperopt", "strategy": "TwoAverages", "epochs": 50, "memory": "2g"}
    place.write(ASKED, {"id": CANCELLED_RUN, "kind": "hyperopt", "inputs": inputs, "started_utc": iso(began),
                        "exchange": "binance", "pairs": [], "image": "none", "strategy": "TwoAverages"})  # fmt: skip
    place.write(CANCELLED, {"actor": "ann", "reason": "seen enough"})
    place.write(UNDER_WAY, {"state": RUNNING, "token": held.token})
    with tree.opened() as present:
        present.begin_run(Begun(CANCELLED_RUN, "hyperopt", began, "TwoAverages"))


def begin(root: Path, what: str) -> dict[str, Any]:
    """Make what the command finds, and return it as a job."""
    root.mkdir()
    tree = Tree(root)
    if what == "end":
        leave(tree)
        return job_of(root, what)
    tree.lay("2026.9")
    durable.write_json(root / "risk.json", HostRisk().to_json(), 0o600)
    if what == "prune":
        indexing.index(root, tree.clock)
        output = root / removal.OF_RUNS / OURS / "output"
        output.mkdir(parents=True)
        (output / "candles").write_text("candles")
        tree.clock.ahead = 0.0
        with tree.opened() as present:
            for run in (OURS, "newer"):
                present.begin_run(Begun(run, "download", tree.clock.utcnow()))
                present.end_run(run, "finished", tree.clock.utcnow(), {"candles": 1.0})
                tree.clock.now += 1
    return job_of(root, what)


def job_of(root: Path, what: str) -> dict[str, Any]:
    """Return a command in a tree as a job."""
    return {"argv": COMMANDS[what], "root": str(root), "out": f"{root}.out", "err": f"{root}.err"}


@pytest.fixture(scope="module")
def clean(memory: Path) -> dict[str, list[Point]]:
    traced.available()
    roots = {what: memory / f"runs-{what}" for what in COMMANDS}
    jobs = [begin(root, what) for what, root in roots.items()]
    codes, calls = traced.recorded(jobs, memory / "runs.strace", MODULE)
    assert codes == [PROVEN] * len(jobs), [Path(job["out"]).read_text() for job in jobs]
    return {what: traced.points(calls, root) for what, root in roots.items()}


@pytest.fixture(scope="module")
def cases(memory: Path, clean: dict[str, list[Point]]) -> list[Case]:
    return sampled.cases(clean, begin, memory / "runs", MODULE)


def test_every_kind_of_call_is_met(clean: dict[str, list[Point]], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nruns: {', '.join(f'{len(points)} calls of {what}' for what, points in clean.items())}")  # noqa: T201
    for what, points in clean.items():
        assert len(points) >= FEWEST, what
        assert {"pwrite64", "fdatasync"} & {point.name for point in points}, what
    places = {(point.name.removesuffix("at"), point.path) for point in clean["prune"]}
    for place in (*removal.SHARED[:1], removal.OF_RUNS):
        assert {("rename", str(place)), ("fsync", str(place))} <= places, place
    assert ("unlink", str(removal.SHARED[0])) in places


def ended(root: Path) -> bool:
    """Return whether the run is over, and whether the row of one that is over says all of it and nothing is left."""
    place, tree = RunDirectory(root, CANCELLED_RUN), Tree(root)
    with tree.opened() as present:
        row, epochs = present.run(CANCELLED_RUN), len(list(present.run_rows().epochs(CANCELLED_RUN)))
        files = list(present.run_rows().artifacts(CANCELLED_RUN))
    assert row is not None
    assert (row["status"], epochs, len(files)) in (("started", 0, 0), ("stopped", EPOCHS, 1))
    assert place.is_under_way or row["status"] == "stopped", "somebody comes back for it"
    if place.is_under_way:
        return False
    assert "seen enough, after 7 of 50 epochs" in row["end_reason"]
    assert files[0].sha256 == artifact(root, root / files[0].path).sha256
    assert SlotDirectory(root, tree.clock).found() == []
    assert list(place.output.rglob("*.pkl")) == list(place.data.iterdir()) == []
    return True


def test_an_end_is_whole_or_comes_with_the_next_look(cases: list[Case]) -> None:
    drawn = [each for each in cases if each.kind == "end"]
    for case in drawn:
        assert case.code in (PROVEN, NOT_PROVEN, REFUSED, -9), (case, Path(case.job["err"]).read_text())
        assert ended(case.root) or case.code != PROVEN, case
    codes = traced.untraced([each.job for each in drawn], MODULE)
    assert codes == [PROVEN] * len(drawn), [Path(each.job["err"]).read_text() for each in drawn]
    assert all(ended(case.root) for case in drawn)


def test_an_index_leaves_whole_runs_and_the_next_one_takes_the_rest(cases: list[Case]) -> None:
    for case in [each for each in cases if each.kind == "index"]:
        tree = Tree(case.root)
        assert case.code in (PROVEN, NOT_PROVEN, REFUSED, -9), case
        with tree.opened() as present:
            runs = [row["id"] for row in present.run_rows().brief()]
            found = documents.of_runs(case.root, present, runs)[0] if runs else []
        for each in found:
            assert each.notes == (), (case, each.notes)
            assert document.read(each.to_json()) is not None
            assert (each.backtest is not None) != (len(each.epochs) == EPOCHS), (case, each.run)
        assert case.code != PROVEN or len(runs) == RUNS, case
        before = len(runs)
        again = indexing.index(case.root, tree.clock)
        assert (again.problems, len(again.taken), again.unchanged) == ([], RUNS - before, before), case
        assert tree.rows()["epochs"] == EPOCHS, case


def test_a_removal_leaves_row_and_files_or_neither(cases: list[Case]) -> None:
    for case in [each for each in cases if each.kind == "prune"]:
        tree = Tree(case.root)
        assert case.code in (PROVEN, NOT_PROVEN, REFUSED, -9), case
        done = indexing.index(case.root, tree.clock)
        assert (done.problems, done.taken, done.updated) == ([], [], []), (case, "nothing comes back")
        with tree.opened() as present:
            rows = present.run_rows()
            runs = [row["id"] for row in rows.brief()]
            cited = {each.path for run in runs for each in rows.artifacts(run)}
        there = {
            str(path.relative_to(case.root))
            for place in removal.SHARED
            for path in (case.root / place).iterdir()
            if path.name != ".last_result.json"
        }
        assert there == cited, case
        assert (OURS in runs) == (case.root / removal.OF_RUNS / OURS / "output" / "candles").exists(), case
        assert (OURS in runs) == (case.root / removal.OF_RUNS / OURS).exists(), case
        assert case.code != PROVEN or len(runs) == RUNS, case
        assert not list((case.root / "user_data").rglob(f"{removal.GOING}*")), case


def test_what_was_cut_off_is_brought_to_its_end_by_the_same_command(cases: list[Case]) -> None:
    drawn = [each for each in cases if each.kind == "prune"]
    codes = traced.untraced([each.job for each in drawn], MODULE)
    assert codes == [PROVEN] * len(drawn), [Path(each.job["out"]).read_text() for each in drawn]
    for case in drawn:
        assert not (case.root / removal.OF_RUNS / OURS).exists(), case
        assert Tree(case.root).rows()["runs"] == RUNS, case
