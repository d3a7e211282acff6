"""Results that others left, taken into the registry: all of them, again unchanged, and what cannot be read is said."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import iso
from freqops.core.base.errors import Refused
from freqops.core.results import backtest_archive, hyperopt_file
from freqops.core.results.artifacts import artifact
from freqops.core.runs import registry, registry_migration
from freqops.core.runs.run_records import Begun
from freqops.hostctl.runs import indexing, results_lock
from freqops.hostctl.runs.indexing import Indexed
from tests.unit.core.results import left
from tests.unit.core.runs import old_registry
from tests.unit.hostctl.runs.laid import Tree

RUNS = 3 * 5  # of each release three backtests, of which one is of two strategies, and a hyperopt


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def index(tree: Tree, *, look: bool = False) -> Indexed:
    return indexing.index(tree.root, tree.clock, look=look)


def test_what_three_releases_left_is_taken_and_again_unchanged(tree: Tree) -> None:
    tree.lay()
    done = index(tree)
    assert (len(done.taken), done.updated, done.unchanged, done.problems) == (RUNS, [], 0, [])
    assert (done.foreign, done.exit) == ([], 0)
    assert (tree.rows()["runs"], tree.rows()["epochs"]) == (RUNS, 21)
    before = tree.dump()
    again = index(tree)
    assert (again.taken, again.updated, again.unchanged, again.to_json()["changed"]) == ([], [], RUNS, False)
    assert tree.dump() == before


@pytest.mark.parametrize("release", left.RELEASES)
def test_each_row_says_what_its_file_says(tree: Tree, release: str) -> None:
    tree.lay(release)
    index(tree)
    path = tree.backtests / left.backtest(release, left.WINDOW).name
    found = backtest_archive.read(path)
    with tree.opened() as present:
        row = present.run(found.run_id)
        metrics = present.run_rows().metrics(found.run_id)
        artifacts = present.run_rows().artifacts(found.run_id)
    assert row is not None
    assert (row["kind"], row["status"], row["source"]) == ("backtest", "finished", "indexed")
    assert (row["strategy"], row["host"]) == ("TwoAverages", os.uname().nodename)
    assert found.started is not None
    assert found.finished is not None
    assert (row["started_utc"], row["finished_utc"]) == (iso(found.started), iso(found.finished)), "not the window"
    assert (row["window_start_utc"], row["window_end_utc"]) == ("2025-06-06T00:00:00Z", "2025-06-12T00:00:00Z")
    assert row["data_window"] == "2025-06-06T00:00:00Z..2025-06-12T00:00:00Z"
    assert json.loads(row["parameters_json"]) == found.parameters
    assert row["config_sha256"] == (found.config_sha256 or None)
    assert row["artifacts_path"] == f"user_data/backtest_results/{path.name}"
    assert metrics == found.metrics
    beside = [each for each in path.parent.iterdir() if each.name.startswith(path.stem)]
    assert artifacts == sorted((artifact(tree.root, each) for each in beside), key=lambda each: each.name)


@pytest.mark.parametrize("release", left.RELEASES)
def test_a_hyperopt_is_one_run_and_its_epochs_hang_on_it(tree: Tree, release: str) -> None:
    tree.lay(release)
    index(tree)
    path = tree.hyperopts / left.hyperopt(release).name
    lines = list(hyperopt_file.lines(path))
    best = min(lines, key=lambda line: line.epoch.loss)
    with tree.opened() as present:
        [run] = present.run_rows().of_artifact(f"user_data/hyperopt_results/{path.name}")
        row, metrics, epochs = present.run(run), present.run_rows().metrics(run), list(present.run_rows().epochs(run))
    named = datetime.strptime(path.stem.partition("TwoAverages_")[2], "%Y-%m-%d_%H-%M-%S").replace(tzinfo=UTC)
    assert run == f"hp:TwoAverages:{named.timestamp():.0f}"
    assert row is not None
    assert (row["kind"], row["status"]) == ("hyperopt", "unknown"), "nobody knows how many epochs there should be"
    assert epochs == [line.epoch for line in lines]
    assert (metrics["epochs"], metrics["loss"], metrics["trades"]) == (7.0, best.epoch.loss, 3.0)
    assert json.loads(row["parameters_json"]) == best.effective
    assert row["started_utc"] <= row["finished_utc"]


def test_a_look_takes_nothing_and_says_what_would_be(tree: Tree) -> None:
    tree.lay("2026.9")
    before = tree.dump()
    looked = index(tree, look=True)
    assert (len(looked.taken), looked.to_json()["changed"]) == (5, True)
    assert tree.dump() == before
    assert sorted(index(tree).taken) == sorted(looked.taken)
    assert index(tree, look=True).to_json()["changed"] is False


def test_no_pointer_to_the_latest_result_is_looked_at(tree: Tree) -> None:
    tree.lay("2026.9")
    (tree.backtests / ".last_result.json").write_text('{"latest_backtest": "../../../etc/shadow"}')
    done = index(tree)
    assert (len(done.taken), done.problems) == (5, [])


def test_what_cannot_be_read_is_said_each_time_and_everything_else_is_taken(tree: Tree) -> None:
    tree.lay("2026.9")
    first, second, third = sorted(tree.backtests.glob("*.zip"))
    first.write_bytes(first.read_bytes()[:-40])
    second.with_name(f"{second.stem}.meta.json").unlink()
    third.unlink()
    (tree.backtests / "notes.txt").write_text("mine")
    for _ in range(2):
        done = index(tree)
        assert done.exit == 2
        assert sorted(done.problems) == sorted([
            f"{first.name}: it is no zip file that can be read: File is not a zip file",
            f"{second.name}: TwoAverages has no run id, for its meta file is missing",
            f"{third.stem}.meta.json: its result is missing",
        ])  # fmt: skip
        assert done.foreign == ["backtest_results/notes.txt"]
    assert tree.rows()["runs"] == 1


def test_of_a_file_with_two_strategies_both_are_taken_or_none(tree: Tree) -> None:
    tree.lay("2026.9")
    path = tree.backtests / left.backtest("2026.9", left.SHORT).name
    meta = path.with_name(f"{path.stem}.meta.json")
    said = json.loads(meta.read_text())
    taken_id = said["Never"]["run_id"]
    started = backtest_archive.read(path, "Never").started
    assert started is not None
    with tree.opened() as present:
        present.begin_run(Begun(taken_id, "backtest", started, "Never"))
    done = index(tree)
    assert done.problems == [f"the registry has a run {taken_id} that freqops began"]
    with tree.opened() as present:
        assert present.run(said["TwoAverages"]["run_id"]) is None


def test_a_file_that_was_cut_off_gives_its_whole_epochs_and_later_the_others(tree: Tree) -> None:
    tree.lay("2026.9")
    [path] = tree.hyperopts.glob("*.fthypt")
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:5]) + b'{"loss": 1')
    for _ in range(2):
        done = index(tree)
        assert (done.problems, done.exit) == ([f"{path.name}: line 6: it is cut off"], 2)
        assert tree.rows()["epochs"] == 5
    path.write_bytes(whole)
    done = index(tree)
    assert (len(done.updated), done.taken, done.problems) == (1, [], [])
    assert tree.rows()["epochs"] == 7


def test_a_result_of_the_future_is_not_the_latest_for_years(tree: Tree) -> None:
    tree.lay("2026.9")
    tree.clock.ahead = 0.0
    done = index(tree)
    assert done.taken == []
    assert len(done.problems) == 4
    assert all("which is yet to come" in each for each in done.problems)


def test_the_same_executed_twice_is_two_runs(tree: Tree) -> None:
    """Freqtrade's run id is that of strategy, parameters and configuration, so both have the same one."""
    tree.lay("2025.8")
    index(tree)
    path = tree.backtests / left.backtest("2025.8", left.WINDOW).name
    found = backtest_archive.read(path)
    assert found.started is not None
    later = int((found.started + timedelta(hours=1)).timestamp())

    def move(document: dict[str, Any]) -> None:
        result = document["strategy"]["TwoAverages"]
        result.update(backtest_run_start_ts=later, backtest_run_end_ts=later + 1)

    elsewhere = left.changed(path, move, tree.root / "elsewhere")
    for each in (elsewhere, elsewhere.with_name(f"{elsewhere.stem}.meta.json")):
        each.rename(tree.backtests / each.name.replace("backtest-result", "backtest-result-again"))
    done = index(tree)
    assert (done.taken, done.problems) == ([f"{found.run_id}-20261130T200403Z"], [])
    assert index(tree).unchanged == 6
    with tree.opened() as present:
        present.remove_run(found.run_id)
    path.unlink()
    path.with_name(f"{path.stem}.meta.json").unlink()
    assert index(tree).to_json()["changed"] is False, "the second one keeps its id"


def test_a_copy_of_a_result_is_said_and_is_no_run_of_its_own(tree: Tree) -> None:
    tree.lay("2026.9")
    index(tree)
    path = tree.backtests / left.backtest("2026.9", left.WINDOW).name
    for end in (".zip", ".meta.json"):
        (tree.backtests / f"a-copy{end}").write_bytes(path.with_name(f"{path.stem}{end}").read_bytes())
    for _ in range(2):
        done = index(tree)
        assert (done.unchanged, done.taken, done.updated) == (5, [], [])
        assert done.problems == [f"a-copy.zip: it is the same backtest as {path.name}"]


def test_rows_of_the_runbooks_registry_learn_when_they_ran(tmp_path: Path) -> None:
    found = backtest_archive.read(left.backtest("2026.9", left.WINDOW))
    place = registry.place(tmp_path)
    row = {"id": found.run_id, "kind": "backtest", "status": "completed", "started_utc": "2025-06-06T00:00:00+00:00",
           "finished_utc": "2025-06-12T00:00:00+00:00"}  # fmt: skip
    old_registry.write(place, {"runs": [row]})
    tree = Tree(tmp_path)
    tree.lay("2026.9")
    done = index(tree)
    assert done.updated == [found.run_id]
    with tree.opened() as present:
        run = present.run(found.run_id)
        assert run is not None
        assert (run["status"], run["finished_utc"]) == ("finished", iso(found.finished or tree.clock.utcnow()))
        assert present.drawdowns("TwoAverages", 1) == [
            backtest_archive.read(left.backtest("2026.9", left.GAP)).metrics["max_drawdown_account"]
        ]


def test_what_is_no_plain_file_is_not_read(tree: Tree) -> None:
    tree.lay("2026.9")
    path = tree.backtests / left.backtest("2026.9", left.WINDOW).name
    path.unlink()
    path.symlink_to("/etc/shadow")
    done = index(tree)
    assert done.problems == [f"{path.name}: it is a link, not a plain file"]
    tree.hyperopts.rename(tree.root / "elsewhere")
    tree.hyperopts.symlink_to(tree.root)
    assert "user_data/hyperopt_results is a link: nothing below it is looked at" in index(tree).problems


def test_a_file_that_is_changed_meanwhile_is_not_taken(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.lay("2026.9")
    path = tree.backtests / left.backtest("2026.9", left.WINDOW).name
    read = backtest_archive.read_all

    def change(given: Path) -> list[backtest_archive.Backtest]:
        found = read(given)
        if given == path:
            path.write_bytes(path.read_bytes())
        return found

    monkeypatch.setattr(backtest_archive, "read_all", change)
    done = index(tree)
    assert done.problems == [f"{path.name}: it was changed while it was read; again, it is taken as it is then"]
    monkeypatch.undo()
    assert index(tree).problems == []


def test_two_do_not_index_at_once(tree: Tree) -> None:
    with durable.locked(tree.root / results_lock.LOCK, 0, tree.clock), pytest.raises(Refused, match="another command"):
        index(tree)


def test_a_missing_registry_is_an_error_and_no_empty_one(tree: Tree) -> None:
    tree.lay("2026.9")
    for path in tree.registry.parent.iterdir():
        path.unlink()
    with pytest.raises(registry.RegistryUnreadable, match="is missing"):
        index(tree)


def test_an_index_of_an_older_registry_names_the_cure(tree: Tree) -> None:
    with closing(sqlite3.connect(tree.registry)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(registry.RegistryUnreadable, match="has version 2, not 3"):
        index(tree)
    registry_migration.prepare(tree.registry, tree.clock, os.getuid())
    assert index(tree).exit == 0
