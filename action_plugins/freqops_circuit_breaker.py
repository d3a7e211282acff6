# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: switch the operator breaker on all hosts of the play at once, or look at it, and report every bot."""

from __future__ import annotations

from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.bot import inputs
from freqops.core.breaker.answer import INACTIVE, UNREADABLE, Row
from freqops.core.breaker.fleet_answer import (
    DISABLE,
    ENABLE,
    OF_RUNS,
    OVERRIDE,
    STATUS,
    WITHDRAW,
    FleetAnswer,
    HostAnswer,
)
from freqops.core.halt import next_commands
from freqops.plays import fleet, mandate
from freqops.plays.fleet_action import NO_HOST, FleetAction
from freqops.plays.output import BAD, GOOD, show

PROOF, CONNECTION = 90, 60.0  # seconds
ENDS = {"minutes": "minutes", "until": "ends_at"}  # as the host calls them, and as they are given here


class ActionModule(FleetAction):
    """See library/freqops_circuit_breaker.py."""

    def act(self) -> dict[str, Any]:
        """Switch the breaker on every host, show one table, and fail unless every host and every bot is proven."""
        action, bots = self.argument("action"), self.argument("bots")
        if self.argument("scope") == "risk":
            raise Refused("scope=risk: there is no risk breaker yet; the operator breaker is scope=operator")
        everything = inputs.means_all(bots)
        if action in OF_RUNS and not everything:
            raise Refused(f"action={action} is about the runs of whole hosts: bots={bots} cannot be given with it")
        hosts = fleet.reached(bots, self.declared())
        deadline = inputs.deadline(self.argument("deadline")) or PROOF
        words = ["breaker", *self._words(action, deadline)]
        if self._task.check_mode and action != STATUS:
            show(["NOTHING SWITCHED: this was a check"], BAD)
            return {"failed": True, "msg": "NOTHING SWITCHED: this was a check"}
        lost = [(bot.host or NO_HOST, Row(bot.bot, UNREADABLE, detail=[bot.text])) for bot in self.lost_or_why()]
        commands = {host: [*words, f"--bots={inputs.ALL if everything else ','.join(hosts[host])}"] for host in hosts}
        said = self.ask(commands, deadline + CONNECTION, lambda document: HostAnswer.of("", [], document, None))
        answers = [HostAnswer.of(each.host, hosts[each.host], each.document, each.error) for each in said]
        found = FleetAnswer(action, answers, lost)
        judged = _judged(found)
        show(self._next(found, [] if everything else [bot for names in hosts.values() for bot in names], list(hosts)))
        return judged

    def _next(self, found: FleetAnswer, bots: list[str], hosts: list[str]) -> list[str]:
        """Return the next commands, a line each."""
        if found.action == ENABLE:
            return [next_commands.to_disable(bots, hosts if self.limited else [])]
        if found.action != DISABLE:
            return []
        known = {bot for names in self.declared().values() for bot in names}
        waiting = [(row.bot, row.incident) for _, row in found.rows if row.incident and row.file == INACTIVE]
        return next_commands.after_disable(waiting, known)

    def _words(self, action: str, deadline: int) -> list[str]:
        """Return the arguments of the host's command; a mistake in them is refused here, once for all hosts."""
        ends = {name: self.argument(given) for name, given in ENDS.items() if self.argument(given) not in (None, "")}
        if ends and action not in (ENABLE, OVERRIDE):
            raise Refused(f"{', '.join(ENDS[name] for name in ends)} cannot be given with action={action}")
        if action == STATUS:
            return [action, "--json"]
        given = mandate.of_play(self.variables, "breaker", mandate.no_reason() if action == ENABLE else "")
        asked = [OVERRIDE, "--withdraw"] if action == WITHDRAW else [action]
        said = [f"--{name}={value}" for name, value in ends.items()]
        return [*asked, "--json", *mandate.words(given), *said, f"--deadline={deadline}"]


def _judged(found: FleetAnswer) -> dict[str, Any]:
    """Show the answers of all hosts, and return them; a failure unless all of them are proven."""
    show(["", *found.lines()], BAD if found.wrong else GOOD)
    judged = {"changed": found.changed, "action": found.action, **found.to_json()}
    return {**judged, "failed": True, "msg": found.verdict} if found.wrong else judged
