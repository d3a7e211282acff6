"""Everything that a database holds is compared: each table that it lists, and the numbers that come next."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest

from freqops.core.takeover import contents
from freqops.core.takeover.contents import POSTGRES, SQLITE, Contents

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


class Postgres:
    """Postgres as it answers in JSON: moments with a T, truth as truth, its own numbers for rows."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str], list[dict[str, Any]]] = {
            ("public", "trades"): [
                {"id": 4, "pair": "ETH/USDT", "is_open": False, "amount": 0.1, "open_date": None, "is_short": False},
                {"id": 3, "pair": "BTC/USDT", "is_open": True, "amount": 2, "open_date": "2026-01-02T03:04:05.12",
                 "is_short": False},
            ],
            ("public", "orders"): [{"id": 5, "order_id": "real", "ft_is_open": True},
                                   {"id": 6, "order_id": "dry_run_1", "ft_is_open": False}],
            ("public", "trade_custom_data"): [{"id": 1, "ft_trade_id": 3, "cd_value": '{"n": 1}'}],
            ("public", "wallet_history"): [{"id": 1, "timestamp": "2026-01-02T00:00:00", "balance": 10.0}],
            ("public", "KeyValueStore"): [{"id": 1, "key": "bot_start_time", "int_value": 5}],
        }  # fmt: skip
        self.sequences = {name: (max(row["id"] for row in rows) + 1, False) for (_, name), rows in self.tables.items()}

    def asked(self, query: str) -> list[list[Any]]:
        if query == contents.COLUMNS[POSTGRES]:
            return [[*key, column] for key, rows in self.tables.items() for column in rows[0]]
        if query == contents.SEQUENCES:
            return [["public", name, "id", name] for name in self.sequences]
        if query.startswith("select last_value"):
            name = query.rsplit(" ", 1)[1]
            rows = self.tables["public", name]
            return [[*self.sequences[name], max(row["id"] for row in rows)]]
        space, name = re.findall(r'"(\w+)"', query.partition(" from ")[2])
        columns = re.findall(r'"(\w+)"', query.partition(" from ")[0])
        return [[row[column] for column in columns] for row in self.tables[space, name]]

    def wrong(self, before: Contents | None = None, *leave: str) -> list[str]:
        return contents.compared(before or lite(), Contents(POSTGRES, self.asked), leave)[0]


def test_a_copy_is_the_same_and_each_table_is_told() -> None:
    wrong, seen = contents.compared(lite(), lite())
    assert wrong == []
    assert {name: one.rows for name, (one, _) in seen.items()} == {
        "trades": 2, "orders": 2, "trade_custom_data": 1, "wallet_history": 1, "KeyValueStore": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("delete from trade_custom_data", "table trade_custom_data: 1 rows before, 0 after"),
        ("update wallet_history set balance = 11", "table wallet_history: 1 rows, and not what was in them"),
        ("update KeyValueStore set int_value = null", "table KeyValueStore: 1 rows, and not what was in them"),
        ("update orders set ft_is_open = 0 where id = 1", "table orders: 2 rows, and not what was in them"),
        ("update orders set id = 9 where id = 1", "table orders: 2 rows, and not what was in them"),
        ("drop table wallet_history", "table wallet_history: it did not come through, with 1 rows"),
        ("alter table trades add column more text", "table trades: it has other columns"),
        ("alter table trades drop column pair", "table trades: it has no pair any more"),
        ("create table other as select 1", "table other: 1 rows that were not there before"),
    ],
)
def test_a_copy_that_is_another_is_named(sql: str, said: str) -> None:
    assert contents.compared(lite(), lite(sql))[0] == [said]


def test_a_table_that_nobody_knows_is_compared_too() -> None:
    strange = ('create table "odd ""name" (a text)', 'insert into "odd ""name" values (\'x\')')
    assert contents.compared(lite(*strange), lite(*strange))[0] == []
    assert contents.compared(lite(*strange), lite(strange[0]))[0] == ['table odd "name: 1 rows before, 0 after']
    assert Postgres().wrong(lite(*strange)) == ['table odd "name: it did not come through, with 1 rows']
    assert Postgres().wrong(lite(*strange), 'odd "name') == []
    assert Postgres().wrong(lite(strange[0])) == []


def test_a_conversion_is_the_same_however_it_is_written() -> None:
    assert Postgres().wrong() == []


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
    ours = Postgres()
    ours.tables["public", table][0].update(row)
    ours.sequences[table] = (100, False)
    assert ours.wrong() == [said]


def test_a_database_that_was_not_empty_is_named() -> None:
    ours = Postgres()
    ours.tables["public", "left_over"] = [{"a": 1}]
    assert ours.wrong() == ["table left_over: 1 rows that were not there before"]


@pytest.mark.parametrize(("last", "is_called", "behind"), [(4, True, False), (5, False, False), (4, False, True)])
def test_the_next_number_must_be_free(last: int, is_called: bool, behind: bool) -> None:
    ours = Postgres()
    ours.sequences["trades"] = (last, is_called)
    assert ours.wrong() == (["trades: the next id is 4, and 4 is taken already"] if behind else [])


def test_a_table_of_freqtrade_that_nothing_numbers_is_named() -> None:
    ours = Postgres()
    del ours.sequences["orders"]
    assert ours.wrong() == ["orders: no sequence numbers its rows"]


def test_what_is_in_a_column_of_bytes_counts() -> None:
    made = "create table b (a blob)"
    one, other = (made, "insert into b values (x'00ff')"), (made, "insert into b values (x'00fe')")
    assert contents.compared(lite(*one), lite(*one))[0] == []
    assert contents.compared(lite(*one), lite(*other))[0] == ["table b: 1 rows, and not what was in them"]
