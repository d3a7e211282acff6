"""A dump is one moment of the database, is proven, and counts only then; what was there before stays."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from freqops.core.backup.manifest import DATABASE
from freqops.core.backup.store import Dump, Store
from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.bot.database_contents import Recorded
from freqops.core.bot.layout import Home
from freqops.hostctl.backup import dumps, live_copies
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.databases import Sqlite
from freqops.hostctl.deploy.switch_files import SwitchFiles
from tests.unit.hostctl.backup.trading import Dumping, trade, write

if TYPE_CHECKING:
    from collections.abc import Iterator


def take(host: Dumping, **options: Any) -> Dump:
    host.clock.now += 1
    return dumps.take(host.home, host.clock, host.engine, **options)


def test_a_dump_holds_all_of_it_and_says_so(host: Dumping) -> None:
    made = take(host)
    assert [dump.manifest for dump in host.store.dumps()] == [made.manifest]
    assert host.store.damaged(made) == []
    assert made.manifest.rows["trades"] == 1
    assert made.manifest.next_numbers == {
        "trades.id": 2, "orders.id": 2, "trade_custom_data.id": 1, "pairlocks.id": 1, "wallet_history.id": 1,
    }  # fmt: skip
    assert made.manifest.contents == Recorded.of(Sqlite(made.path / DATABASE).contents())
    assert [path.stat().st_mode & 0o777 for path in (made.path, made.path / DATABASE)] == [0o700, 0o600]
    assert sorted(path.name for path in made.path.iterdir()) == ["database", "manifest.json"]
    assert host.store.directory.stat().st_mode & 0o777 == 0o700


def test_the_next_number_is_never_given_again(host: Dumping) -> None:
    write(host.path, "insert into wallet_history (total) values (1)")
    write(host.path, "delete from wallet_history")
    assert take(host).manifest.next_numbers["wallet_history.id"] == 2, "SQLite remembers it without a row"


def test_under_a_writer_it_is_one_moment(host: Dumping) -> None:
    """Ten thousand trades, each with its order in one transaction, are written while dumps are made."""
    ended = threading.Event()

    def churn() -> None:
        with closing(sqlite3.connect(host.path, timeout=30)) as connection:
            for _ in range(10_000):
                number = connection.execute("insert into trades (pair, is_open, amount) values ('X', 1, 1)").lastrowid
                connection.execute("insert into orders (ft_trade_id, order_id) values (?, 'o')", (number,))
                connection.commit()
        ended.set()

    writer = threading.Thread(target=churn)
    writer.start()
    rows = []
    while True:
        over = ended.is_set()
        made = take(host)
        rows.append(made.manifest.rows["trades"])
        with closing(sqlite3.connect(made.path / DATABASE)) as connection:
            assert connection.execute("pragma foreign_key_check").fetchall() == []
            [(orders, last)] = connection.execute("select count(*), max(ft_trade_id) from orders").fetchall()
        assert orders == last == rows[-1] == made.manifest.next_numbers["trades.id"] - 1
        if over:
            break
    writer.join()
    assert rows[-1] == 10_001
    assert rows == sorted(rows)


def test_what_is_committed_after_its_moment_is_not_in_it(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    held = live_copies._held

    @contextmanager
    def and_then_a_trade(path: Path) -> Iterator[sqlite3.Connection]:
        with held(path) as connection:
            trade(path)
            yield connection

    monkeypatch.setattr(live_copies, "_held", and_then_a_trade)
    assert take(host).manifest.rows["trades"] == 1


SPOILT = ("delete from orders", "update trades set amount = 1", "drop table pairlocks")


@pytest.mark.parametrize("sql", SPOILT)
def test_a_copy_that_lacks_anything_is_no_dump(host: Dumping, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    first = take(host)
    prove = live_copies._prove

    def spoilt(path: Path, *more: Any) -> None:
        write(path, sql)
        prove(path, *more)

    monkeypatch.setattr(live_copies, "_prove", spoilt)
    with pytest.raises(DatabaseError, match="does not hold what the database held"):
        take(host)
    assert host.stamps == [first.stamp]
    assert host.store.not_counted() == []


def test_other_numbers_are_no_dump(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    write(host.path, "insert into wallet_history (total) values (1)")
    prove = live_copies._prove

    def spoilt(path: Path, *more: Any) -> None:
        write(path, "update sqlite_sequence set seq = 7")
        prove(path, *more)

    monkeypatch.setattr(live_copies, "_prove", spoilt)
    with pytest.raises(DatabaseError, match="gives other numbers"):
        take(host)


def test_a_copy_whose_structure_is_broken_is_no_dump(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Sqlite.rows

    def broken(database: Sqlite, query: str) -> list[list[Any]]:
        return [["row 1 missing from index"]] if "integrity_check" in query else rows(database, query)

    monkeypatch.setattr(Sqlite, "rows", broken)
    with pytest.raises(DatabaseError, match="is no sound database"):
        take(host)


def test_bytes_that_the_disk_changed_are_no_dump(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "damaged", lambda _store, _dump: ["database: its bytes are not those"])
    with pytest.raises(NotProven, match="is not what was written"):
        take(host)
    assert list(host.store.directory.iterdir()) == []


def test_one_that_does_not_count_is_said(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "dumps", lambda _store: [])
    with pytest.raises(NotProven, match="does not count"):
        take(host)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (["delete from trades"], "table trades: it is empty, and had 1 rows"),
        (["drop table orders"], "table orders: it is gone, with 1 rows"),
        (["delete from trades", "delete from orders"], "it is empty"),
    ],
)
def test_what_lost_its_rows_is_no_dump_until_somebody_says_so(host: Dumping, sql: list[str], why: str) -> None:
    first = take(host)
    for statement in sql:
        write(host.path, statement)
    with pytest.raises(DatabaseError, match=why):
        take(host)
    assert host.stamps == [first.stamp]
    take(host, accept_loss=True)
    assert len(host.stamps) == 2


@pytest.mark.parametrize(
    ("order", "filled"),
    [
        ("update orders set filled = 0.0", 0),
        ("update orders set filled = null", 0),
        ("update orders set filled = 0.1", 1),
    ],
)
def test_a_trade_that_bought_nothing_may_go_and_one_that_did_may_not(host: Dumping, order: str, filled: int) -> None:
    """Freqtrade deletes a trade, with its orders, whose entry is cancelled before it bought anything."""
    write(host.path, "alter table orders add filled real")
    write(host.path, order)
    write(host.path, "insert into pairlocks (reason) values ('')")
    assert take(host).manifest.filled == filled
    write(host.path, "delete from orders")
    write(host.path, "delete from trades")
    if not filled:
        assert take(host).manifest.rows["trades"] == 0
    else:
        with pytest.raises(DatabaseError, match="table trades: it is empty, and had 1 rows"):
            take(host)


def test_how_much_was_filled_is_not_known_where_the_database_does_not_say_and_then_nothing_may_go(
    host: Dumping,
) -> None:
    assert take(host).manifest.filled is None
    write(host.path, "insert into pairlocks (reason) values ('')")
    write(host.path, "delete from trades")
    with pytest.raises(DatabaseError, match="table trades: it is empty"):
        take(host)


def test_a_database_that_is_gone_or_something_else_is_no_dump(host: Dumping) -> None:
    host.path.unlink()
    with pytest.raises(DatabaseError, match=r"there is no trades\.sqlite"):
        take(host)
    assert not host.path.exists(), "none is made by looking"
    host.path.symlink_to("/etc/passwd")
    with pytest.raises(DatabaseError, match="is no plain file"):
        take(host)
    host.path.unlink()
    host.path.write_bytes(b"SQLite format 3\0" + b"x" * 4096)
    with pytest.raises(DatabaseError, match="could not be dumped"):
        take(host)
    assert list(host.store.directory.iterdir()) == []


def test_what_a_killed_dump_left_is_cleaned(host: Dumping) -> None:
    host.store.directory.mkdir(parents=True)
    left = host.store.directory / ".20200101T000000Z.partial"
    left.mkdir()
    (left / DATABASE).write_bytes(b"half")
    take(host)
    assert not left.exists()


def test_two_are_never_made_at_once(host: Dumping) -> None:
    with durable.locked(Home(host.home).dump_lock, 0, host.clock), pytest.raises(NotProven, match="is being made"):
        take(host)


def test_a_halt_does_not_wait_for_it(host: Dumping) -> None:
    with durable.locked(Home(host.home).lock, 0, host.clock) as mine:
        assert mine
        take(host)


def test_a_full_disk_leaves_the_older_ones(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    first = take(host)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write_json", full)
    with pytest.raises(OSError, match="No space"):
        take(host)
    assert host.stamps == [first.stamp]
    assert host.store.not_counted() == []


def test_names_stay_in_their_order_when_the_clock_is_set_back(host: Dumping) -> None:
    take(host)
    host.clock.ahead = -86400.0
    second = take(host)
    assert host.stamps[-1] == second.stamp


def test_old_ones_go_and_cease_to_count_first(host: Dumping, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [take(host) for _ in range(3)]
    assert dumps.prune(host.store, host.clock) == [], "the youngest all stay"
    host.clock.ahead = 1200.0
    assert dumps.prune(host.store, host.clock) == [dump.stamp for dump in made[:2]], "three in one minute"
    assert host.stamps == [made[2].stamp]
    take(host)
    host.clock.ahead = 3 * 3600.0
    monkeypatch.setattr("shutil.rmtree", lambda _path: None)
    dumps.prune(host.store, host.clock)
    assert len(host.stamps) == 1
    assert host.store.not_counted() == [f".{made[2].stamp}.partial: it was not finished"]


def test_a_switch_leaves_them(host: Dumping) -> None:
    take(host)
    (host.home / "release").mkdir(exist_ok=True)
    (host.home / "dumps" / "20200101T000000Z-f00").write_bytes(b"")
    SwitchFiles(host.home).prune()
    assert [path.name for path in (host.home / "dumps").iterdir()] == ["rolling"]
