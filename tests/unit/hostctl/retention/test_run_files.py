"""What runs left behind goes when it is old and nothing cites it; what is not a run's, or has a link in it, stays."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.retention.things import GOES, GONE, LEFT, RUNS, STAYS
from freqops.core.runs import registry
from freqops.core.runs.run_records import Begun
from freqops.hostctl.retention import retention, run_files
from freqops.hostctl.runs import results_lock, trees
from tests.unit.hostctl.retention.aged import Field, Later, names, why

RUN = "user_data/runs/20250102T030405Z-backtest-9f3c21"
RESULT = "user_data/backtest_results/backtest-result-2025-01-02_03-04-05.zip"
EPOCHS = "user_data/hyperopt_results/strategy_One_2025-01-02_03-04-05.fthypt"


@pytest.fixture
def runs(field: Field) -> Field:
    for path in (f"{RUN}/log", f"{RUN}/in/config.json", RESULT, EPOCHS):
        field.lay(path)
    return field


def write(field: Field, sql: str, *values: str) -> None:
    connection = sqlite3.connect(registry.place(field.root))
    connection.execute(sql, values)
    connection.commit()
    connection.close()


def test_what_is_old_and_cited_by_nothing_goes(runs: Field) -> None:
    looked = runs.look(RUNS)
    assert names(looked, GOES) == [RUN, RESULT, EPOCHS]
    assert all((runs.root / path).exists() for path in (RUN, RESULT, EPOCHS))
    done = runs.remove(RUNS)
    assert (names(done, GONE), done.exit) == ([RUN, RESULT, EPOCHS], 0)
    assert not any((runs.root / path).exists() for path in (RUN, RESULT, EPOCHS))
    assert (runs.remove(RUNS).changed, runs.remove(RUNS).rows) == (False, [])


def test_nothing_goes_while_somebody_indexes_it(runs: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PATIENCE", 0.0)
    with results_lock.alone(runs.root, Clock()), pytest.raises(Refused, match="another command is indexing"):
        runs.remove(RUNS)
    assert names(runs.remove(RUNS), GONE) == [RUN, RESULT, EPOCHS]


def test_what_is_young_stays(runs: Field) -> None:
    runs.days = 364
    assert runs.look(RUNS).rows == []


def test_what_changed_inside_lately_is_young(runs: Field) -> None:
    runs.days = 0
    runs.keep(run_days=7)
    long_ago = 1_000_000_000
    for path in (runs.root / RUN).rglob("*"):
        os.utime(path, (long_ago, long_ago))
    os.utime(runs.root / RUN, (long_ago, long_ago))
    assert runs.look(RUNS).rows == [], "it was written to this disk just now, whatever its files say"


def test_the_newest_stay_whatever_their_age(runs: Field) -> None:
    runs.keep(runs=1)
    looked = runs.look(RUNS)
    assert names(looked, STAYS) == [RUN, RESULT, EPOCHS]
    assert "one of the newest 1" in why(looked, RUN)


def test_for_ever_is_for_ever(runs: Field) -> None:
    runs.keep(run_days=0)
    assert runs.look(RUNS).rows == []


@pytest.mark.parametrize(
    "path", ["user_data/runs/20250102T030405Z-backtest-9f3c21/out.json", "/x/20250102T030405Z-backtest-9f3c21", "a"]
)
def test_what_a_row_of_the_registry_cites_stays(runs: Field, path: str) -> None:
    run = Begun("one", "backtest", Later().utcnow(), "One", {"artifacts_path": path})
    with registry.opened(registry.place(runs.root), write=True, owner=os.geteuid()) as present:
        present.begin_run(run)
    looked = runs.look(RUNS)
    assert (RUN in names(looked, STAYS)) is (path != "a")
    if path != "a":
        assert "the table runs of the registry cites it" in why(looked, RUN)


def test_a_run_that_the_registry_has_by_its_id_stays(runs: Field) -> None:
    with registry.opened(registry.place(runs.root), write=True, owner=os.geteuid()) as present:
        present.begin_run(Begun(Path(RUN).name, "backtest", Later().utcnow(), "One"))
    assert RUN in names(runs.remove(RUNS), STAYS)
    assert (runs.root / RUN / "log").exists()


def test_what_lies_beside_a_cited_result_stays_with_it(runs: Field) -> None:
    beside = RESULT.replace(".zip", ".meta.json")
    runs.lay(beside)
    with registry.opened(registry.place(runs.root), write=True, owner=os.geteuid()) as present:
        present.begin_run(Begun("one", "backtest", Later().utcnow(), "One", {"artifacts_path": RESULT}))
    assert {RESULT, beside} <= set(names(runs.look(RUNS), STAYS))


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("user_data/state/running/backtest_1_2_x.lock", '{{"cid": "{name}"}}'),
        ("incidents/one/host-halt1-20260102T030405Z.json", '{{"log": "user_data/runs/{name}/log"}}'),
        ("bots/alpha/promotion.json", '{{"run": "{name}"}}'),
    ],
)
def test_what_a_slot_an_incident_or_a_note_cites_stays(runs: Field, place: str, text: str) -> None:
    runs.lay(place, text.format(name=Path(RUN).name))
    looked = runs.look(RUNS)
    assert names(looked, STAYS) == [RUN]
    assert why(looked, RUN) == f"{place} cites it"


def test_a_note_that_cannot_be_read_may_cite_anything(runs: Field) -> None:
    (runs.home / "switch.json").symlink_to("/etc/hostname")
    looked = runs.look(RUNS)
    assert names(looked, GOES) == []
    assert "may cite it" in why(looked, RUN)


def test_without_a_registry_nothing_goes(runs: Field) -> None:
    registry.place(runs.root).unlink()
    done = runs.remove(RUNS)
    assert (done.rows, done.exit) == ([], 2)
    assert (runs.root / RUN).exists()


@pytest.mark.parametrize("name", ["notes.txt", "backtest-result.d/../x y", "mine.zip"])
def test_what_no_run_leaves_stays(runs: Field, name: str) -> None:
    path = runs.lay(f"user_data/backtest_results/{Path(name).name}")
    done = runs.remove(RUNS)
    assert path.exists()
    assert run_files.FOREIGN in why(done, str(path.relative_to(runs.root)))


def test_a_directory_with_a_link_in_it_stays_and_a_link_is_none_of_ours(runs: Field, tmp_path: Path) -> None:
    (runs.root / RUN / "in" / "link").symlink_to("/etc")
    outside = tmp_path / "outside"
    outside.mkdir()
    (runs.root / "user_data/runs/linked").symlink_to(outside)
    os.mkfifo(runs.root / "user_data/runs/pipe")
    done = runs.remove(RUNS)
    assert set(names(done, STAYS)) == {RUN, "user_data/runs/linked", "user_data/runs/pipe"}
    assert "is a link" in why(done, RUN)
    assert outside.exists()


def test_below_a_link_nothing_is_looked_at(runs: Field, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.move(runs.root / "user_data/runs", outside)
    (runs.root / "user_data/runs").symlink_to(outside)
    done = runs.remove(RUNS)
    assert done.exit == 2
    assert "user_data/runs is a link" in done.problems[0]
    assert (outside / Path(RUN).name / "log").exists()


def test_what_became_a_link_after_the_look_is_not_followed(runs: Field, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    shutil.move(runs.root / "user_data/runs", outside)
    (runs.root / "user_data/runs").symlink_to(outside)
    with pytest.raises(OSError, match=r"user_data|runs|directory|links"):
        trees.remove(runs.root, run_files.OF_RUNS, Path(RUN).name)
    assert (outside / Path(RUN).name / "log").exists()


def test_what_changed_after_the_look_stays(runs: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    host = runs.host()
    [thing] = [each for each in run_files.look(host, []) if each.name == RUN]
    (runs.root / RUN / "link").symlink_to("/etc")
    monkeypatch.setattr(run_files, "look", lambda *_: iter([thing]))
    done = runs.remove(RUNS)
    assert names(done, LEFT) == [RUN]
    assert (runs.root / RUN / "log").exists()


def test_a_removal_that_was_killed_is_ended_by_the_next(runs: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(place: Path) -> None:
        (place / "log").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        runs.remove(RUNS)
    monkeypatch.undo()
    assert not (runs.root / RUN).exists(), "what has lost a file has not its name any more"
    done = runs.remove(RUNS)
    assert f"user_data/runs/.retention-{Path(RUN).name}" in names(done, GONE)
    assert list((runs.root / "user_data/runs").iterdir()) == []


def test_what_only_has_the_name_of_a_removal_that_was_cut_off_is_not_followed(runs: Field, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = runs.root / "user_data/runs/.retention-mine"
    place.mkdir()
    (place / "link").symlink_to(outside)
    log = runs.home / "var/logs/.retention-freqtrade.log.1"
    log.parent.mkdir()
    log.symlink_to(outside)
    done = runs.remove("logs", RUNS)
    assert "is a link" in why(done, "user_data/runs/.retention-mine")
    assert (place / "link").is_symlink()
    assert log.is_symlink()
