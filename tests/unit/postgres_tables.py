"""The tables of a Postgres, as it answers what is asked of everything in it."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from freqops.core.bot import database_contents as contents
from freqops.core.bot.database_contents import POSTGRES


class PostgresTables:
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
        """Answer one of the queries of the contents."""
        if query == contents.COLUMNS[POSTGRES]:
            return [[*key, column] for key, rows in self.tables.items() for column in rows[0]]
        if query == contents.SEQUENCES:
            return [["public", name, "id", name] for name in self.sequences]
        if query.startswith("select last_value"):
            name = query.rsplit(" ", 1)[1]
            rows = self.tables["public", name]
            highest = [max(row["id"] for row in rows)] if "highest" in query else []
            return [[*self.sequences[name], *highest]]
        summed = re.search(r'md5\(row\((.*)\)::text\) as mark from "(\w+)"\."(\w+)"\)', query)
        if summed:
            return [self._summed((summed[2], summed[3]), re.findall(r'"(\w+)"', summed[1]))]
        space, name = re.findall(r'"(\w+)"', query.partition(" from ")[2])
        columns = re.findall(r'"(\w+)"', query.partition(" from ")[0])
        return [[row[column] for column in columns] for row in self.tables[space, name]]

    def _summed(self, key: tuple[str, str], columns: list[str]) -> list[Any]:
        rows = [[row[column] for column in columns] for row in self.tables[key]]
        marks = [hashlib.md5(repr(row).encode()).hexdigest() for row in rows]  # noqa: S324  as Postgres does it
        return [
            len(rows),
            str(sum(int(mark[:16], 16) for mark in marks)),
            str(sum(int(mark[16:], 16) for mark in marks)),
        ]
