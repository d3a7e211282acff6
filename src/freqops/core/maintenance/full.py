"""The rules of a full vacuum: when it is worth while, what it needs, and which dump stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .figures import Figures, Table

MEBIBYTE = 1024 * 1024
ABOVE_MB = 1024
WORTH_PERCENT = 20
# A copy of what is written anew, and the log of it; with Postgres a server that has no room for its log ends itself.
COPIES, SPARE = 2, 512 * MEBIBYTE
DUMP_AGE = timedelta(hours=1)
AHEAD = timedelta(minutes=1)  # a clock that was put right by less was right enough
LOCK_S, LONGEST_S = 5, 120
LEAST_LONGEST_S, MOST_LONGEST_S = 10, 3600
MOST_MB = 1024 * 1024


@dataclass(frozen=True)
class Worth:
    """Whether a full vacuum is worth while.

    Attributes:
        tables: The tables that are worth it, the largest bloat first; of SQLite all, or none.
        why_not: Why it is not; empty where it is.
    """

    tables: tuple[Table, ...]
    why_not: str = ""


def worth(figures: Figures, above_mb: int) -> Worth:
    """Judge whether a database is large enough, and enough of it holds nothing.

    Args:
        figures: The database.
        above_mb: The size below which a full vacuum is not worth while, MiB.
    """
    if figures.size <= above_mb * MEBIBYTE:
        return Worth((), f"its database has {shown(figures.size)}, and is not above {above_mb} MiB")
    tables = sorted(filter(_bloated, figures.tables), key=lambda table: -(table.wasted or 0))
    gained = figures.free + sum(table.wasted or 0 for table in tables)
    if gained * 100 < figures.held * WORTH_PERCENT or not gained:
        unknown = f"; of {', '.join(figures.unknown)} it is not known" if figures.unknown else ""
        return Worth((), f"{shown(gained)} of {shown(figures.held)} would be won ({figures.measured_by}), and that is "
                         f"less than {WORTH_PERCENT} %{unknown}")  # fmt: skip
    return Worth(tuple(tables))


def _bloated(table: Table) -> bool:
    return table.wasted is not None and table.wasted * 100 >= table.size * WORTH_PERCENT and table.wasted > 0


def without_room(largest: int, free: int) -> str:
    """Return why there is too little room to write this many bytes anew; empty where there is enough."""
    needed = COPIES * largest + SPARE
    if free >= needed:
        return ""
    return f"{shown(free)} are left on its disk, and {shown(needed)} are needed: make room"


def is_young(moment: datetime, now: datetime) -> bool:
    """Whether a dump of this moment is young enough to stand behind a full vacuum."""
    return -AHEAD <= now - moment <= DUMP_AGE


def not_flat(trades: Sequence[str]) -> str:
    """Return why open trades are in the way; empty where there are none."""
    if not trades:
        return ""
    count = f"{len(trades)} open trade{'' if len(trades) == 1 else 's'}"
    return (
        f"it has {count} ({', '.join(trades[:5])}), which nobody can exit while a table is locked: close "
        "them (killswitch.yml -e level=2), or say open_trades_ok=true"
    )


def shown(size: int) -> str:
    """Return bytes for a person, in MiB."""
    return f"{size / MEBIBYTE:.1f} MiB"
