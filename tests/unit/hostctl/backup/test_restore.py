"""One bot's database restored from a dump: what is refused, what stands after it, and what it says."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup.manifest import DATABASE, MANIFEST
from freqops.core.base import durable
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.next_step import NextStep
from freqops.core.bot.layout import Home
from freqops.core.bot.processes import TOOL_IN_CONTAINER, Process
from freqops.core.halt import holds, way_out
from freqops.hostctl.backup import restoring
from freqops.hostctl.bot import holds_file, stopped
from freqops.hostctl.bot.sqlite_files import SqliteFiles
from freqops.hostctl.bot.stopped import Stopped
from freqops.hostctl.recovery import recover
from tests.unit.fakes import made_container, make_bot
from tests.unit.hostctl.backup.dumped import IMAGE, Field, lay_dump, rows, texts, write


def spoil(field: Field) -> None:
    """Lose orders and a trade, and make a newer one."""
    write(field.path, "delete from orders", "delete from trades where id = 1",
          "insert into trades values (3, 'XRP/USDT', 1, 9, '2026-01-02 03:00:00', null)")  # fmt: skip


def test_what_was_lost_is_back_and_proven_and_the_bot_is_held(field: Field) -> None:
    spoil(field)
    done = field.restore()
    assert (done.outcome, done.proven, done.changed, done.exit, done.dump) == (
        "restored", True, True, 0, field.stamp,
    )  # fmt: skip
    assert rows(field.path) == field.before
    assert rows(field.path, "select order_id from orders") == [("a",)]
    assert "read back: 3 tables, 4 rows, the numbers that come next" in done.detail
    assert not Home(field.home).restoring.exists()
    [hold] = [each for each in holds.load(field.bot.holds).holds if each.holder == "restore"]
    assert (hold.level, hold.incident, hold.reason, hold.actor, done.level) == (
        1, "one", "rows were deleted", "ann@host", 3,
    )  # fmt: skip


def test_a_live_bot_comes_back_held_at_level_3_by_the_restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    field = Field(tmp_path, monkeypatch, mode="live")
    field.restore()
    [hold] = [each for each in holds.load(field.bot.holds).holds if each.holder == "restore"]
    assert hold.level == holds.HARD


def test_the_next_insert_takes_the_next_number(field: Field) -> None:
    spoil(field)
    field.restore()
    write(field.path, "insert into trades (pair) values ('ADA/USDT')")
    assert rows(field.path)[-1] == (3, "ADA/USDT")


def test_what_was_replaced_is_kept_until_the_next_success(field: Field) -> None:
    spoil(field)
    lost = rows(field.path)
    done = field.restore()
    assert (rows(Path(done.kept)), Path(done.kept).parent) == (lost, field.path.parent)
    write(field.path, "delete from trades")
    again = field.restore()
    assert rows(Path(again.kept)) == []


def test_what_only_the_log_of_the_database_had_is_kept_and_never_meets_the_restored_one(field: Field) -> None:
    field.restore()
    with closing(sqlite3.connect(field.path)) as connection:
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute("delete from trades")
        connection.commit()
        logs = {name: field.path.with_name(field.path.name + name).read_bytes() for name in ("-wal", "-shm")}
        main = field.path.read_bytes()
    field.path.write_bytes(main)
    for name, data in logs.items():
        field.path.with_name(field.path.name + name).write_bytes(data)  # as a killed bot leaves them
    done = field.restore()
    assert rows(field.path) == field.before
    assert rows(Path(done.kept)) == []


def test_right_before_the_rename_the_former_file_alone_has_everything(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill there must leave a whole database, although its log is not beside it any more."""
    with closing(sqlite3.connect(field.path)) as connection:
        connection.execute("pragma wal_autocheckpoint = 0")
        connection.execute("insert into trades (id, pair) values (3, 'XRP/USDT')")
        connection.commit()
        kept = {name: field.path.with_name(field.path.name + name).read_bytes() for name in ("", "-wal")}
    for name, data in kept.items():
        field.path.with_name(field.path.name + name).write_bytes(data)  # as a killed bot leaves them
    files, seen = SqliteFiles(field.path), list[Any]()
    files.stage(field.home / "dumps" / "rolling" / field.stamp / DATABASE)
    replace = Path.replace

    def look(path: Path, target: Path) -> Path:
        if path == files.staged:
            (field.root / "alone").write_bytes(field.path.read_bytes())
            seen.extend(rows(field.root / "alone"))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", look)
    files.put()
    assert seen == [*field.before, (3, "XRP/USDT")]
    assert rows(field.path) == field.before


def test_a_spoilt_database_is_replaced_and_kept(field: Field) -> None:
    field.path.write_bytes(b"no database at all, but some text" * 100)
    done = field.restore()
    assert rows(field.path) == field.before
    assert Path(done.kept).read_bytes().startswith(b"no database")
    assert "the present database cannot be read" in texts(done.detail)


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_a_log_whose_database_is_gone_is_kept_and_meets_no_other(field: Field, suffix: str) -> None:
    log = field.path.with_name(field.path.name + suffix)
    field.path.unlink()
    log.write_bytes(b"log")
    kept = field.path.with_name(f".{field.path.name}.replaced{suffix}")
    field.restore(overwrite=False)
    assert (kept.read_bytes(), log.exists()) == (b"log", False)
    field.restore()
    assert not kept.exists()
    assert rows(field.path) == field.before


def test_a_transaction_that_was_cut_is_taken_back_before_anything_is_kept(field: Field) -> None:
    """A journal that is left lying would be played into the restored file by whoever opens it next."""
    with closing(sqlite3.connect(field.path)) as connection:
        connection.execute("pragma journal_mode = delete")
        connection.execute("begin")
        connection.execute("pragma cache_spill = 1")
        connection.execute("delete from trades")
        journal_file = field.path.with_name(field.path.name + "-journal")
        cut = journal_file.read_bytes() if journal_file.exists() else b""
        connection.rollback()
    journal_file.write_bytes(cut or b"\0" * 512)
    field.restore()
    assert not journal_file.exists()
    assert rows(field.path) == field.before


def test_a_database_that_is_gone_needs_no_overwrite(field: Field) -> None:
    field.path.unlink()
    done = field.restore(overwrite=False)
    assert (done.proven, done.kept, rows(field.path)) == (True, "", field.before)
    assert "there is no database now" in done.detail


def test_it_keeps_its_owner_and_stays_private_to_nobody_else(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    owners: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda _descriptor, user, group: owners.append((user, group)))
    owner = field.path.stat()
    field.restore()
    assert owners == [(owner.st_uid, owner.st_gid)]
    assert field.path.stat().st_mode & 0o777 == 0o644


# --- which dump


def test_a_time_means_the_newest_dump_at_or_before_it(field: Field) -> None:
    write(field.path, "insert into trades (id, pair) values (3, 'XRP/USDT')")
    second = field.dump(60)
    write(field.path, "delete from trades")
    third = field.dump(120)
    for text, stamp, count in (
        ("2026-01-02T03:05:04Z", field.stamp, 2),
        ("2026-01-02T03:05:05Z", second, 3),
        ("2026-01-02T03:06:04.9Z", second, 3),
        ("2030-01-01T00:00:00Z", third, 0),
        (second, second, 3),
        ("latest", third, 0),
    ):
        assert field.restore(text).dump == stamp
        assert len(rows(field.path)) == count


@pytest.mark.parametrize("text", ["", "newest", "2026-01-02", "20260102T030405", "2026-01-01T00:00:00Z", "../x",
                                  "20260102T030406Z", "20261302T030406Z"])  # fmt: skip
def test_what_means_no_dump_is_refused(field: Field, text: str) -> None:
    with pytest.raises(Refused):
        field.restore(text)
    assert not Home(field.home).restoring.exists()


# --- refusals


def flip(field: Field) -> None:
    path = field.home / "dumps" / "rolling" / field.stamp / DATABASE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def link(field: Field) -> None:
    path = field.home / "dumps" / "rolling" / field.stamp / DATABASE
    data = path.read_bytes()
    (field.root / "elsewhere").write_bytes(data)
    path.unlink()
    path.symlink_to(field.root / "elsewhere")


def fifo(field: Field) -> None:
    os.mkfifo(field.home / "dumps" / "rolling" / field.stamp / "more")


def more(field: Field) -> None:
    (field.home / "dumps" / "rolling" / field.stamp / "more").write_text("")


def no_manifest(field: Field) -> None:
    (field.home / "dumps" / "rolling" / field.stamp / MANIFEST).unlink()


def foreign_container(field: Field) -> None:
    field.engine.present = made_container()


def held_under_another(field: Field) -> None:
    (field.home / "conf" / "holds.json").write_text('{"version": 1, "seq": 0, "holds": []}\n')
    field.hold(3, "two")


def held_at_1(field: Field) -> None:
    (field.home / "conf" / "holds.json").write_text('{"version": 1, "seq": 0, "holds": []}\n')
    field.hold(1)


def spoilt_holds(field: Field) -> None:
    (field.home / "conf" / "holds.json").write_text("{")


def linked_database(field: Field) -> None:
    field.path.rename(field.root / "else")
    field.path.symlink_to(field.root / "else")


def linked_log(field: Field) -> None:
    field.path.with_name(field.path.name + "-wal").symlink_to(field.root / "else")


REFUSALS: list[tuple[str, Callable[[Field], object], str]] = [
    ("a process", Field.runs, "it runs, as process 4242"),
    ("a container", foreign_container, "its container runs"),
    ("another incident", held_under_another, r"not held at level 3 under one \(in force: two \(halt, level 3\)\)"),
    ("level 1", held_at_1, "not held at level 3 under one"),
    ("holds nobody can read", spoilt_holds, "its holds cannot be read"),
    ("a switch", lambda field: (field.home / "switch.json").write_text("{}"), "a switch is not over"),
    ("a removal", lambda field: (field.home / "removing.json").write_text("{}"), "a removal is not over"),
    ("a stop", lambda field: stopped.begin(field.home, Stopped("postgres"), field.clock), "a postgres is not over"),
    ("a link", linked_database, "is no plain file"),
    ("a link as its log", linked_log, "is no plain file"),
    ("a flipped byte", flip, "is damaged: .*its bytes are not those.*; there is no sound one before it"),
    ("a link in the dump", link, "there is no dump that counts; does not count: .*a link, not a plain file"),
    ("a pipe in the dump", fifo, "is damaged: .*more: the manifest does not name it"),
    ("a file too many", more, "is damaged: .*more: the manifest does not name it"),
    ("no manifest", no_manifest, "there is no dump that counts; does not count: 20260102T030405Z: manifest.json"),
]


@pytest.mark.parametrize(("spoilt", "text"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS])
def test_it_is_refused_and_nothing_is_touched(field: Field, spoilt: Callable[[Field], object], text: str) -> None:
    spoilt(field)
    level, data, beside = field.level, field.path.read_bytes(), field.beside
    with pytest.raises(Refused, match=text):
        field.restore()
    assert (field.level, field.path.read_bytes(), field.beside) == (level, data, beside)
    assert not Home(field.home).restoring.exists()


def test_all_reasons_are_said_at_once(field: Field) -> None:
    field.runs()
    held_at_1(field)
    (field.home / "switch.json").write_text("{}")
    with pytest.raises(Refused) as refused:
        field.restore()
    assert all(text in str(refused.value) for text in ("it runs", "not held at level 3", "a switch is not over"))
    assert way_out.of_error(refused.value) == (NextStep("halt"),)


def test_the_incident_that_is_in_force_is_named_where_another_one_was(field: Field) -> None:
    held_under_another(field)
    with pytest.raises(Refused, match=r"\(in force: two \(halt, level 3\)\): name two") as refused:
        field.restore()
    assert way_out.of_error(refused.value) == (NextStep("again", "two"),)
    (field.home / "switch.json").write_text("{}")
    with pytest.raises(Refused) as refused:
        field.restore()
    assert way_out.of_error(refused.value) == (NextStep("again", "two"),)
    field.runs()
    with pytest.raises(Refused) as refused:
        field.restore()
    assert way_out.of_error(refused.value) == (NextStep("halt"),)


def test_a_database_that_is_there_is_not_replaced_unless_that_is_said(field: Field) -> None:
    with pytest.raises(Refused, match="alpha has a database: say that it may be replaced"):
        field.restore(overwrite=False)


def test_the_newest_sound_dump_before_a_damaged_one_is_named(field: Field) -> None:
    sound = field.stamp
    field.stamp = field.dump(60)
    flip(field)
    with pytest.raises(Refused, match=f"dump {field.stamp} is damaged: .*the newest sound one before it is {sound}"):
        field.restore()
    assert field.restore(sound).dump == sound


def test_a_dump_of_another_bot_image_or_mode_is_refused_with_all_reasons(field: Field) -> None:
    other = "registry.example/freqtrade@sha256:" + "1" * 64
    lay_dump(field.bot, field.engine, 60, bot="beta", image=other, mode="live", release="f01")
    with pytest.raises(Refused) as refused:
        field.restore()
    text = str(refused.value)
    assert "it is of the bot beta, and this is alpha" in text
    assert "it is of mode live, and this is paper" in text
    assert f"deploy alpha with {other} first, by rollback.yml to f01" in text


def test_a_gate_that_waits_is_no_process_that_trades(field: Field) -> None:
    field.engine.present = made_container()
    field.processes.append(Process(7, ("python3", TOOL_IN_CONTAINER, "gate"), "alpha", is_init=True, waits=True))
    assert field.restore().proven


@pytest.mark.parametrize("name", ["lock", "dump_lock"])
def test_another_command_keeps_it_from_beginning(field: Field, name: str) -> None:
    with durable.locked(getattr(Home(field.home), name), 0, field.clock) as held:
        assert held
        with pytest.raises(Refused, match=r"another command is working on alpha|a dump of alpha is being made"):
            field.restore()


# --- a look


def test_a_look_says_what_would_be_replaced_by_what_and_touches_nothing(field: Field) -> None:
    spoil(field)
    field.runs()
    held_at_1(field)
    before, data = field.beside, field.path.read_bytes()
    seen = field.look(overwrite=False)
    assert (seen.outcome, seen.proven, seen.changed, seen.dump) == ("may be restored", True, False, field.stamp)
    assert seen.tables == [
        {"table": "orders", "now": 0, "then": 1, "same": False},
        {"table": "trade_custom_data", "now": 1, "then": 1, "same": True},
        {"table": "trades", "now": 2, "then": 2, "same": False},
    ]
    assert seen.forgotten == ["3 XRP/USDT"]
    assert [line.partition(":")[0] for line in seen.in_the_way] == [
        "it runs, as process 4242", "it is not held at level 3 under one (in force",
        "alpha has a database",
    ]  # fmt: skip
    assert (field.beside, field.path.read_bytes(), field.level) == (before, data, 1)


def test_a_trade_that_was_closed_since_would_be_forgotten_too(field: Field) -> None:
    write(field.path, "update trades set is_open = 0, close_date = '2026-01-02 05:00:00' where id = 1")
    assert field.look().forgotten == ["1 BTC/USDT"]


def test_a_table_that_was_dropped_has_no_rows_now(field: Field) -> None:
    write(field.path, "drop table trades")
    [row] = [row for row in field.look().tables if row["table"] == "trades"]
    assert row == {"table": "trades", "now": None, "then": 2, "same": False}
    assert field.restore().proven
    assert rows(field.path) == field.before


def test_a_look_refuses_what_no_state_of_the_bot_would_allow(field: Field) -> None:
    flip(field)
    with pytest.raises(Refused, match="is damaged"):
        field.look()


def test_a_release_that_is_not_known_any_more_is_said(field: Field) -> None:
    lay_dump(field.bot, field.engine, 60, release="gone")
    assert "it was made while alpha ran gone, which this host does not have any more" in field.look().detail


# --- what fails on the way


def more_rows(document: dict[str, Any]) -> None:
    document["contents"]["tables"][0]["rows"] += 1


def another_number(document: dict[str, Any]) -> None:
    document["next_numbers"]["trades.id"] = 9


def a_number_less(document: dict[str, Any]) -> None:
    document["next_numbers"].pop("orders.id")


@pytest.mark.parametrize(
    ("lie", "text"),
    [
        (more_rows, "does not hold what the database held"),
        (another_number, "other numbers come next: trades.id is 3, and was 9"),
        (a_number_less, "other numbers come next: orders.id is 2, and was None"),
    ],
)
def test_what_the_dump_does_not_hold_replaces_nothing(
    field: Field, lie: Callable[[dict[str, Any]], None], text: str
) -> None:
    """A manifest that says something else than its database has: neither is believed."""
    place = field.home / "dumps" / "rolling" / field.stamp / MANIFEST
    document = json.loads(place.read_text())
    lie(document)
    place.write_text(json.dumps(document))
    data = field.path.read_bytes()
    with pytest.raises(NotProven, match=rf"the FORMER database stands.*{text}"):
        field.restore()
    assert (field.path.read_bytes(), field.level, field.beside) == (data, 3, ["trades.paper.sqlite"])
    assert not Home(field.home).restoring.exists()
    assert [each.holder for each in holds.load(field.bot.holds).holds] == ["halt"]


def test_a_hold_that_cannot_be_written_keeps_the_former(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(field)
    lost = rows(field.path)
    monkeypatch.setattr(holds_file, "latch", lambda *_: holds_file.Latched(error="full"))
    with pytest.raises(NotProven, match=r"the FORMER database stands.*it cannot be held: full"):
        field.restore()
    assert rows(field.path) == lost


def test_a_bot_that_came_to_life_meanwhile_keeps_the_former(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(field)
    lost = rows(field.path)
    write_note = restoring.Note.write

    def lives(note: restoring.Note, home: Path) -> None:
        write_note(note, home)
        if note.identity:
            field.runs()

    monkeypatch.setattr(restoring.Note, "write", lives)
    with pytest.raises(NotProven, match=r"the FORMER database stands.*it runs"):
        field.restore()
    assert rows(field.path) == lost


def test_a_database_that_somebody_has_open_keeps_the_former(field: Field) -> None:
    spoil(field)
    lost = rows(field.path)
    with closing(sqlite3.connect(field.path)) as connection:
        connection.execute("begin immediate")
        with pytest.raises(NotProven, match="the FORMER database stands"):
            field.restore()
        connection.rollback()
    assert rows(field.path) == lost


def test_a_restored_database_that_holds_something_else_is_not_proven(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = SqliteFiles.put

    def spoilt(files: SqliteFiles) -> None:
        put(files)
        write(field.path, "delete from trade_custom_data")

    monkeypatch.setattr(SqliteFiles, "put", spoilt)
    with pytest.raises(NotProven, match=r"RESTORED database stands.*is not proven.*trade_custom_data"):
        field.restore()
    assert Home(field.home).restoring.exists(), "status names it"
    done, failed = recover.recover(field.root, "timer", field.clock, field.engine)
    assert (done, len(failed)) == ([], 1)
    monkeypatch.setattr(SqliteFiles, "put", put)
    assert field.restore().proven


# --- interrupted


def test_one_that_was_cut_before_the_swap_leaves_the_former(field: Field) -> None:
    restoring.Note(field.stamp, "one", "then").write(field.home)
    (field.path.with_name(".trades.paper.sqlite.restoring")).write_bytes(b"half")
    done, failed = recover.recover(field.root, "timer", field.clock, field.engine)
    assert failed == []
    assert "alpha: an interrupted restore: former: the FORMER database stands" in done[0]
    assert field.beside == ["trades.paper.sqlite"]
    assert recover.recover(field.root, "timer", field.clock, field.engine) == ([], [])


def test_a_note_that_nobody_can_read_is_no_claim(field: Field) -> None:
    Home(field.home).restoring.write_text("{")
    with pytest.raises(NotProven, match="which database stands is not known"):
        field.restore()
    assert recover.recover(field.root, "timer", field.clock, field.engine)[1] != []


def test_others_of_the_host_are_not_touched(field: Field) -> None:
    other = make_bot(field.root, "beta", image=IMAGE)
    write(other / "var" / "trades.paper.sqlite", "create table trades (id integer)")
    before = (other / "var" / "trades.paper.sqlite").read_bytes()
    field.restore()
    assert (other / "var" / "trades.paper.sqlite").read_bytes() == before


@pytest.mark.parametrize(("mode", "levels"), [("paper", [1, 1, 0]), ("live", [3, 1, 1, 0])])
def test_the_way_back_to_trading_takes_one_hold_one_step_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, levels: list[int]
) -> None:
    """Both holds stand under one incident, so whoever resumes names that each time."""
    field = Field(tmp_path, monkeypatch, mode=mode)
    field.restore()
    present, seen = holds.load(field.bot.holds), list[int]()
    while present.holds:
        present = present.resumed("one", field.clock.utcnow())
        seen.append(present.level)
    assert seen == levels
