# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: a run begun on the hosts of the play and followed to its end, or one that goes on followed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from freqops.core.base import kinds
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.visible import all_visible
from freqops.core.bot import host_command
from freqops.core.runs import run_answer, run_id, run_inputs, run_order, run_progress
from freqops.core.runs.run_inputs import Inputs
from freqops.fleet.fanout import Answer, Event
from freqops.plays import connections, mandate, run_source
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import BAD, GOOD, WARNING, show, trace

START_PATIENCE = 900.0  # an image may have to be pulled first
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
            begun, wrong = self._begin(orders)
        show([f"{host} {run}: it goes on by itself; to look again: -e run={run}" for host, run in begun.items()], GOOD)
        ends = self._followed(begun) if begun else {}
        wrong += [text for host, run in begun.items() for text in run_answer.wrong(host, run, ends.get(host))]
        show(["", *run_answer.table(begun, ends)], BAD if wrong else GOOD)
        judged: dict[str, Any] = {"changed": bool(begun) and not attached, "begun": begun}
        if wrong:
            return {**judged, "failed": True, "msg": "NOT FINISHED: " + "; ".join(wrong)}
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
        more = {"wait": run_order.wait(self.argument("wait")), "force": self._truth("force")}
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

    def _truth(self, name: str) -> bool:
        try:
            return bool(boolean(self.argument(name, False), strict=True))
        except TypeError:
            raise Refused(f"{name} is {self.argument(name)!r}; allowed: true or false") from None

    def _begin(self, orders: Mapping[str, bytes]) -> tuple[dict[str, str], list[str]]:
        """Begin the runs, and return their ids, and why others did not begin."""
        patience = START_PATIENCE + run_order.wait(self.argument("wait"))
        commands = {host: ["run", "start"] for host in orders}
        answers = self.ask(commands, patience, run_answer.of_start, orders)
        begun = {each.host: run_answer.of_start(each.document) for each in answers if each.document is not None}
        wrong = [f"{each.host}: {each.error}" for each in answers if each.document is None]
        if wrong:
            show([f"NOT BEGUN {text}" for text in wrong], BAD)
        return begun, wrong

    def _followed(self, begun: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Show how far each run is until all are over, and return how they ended."""
        commands = {host: ["run", "follow", run, "--json"] for host, run in begun.items()}
        listener = _Listener(begun)
        answers = connections.follow(self, self.hostvars, commands, None, listener, Clock())
        for each in answers:
            if each.trace is not None:
                trace(each.host, each.trace)
        return listener.ends


class _Listener:
    """Shows how far runs are.

    Attributes:
        ends: How each of them ended, by its host.
    """

    def __init__(self, begun: Mapping[str, str]) -> None:
        self.ends: dict[str, dict[str, Any]] = {}
        self._begun = begun
        self._before: dict[str, dict[str, Any]] = {}

    def heard(self, host: str, event: Event) -> None:
        """Take in how far a run is.

        Raises:
            Malformed: It is not what it must be.
        """
        found = run_progress.checked(kinds.value(event, "progress", kinds.object_))
        if run_progress.differs(found, self._before.get(host, {})):
            show([run_progress.shown(host, self._begun[host], found)], GOOD)
        self._before[host] = found

    def ended(self, ended: Answer) -> None:
        """Take in the end of a run; a host that does not tell it is said at once."""
        why = ended.error or host_command.refusal(ended.document or {})
        if why is None:
            try:
                self.ends[ended.host] = run_answer.of_end(ended.document, self._begun[ended.host])
            except kinds.Malformed as error:
                why = str(error)
        if why is not None:
            show([f"NOT FOLLOWED {ended.host} {self._begun[ended.host]}: {why}"], WARNING)

    def idle(self) -> None:
        """Do nothing: what comes is shown as it comes."""
