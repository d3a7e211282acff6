# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: switch the operator breaker on all hosts of the play at once, or look at it, and report every bot."""

from __future__ import annotations

from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.base.text_table import table
from freqops.core.bot import inputs
from freqops.core.breaker.answer import HEADINGS, Answer, Row
from freqops.fleet import fanout
from freqops.plays import fleet, mandate
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, show

PROOF, CONNECTION = 90, 60.0  # seconds
ENDS = {"minutes": "minutes", "until": "ends_at"}  # as the host calls them, and as they are given here
STATUS, ENABLE, OVERRIDE = "status", "enable", "override"


class ActionModule(FleetAction):
    """See library/freqops_circuit_breaker.py."""

    def act(self) -> dict[str, Any]:
        """Do it on every host, show one table, and fail unless every bot is proven."""
        action, bots = self.argument("action"), self.argument("bots")
        if self.argument("scope") == "risk":
            raise Refused("scope=risk: there is no risk breaker yet; the operator breaker is scope=operator")
        hosts = fleet.chosen(bots, self.declared())
        deadline = inputs.deadline(self.argument("deadline")) or PROOF
        words = ["breaker", action, "--json", *self._words(action, deadline)]
        if self._task.check_mode and action != STATUS:
            show(["NOTHING SWITCHED: this was a check"], BAD)
            return {"failed": True, "msg": "NOTHING SWITCHED: this was a check"}
        named = {host: inputs.ALL if bots == inputs.ALL else ",".join(hosts[host]) for host in hosts}
        commands = {host: [*words, f"--bots={named[host]}"] for host in hosts}
        said = self.ask(commands, deadline + CONNECTION, Answer.from_json)
        return self._judged(action, hosts, said)

    def _words(self, action: str, deadline: int) -> list[str]:
        """Return the arguments of the host's command; what is wrong with them, every host would say alike."""
        if action == STATUS:
            refuse = [name for name, given in ENDS.items() if self.argument(given)]
            if refuse:
                raise Refused(f"{', '.join(refuse)} means nothing with action=status")
            return []
        given = mandate.of_play(self.variables, "breaker", mandate.no_reason() if action == ENABLE else "")
        ends = [f"--{name}={self.argument(given)}" for name, given in ENDS.items() if self.argument(given)]
        if ends and action not in (ENABLE, OVERRIDE):
            raise Refused(f"{' '.join(ends)} means nothing with action={action}")
        return [*mandate.words(given), *ends, f"--deadline={deadline}"]

    def _judged(self, action: str, hosts: dict[str, list[str]], said: list[fanout.Answer]) -> dict[str, Any]:
        rows: list[tuple[str, Row]] = []
        lines: list[str] = []
        changed = False
        for answer in said:
            found = Answer.from_json(answer.document) if answer.document is not None else _silent(answer, hosts)
            missing = sorted(set(hosts[answer.host]) - {row.bot for row in found.rows})
            found.rows += [
                Row(bot, "unreadable", detail=["declared in the inventory, not deployed"]) for bot in missing
            ]
            rows += [(answer.host, row) for row in found.rows]
            changed = changed or found.changed
            lines += [
                f"{answer.host}: {text}" for text in [*([found.override] if found.override else []), *found.detail]
            ]
        details = [f"{row.bot} on {host}: {text}" for host, row in rows for text in row.detail]
        wrong = [f"{row.bot} on {host}" for host, row in rows if not row.well]
        cells = [[host, *row.cells()] for host, row in rows]
        verdict = f"NOT ALL PROVEN: {', '.join(wrong)}" if wrong else "ALL PROVEN"
        show(["", *table(("host", *HEADINGS), cells).splitlines(), *details, *lines, verdict], BAD if wrong else GOOD)
        judged = {"changed": changed, "action": action, "bots": [{**vars(row), "host": host} for host, row in rows]}
        return {**judged, "failed": True, "msg": verdict} if wrong else judged


def _silent(answer: fanout.Answer, hosts: dict[str, list[str]]) -> Answer:
    """Return a row for each bot of a host that gave no answer."""
    return Answer([Row(bot, "unreadable", detail=[answer.error or "no answer"]) for bot in hosts[answer.host]])
