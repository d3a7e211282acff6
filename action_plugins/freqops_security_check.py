# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the security of all hosts of the play measured at once, judged together, shown, and kept on each host."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from freqops.core.base import kinds
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven
from freqops.core.security import answer
from freqops.core.security.row import Row
from freqops.plays import brought_files, fleet, security_files, security_judged
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, WARNING, show
from freqops.plays.security_judged import Asked

PATIENCE, KEEPING = 900.0, 120.0
MEASURE, KEEP = ["security-check", "--json"], ["security-check", "--record"]
FLEET = "the fleet"
CHECKED = "NOT KEPT ON THE HOSTS: this was a check"


class ActionModule(FleetAction):
    """See library/freqops_security_check.py."""

    def act(self) -> dict[str, Any]:
        """Have all hosts measure, judge it, show it, and fail unless every item is there and passes."""
        now = Clock().utcnow()
        names = list(self.variables["ansible_play_hosts_all"])
        hosts = [Asked(name, fleet.modes_of(self.hostvars, name), self.hostvars[name]) for name in names]
        for host in hosts:
            host.read_statements(now.date())
        said = {each.host: each for each in self.ask(dict.fromkeys(names, MEASURE), PATIENCE, answer.check)}
        for host in hosts:
            document = said[host.name].document
            host.answer = None if document is None else answer.of(document)
            host.error = str(said[host.name].error or "") if document is None else ""
        rows = security_judged.of_hosts(hosts, now.date(), whole=not self.limited)
        sources = [str(source) for source in self.variables["ansible_inventory_sources"]]
        of_fleet = security_judged.of_fleet(hosts, sources, now.date())
        problems = [each.refusal.line for each in fleet.lost(self.variables) if each.host in names or not self.limited]
        problems += [] if self._task.check_mode else self._kept(hosts, rows, of_fleet)
        every: dict[str, list[Row]] = {FLEET: of_fleet, **rows}
        files = self._written(every, iso(now), problems)
        wrong = [*problems, *answer.failures(every)]
        show([f"NOT PASSED {text}" for text in wrong], BAD)
        show([f"written: {path}" for path in files], GOOD)
        show([CHECKED] if self._task.check_mode else [], WARNING)
        show(["", *answer.lines(every)], BAD if wrong else GOOD)
        told = [answer.explained(host, each) for host, found in every.items() for each in found]
        judged: dict[str, Any] = {"changed": False, "items": told, "files": files}
        return {**judged, "failed": True, "msg": "NOT PASSED: " + "; ".join(wrong)} if wrong else judged

    def _kept(self, hosts: Sequence[Asked], rows: Mapping[str, Sequence[Row]], of_fleet: Sequence[Row]) -> list[str]:
        """Have each host that answered keep its part, and return why one did not."""
        answered = [host for host in hosts if host.answer is not None]
        told = {host.name: security_judged.to_keep(host, rows[host.name], of_fleet) for host in answered}
        kept = {name: json.dumps(document).encode() for name, document in told.items()}

        def check(document: dict[str, Any]) -> None:
            kinds.value(document, "recorded", kinds.text)

        said = self.ask({host.name: KEEP for host in answered}, KEEPING, check, kept) if answered else []
        return [f"{each.host}: its check was not kept: {each.error}" for each in said if each.document is None]

    def _written(self, rows: Mapping[str, Sequence[Row]], moment: str, problems: list[str]) -> list[str]:
        """Write the files, and return where they are; why they could not be written is one more thing that is wrong."""
        try:
            place = brought_files.resolved(str(self.argument("output", security_files.DIRECTORY)), None)
            return [str(path) for path in security_files.written(place, rows, moment, problems)]
        except (NotProven, OSError) as error:
            problems.append(f"the files were not written: {error}")
            return []
