# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: refuse the wrong fleet and the wrong words before anything runs, and say which fleet it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from freqops.core.base.errors import Refused
from freqops.core.preflight.variables import check_names
from freqops.plays import copy_back, fleet, mandate, run_guard
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import show

# A playbook that forbids, or only looks, waits for no words; where a step of it needs a reason, its own action asks.
NEEDS_NO_REASON = ("killswitch", "circuit_breaker", "incident")


class ActionModule(FleetAction):
    """See library/freqops_fleet.py."""

    FOREIGN = False  # its words are the operator's, and go on to the hosts as they were given

    def act(self) -> dict[str, Any]:
        """Look at inventory and ``-e`` names; connect to nothing."""
        if not run_guard.Guard.watches:
            raise Refused(run_guard.UNWATCHED)
        playbook = Path(self.argument("playbook"))
        hosts = self._hosts()
        inputs = fleet.declared_inputs(playbook)
        check_names(fleet.extra_names(), {*inputs, *fleet.role_inputs(playbook.parent.parent / "roles")})
        meant = self._meant(hosts) if "bots" in self._task.args else []
        if not self.argument("quiet"):
            show([fleet.describe(hosts)], "bright blue")
        shown = {"playbook": playbook.stem, "hosts": hosts, "meant": meant}
        return {"changed": False, **shown, **self._mandate(playbook.stem, inputs)}

    def _meant(self, hosts: dict[str, list[str]]) -> list[str]:
        """Return the hosts that have the bots named; all where the names are looked for on the hosts."""
        each_named = boolean(self._task.args.get("each_named", False))
        if boolean(self._task.args.get("on_hosts", False)):
            fleet.well_named(self._task.args["bots"], each_named=each_named)
            return list(hosts)
        return list(fleet.chosen(self._task.args["bots"], hosts, each_named=each_named))

    def _mandate(self, name: str, inputs: dict[str, dict[str, Any]]) -> dict[str, str]:
        """Return incident, reason and actor of this run of a playbook; the incident that was given, where one is."""
        default = inputs.get("reason", {"default": name}).get("default", "")
        if name in NEEDS_NO_REASON:
            default = mandate.no_reason()
        given = mandate.of_play(self.variables, name, default).to_json()
        if "incident" in inputs and self.variables.get("incident"):
            given["incident"] = copy_back.checked_id(self.variables["incident"])
        return given

    def _hosts(self) -> dict[str, list[str]]:
        play = [host for host in self.variables["ansible_play_hosts_all"] if host not in fleet.LOCALHOST]
        everything = [host for host in self.variables["groups"]["all"] if host not in fleet.LOCALHOST]
        if not everything:
            raise Refused("the inventory has no hosts; point inventories/current at yours with 'make use INVENTORY=…'")
        return fleet.bots_of(self.hostvars, play or everything)
