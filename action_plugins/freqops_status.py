# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the state of every bot of the play's hosts, the unreachable ones named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from freqops.core.base import commands, durable
from freqops.core.base.clock import Clock
from freqops.core.base.text_table import table
from freqops.core.bot.status_table import HEADINGS, cells, check, notes, problems
from freqops.core.halt import halt_drill, next_commands
from freqops.core.schedule import of_machine
from freqops.fleet.fanout import Answer
from freqops.plays import fleet
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, WARNING, show

PATIENCE = 60.0
MONITORING, CONTROL_NODE = "monitoring", "control node"


class ActionModule(FleetAction):
    """See library/freqops_status.py."""

    def act(self) -> dict[str, Any]:
        """Ask every host, show one table, write JSON where asked, and fail unless everything could be read."""
        hosts = self.declared()
        fleet.chosen("all", hosts)
        late, of_jobs = self._calendar()
        watching = self._watching()
        asked = [host for host in hosts if hosts[host] or host in watching]
        answers = self.ask({host: ["status", "--json"] for host in asked}, PATIENCE, check)
        found = {answer.host: answer.document or {"error": answer.error} for answer in answers}
        wrong = [text for answer in answers for text in _wrong(answer, hosts[answer.host])]
        wrong += [lost.refusal.line for lost in fleet.lost(self.variables) if lost.host in hosts or not self.limited]
        wrong += late
        of_jobs += [f"{a.host}: {of_machine.NONE}" for a in answers if a.host in watching and _without_jobs(a)]
        said = of_jobs + [text for answer in answers for text in _notes(answer, hosts[answer.host])]
        self._show(answers, [*wrong, *said])
        _show_drills(answers)
        rows = [row for answer in answers for row in (answer.document or {}).get("bots", [])]
        show(next_commands.of_holds(rows, {bot for bots in hosts.values() for bot in bots}))
        if self.argument("output"):
            durable.write_json(Path(self.argument("output")), found, 0o644)
        judged: dict[str, Any] = {"changed": False, "hosts": found}
        return {**judged, "failed": True, "msg": "NOT ALL WELL: " + "; ".join(wrong)} if wrong else judged

    def _watching(self) -> list[str]:
        """Return the hosts that are asked for their calendar, though they have no bots."""
        with_calendar = boolean(self._task.args.get("calendar", False))
        return list(self.variables["groups"].get(MONITORING, [])) if with_calendar else []

    def _calendar(self) -> tuple[list[str], list[str]]:
        """Return the faults of the calendar of the control node, and notes on it."""
        if not boolean(self._task.args.get("calendar", False)) or self.variables["groups"].get(MONITORING):
            return [], []  # a host of the group says it itself
        sources = [os.path.realpath(source) for source in self.variables["ansible_inventory_sources"]]
        wrong, notes = of_machine.look(commands.run, Clock().utcnow(), sources)
        return [f"{CONTROL_NODE}: {text}" for text in wrong], [f"{CONTROL_NODE}: {text}" for text in notes]

    def _show(self, answers: list[Answer], wrong: list[str]) -> None:
        rows = [[a.host, *cells(row)] for a in answers for row in (a.document or {}).get("bots", [])]
        show(["", *table(("host", *HEADINGS), rows).splitlines(), *wrong], WARNING if wrong else GOOD)


def _without_jobs(answer: Answer) -> bool:
    """Return whether a host that answered says nothing of a calendar."""
    document = answer.document or {}
    lines = [*document.get("host_notes", []), *document.get("host_problems", [])]
    return answer.document is not None and not any(of_machine.speaks_of(line) for line in lines)


def _show_drills(answers: list[Answer]) -> None:
    """Show on each host with paper bots when the halt was last rehearsed there."""
    for answer in answers:
        is_overdue, text = halt_drill.overdue((answer.document or {}).get("bots", []))
        if text:
            show([f"{answer.host}: {text}"], BAD if is_overdue else GOOD)


def _wrong(answer: Answer, bots: list[str]) -> list[str]:
    if answer.document is None:
        return [f"{answer.host}: {answer.error}"]
    missing = set(bots) - {row["bot"] for row in answer.document.get("bots", [])}
    wrong = [f"{answer.host}: {bot} is declared in the inventory, but not deployed" for bot in sorted(missing)]
    return wrong + [f"{answer.host}: {text}" for text in problems(answer.document)]


def _notes(answer: Answer, bots: list[str]) -> list[str]:
    """Return the notes on a host; they make nothing fail."""
    return [*_undeclared(answer, bots), *(f"{answer.host}: {text}" for text in notes(answer.document or {"bots": []}))]


def _undeclared(answer: Answer, bots: list[str]) -> list[str]:
    """Return which bots a host has that the inventory does not declare: deploy leaves them alone."""
    there = [row["bot"] for row in (answer.document or {}).get("bots", [])]
    return [
        f"{answer.host}: {bot} is not in the inventory: deploy.yml does not touch it, remove.yml takes it off"
        for bot in sorted(set(there) - set(bots))
    ]
