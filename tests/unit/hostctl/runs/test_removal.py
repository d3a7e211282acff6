"""The removal of runs: row and files together, or neither, wherever it ends."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.runs.run_records import Begun
from freqops.core.runs.run_rows import RunRows
from freqops.hostctl.runs import indexing, removal, trees
from tests.unit.core.results import left
from tests.unit.core.runs import old_registry
from tests.unit.hostctl.runs.laid import Tree

OURS = "backtest-20260101T100000Z-0badca"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path)
    made.lay("2026.9")
    indexing.index(made.root, made.clock)
    output = made.root / removal.OF_RUNS / OURS / "output"
    output.mkdir(parents=True)
    (output / "a.zip").write_text("result")
    (output / "link").symlink_to(made.registry)
    with made.opened() as present:
        present.begin_run(Begun(OURS, "download", made.clock.utcnow()))
        present.end_run(OURS, "finished", made.clock.utcnow(), {"candles": 1.0})
    return made


def of(tree: Tree, number: int) -> tuple[list[str], set[str]]:
    """Return the runs of a backtest that was indexed, and the names of its files."""
    path = left.backtest("2026.9", number)
    with tree.opened() as present:
        runs = present.run_rows().of_artifact(f"user_data/backtest_results/{path.name}")
    return runs, {path.name, f"{path.stem}.meta.json"}


def there(tree: Tree, runs: list[str]) -> list[bool]:
    with tree.opened() as present:
        return [present.run(run) is not None for run in runs]


def test_row_and_files_go_and_all_others_stay(tree: Tree) -> None:
    runs, files = of(tree, left.WINDOW)
    before, rows = tree.files(), tree.rows()
    with tree.opened() as present:
        removal.remove(tree.root, present, runs)
    assert (there(tree, runs), tree.files()) == ([False], before - files)
    assert tree.rows()["runs"] == rows["runs"] - 1
    assert tree.rows()["metrics"] < rows["metrics"]
    done = indexing.index(tree.root, tree.clock)
    assert (done.taken, done.unchanged, done.problems) == ([], 4, []), "nothing of it comes back"


def test_a_run_of_ours_goes_with_its_directory_and_no_link_in_it_is_followed(tree: Tree) -> None:
    with tree.opened() as present:
        assert removal.files(tree.root, present.run_rows(), OURS) == [removal.OF_RUNS / OURS]
        removal.remove(tree.root, present, [OURS])
    assert not (tree.root / removal.OF_RUNS / OURS).exists()
    assert tree.registry.exists()


def test_files_elsewhere_are_none_of_ours(tree: Tree) -> None:
    [run], files = of(tree, left.WINDOW)
    with sqlite3.connect(tree.registry) as connection:
        connection.execute(
            "UPDATE artifacts SET path = 'C:\\bot\\' || name WHERE run_id = ? AND name LIKE '%.zip'", (run,)
        )
        connection.execute(
            "UPDATE artifacts SET path = '../../etc/passwd' WHERE run_id = ? AND path NOT LIKE 'C:%'", (run,)
        )
    with tree.opened() as present:
        assert removal.files(tree.root, present.run_rows(), run) == []
        removal.remove(tree.root, present, [run])
    assert files <= tree.files()


def test_a_file_that_is_gone_keeps_no_row(tree: Tree) -> None:
    runs, files = of(tree, left.WINDOW)
    for name in files:
        (tree.backtests / name).unlink()
    with tree.opened() as present:
        removal.remove(tree.root, present, runs)
    assert there(tree, runs) == [False]


class Killed(BaseException):
    """The process ends here."""


STEPS = ("rows", "first file", "second file", "commit", "first removal", "second removal")


def cut(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Have a removal end at a step, as if it were killed: nothing of it is taken back."""
    place, name = (RunRows, "remove") if step == "rows" else (trees, "remove" if step.endswith("removal") else "rename")
    before = {"second file": 1, "commit": 1, "second removal": 1}.get(step, 0)  # so many calls come to their end
    calls, original = list[object](), getattr(place, name)

    def stand_in(*given: object) -> None:
        calls.append(given)
        if len(calls) <= before or (step == "commit" and len(calls) == 2):
            original(*given)
        if len(calls) > before:
            raise Killed

    monkeypatch.setattr(place, name, stand_in)


@pytest.mark.parametrize("step", STEPS)
def test_wherever_it_is_killed_both_are_there_or_neither_when_the_next_has_looked(
    tree: Tree, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, files = of(tree, left.WINDOW)
    before = tree.files()
    cut(monkeypatch, step)
    with pytest.raises(Killed), tree.opened() as present:
        removal.remove(tree.root, present, runs)
    monkeypatch.undo()
    indexing.index(tree.root, tree.clock)
    gone = step.endswith("removal")
    assert there(tree, runs) == [not gone]
    assert tree.files() == (before - files if gone else before)


def test_a_disk_that_renames_nothing_changes_nothing(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, _ = of(tree, left.WINDOW)
    before, rows = tree.files(), tree.dump()
    rename, calls = trees.rename, list[str]()

    def fail(root: Path, below: Path, name: str, to: str) -> None:
        calls.append(name)
        if len(calls) == 2:
            raise OSError(30, "Read-only file system")
        rename(root, below, name, to)

    monkeypatch.setattr(trees, "rename", fail)
    with pytest.raises(OSError, match="Read-only"), tree.opened() as present:
        removal.remove(tree.root, present, runs)
    assert (tree.files(), tree.dump()) == (before, rows)
    assert len(calls) == 3, "one came back"


def test_a_registry_that_does_not_let_it_go_keeps_the_files(tree: Tree) -> None:
    runs, _ = of(tree, left.WINDOW)
    incident = {"id": "i", "run_id": runs[0], "severity": "info", "description": "", "created_utc": "2026-01-01"}
    old_registry.write_rows(tree.registry, {"incidents": [incident]})
    before, rows = tree.files(), tree.dump()
    with pytest.raises(Refused, match="FOREIGN KEY"), tree.opened() as present:
        removal.remove(tree.root, present, runs)
    assert (tree.files(), tree.dump()) == (before, rows)


def test_a_transaction_that_fails_at_its_end_keeps_the_files(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """All files have other names by then."""
    runs, _ = of(tree, left.WINDOW)
    before, rows = tree.files(), tree.dump()
    rename = trees.rename

    with tree.opened() as present:

        def spoil(root: Path, below: Path, name: str, to: str) -> None:
            rename(root, below, name, to)
            if name.startswith("."):
                return
            present._connection.execute("PRAGMA defer_foreign_keys = ON")
            present._connection.execute("INSERT OR IGNORE INTO metrics VALUES ('nobody', 'x', 1.0)")

        monkeypatch.setattr(trees, "rename", spoil)
        with pytest.raises(Refused, match="FOREIGN KEY"):
            removal.remove(tree.root, present, runs)
    assert (tree.files(), tree.dump()) == (before, rows)


def test_a_name_that_another_one_has_now_is_not_taken_from_it(tree: Tree) -> None:
    runs, files = of(tree, left.WINDOW)
    name = min(files)
    trees.rename(tree.root, removal.SHARED[0], name, f"{removal.GOING}{name}")
    (tree.backtests / name).write_text("another")
    with tree.opened() as present, pytest.raises(NotProven, match="another one has it"):
        removal.settle(tree.root, present)
    assert (tree.backtests / name).read_text() == "another"
    assert there(tree, runs) == [True]


def test_what_is_still_there_is_not_called_gone(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, files = of(tree, left.WINDOW)
    remove = trees.remove

    def again(root: Path, below: Path, name: str) -> None:
        remove(root, below, name)
        (root / below / name[len(removal.GOING) :]).write_text("back")

    monkeypatch.setattr(trees, "remove", again)
    with pytest.raises(NotProven, match="is still there"), tree.opened() as present:
        removal.remove(tree.root, present, runs)
    assert files <= tree.files()


def test_of_a_directory_that_is_a_link_nothing_is_settled(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / f"{removal.GOING}x").write_text("mine")
    tree.hyperopts.rename(tmp_path / "aside")
    tree.hyperopts.symlink_to(tmp_path / "elsewhere")
    with tree.opened() as present:
        assert removal.settle(tree.root, present) == []
    assert os.listdir(tmp_path / "elsewhere") == [f"{removal.GOING}x"]  # noqa: PTH208
