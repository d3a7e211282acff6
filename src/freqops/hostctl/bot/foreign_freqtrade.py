"""The Freqtrade processes of this host that belong to no bot, as its answers name them: those left alone with a mark.

Nothing here may keep a halt from its answer. Where anything of it cannot be read, or takes too long, nothing is left
alone, and the processes are undeclared.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from freqops.core.base.kinds import Malformed
from freqops.core.bot import left_alone
from freqops.core.bot.foreign_process import MARK
from freqops.core.bot.left_alone import Places, Project
from freqops.core.bot.processes import Process

SECONDS = 2.0  # for a disk that is stuck


def told(foreign: Sequence[Process], places: Places | None = None) -> list[dict[str, Any]]:
    """Return each process with ``pid`` and ``command``, and with a mark where its project is left alone.

    Args:
        foreign: The processes; where there are none, nothing is read.
        places: Where the host says what is left alone.
    """
    marks: dict[int, dict[str, str]] = {}
    if foreign:
        worker = threading.Thread(target=_look, args=(foreign, places or Places(), marks), daemon=True)
        worker.start()
        worker.join(SECONDS)
    found = dict(marks)
    return [
        {"pid": each.pid, "command": each.command, **({MARK: found[each.pid]} if each.pid in found else {})}
        for each in foreign
    ]


def of_host(said: Sequence[Mapping[str, Any]], places: Places | None = None) -> tuple[list[str], list[str]]:
    """Return the faults of the projects that are left alone, and notes on them.

    Args:
        said: The processes, as `told` returns them.
        places: Where the host says what is left alone.
    """
    try:
        declared = left_alone.load(places or Places())
    except Malformed as error:
        return [f"{error}; nothing is left alone; deploy.yml writes it again"], []
    running = {process[MARK]["project"] for process in said if MARK in process}
    idle = [each.project for each in declared if str(each.file) not in running]
    if any(MARK not in process for process in said):
        text = "no process is known to be of {}: see 'One after the other' in docs/runbooks/adopt.md"
    else:
        text = f"nothing of {{}} runs: adopt it or take it out of {left_alone.VARIABLE}"
    return [], [text.format(project) for project in idle]


def _look(foreign: Sequence[Process], places: Places, marks: dict[int, dict[str, str]]) -> None:
    try:
        declared = left_alone.by_file(left_alone.load(places))
    except Malformed:  # status says what is wrong with it
        return
    for process in foreign if declared else ():
        _mark(process, declared, places, marks)


def _mark(process: Process, declared: Mapping[Path, Project], places: Places, marks: dict[int, dict[str, str]]) -> None:
    try:
        owner = left_alone.owner_of(process, declared, places)
    except Exception:  # noqa: BLE001  whatever is in the way of one process, it is of no project
        return
    if owner is not None:
        marks[process.pid] = {"project": str(owner), "reason": declared[owner].reason}
