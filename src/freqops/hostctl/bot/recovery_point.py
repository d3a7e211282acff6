"""The recovery point of a bot in its row of ``status``: until when its database is in a dump."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.backup import recovery_points
from freqops.core.base.clock import Clock
from freqops.core.bot.layout import Home


def fill(row: dict[str, Any], home: Path, clock: Clock) -> None:
    """Take into the row of a bot the age of its recovery point, when that is red, and what is wrong."""
    point, now_s = recovery_points.read(recovery_points.FILE).get(home.name), clock.monotonic()
    row.update(recovery_points.figure(point, now_s))
    under_way = Home(home).under_way
    row["problems"] += recovery_points.wrong(point, now_s, _new_s(home, clock), under_way=under_way)
    row["notes"] += recovery_points.notes(point)


def _new_s(home: Path, clock: Clock) -> float:
    """Return the seconds since the boot, or since the bot was declared where that was later."""
    up_s = clock.monotonic()
    try:
        declared_s = clock.utcnow().timestamp() - (home / "bot.json").stat().st_mtime
    except OSError:
        return up_s
    return min(up_s, declared_s) if declared_s >= 0 else up_s
