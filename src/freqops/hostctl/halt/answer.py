"""The answer of a halt: as JSON, as text for a person, and as its record in the incident."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.base.text_table import table
from freqops.core.bot import foreign_process, layout, processes
from freqops.core.halt.answer import Answer, Row

from ..bot import foreign_freqtrade
from ..incident import recorded
from ..incident.recorded import stamp
from .order import Order

HEADINGS = ("bot", "mode", "level", "acknowledged", "proven", "seconds", "verdict")


def foreign(root: Path) -> list[dict[str, Any]]:
    """Return the Freqtrade processes of this host that belong to no bot of it, those that are left alone marked."""
    homes = [home.name for home in layout.homes(root)]
    return foreign_freqtrade.told(processes.undeclared(homes, processes.scan(processes.PROC, root / "bots")))


def record(root: Path, order: Order, rows: list[Row], said: dict[str, Any], clock: Clock) -> str | None:
    """Write the answer into the incident of every hold that it is about, a second one into that of the first."""
    name = f"{order.holder}{order.level}-{stamp(clock.utcnow())}"
    errors = [recorded.record(root, incident, name, said) for incident in sorted({row.incident for row in rows})]
    return next((error for error in errors if error is not None), None)


def answer(
    order: Order, rows: list[Row], foreign: list[dict[str, Any]] | None = None, *, whole: bool = True
) -> dict[str, Any]:
    """Return the answer of a halt with the command that it answers: proven only where every row is.

    Args:
        order: The order of the halt.
        rows: A row for each bot.
        foreign: The result of `foreign`; None where it was not asked.
        whole: Whether the whole host was to be halted: then it is not proven while one of them lives, unless it is left
            alone.
    """
    undeclared = [process for process in foreign or [] if not foreign_process.is_left_alone(process)]
    proven = all(row.proven for row in rows) and not (whole and undeclared)
    return {
        **Answer(rows, foreign, proven).to_json(),
        "command": order.holder,
        "host": os.uname().nodename,
        "level": order.level,
        **order.mandate.to_json(),
        "exit": PROVEN if proven else NOT_PROVEN,
    }


def lines(said: dict[str, Any]) -> list[str]:
    """Return an answer as the lines of a table with its details, for a person."""
    cells = [
        [row["bot"], row["mode"], row["level"], row["acknowledged"], row["proven"], row["proven_s"], row["verdict"]]
        for row in said["bots"]
    ]
    details = [f"{row['bot']}: {text}" for row in said["bots"] for text in row["detail"]]
    details += [foreign_process.halted_line(process) for process in said["undeclared"]]
    left = sum(map(foreign_process.is_left_alone, said["undeclared"]))
    verdict = f"ALL PROVEN{foreign_process.but_for(left)}" if said["proven"] else "NOT ALL PROVEN"
    return [*table(HEADINGS, cells).splitlines(), *details, verdict]
