"""Everything that a database holds is compared: each table that it lists, and the numbers that come next."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.bot import database_contents as contents
from freqops.core.bot.database_contents import POSTGRES, SQLITE, Contents, Recorded
from tests.unit.postgres_tables import PostgresTables

SCRIPT = """
create table trades
    (id integer primary key autoincrement, pair text, is_open boolean, amount float, open_date datetime);
create table orders (id integer primary key, order_id text, ft_is_open boolean);
create table trade_custom_data (id integer primary key, ft_trade_id integer, cd_value text);
create table wallet_history (id integer primary key, timestamp datetime, balance float);
create table KeyValueStore (id integer primary key, "key" text, int_value integer);
insert into trades values (3, 'BTC/USDT', 1, 2, '2026-01-02 03:04:05.120000'), (4, 'ETH/USDT', 0, 0.1, null);
insert into orders values (1, 'dry_run_1', 1), (2, 'real', 1);
insert into trade_custom_data values (7, 3, '{"n": 1}');
insert into wallet_history values (1, '2026-01-02 00:00:00.000000', 10);
insert into KeyValueStore values (1, 'bot_start_time', 5);
"""


def lite(*more: str) -> Contents:
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCRIPT)
    for sql in more:
        connection.execute(sql)
    return Contents(SQLITE, lambda query: [list(row) for row in connection.execute(query)])


def wrong(ours: PostgresTables, before: Contents | None = None, *leave: str) -> list[str]:
    return contents.compared(before or lite(), Contents(POSTGRES, ours.asked), leave)[0]


def test_a_copy_is_the_same_and_each_table_is_told() -> None:
    found, seen = contents.compared(lite(), lite())
    assert found == []
    assert {name: one.rows for name, (one, _) in seen.items()} == {
        "trades": 2, "orders": 2, "trade_custom_data": 1, "wallet_history": 1, "KeyValueStore": 1,
    }  # fmt: skip


def test_rows_are_the_same_in_any_order_and_not_where_one_stands_twice() -> None:
    turned = "create table x as select * from wallet_history order by balance {}"
    more = "insert into wallet_history values (2, null, 3)"
    assert contents.copied(lite(more, turned.format("asc")), lite(more, turned.format("desc"))) == []
    twice = ["create table x (n)", "insert into x values (1), (1), (2), (2)"]
    others = ["create table x (n)", "insert into x values (3), (3), (4), (4)"]
    assert contents.copied(lite(*twice), lite(*others)) == ["table x: 4 rows, and not what was in them"]


@pytest.mark.parametrize("like", ["now", "before"])
def test_what_an_older_freqops_wrote_down_is_compared_as_it_was_marked(like: str) -> None:
    source = lite()
    now = Recorded.of(source)
    former = {key: (columns, source._sorted(key, columns)) for key, (columns, _) in now.tables.items()}
    told = now if like == "now" else Recorded(SQLITE, former)
    assert contents.copied(Recorded.read(told.to_json()), lite()) == []
    assert contents.copied(told, Recorded.of(lite(), like=told)) == []
    changed = lite("update wallet_history set balance = 11")
    for after in (changed, Recorded.of(changed, like=told)):
        assert contents.copied(told, after) == ["table wallet_history: 1 rows, and not what was in them"]


def test_a_copy_that_was_written_down_with_other_columns_is_named() -> None:
    after = Recorded.of(lite("alter table trades add column more text"))
    assert contents.copied(Recorded.of(lite()), after) == ["table trades: it has other columns"]


class Row(list[Any]):
    """A row that counts how many there are at a time."""

    present = most = 0

    def __init__(self, *cells: Any) -> None:
        super().__init__(cells)
        Row.present += 1
        Row.most = max(Row.most, Row.present)

    def __del__(self) -> None:
        Row.present -= 1


def test_of_a_large_table_a_few_rows_are_kept_at_a_time() -> None:
    table = Contents(SQLITE, lambda _: (Row(number, "x") for number in range(10_000))).table(("", "x"), ("id", "body"))
    assert table.rows == 10_000
    assert Row.most < 5


CHANGES = [
    ("delete from trade_custom_data", "table trade_custom_data: 1 rows before, 0 after"),
    ("update wallet_history set balance = 11", "table wallet_history: 1 rows, and not what was in them"),
    ("update KeyValueStore set int_value = null", "table KeyValueStore: 1 rows, and not what was in them"),
    ("update orders set ft_is_open = 0 where id = 1", "table orders: 2 rows, and not what was in them"),
    ("update orders set id = 9 where id = 1", "table orders: 2 rows, and not what was in them"),
    ("drop table wallet_history", "table wallet_history: it did not come through, with 1 rows"),
    ("alter table trades add column more text", "table trades: it has other columns"),
    ("alter table trades drop column pair", "table trades: it has no pair any more"),
    ("create table other as select 1", "table other: 1 rows that were not there before"),
]


@pytest.mark.parametrize(("sql", "said"), CHANGES)
def test_a_copy_that_is_another_is_named(sql: str, said: str) -> None:
    assert contents.compared(lite(), lite(sql))[0] == [said]


def test_a_table_that_nobody_knows_is_compared_too() -> None:
    strange = ('create table "odd ""name" (a text)', 'insert into "odd ""name" values (\'x\')')
    assert contents.compared(lite(*strange), lite(*strange))[0] == []
    assert contents.compared(lite(*strange), lite(strange[0]))[0] == ['table odd "name: 1 rows before, 0 after']
    assert wrong(PostgresTables(), lite(*strange)) == ['table odd "name: it did not come through, with 1 rows']
    assert wrong(PostgresTables(), lite(*strange), 'odd "name') == []
    assert wrong(PostgresTables(), lite(strange[0])) == []


def test_a_conversion_is_the_same_however_it_is_written() -> None:
    assert wrong(PostgresTables()) == []


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("trades", {"id": 9}, "table trades: 2 rows, and not what was in them"),
        ("trades", {"open_date": "2026-01-02T03:04:05"}, "table trades: 2 rows, and not what was in them"),
        ("orders", {"ft_is_open": False}, "table orders: 2 rows, and not what was in them"),
        ("trade_custom_data", {"ft_trade_id": 4}, "table trade_custom_data: 1 rows, and not what was in them"),
        ("KeyValueStore", {"int_value": None}, "table KeyValueStore: 1 rows, and not what was in them"),
    ],
)
def test_a_conversion_that_is_not_is_named(table: str, row: dict[str, Any], said: str) -> None:
    ours = PostgresTables()
    ours.tables["public", table][0].update(row)
    ours.sequences[table] = (100, False)
    assert wrong(ours) == [said]


def test_a_database_that_was_not_empty_is_named() -> None:
    ours = PostgresTables()
    ours.tables["public", "left_over"] = [{"a": 1}]
    assert wrong(ours) == ["table left_over: 1 rows that were not there before"]


@pytest.mark.parametrize(("last", "is_called", "behind"), [(4, True, False), (5, False, False), (4, False, True)])
def test_the_next_number_must_be_free(last: int, is_called: bool, behind: bool) -> None:
    ours = PostgresTables()
    ours.sequences["trades"] = (last, is_called)
    assert wrong(ours) == (["trades: the next id is 4, and 4 is taken already"] if behind else [])


def test_a_table_of_freqtrade_that_nothing_numbers_is_named() -> None:
    ours = PostgresTables()
    del ours.sequences["orders"]
    assert wrong(ours) == ["orders: no sequence numbers its rows"]


def test_what_is_in_a_column_of_bytes_counts() -> None:
    made = "create table b (a blob)"
    one, other = (made, "insert into b values (x'00ff')"), (made, "insert into b values (x'00fe')")
    assert contents.compared(lite(*one), lite(*one))[0] == []
    assert contents.compared(lite(*one), lite(*other))[0] == ["table b: 1 rows, and not what was in them"]


# --- what was written down


def kept(of: Contents) -> Recorded:
    """What a database held, after it was written down and read again."""
    return Recorded.read(json.loads(json.dumps(Recorded.of(of).to_json())))


def test_what_was_written_down_is_compared_like_the_database_itself() -> None:
    assert contents.copied(kept(lite()), lite()) == []
    for sql, said in CHANGES:
        assert contents.copied(kept(lite()), lite(sql)) == [said]


def test_a_copy_may_have_no_free_number_where_the_database_had_none() -> None:
    ours, copy = PostgresTables(), PostgresTables()
    ours.sequences["trades"] = copy.sequences["trades"] = (4, False)
    database, restored = Contents(POSTGRES, ours.asked), Contents(POSTGRES, copy.asked)
    for before in (database, kept(database)):
        assert contents.copied(before, restored) == []
        copy.sequences["orders"] = (1, False)
        assert contents.copied(before, restored) == ["orders: the next id is 1, and 6 is taken already"]
        copy.sequences["orders"] = ours.sequences["orders"]


def test_a_dump_of_another_kind_of_database_is_no_copy() -> None:
    ours = Contents(POSTGRES, PostgresTables().asked)
    assert contents.copied(kept(lite()), ours) == ["it is a copy of sqlite, and this is postgresql"]


ROW = {"schema": "", "table": "trades", "columns": ["id"], "rows": 1, "mark": "m"}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"kind": "mysql", "tables": [], "behind": []},
        {"kind": "sqlite", "tables": {}, "behind": []},
        {"kind": "sqlite", "tables": [{**ROW, "rows": -1}], "behind": []},
        {"kind": "sqlite", "tables": [{**ROW, "columns": "id"}], "behind": []},
        {"kind": "sqlite", "tables": [ROW, ROW], "behind": []},
        {"kind": "sqlite", "tables": [ROW], "behind": [1]},
    ],
)
def test_a_spoilt_note_is_refused(document: object) -> None:
    with pytest.raises(Malformed):
        Recorded.read(document)
