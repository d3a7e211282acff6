# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: a run begun on the hosts of the play and followed to its end, or one that goes on followed."""

from __future__ import annotations

import json
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.base.visible import all_visible
from freqops.core.runs import run_answer, run_id, run_inputs, run_order
from freqops.core.runs.run_inputs import Inputs
from freqops.plays import mandate, run_following, run_source
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import WARNING, show

CHECKED = "NOTHING RAN: this was a check"


class ActionModule(FleetAction):
    """See library/freqops_run.py."""

    def act(self) -> dict[str, Any]:
        """Begin or attach, show how far it is, and fail unless each run finished and its row says so."""
        hosts = list(self.variables["ansible_play_hosts_all"])
        kind, attached = str(self.argument("kind", "")), str(self.argument("run", ""))
        if attached:
            if run_id.kind_of(run_id.checked(attached)) != kind:
                raise Refused(f"{attached} is no {kind}")
            begun, wrong = dict.fromkeys(hosts, attached), list[str]()
        else:
            orders = self._orders(hosts, self._inputs(kind))
            if self._task.check_mode:
                show([CHECKED], WARNING)
                return {"changed": False, "skipped": True, "msg": CHECKED}
            begun, wrong = run_following.begin(self, orders, run_order.wait(self.argument("wait")))
        ends = run_following.follow(self, begun)
        wrong += run_following.ended(begun, ends)
        judged: dict[str, Any] = {"changed": bool(begun) and not attached, "begun": begun}
        failed = run_answer.not_passed(begun, ends)
        if wrong or failed:
            title = "NOT FINISHED" if wrong else "NOT PASSED"
            return {**judged, "failed": True, "msg": f"{title}: {'; '.join([*wrong, *failed])}"}
        return {**judged, "runs": all_visible(ends)}

    def _inputs(self, kind: str) -> Inputs:
        """Return the inputs, cast from the text that they arrive as.

        Raises:
            Refused: One is none.
        """
        given = {name: self.argument(name) for name in run_inputs.READERS if name != "kind"}
        return run_inputs.parsed({**given, "kind": kind})

    def _orders(self, hosts: list[str], inputs: Inputs) -> dict[str, bytes]:
        """Return the order for each host, as it is sent.

        Raises:
            Refused: There is none for one of them.
        """
        more = {"wait": run_order.wait(self.argument("wait")), "force": self.truth("force")}
        given_by = (mandate.actor(), mandate.reason(self.variables, f"{inputs.kind} by {mandate.actor()}"))
        strategies = str(self.argument("strategy_dir", ""))
        orders = {}
        for host in hosts:
            try:
                order = run_source.of_host(self.hostvars[host], inputs, given_by, more, strategies)
            except Refused as refusal:
                raise Refused(f"{host}: {refusal}") from None
            orders[host] = json.dumps(order.to_json()).encode()
        return orders
