"""A file of SQLite: measured, maintained under a bot that writes, and written anew where nothing runs."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.bot.layout import Home
from freqops.core.maintenance import sqlite_figures
from freqops.hostctl.backup import dumps_by_hand
from freqops.hostctl.bot import stopped
from freqops.hostctl.bot.stopped import Stopped
from freqops.hostctl.maintenance import of_sqlite
from tests.unit.fakes import process
from tests.unit.hostctl.backup.dumped import rows, write
from tests.unit.hostctl.maintenance.bloated import Bot

CHILD = """
import resource, signal, sys
from pathlib import Path
from freqops.core.base.clock import Clock
from freqops.hostctl.maintenance.of_sqlite import SqliteMaintenance
path, limit, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
signal.signal(signal.SIGXFSZ, signal.SIG_DFL if how == "killed" else signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
act = SqliteMaintenance(path, path.parent.parent, Clock()).full(None)
print(act.done, act.said)
"""


def held(path: Path) -> list[object]:
    """Return all that a database holds; it must be sound."""
    assert rows(path, "pragma integrity_check") == [("ok",)]
    names = [name for (name,) in rows(path, "select name from sqlite_master where type = 'table' order by 1")]
    return [[name, rows(path, f"select * from {name} order by 1")]  # noqa: S608  tables of this test
            for name in names if not name.startswith("sqlite")]  # fmt: skip


# --- online


def test_figures_are_told_table_by_table_before_and_after(bot: Bot) -> None:
    bot.bloat()
    row = bot.vacuum()
    assert (row.outcome, row.proven, row.changed) == ("vacuumed", True, True)
    assert row.before is not None
    assert row.after is not None
    assert row.before["measured_by"] == "dbstat"
    tables = {table["name"]: table for table in row.before["tables"]}
    assert (tables["trades"]["rows"], tables["notes"]["rows"]) == (2, 300)
    assert row.before["free"] + tables["notes"]["wasted"] > row.before["size"] // 2
    assert row.after["log"] == 0
    assert row.database == "sqlite:///freqops/var/trades.paper.sqlite".replace("///", "////")


def test_where_sqlite_tells_no_waste_of_a_table_the_answer_says_so(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.bloat()
    monkeypatch.setattr(sqlite_figures, "MEASURED", "select * from dbstat_that_is_not_there")
    row = bot.vacuum()
    assert row.before is not None
    assert "free pages alone" in row.before["measured_by"]
    assert {table["wasted"] for table in row.before["tables"]} == {None}


def test_a_look_changes_nothing(bot: Bot) -> None:
    write(bot.path, "insert into trade_custom_data values (9, 'x')")
    before = bot.path.read_bytes()
    row = bot.vacuum(look=True)
    assert (row.outcome, row.proven, row.after) == ("would vacuum", True, None)
    assert (bot.path.read_bytes(), bot.said) == (before, [])


def test_a_bot_writes_meanwhile_and_nothing_of_that_is_lost(bot: Bot) -> None:
    bot.bloat()
    bot.runs()
    over, written, failed = threading.Event(), [0], list[sqlite3.Error]()

    def trade() -> None:
        with closing(sqlite3.connect(bot.path, timeout=5)) as connection:  # as Freqtrade waits
            try:
                while not over.is_set():
                    connection.execute("insert into trade_custom_data (value) values ('x')")
                    connection.commit()
                    written[0] += 1
            except sqlite3.Error as error:
                failed.append(error)

    thread = threading.Thread(target=trade)
    thread.start()
    try:
        done = [bot.vacuum() for _ in range(2)]
    finally:
        over.set()
        thread.join()
    assert {row.outcome for row in done} <= {"vacuumed", "NOT ALL DONE"}
    assert failed == []
    assert len(rows(bot.path, "select id from trade_custom_data")) == 1 + written[0] > 1


def test_a_reader_keeps_the_log_and_that_is_said(bot: Bot) -> None:
    with closing(sqlite3.connect(bot.path)) as reader, closing(sqlite3.connect(bot.path)) as writer:
        reader.execute("begin")
        reader.execute("select count(*) from trades").fetchone()
        writer.execute("insert into trade_custom_data (value) values ('x')")
        writer.commit()
        row = bot.vacuum()
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert any("log: NOT DONE: 0 of 1 pages" in line or "pages of the log were taken in; it keeps" in line
               for line in row.detail), row.detail  # fmt: skip


def test_a_log_that_was_taken_in_and_keeps_its_length_is_done(bot: Bot) -> None:
    with closing(sqlite3.connect(bot.path)) as writer, closing(sqlite3.connect(bot.path)) as reader:
        writer.execute("insert into trade_custom_data (value) values ('x')")
        writer.commit()
        reader.execute("begin")
        reader.execute("select count(*) from trades").fetchone()
        row = bot.vacuum()
    assert (row.outcome, row.proven) == ("vacuumed", True)
    assert "keeps its length" in row.detail[-1]


def test_statistics_that_cannot_be_written_are_not_done(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_figures, "OPTIMIZE", "analyze")
    monkeypatch.setattr(of_sqlite, "BUSY_S", 0.05)
    with closing(sqlite3.connect(bot.path)) as writer:
        writer.execute("begin immediate")
        row = bot.vacuum()
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert any(line.startswith("statistics: NOT DONE: ") and "locked" in line for line in row.detail)


def test_statistics_that_are_still_due_are_not_done(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_figures, "WOULD_OPTIMIZE", "select 'ANALYZE trades'")
    row = bot.vacuum()
    assert "statistics: NOT DONE: still due: ANALYZE trades" in row.detail


def test_a_spoilt_file_is_not_touched(bot: Bot) -> None:
    bot.bloat()
    with closing(sqlite3.connect(bot.path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        [[page, size]] = connection.execute(
            "select pageno, pgsize from dbstat where name = 'notes' and pagetype = 'leaf' limit 1"
        ).fetchall()
    with bot.path.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * 512)
    with pytest.raises(Refused, match=r"was not touched: .*(spoilt|malformed)"):
        bot.vacuum()


@pytest.mark.parametrize("full", [False, True])
def test_a_file_that_is_not_there_or_a_link_is_refused_and_none_is_made(bot: Bot, full: bool) -> None:
    elsewhere = bot.root / "elsewhere"
    bot.path.rename(elsewhere)
    with pytest.raises(Refused, match="not there, or no plain file"):
        bot.vacuum(full=full)
    assert not bot.path.exists()
    bot.path.symlink_to(elsewhere)
    with pytest.raises(Refused, match="no plain file"):
        bot.vacuum(full=full)


def test_while_a_dump_is_made_or_a_restore_is_not_over_nothing_is_touched(bot: Bot) -> None:
    with (
        durable.locked(Home(bot.home).dump_lock, 0, bot.clock),
        pytest.raises(Refused, match="a dump of alpha is being made"),
    ):
        bot.vacuum()
    Home(bot.home).switch.write_text("{}")
    with pytest.raises(Refused, match="a switch is not over"):
        bot.vacuum()


# --- full


def test_a_small_file_needs_none_and_nothing_is_touched(bot: Bot) -> None:
    bot.bloat()
    before = bot.size()
    row = bot.vacuum(full=True)
    assert (row.outcome, row.proven, row.changed, bot.size()) == ("not needed", True, False, before)
    assert "is not above 1024 MiB" in row.detail[0]


def test_a_file_without_waste_needs_none(bot: Bot) -> None:
    with closing(sqlite3.connect(bot.path)) as connection:
        connection.execute("create table notes (id integer primary key, value text)")
        connection.executemany("insert into notes (value) values (?)", [("x" * 500,) for _ in range(3000)])
        connection.commit()
    row = bot.vacuum(full=True, above_mb=0)
    assert (row.outcome, row.changed) == ("not needed", False)
    assert "less than 20 %" in row.detail[0]


def test_it_is_written_anew_and_a_second_time_finds_nothing(bot: Bot) -> None:
    bot.bloat()
    bot.close()
    before, size, owner = held(bot.path), bot.size(), bot.path.stat()
    row = bot.vacuum(full=True, above_mb=0)
    assert (row.outcome, row.proven, row.changed) == ("vacuumed in full", True, True), row.detail
    assert held(bot.path) == before
    assert bot.size() < size // 4
    assert bot.path.stat().st_ino == owner.st_ino
    assert rows(bot.path, "pragma journal_mode") == [("wal",)]
    assert f"dump {bot.stamp} has everything until" in row.detail[0]
    again = bot.vacuum(full=True, above_mb=0)
    assert (again.outcome, again.proven, again.changed) == ("not needed", True, False)


def test_a_look_at_a_full_vacuum_touches_nothing_and_says_which_dump(bot: Bot) -> None:
    bot.bloat()
    bot.close()
    before = bot.size()
    row = bot.vacuum(full=True, above_mb=0, look=True)
    assert (row.outcome, row.proven, bot.size(), bot.said) == ("would vacuum in full", True, before, [])
    assert f"dump {bot.stamp}" in row.detail[-1]
    bot.clock.now += 3700
    row = bot.vacuum(full=True, above_mb=0, look=True)
    assert row.detail[-1].startswith("a dump would be made before")


def test_a_bot_that_runs_or_may_be_started_keeps_its_file(bot: Bot) -> None:
    bot.bloat()
    bot.close()
    bot.runs()
    with pytest.raises(Refused, match=r"it runs, as process 4242.*action=stop"):
        bot.vacuum(full=True, above_mb=0)
    bot.processes.clear()
    bot.held_anew(1)
    with pytest.raises(Refused, match="not held at level 3"):
        bot.vacuum(full=True, above_mb=0)
    stopped.begin(bot.home, Stopped("stop", "one", "r", reason="why", actor="ann"), bot.clock)
    assert bot.vacuum(full=True, above_mb=0).outcome == "vacuumed in full"


def test_holds_that_cannot_be_read_are_in_the_way(bot: Bot) -> None:
    bot.bloat()
    bot.close()
    (bot.home / "conf" / "holds.json").write_text("{")
    with pytest.raises(Refused, match="holds cannot be read"):
        bot.vacuum(full=True, above_mb=0)


def test_open_trades_are_in_the_way_unless_allowed(bot: Bot) -> None:
    bot.bloat()
    with pytest.raises(Refused, match=r"1 open trade \(1 BTC/USDT\).*open_trades_ok=true"):
        bot.vacuum(full=True, above_mb=0)
    assert bot.vacuum(full=True, above_mb=0, open_trades_ok=True).outcome == "vacuumed in full"


def test_a_bot_that_comes_to_life_while_a_dump_is_made_keeps_its_file(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.bloat()
    bot.close()
    bot.clock.now += 3700
    real = dumps_by_hand.dumped

    def dumped(*given: object) -> object:
        bot.processes.append(process())
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(dumps_by_hand, "dumped", dumped)
    with pytest.raises(Refused, match="it runs, as process"):
        bot.vacuum(full=True, above_mb=0)


def test_a_dump_is_made_where_none_is_young_or_it_is_damaged(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freqops.core.backup.recovery_points.FILE", bot.root / "points.json")
    bot.bloat()
    bot.close()
    (bot.home / "dumps/rolling" / bot.stamp / "database").write_bytes(
        b"x" * (bot.home / "dumps/rolling" / bot.stamp / "database").stat().st_size
    )
    row = bot.vacuum(full=True, above_mb=0)
    assert (row.outcome, bot.said[0]) == ("vacuumed in full", "dump the database of alpha")
    assert bot.stamp not in row.detail[0]


def test_where_no_dump_can_be_made_nothing_is_vacuumed(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.bloat()
    bot.close()
    bot.clock.now += 3700
    failed = dumps_by_hand.Dumped("alpha", detail=["the disk is full"])
    monkeypatch.setattr(dumps_by_hand, "dumped", lambda *_: failed)
    before = bot.size()
    with pytest.raises(Refused, match="no dump of it that is younger than an hour: the disk is full"):
        bot.vacuum(full=True, above_mb=0)
    assert bot.size() == before


def test_without_room_nothing_is_touched(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.bloat()
    bot.close()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=512 * 1024 * 1024))
    with pytest.raises(Refused, match=r"512.0 MiB are left on its disk, and 51\d\.\d MiB are needed"):
        bot.vacuum(full=True, above_mb=0)


def test_another_command_on_the_bot_is_not_disturbed(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freqops.hostctl.maintenance.vacuum.LOCK_SECONDS", 0)
    with (
        durable.locked(Home(bot.home).lock, 0, bot.clock),
        pytest.raises(Refused, match="another command is working on alpha"),
    ):
        bot.vacuum(full=True, above_mb=0)


def test_somebody_who_has_the_file_open_keeps_it_as_it_is(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.bloat()
    bot.close()
    monkeypatch.setattr(of_sqlite, "BUSY_S", 0.05)
    with closing(sqlite3.connect(bot.path)) as reader, closing(sqlite3.connect(bot.path)) as writer:
        reader.execute("begin")
        reader.execute("select count(*) from trades").fetchone()
        writer.execute("insert into trade_custom_data (value) values ('x')")
        writer.commit()
        before = held(bot.path)
        row = bot.vacuum(full=True, above_mb=0)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert "file: NOT DONE: somebody has it open" in row.detail
    assert held(bot.path) == before


def test_a_vacuum_that_does_nothing_is_not_proven(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    bot.bloat()
    bot.close()
    monkeypatch.setattr(sqlite_figures, "VACUUM", "select 1")
    row = bot.vacuum(full=True, above_mb=0)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)


@pytest.mark.parametrize("loss", ["delete from orders", "update orders set status = 'open'", "drop table orders"])
def test_what_is_lost_is_found(bot: Bot, monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    bot.bloat()
    bot.close()
    real = of_sqlite.SqliteMaintenance.full

    def full(self: of_sqlite.SqliteMaintenance, table: None) -> object:
        act = real(self, table)
        write(bot.path, loss)
        return act

    monkeypatch.setattr(of_sqlite.SqliteMaintenance, "full", full)
    row = bot.vacuum(full=True, above_mb=0)
    assert (row.outcome, row.proven) == ("NOT ALL DONE", False)
    assert "table orders" in row.detail[-1]


@pytest.mark.parametrize("how", ["killed", "full"])
def test_a_kill_or_a_full_disk_at_any_write_leaves_all_that_it_held(bot: Bot, how: str) -> None:
    """No file may grow beyond a limit: the write that would is failed, or kills; each limit is another moment."""
    bot.bloat(1500)
    with closing(sqlite3.connect(bot.path)) as connection:
        connection.execute("update trades set amount = 7")  # which only the log has when the last one leaves it
        connection.commit()
    before, size = held(bot.path), bot.size()
    ends = set()
    for limit in range(0, size // 4, size // 40):
        var = bot.root / f"{how}{limit}" / "var"
        var.mkdir(parents=True)
        path = Path(shutil.copy(bot.path, var))
        ran = subprocess.run(
            [sys.executable, "-c", CHILD, str(path), str(limit), how], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": "src:."}, cwd=Path(__file__).parents[4],
        )  # fmt: skip
        assert held(path) == before, (limit, ran)
        assert [each.name for each in var.parent.iterdir()] == ["var"], limit
        killed = ran.returncode == -signal.SIGXFSZ
        done = ran.stdout.startswith("True")
        assert killed or ran.returncode == 0, ran
        assert not (killed and how == "full")
        assert not done or path.stat().st_size < size // 2
        ends.add("killed" if killed else "done" if done else "failed")
    assert ends == {"done", "killed" if how == "killed" else "failed"}
