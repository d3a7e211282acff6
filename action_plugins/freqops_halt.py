# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: halt bots on all hosts of the play at once, and report every one of them."""

from __future__ import annotations

from typing import Any

from ansible.utils.display import Display

from freqops.core.base.errors import Refused
from freqops.core.bot import inputs
from freqops.core.halt import kill_level
from freqops.core.halt.fleet_answer import FleetAnswer, HostAnswer
from freqops.plays import copy_back, fleet, mandate
from freqops.plays.fleet_action import FleetAction
from freqops.plays.inventory_bots import Lost

PATIENCE = 240.0
NO_HOST = "no host"
SLACK = 130.0  # a host's own patience beyond its deadlines at levels 2 and 3, and the way there and back


class ActionModule(FleetAction):
    """See library/freqops_halt.py."""

    def act(self) -> dict[str, Any]:
        """Halt, show the table, and fail unless everything in it is proven."""
        level = kill_level.parse(self.argument("level"))
        deadline = inputs.deadline(self.argument("deadline"))
        hosts = fleet.chosen(self.argument("bots"), self.declared())
        given = mandate.of_play(self.variables, f"halt{level}", mandate.no_reason())
        if self._task.check_mode:
            Display().display("NOTHING HALTED: this was a check", color="bright red")
            return {"failed": True, "msg": "NOTHING HALTED: this was a check"}
        lost = self._lost()
        words = ["halt", "--json", f"--level={level}", *mandate.words(given)]
        words += [f"--deadline={deadline}"] if deadline is not None else []
        everything = self.argument("bots") == inputs.ALL
        commands = {host: [*words, f"--bots={inputs.ALL if everything else ','.join(hosts[host])}"] for host in hosts}
        said = self.ask(commands, max(PATIENCE, 4 * (deadline or 0) + SLACK))
        answers = [HostAnswer.of(answer.host, hosts[answer.host], answer.document, answer.error) for answer in said]
        result = FleetAnswer(level, given.incident, [*answers, *_not_halted(lost, answers)])
        Display().display("\n" + result.text(), color="green" if result.proven else "bright red")
        self._copy_back(result.incidents())
        judged = {"changed": result.changed, "incident": given.incident, "bots": result.to_json()}
        return judged if result.proven else {**judged, "failed": True, "msg": _message(result)}

    def _lost(self) -> list[Lost]:
        """Return the bots that stand in the files of the inventory, are meant, and are not in the fleet."""
        wanted, hosts = self.argument("bots"), self.declared()
        return [
            bot
            for bot in fleet.lost(self.variables)
            if (bot.host in hosts or not self.limited) and (wanted == inputs.ALL or bot.bot in str(wanted).split(","))
        ]

    def _copy_back(self, incidents: dict[str, list[str]]) -> None:
        """Bring the evidence here, when everything else is done: a host that does not give it spoils no halt."""
        for incident, hosts in incidents.items():
            try:
                report, failed = copy_back.copy_back(self, self.hostvars, hosts, incident, copy_back.DIRECTORY)
            except (Refused, OSError) as error:
                failed, report = [str(error)], copy_back.DIRECTORY
            for line in failed:
                Display().display(f"NOT COPIED: {line}; later: incident.yml -e incident={incident}", color="yellow")
            if not failed:
                Display().display(f"report: {report}")


def _not_halted(lost: list[Lost], answers: list[HostAnswer]) -> list[HostAnswer]:
    """Return an answer for each of the lost bots that no host has answered for."""
    known = {(answer.host, row.bot) for answer in answers if answer.answer for row in answer.answer.rows}
    left = [bot for bot in lost if (bot.host, bot.bot) not in known]
    return [HostAnswer(bot.host or NO_HOST, [bot.bot], error=bot.text) for bot in left]


def _message(result: FleetAnswer) -> str:
    return "NOT ALL PROVEN: " + "; ".join(result.unproven)
