# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the logs of all hosts of the play at once, merged by time, or the errors in them."""

from __future__ import annotations

from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.bot import inputs
from freqops.core.logs import answer, query
from freqops.plays import fleet
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import GOOD, WARNING, show

PATIENCE = 60.0
NAMES = ("since", "level", "match", "correlation")


class ActionModule(FleetAction):
    """See library/freqops_logs.py."""

    def act(self) -> dict[str, Any]:
        """Ask every host, show what they say, and fail unless every log could be read."""
        action, bots = self.argument("action", query.SHOW), self.argument("bots", inputs.ALL)
        words = [action, "--json", *self._asked()]
        chosen = fleet.chosen(bots, self.declared())
        everything = inputs.means_all(bots)
        named = {host: [] if everything else [f"--bots={','.join(names)}"] for host, names in chosen.items()}
        commands = {host: ["logs", *words, *more] for host, more in named.items()}
        answers = self.ask(commands, PATIENCE, answer.checked)
        found = {each.host: answer.checked(each.document) for each in answers if each.document is not None}
        wrong = [f"{each.host}: {each.error}" for each in answers if each.document is None]
        wrong += [f"{host}: {text}" for host, said in found.items() for text in said["wrong"]]
        if everything:
            wrong += [lost.refusal.line for lost in fleet.lost(self.variables) if not self.limited]
        errors = action == query.ERRORS
        lines = answer.text(found, errors=errors)
        show([*lines, *(f"NOT READ {each.host}: {each.error}" for each in answers if each.document is None)],
             WARNING if wrong else GOOD)  # fmt: skip
        judged: dict[str, Any] = {"changed": False, "hosts": found}
        return {**judged, "failed": True, "msg": "NOT ALL READ: " + "; ".join(wrong)} if wrong else judged

    def _asked(self) -> list[str]:
        """Return what is asked for as ``freqops-host`` wants to hear it.

        Raises:
            Refused: An input is not what it must be.
        """
        asked = {name: str(self.argument(name, "")) for name in NAMES}
        query.since(asked["since"] or query.DEFAULT_SINCE, Clock().utcnow())
        query.rank(asked["level"] or query.DEFAULT_LEVEL)
        query.match(asked["match"])
        query.correlation(asked["correlation"])
        return [f"--{name}={value}" for name, value in asked.items() if value]
