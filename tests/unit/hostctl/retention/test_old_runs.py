"""Runs that are old go with their rows; what anything cites stays, and so does what shares a file with it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from freqops.core.base import durable
from freqops.core.base.clock import iso
from freqops.core.base.errors import Refused
from freqops.core.base.mandate import Mandate
from freqops.core.incident import life
from freqops.core.incident.life import Event
from freqops.core.retention.answer import Retained
from freqops.core.retention.old_runs import Rule
from freqops.core.retention.things import GOES, GONE, LEFT, STAYS
from freqops.core.runs.run_records import Begun
from freqops.hostctl.retention import old_runs
from freqops.hostctl.runs import indexing, results_lock, trees
from tests.unit.core.results import left
from tests.unit.hostctl.retention.aged import names, why
from tests.unit.hostctl.runs.laid import Tree

MANDATE = Mandate("20270101T000000Z-runs-9f3c21", "the disk is full", "ann@host")
OURS = "download-20260101T100000Z-0badca"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """What a release left: of TwoAverages three backtests and a hyperopt, of Never a backtest."""
    made = Tree(tmp_path)
    made.lay("2026.9")
    (tmp_path / "user_data" / "logs").mkdir()
    indexing.index(made.root, made.clock)
    return made


def runs(tree: Tree, number: int) -> list[str]:
    path = left.backtest("2026.9", number)
    with tree.opened() as present:
        return present.run_rows().of_artifact(f"user_data/backtest_results/{path.name}")


def look(tree: Tree, days: int = 30, keep: int = 1, guarded: int = 1) -> Retained:
    return old_runs.look(tree.root, tree.clock, Rule(days, keep, guarded))


def remove(tree: Tree, days: int = 30, keep: int = 1, guarded: int = 1) -> Retained:
    return old_runs.remove(tree.root, tree.clock, Rule(days, keep, guarded), MANDATE)


def test_what_is_old_goes_with_all_that_it_left_and_again_nothing_does(tree: Tree) -> None:
    [first] = runs(tree, left.WINDOW)
    before = tree.files()
    looked = look(tree)
    assert names(looked, GOES) == [first]
    assert tree.files() == before
    done = remove(tree)
    assert (names(done, GONE), done.changed, done.exit) == ([first], True, 0)
    gone = left.backtest("2026.9", left.WINDOW)
    assert tree.files() == before - {gone.name, f"{gone.stem}.meta.json"}
    [row] = done.of(GONE)
    assert row["bytes"] > gone.stat().st_size
    assert row["reason"] == "ended on 2026-11-30"
    again = remove(tree)
    assert (names(again, GONE), again.changed) == ([], False)
    assert indexing.index(tree.root, tree.clock).unchanged == 4
    [line] = (tree.root / "user_data" / "logs" / "freqops.log").read_text().splitlines()
    assert json.loads(line)["message"] == f"gone: {first}"
    assert json.loads(line)["actor"] == "ann@host"


def test_runs_that_share_a_file_go_together_or_stay_together(tree: Tree) -> None:
    """One call backtested both; the backtest of Never is the newest of its strategy."""
    both = runs(tree, left.SHORT)
    with tree.opened() as present:
        [old] = [run for run in both if (present.run(run) or {})["strategy"] == "TwoAverages"]
    [never] = set(both) - {old}
    looked = look(tree)
    assert names(looked, STAYS) == [old]
    assert why(looked, old) == f"it shares files with {never}, which stays: it is not old"
    with tree.opened() as present:
        later = tree.clock.utcnow()
        present.begin_run(Begun("newer", "backtest", later, "Never"))
        present.end_run("newer", "finished", later, {"max_drawdown_account": 0.0})
    done = remove(tree)
    assert set(both) <= set(names(done, GONE))
    assert left.backtest("2026.9", left.SHORT).name not in tree.files()


def test_what_the_drawdown_guard_counts_stays(tree: Tree) -> None:
    [first] = runs(tree, left.WINDOW)
    looked = look(tree, guarded=3)
    assert names(looked, GOES) == []
    assert why(looked, first) == "the drawdown guard counts it"


@pytest.mark.parametrize("note", ["bots/alpha/promotion.json", "user_data/state/running/x.lock", "switch.json"])
def test_what_a_note_names_stays(tree: Tree, note: str) -> None:
    [first] = runs(tree, left.WINDOW)
    path = tree.root / note
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.write_json(path, {"runs": [first]}, 0o600)
    looked = remove(tree)
    assert names(looked, GONE) == []
    assert why(looked, first) == f"{note} cites it"
    path.write_text(json.dumps({"run": "x"}))
    assert first in names(remove(tree), GONE)


def test_a_note_may_name_a_hyperopt_too(tree: Tree) -> None:
    with tree.opened() as present:
        [run] = [row["id"] for row in present.run_rows().brief() if row["kind"] == "hyperopt"]
        present.begin_run(Begun("newer", "hyperopt", tree.clock.utcnow(), "TwoAverages"))
        present.end_run("newer", "stopped", tree.clock.utcnow(), {})
    assert ":" in run
    assert run in names(look(tree), GOES)
    (tree.root / "bots" / "alpha").mkdir(parents=True)
    durable.write_json(tree.root / "bots" / "alpha" / "promotion.json", {"searched": run}, 0o600)
    assert why(look(tree), run) == "bots/alpha/promotion.json cites it"


def test_a_note_that_cannot_be_read_may_cite_anything(tree: Tree) -> None:
    (tree.root / "bots" / "alpha").mkdir(parents=True)
    (tree.root / "bots" / "alpha" / "promotion.json").symlink_to(tree.registry)
    done = remove(tree)
    assert names(done, GONE) == []
    assert all("and may cite it" in "; ".join(row["why"]) for row in done.rows)


def opens(text: str, run: str = "") -> Event:
    return Event(life.OPENED, "2026-12-01T00:00:00Z", "ann", text, life.MANUAL, "info", f"manual: {text}", run=run)


CLOSES = Event(life.CLOSED, "2026-12-02T00:00:00Z", "ann", "closed", root_cause="x", action="y")


def test_what_an_incident_is_about_or_an_open_one_cites_stays(tree: Tree) -> None:
    [first] = runs(tree, left.WINDOW)
    [third] = runs(tree, left.GAP)
    with tree.opened() as present:
        later = tree.clock.utcnow()
        present.begin_run(Begun("newer", "backtest", later, "TwoAverages"))
        present.end_run("newer", "finished", later, {"max_drawdown_account": 0.0})
        with present.incidents_changed() as rows:
            rows.enter("one", "", opens("odd", run=first))
            rows.enter("two", "", opens("odder"))
        present._connection.execute("UPDATE runs SET incident_id = 'two' WHERE id = ?", (third,))
    looked = look(tree)
    assert why(looked, first) == "the incident one is about it"
    assert why(looked, third) == "it belongs to the incident two, which is not closed"
    with tree.opened() as present, present.incidents_changed() as rows:
        for incident in ("one", "two"):
            rows.enter(incident, "", CLOSES)
    looked = look(tree)
    assert why(looked, first) == "the incident one is about it", "its row would lose what it is about"
    assert third in names(looked, GOES)


def test_what_the_evidence_of_an_open_incident_names_stays(tree: Tree) -> None:
    [first] = runs(tree, left.WINDOW)
    with tree.opened() as present, present.incidents_changed() as rows:
        rows.enter("one", "", opens("odd"))
    evidence = tree.root / "incidents" / "one"
    evidence.mkdir(parents=True)
    durable.write_json(evidence / "host-manual-x.json", {"seen": f"drawdown of {first}"}, 0o600)
    assert why(look(tree), first) == "incidents/one/host-manual-x.json cites it"
    with tree.opened() as present, present.incidents_changed() as rows:
        rows.enter("one", "", CLOSES)
    assert first in names(look(tree), GOES)


def test_what_goes_on_stays_and_a_run_of_ours_goes_with_its_directory(tree: Tree) -> None:
    place = tree.root / "user_data" / "runs" / OURS
    (place / "output").mkdir(parents=True)
    (place / "run.log").write_text("said")
    early = tree.clock.utcnow() - timedelta(days=100)
    with tree.opened() as present:
        present.begin_run(Begun(OURS, "download", early))
        present.begin_run(Begun("newer", "download", tree.clock.utcnow()))
        present.end_run("newer", "finished", tree.clock.utcnow(), {})
        assert OURS not in [row["name"] for row in look(tree).rows]
        present.end_run(OURS, "failed", early, {})
    assert OURS in names(remove(tree), GONE)
    assert not place.exists()


def test_what_holds_something_that_no_run_leaves_stays(tree: Tree) -> None:
    [first] = runs(tree, left.WINDOW)
    path = tree.backtests / left.backtest("2026.9", left.WINDOW).name
    path.unlink()
    path.symlink_to(tree.registry)
    assert "is a link, which no run leaves" in why(remove(tree), first)


def test_what_is_not_removed_is_not_proven(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    [first] = runs(tree, left.WINDOW)
    before = tree.files()

    def fail(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(trees, "rename", fail)
    done = remove(tree)
    assert (names(done, LEFT), done.exit, done.changed) == ([first], 2, False)
    assert tree.files() == before


def test_what_is_old_is_known_by_its_end_and_not_by_the_window_of_its_data(tree: Tree) -> None:
    with tree.opened() as present:
        ended = (present.run(runs(tree, left.WINDOW)[0]) or {})["finished_utc"]
    tree.clock.ahead = 0.0
    while iso(tree.clock.utcnow()) < ended:
        tree.clock.ahead += 86400.0
    tree.clock.ahead += 29 * 86400.0
    assert look(tree).rows == [], "its window is a year and a half ago"


def test_two_do_not_remove_at_once(tree: Tree) -> None:
    with results_lock.alone(tree.root, tree.clock), pytest.raises(Refused, match="another command is indexing"):
        remove(tree)
