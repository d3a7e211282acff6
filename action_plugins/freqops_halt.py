# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: halt bots on all hosts of the play at once, and report every one of them."""

from __future__ import annotations

import getpass
import socket
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.text_table import table
from freqops.core.bot import inputs
from freqops.core.incident.ids import new_incident
from freqops.plays import copy_back, fanout, fleet

HEADINGS = ("host", "bot", "mode", "level", "acknowledged", "seconds", "proven", "seconds", "verdict")
PATIENCE = 240.0
SILENT = "the way: another road to the host, or its keys at the exchange; killswitch.md, 'A host that gives no answer'"
SLACK = 130.0  # a host's own patience beyond its deadlines at levels 2 and 3, and the way there and back


class ActionModule(ActionBase):
    """See library/freqops_halt.py."""

    BYPASS_HOST_LOOP = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Halt, show the table, and fail unless everything in it is proven."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            level, deadline, arguments, hosts = self._understood(variables)
        except Refused as refusal:
            return {**result, "failed": True, "msg": f"REFUSED, nothing ran: {refusal}"}
        if self._task.check_mode:
            Display().display("NOTHING HALTED: this was a check", color="bright red")
            return {**result, "failed": True, "msg": "NOTHING HALTED: this was a check"}
        incident = new_incident(f"halt{level}", Clock())
        words = [*arguments, f"--incident={incident}", f"--actor={getpass.getuser()}@{socket.gethostname()}", "--json"]
        commands = {host: ["halt", *words, *self._bots_argument(bots)] for host, bots in hosts.items()}
        answers = fanout.ask(self, variables["hostvars"], commands, max(PATIENCE, 4 * (deadline or 0) + SLACK))
        rows = [row for answer in answers for row in _rows(answer, hosts[answer.host], level)]
        judged = _judged(rows, answers, incident)
        self._copy_back(variables["hostvars"], rows)
        return {**result, **judged}

    def _copy_back(self, hostvars: Any, rows: list[dict[str, Any]]) -> None:
        """Bring the evidence here, when everything else is done: a host that does not give it spoils no halt."""
        hosts: dict[str, set[str]] = {}
        for row in rows:
            if row.get("incident"):
                hosts.setdefault(row["incident"], set()).add(row["host"])
        for incident, where in sorted(hosts.items()):
            try:
                report, failed = copy_back.copy_back(self, hostvars, sorted(where), incident, copy_back.DIRECTORY)
            except (Refused, OSError) as error:
                failed, report = [str(error)], copy_back.DIRECTORY
            for line in failed:
                Display().display(f"NOT COPIED: {line}; later: incident.yml -e incident={incident}", color="yellow")
            if not failed:
                Display().display(f"report: {report}")

    def _understood(self, variables: dict[str, Any]) -> tuple[int, int | None, list[str], dict[str, list[str]]]:
        level = inputs.level(self._task.args.get("level"))
        arguments = [f"--level={level}", f"--reason={inputs.line(self._task.args.get('reason'), 'reason')}"]
        deadline = inputs.deadline(self._task.args.get("deadline"))
        if deadline is not None:
            arguments.append(f"--deadline={deadline}")
        self._all = self._task.args.get("bots") == inputs.ALL
        hosts = fleet.bots_of(variables["hostvars"], variables["ansible_play_hosts_all"])
        return level, deadline, arguments, fleet.chosen(self._task.args.get("bots"), hosts)

    def _bots_argument(self, bots: list[str]) -> list[str]:
        return [f"--bots={inputs.ALL if self._all else ','.join(bots)}"]


def _rows(answer: fanout.Answer, bots: list[str], level: int) -> list[dict[str, Any]]:
    """Return a row for each bot that should be halted, whatever its host said, or did not say."""
    document = answer.document or {}
    said = {row["bot"]: row for row in document.get("bots", [])}
    error = answer.error or document.get("refused") or document.get("not_proven")
    rows = [{"host": answer.host, **row} for row in said.values()]
    detail = [error or "declared in the inventory, but unknown on its host"]
    if answer.error:
        detail.append(SILENT)
    for bot in sorted(set(bots) - set(said)):
        rows.append({"host": answer.host, "bot": bot, "level": level, "verdict": "NOT HALTED", "detail": [*detail]})
    return rows


def _judged(rows: list[dict[str, Any]], answers: list[fanout.Answer], incident: str) -> dict[str, Any]:
    foreign = [
        (answer.host, process) for answer in answers for process in (answer.document or {}).get("undeclared", [])
    ]
    proven = all(row.get("proven") for row in rows) and all((answer.document or {}).get("proven") for answer in answers)
    Display().display("\n" + _text(rows, foreign, incident, proven), color="green" if proven else "bright red")
    unproven = [f"{row['bot']} on {row['host']}: {row['verdict']}" for row in rows if not row.get("proven")]
    unproven += [f"undeclared Freqtrade process {process['pid']} on {host}" for host, process in foreign]
    judged: dict[str, Any] = {
        "changed": any(row.get("acted") or row.get("raised") for row in rows),
        "incident": incident,
        "bots": rows,
    }
    if not proven:
        judged.update(failed=True, msg="NOT ALL PROVEN: " + "; ".join(unproven))
    return judged


def _text(rows: list[dict[str, Any]], foreign: list[tuple[str, dict[str, Any]]], incident: str, proven: bool) -> str:
    keys = ("host", "bot", "mode", "level", "acknowledged", "acknowledged_s", "proven", "proven_s", "verdict")
    cells = [[row.get(key, False if key in ("acknowledged", "proven") else None) for key in keys] for row in rows]
    lines = [table(HEADINGS, cells)]
    for row in rows:
        where = f"{row['bot']} on {row['host']}"
        lines += [f"{where}: {text}" for text in row["detail"]]
        lines += [f"{where}: closed: trade {trade}" for trade in row.get("closed") or []]
        lines += [f"{where}: open position {_position(position)}" for position in row.get("positions") or []]
    lines += [
        f"{host}: UNDECLARED Freqtrade process {process['pid']}: {process['command']}" for host, process in foreign
    ]
    held = sorted({row["incident"] for row in rows if row.get("incident")}) or [incident]
    lines.append(f"{'ALL PROVEN' if proven else 'NOT ALL PROVEN'} | incident {', '.join(held)}")
    return "\n".join(lines)


def _position(position: dict[str, Any]) -> str:
    return f"{position['pair']} {position['amount']}, stake {position['stake']}, {position['protection']}"
