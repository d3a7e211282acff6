# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: drill paper bots on all their hosts at once, show every exercise, and write the report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.text_table import table
from freqops.core.halt import halt_drill, kill_level, next_commands
from freqops.fleet.fanout import Answer
from freqops.plays import fleet, mandate
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, show

DIRECTORY = Path(__file__).resolve().parents[1] / "drills"
PATIENCE = 900.0  # for each bot of a host: several boots, and a proof for each level
DEFAULT_LEVELS = ",".join(map(str, halt_drill.LEVELS))


class ActionModule(FleetAction):
    """See library/freqops_drill.py."""

    def act(self) -> dict[str, Any]:
        """Drill, show the table, write the page, and fail unless every exercise of every bot passed."""
        levels = [kill_level.parse(text.strip()) for text in str(self.argument("levels", DEFAULT_LEVELS)).split(",")]
        hosts = fleet.chosen(self.argument("bots"), self.declared(), each_named=True)
        self._refuse_live(hosts)
        given = mandate.of_play(self.variables, "drill", default="drill")
        if self._task.check_mode:
            return {"failed": True, "msg": "NOTHING REHEARSED: this was a check"}
        words = [f"--levels={','.join(map(str, levels))}", *mandate.words(given)]
        commands = {host: ["drill", ",".join(bots), *words] for host, bots in hosts.items()}
        answers = _answers(self.ask(commands, PATIENCE * max(map(len, hosts.values())), halt_drill.check), hosts)
        page = DIRECTORY / f"{given.incident}.md"
        _write(page, halt_drill.page(given.incident, given.reason, given.actor, answers, Clock().utcnow()))
        return _judged(answers, page, given.incident)

    def _refuse_live(self, hosts: dict[str, list[str]]) -> None:
        live = [
            str(bot["name"])
            for host, bots in hosts.items()
            for bot in self.hostvars[host]["freqtrade_bots"]
            if bot["name"] in bots and bot.get("mode") != "paper"
        ]
        if live:
            raise Refused(f"{', '.join(live)} trades live; drills are for paper bots")


def _answers(said: list[Answer], hosts: dict[str, list[str]]) -> list[tuple[str, dict[str, Any]]]:
    """Return the answer of each host for each bot; a bot without an answer has not passed."""
    found = []
    for answer in said:
        document = answer.document or {}
        why = answer.error or "its host reported nothing about it"
        rows = {row["bot"]: row for row in document.get("bots", [])}
        for bot in hosts[answer.host]:
            silent = {"bot": bot, "exercises": [], "passed": False, "detail": [why]}
            found.append((answer.host, rows.get(bot, silent)))
    return found


def _write(page: Path, text: str) -> None:
    page.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)


def _judged(answers: list[tuple[str, dict[str, Any]]], page: Path, incident: str) -> dict[str, Any]:
    wrong = [f"{answer['bot']} on {host}" for host, answer in answers if not answer["passed"]]
    details = [f"{answer['bot']} on {host}: {text}" for host, answer in answers for text in answer["detail"]]
    rows = table(halt_drill.HEADINGS, halt_drill.rows(answers)).splitlines()
    verdict = "NOT PASSED" if wrong else "PASSED"
    show(["", *rows, *details, verdict, f"report: {page}"], BAD if wrong else GOOD)
    judged: dict[str, Any] = {
        "changed": any(answer["exercises"] for _, answer in answers), "incident": incident, "report": str(page),
        "bots": [{**answer, "host": host} for host, answer in answers],
    }  # fmt: skip
    if wrong:
        show([next_commands.look()])
        judged.update(failed=True, msg=f"THE DRILL HAS NOT PASSED: {', '.join(wrong)}")
    return judged
