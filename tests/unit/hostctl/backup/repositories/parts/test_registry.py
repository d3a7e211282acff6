"""The registry of a snapshot in the place of the host's, with the real restic."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from freqops.core.backup.parts_answer import ADD, REPLACE, SAME_ALREADY
from freqops.core.base.errors import NotProven, Refused
from freqops.core.runs import registry, registry_migration, slot_processes, slots
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.hostctl.backup import registry_part
from freqops.hostctl.bot.sqlite_files import SqliteFiles
from tests.unit.hostctl.backup.repositories.parts.parted import Lost, begin_run, runs, what

ME = os.geteuid()


def place(lost: Lost) -> Path:
    return registry.place(lost.root)


def run_ids(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("select id from runs order by id")]


def test_it_takes_the_place_of_the_present_one_which_is_kept_and_again_nothing_changes(lost: Lost) -> None:
    begin_run(lost.host, "second")
    begin_run(lost.host, "third")
    with pytest.raises(Refused, match="another one is there: say that it may be replaced"):
        lost.restore("registry")
    assert run_ids(place(lost)) == ["second", "third"]
    done = lost.restore("registry", overwrite=True)
    assert (done.proven, done.changed, what(done)) == (True, True, {registry_part.PATH: REPLACE})
    assert [row["why"] for row in done.rows] == ["rows: runs 2 to 1"]
    assert run_ids(place(lost)) == ["first"]
    kept = Path(SqliteFiles(place(lost)).kept)
    assert run_ids(kept) == ["second", "third"]
    before = lost.state()
    again = lost.restore("registry")
    assert (again.outcome, again.changed, again.proven) == (SAME_ALREADY, False, True)
    assert lost.state() == before
    registry_migration.prepare(place(lost), lost.host.clock, ME)  # as each deploy does
    assert kept.exists()


def test_one_that_is_gone_comes_back_without_being_asked(lost: Lost) -> None:
    place(lost).unlink()
    assert what(lost.look("registry")) == {registry_part.PATH: ADD}
    assert not place(lost).exists()
    done = lost.restore("registry")
    assert what(done) == {registry_part.PATH: ADD}
    assert runs(lost.host) == 1
    assert place(lost).stat().st_mode & 0o777 == 0o644


def test_what_only_the_log_of_the_former_one_had_is_kept_and_never_meets_the_new_one(lost: Lost) -> None:
    connection = sqlite3.connect(place(lost), isolation_level=None)
    connection.execute("pragma wal_autocheckpoint = 0")
    connection.execute(
        "insert into runs (id, kind, started_utc, status) values ('x', 'paper', '2026-01-01', 'started')"
    )
    copies = {end: place(lost).with_name(place(lost).name + end).read_bytes() for end in ("", "-wal")}
    connection.close()
    for end, data in copies.items():  # as one that was killed leaves them
        place(lost).with_name(place(lost).name + end).write_bytes(data)
    lost.restore("registry", overwrite=True)
    assert run_ids(place(lost)) == ["first"]
    assert run_ids(Path(SqliteFiles(place(lost)).kept)) == ["x"]


def a_slot(lost: Lost) -> None:
    holder = slots.Holder(slot_processes.this(), "here", "ann@host")
    SlotDirectory(lost.root, lost.host.clock).acquire(slots.Wanted("backtest", holder))


def a_log_alone(lost: Lost) -> None:
    place(lost).unlink()
    place(lost).with_name(place(lost).name + "-wal").write_bytes(b"left")


def a_link(lost: Lost) -> None:
    place(lost).unlink()
    place(lost).symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (a_slot, "runs are under way .*: let them end, or end them"),
        (a_log_alone, "it is gone, and strategies_registry.sqlite-wal lies there"),
        (a_link, "is a link: move it away"),
    ],
)
def test_what_is_in_its_way_is_said_and_nothing_is_touched(
    lost: Lost, spoil: Callable[[Lost], None], text: str
) -> None:
    spoil(lost)
    if spoil is a_slot:
        begin_run(lost.host, "second")
    before = lost.state()
    assert lost.look("registry", overwrite=True).in_the_way
    with pytest.raises(Refused, match=text):
        lost.restore("registry", overwrite=True)
    assert lost.state() == before


def test_a_slot_that_is_taken_while_it_is_restored_is_met(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at once more when no other can be taken."""
    begin_run(lost.host, "second")
    looked = SlotDirectory.none_held

    def taken(self: SlotDirectory) -> object:
        a_slot(lost)
        return looked(self)

    monkeypatch.setattr(SlotDirectory, "none_held", taken)
    with pytest.raises(NotProven, match="runs are under way"):
        lost.restore("registry", overwrite=True)
    assert run_ids(place(lost)) == ["second"]


def test_a_damaged_one_is_replaced_where_that_is_said(lost: Lost) -> None:
    place(lost).write_bytes(b"no database at all" * 100)
    assert "cannot be read" in lost.look("registry").in_the_way[0]
    lost.restore("registry", overwrite=True)
    assert run_ids(place(lost)) == ["first"]


def test_one_in_the_snapshot_that_is_not_whole_is_refused(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "damage", lambda _: ["row 1 missing"])
    with pytest.raises(Refused, match=r"the registry in the snapshot cannot be restored: .*row 1 missing"):
        lost.restore("registry", overwrite=True)


def test_something_else_read_back_is_not_proven_and_the_former_one_is_named(
    lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_run(lost.host, "second")
    put = SqliteFiles.put

    def spoilt(self: SqliteFiles) -> None:
        put(self)
        begin_run(lost.host, "odd")

    monkeypatch.setattr(SqliteFiles, "put", spoilt)
    with pytest.raises(NotProven, match=r"is not what the snapshot has; the former one is .*replacing"):
        lost.restore("registry", overwrite=True)
    assert run_ids(SqliteFiles(place(lost)).replacing) == ["second"]
    monkeypatch.undo()


STEPS = ("stage", "_rotate", "keep")


@pytest.mark.parametrize("step", [*STEPS, "rename"])
def test_one_that_was_cut_leaves_one_of_both_whole_and_the_next_ends_it(
    lost: Lost, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_run(lost.host, "second")

    class Cut(BaseException):
        """What a kill is to a process."""

    def cut(*_: object) -> None:
        raise Cut

    with monkeypatch.context() as patch:
        if step == "rename":
            patch.setattr(Path, "replace", cut)
        else:
            patch.setattr(SqliteFiles, step, cut)
        with pytest.raises(Cut):
            lost.restore("registry", overwrite=True)
    assert run_ids(place(lost)) == (["first"] if step == "keep" else ["second"])
    done = lost.restore("registry", overwrite=True)
    assert done.proven
    assert run_ids(place(lost)) == ["first"]
    beside = {path.name for path in place(lost).parent.iterdir() if not path.name.endswith(("-shm", "-wal", ".lock"))}
    assert beside == {place(lost).name, f".{place(lost).name}.replaced"}
    assert run_ids(Path(SqliteFiles(place(lost)).kept)) == ["second"]
