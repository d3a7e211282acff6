"""The text of a dump of Postgres is held against what the database held, table by table."""

from __future__ import annotations

import pytest

from freqops.core.backup import archive_text
from freqops.core.base.kinds import Malformed
from freqops.core.bot.database_contents import POSTGRES, Recorded, Table

TEXT = rb"""--
-- PostgreSQL database dump
--
COPY public.trades (id, pair, note) FROM stdin;
1	BTC/USDT	COPY public.orders (id) FROM stdin;
2	ETH/USDT	-- PostgreSQL database dump complete
\.
COPY public."KeyValueStore" (id) FROM stdin;
\.
COPY "more ""than"" one".trades (id) FROM stdin;
1
\.
SELECT pg_catalog.setval('public.trades_id_seq', 2, true);
SELECT pg_catalog.setval('public."KeyValueStore_id_seq"', 1, false);
--
-- PostgreSQL database dump complete
--
"""
HELD = {("", "trades"): 2, ("", "KeyValueStore"): 0, ('more "than" one', "trades"): 1}
SEQUENCES = {"trades_id_seq": ("trades.id", 3), '"KeyValueStore_id_seq"': ("KeyValueStore.id", 1)}


def lines(text: bytes = TEXT) -> list[bytes]:
    return text.splitlines(keepends=True)


def contents(rows: dict[tuple[str, str], int]) -> Recorded:
    return Recorded(POSTGRES, {key: (("id",), Table(count, "0")) for key, count in rows.items()})


def test_it_tells_the_rows_of_each_table_and_the_numbers_that_come_next() -> None:
    told = archive_text.read(lines())
    assert told.rows == HELD
    assert archive_text.compared(told, contents(HELD)) == []
    assert archive_text.following(told, SEQUENCES) == {"trades.id": 3, "KeyValueStore.id": 1}


@pytest.mark.parametrize(
    ("key", "rows", "line"),
    [
        (("", "trades"), 3, "table trades: 2 rows of 3"),
        (("", "orders"), 0, "table orders: it is not in it, with 0 rows"),
        (("", "trades"), None, "table trades: the database has no such table"),
    ],
)
def test_whatever_differs_is_named(key: tuple[str, str], rows: int | None, line: str) -> None:
    held = {name: count for name, count in {**HELD, key: rows}.items() if count is not None}
    assert archive_text.compared(archive_text.read(lines()), contents(held)) == [line]


@pytest.mark.parametrize(
    "text",
    [b"", TEXT[: TEXT.rindex(b"-- PostgreSQL")], TEXT[: TEXT.index(b"2\tETH")],
     TEXT.replace(b'public."KeyValueStore" (', b"public.trades (")],
    ids=["empty", "cut", "cut within rows", "twice"],
)  # fmt: skip
def test_a_text_that_is_not_whole_is_none(text: bytes) -> None:
    with pytest.raises(Malformed):
        archive_text.read(lines(text))


@pytest.mark.parametrize("sequences", [{"trades_id_seq": ("trades.id", 4)}, {"orders_id_seq": ("orders.id", 1)}])
def test_a_number_that_would_be_given_again_is_named(sequences: dict[str, tuple[str, int]]) -> None:
    with pytest.raises(Malformed, match="the next "):
        archive_text.following(archive_text.read(lines()), sequences)
