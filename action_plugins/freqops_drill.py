# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: drill paper bots on all their hosts at once, show every exercise, and write the report."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.text_table import table
from freqops.core.bot import inputs
from freqops.core.halt import halt_drill
from freqops.core.incident.ids import new_incident
from freqops.plays import fanout, fleet

DIRECTORY = Path(__file__).resolve().parents[1] / "drills"
PATIENCE = 900.0  # for each bot of a host: several boots, and a proof for each level
DEFAULT_LEVELS = ",".join(map(str, halt_drill.LEVELS))


class ActionModule(ActionBase):
    """See library/freqops_drill.py."""

    BYPASS_HOST_LOOP = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Drill, show the table, write the page, and fail unless every exercise of every bot passed."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            hosts, levels, reason = self._understood(variables)
        except Refused as refusal:
            return {**result, "failed": True, "msg": f"REFUSED, nothing ran: {refusal}"}
        if self._task.check_mode:
            return {**result, "failed": True, "msg": "NOTHING REHEARSED: this was a check"}
        incident, actor = new_incident("drill", Clock()), f"{getpass.getuser()}@{socket.gethostname()}"
        words = [f"--levels={levels}", f"--reason={reason}", f"--actor={actor}", f"--incident={incident}"]
        commands = {host: ["drill", ",".join(bots), *words] for host, bots in hosts.items()}
        patience = PATIENCE * max(map(len, hosts.values()))
        answers = _answers(fanout.ask(self, variables["hostvars"], commands, patience), hosts)
        page = DIRECTORY / f"{incident}.md"
        _write(page, halt_drill.page(incident, reason, actor, answers, Clock().utcnow()))
        return {**result, **_judged(answers, page, incident)}

    def _understood(self, variables: dict[str, Any]) -> tuple[dict[str, list[str]], str, str]:
        levels = str(self._task.args.get("levels") or DEFAULT_LEVELS)
        for level in levels.split(","):
            inputs.level(level.strip())
        reason = inputs.line(self._task.args.get("reason"), "reason")
        declared = fleet.bots_of(variables["hostvars"], variables["ansible_play_hosts_all"])
        hosts = fleet.chosen(self._task.args.get("bots"), declared, each_named=True)
        live = [
            str(bot["name"])
            for host, bots in hosts.items()
            for bot in variables["hostvars"][host]["freqtrade_bots"]
            if bot["name"] in bots and bot.get("mode") != "paper"
        ]
        if live:
            raise Refused(f"{', '.join(live)} trades live; drills are for paper bots")
        return hosts, levels.replace(" ", ""), reason


def _answers(said: list[fanout.Answer], hosts: dict[str, list[str]]) -> list[tuple[str, dict[str, Any]]]:
    """Return what each host said of each bot; a bot of which nothing was said has not passed."""
    found = []
    for answer in said:
        document = answer.document or {}
        why = answer.error or document.get("refused") or document.get("not_proven") or "nothing was said of it"
        rows = {row["bot"]: row for row in document.get("bots", [])}
        for bot in hosts[answer.host]:
            silent = {"bot": bot, "exercises": [], "passed": False, "detail": [str(why)]}
            found.append((answer.host, rows.get(bot, silent)))
    return found


def _write(page: Path, text: str) -> None:
    page.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)


def _judged(answers: list[tuple[str, dict[str, Any]]], page: Path, incident: str) -> dict[str, Any]:
    wrong = [f"{answer['bot']} on {host}" for host, answer in answers if not answer["passed"]]
    details = [f"{answer['bot']} on {host}: {text}" for host, answer in answers for text in answer["detail"]]
    shown = [table(halt_drill.HEADINGS, halt_drill.rows(answers)), *details, "NOT PASSED" if wrong else "PASSED"]
    Display().display("\n" + "\n".join([*shown, f"report: {page}"]), color="bright red" if wrong else "green")
    judged: dict[str, Any] = {
        "changed": any(answer["exercises"] for _, answer in answers), "incident": incident, "report": str(page),
        "bots": [{"host": host, **answer} for host, answer in answers],
    }  # fmt: skip
    if wrong:
        judged.update(failed=True, msg=f"THE DRILL HAS NOT PASSED: {', '.join(wrong)}")
    return judged
