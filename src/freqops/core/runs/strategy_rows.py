"""The strategies of the registry: a row for each class, in which only what was read is written.

The runbook's rows have tags, figures and a status that somebody gave them; they stay. A strategy that is not there any
more keeps its row, for others cite it. Nothing here begins a transaction: `registry.Registry` does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.errors import Refused
from .strategy_reading import Strategy

PREFIX = "strategy:"  # of the id of a row of ours
READ, NOT_READ = "read", "not read"
PLACE = "strategies"  # the directory of all of them in a release, and in a run
OF_PARAMETERS = ("parameters", "parameter_file")
OF_TIMEFRAMES = ("timeframe", "informative")
NEW, UPDATED, UNCHANGED = "new", "updated", "unchanged"


@dataclass(frozen=True)
class Origin:
    """What strategies were read from.

    Attributes:
        strategy_sha256: One checksum of all their files, as that of a run.
        parameters_sha256: One checksum of all files of parameters, as that of a run; empty where there are none.
        image: The image, by digest.
        freqtrade: The version of Freqtrade in it.
    """

    strategy_sha256: str
    parameters_sha256: str
    image: str
    freqtrade: str


def columns(strategy: Strategy, origin: Origin) -> dict[str, Any]:
    """Return what is known of a strategy, by the names of the columns; what is not known is not among them."""
    seen = vars(origin)
    if not strategy.is_read:
        told = {"read": False, "why": strategy.why, "missing": list(strategy.missing), **seen}
        place = {"file_path": f"{PLACE}/{strategy.file}"} if strategy.file else {}
        return {"class_name": strategy.name, **place, "status": NOT_READ, "parameters_json": _json(told)}
    facts = strategy.facts
    parameters = {name: facts[name] for name in OF_PARAMETERS}
    risk = {name: value for name, value in facts.items() if name not in (*OF_PARAMETERS, *OF_TIMEFRAMES)}
    timeframes = dict.fromkeys((facts["timeframe"], *facts["informative"]))
    return {
        "class_name": strategy.name,
        "file_path": f"{PLACE}/{strategy.file}",
        "status": READ,
        "timeframes": ",".join(timeframes),
        "parameters_json": _json({"read": True, "missing": list(strategy.missing), **parameters, **seen}),
        "risk_json": _json({**risk, "strategy_sha256": origin.strategy_sha256}),
    }


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class StrategyRows:
    """The strategies of an open registry."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def classes(self) -> list[str]:
        """Return the classes of all rows."""
        found = self._connection.execute("SELECT DISTINCT class_name FROM strategies WHERE class_name <> ''")
        return sorted(str(row[0]) for row in found)

    def of(self, name: str) -> dict[str, Any] | None:
        """Return the row of a class, whoever wrote it; None where there is none.

        Raises:
            Refused: There are several.
        """
        cursor = self._connection.execute(
            "SELECT * FROM strategies WHERE class_name = ? OR (coalesce(class_name, '') = '' AND name = ?) ORDER BY id",
            (name, name),
        )
        names = [each[0] for each in cursor.description]
        rows = [dict(zip(names, row)) for row in cursor]
        if len(rows) > 1:
            found = ", ".join(repr(row["id"]) for row in rows)
            raise Refused(f"the registry has {len(rows)} rows for the class {name}: {found}; let one of them have it")
        return rows[0] if rows else None

    def foretold(self, name: str, known: Mapping[str, Any]) -> str:
        """Return what `enter` would do.

        Raises:
            Refused: As `of`.
        """
        present = self.of(name)
        if present is None:
            return NEW
        return UPDATED if self._differing(present, known) else UNCHANGED

    def enter(self, name: str, known: Mapping[str, Any]) -> str:
        """Have the row of a class say what is known of it, and return whether it is new, updated or unchanged.

        Args:
            name: The class.
            known: What is known, as `columns` gives it.

        Raises:
            Refused: As `of`.
        """
        present = self.of(name)
        if present is None:
            row = {"id": f"{PREFIX}{name}", "name": name, **known}
            marks = ", ".join("?" * len(row))
            self._connection.execute(f"INSERT INTO strategies ({', '.join(row)}) VALUES ({marks})", (*row.values(),))  # noqa: S608  our own names
            return NEW
        changed = self._differing(present, known)
        if changed:
            names = ", ".join(f"{each} = ?" for each in changed)
            self._connection.execute(
                f"UPDATE strategies SET {names} WHERE id = ?",  # noqa: S608  as above
                (*changed.values(), present["id"]),
            )
        return UPDATED if changed else UNCHANGED

    def wrong(self, name: str, known: Mapping[str, Any]) -> str:
        """Return what of a class does not stand in its row as it was written; empty where all does."""
        present = self.of(name)
        if present is None:
            return "its row is not in the registry"
        return ", ".join(sorted(self._differing(present, known)))

    def _differing(self, present: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns that a row does not have as they are known; a status that somebody else gave it stays."""
        kept = ("status",) if present["status"] not in (None, "", READ, NOT_READ) else ()
        return {name: value for name, value in known.items() if name not in kept and present[name] != value}
