"""Figures of databases: what is taken from an answer, and what a table's waste is estimated at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from freqops.core.base import kinds
from freqops.core.base.kinds import Malformed
from freqops.core.maintenance import figures, postgres_figures, sqlite_figures
from freqops.core.maintenance.figures import DBSTAT, FREE_PAGES, Figures, Table
from freqops.core.maintenance.postgres_figures import PostgresTable

TABLE = PostgresTable(
    number=5, space="public", name='od"d', size=90_000, heap=81_920, rows=1000, columns=3, known=3, width=41.0,
    vacuums=0, analyses=1, file=9,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "wasted"),
    [
        # a row has 24 bytes of header, 4 of pointer, and 48 for 41 bytes of columns: 107 fit on a page, so 10 pages
        ({}, 0),
        ({"rows": 500.0}, 81_920 - 5 * 8192),
        ({"rows": 0.0}, 81_920),
        ({"rows": 0.0, "known": 0}, None),
        ({"rows": 0.0, "known": 0, "heap": 0}, 0),
        ({"rows": -1.0}, None),
        ({"known": 2}, None),
        ({"heap": 8192}, 0),
    ],
)
def test_the_waste_of_a_table_is_estimated_or_not_known(changed: dict[str, Any], wasted: int | None) -> None:
    assert replace(TABLE, **changed).estimated(8192) == wasted


def test_no_name_of_a_table_ends_a_statement() -> None:
    assert postgres_figures.full(TABLE) == 'vacuum (full, analyze) "public"."od""d"'
    assert postgres_figures.online([TABLE]) == 'vacuum (analyze) "public"."od""d"'
    assert postgres_figures.counted(TABLE) == 'select count(*) as rows from "public"."od""d"'
    assert sqlite_figures.counted('od"d') == 'select count(*) from main."od""d"'


def test_a_table_of_another_schema_is_called_by_it() -> None:
    assert (TABLE.shown, replace(TABLE, space="other").shown) == ('od"d', 'other.od"d')


@pytest.mark.parametrize(
    "row",
    [[1], [1, 2, 3], [-1, 0.5], ["1", 0.5], [True, 0.5], [1, "x"], [1, None], [1, float("nan")], [1, -0.5]],
)
def test_a_row_that_is_none_is_malformed(row: list[Any]) -> None:
    names = {"size": kinds.count, "width": postgres_figures.TABLE["width"]}
    assert figures.checked([[1, 0.5]], names, "alpha") == [{"size": 1, "width": 0.5}]
    with pytest.raises(Malformed, match=r"^alpha: "):
        figures.checked([row], names, "alpha")


@pytest.mark.parametrize(
    "said",
    ["", "Filesystem", "a b c d e f", "h\n/dev/x 1 2", "h\n/dev/x 1 2 -3 4% /", "h\n/dev/x 1 2 x 4% /",
     "h\n/dev/x 1 2 ٣ 4% /"],
)  # fmt: skip
def test_room_that_is_not_told_is_not_guessed(said: str) -> None:
    with pytest.raises(Malformed):
        postgres_figures.free_bytes(said)


def test_room_is_what_df_calls_available() -> None:
    assert postgres_figures.free_bytes("Filesystem 1024-blocks\n/dev/x 100 60 40 60% /data\n") == 40 * 1024


def test_waste_is_among_what_was_looked_at() -> None:
    tables = (Table("a", 100, 40, 1), Table("b", 50, None, 2))
    measured = Figures(1000, 0, 5, DBSTAT, 10, tables)
    assert (measured.held, measured.wasted, measured.unknown) == (160, 50, ["b"])
    assert replace(measured, measured_by=FREE_PAGES).held == 1000
    assert measured.to_json()["wasted"] is None
    assert replace(measured, tables=tables[:1]).to_json()["wasted"] == 50


def test_a_number_goes_back_where_it_is_lower_or_gone() -> None:
    before = {"trades.id": 7, "orders.id": 3}
    assert figures.moved_back(before, {"trades.id": 7, "orders.id": 9}) == []
    assert figures.moved_back(before, {"trades.id": 6}) == [
        "the next trades.id was 7, and is 6", "the next orders.id was 3, and is not known",
    ]  # fmt: skip
