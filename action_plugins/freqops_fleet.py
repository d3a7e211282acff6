# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: refuse the wrong fleet and the wrong words before anything runs, and say which fleet it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from freqops.core.base.errors import Refused
from freqops.core.preflight.variables import check_names
from freqops.plays import copy_back, fleet, mandate
from freqops.plays.fleet_action import FleetAction
from freqops.plays.output import show

LOCALHOST = ("localhost", "127.0.0.1", "::1")


class ActionModule(FleetAction):
    """See library/freqops_fleet.py."""

    FOREIGN = False  # its words are the operator's, and go on to the hosts as they were given

    def act(self) -> dict[str, Any]:
        """Look at inventory and ``-e`` names; connect to nothing."""
        playbook = Path(self.argument("playbook"))
        hosts = self._hosts()
        inputs = fleet.declared_inputs(playbook)
        check_names(fleet.extra_names(), inputs | fleet.role_inputs(playbook.parent.parent / "roles"))
        if "bots" in self._task.args:
            self._refuse_bots(hosts)
        if not self.argument("quiet"):
            show([fleet.describe(hosts)], "bright blue")
        return {"changed": False, "hosts": hosts, **self._mandate(playbook.stem, inputs)}

    def _refuse_bots(self, hosts: dict[str, list[str]]) -> None:
        each_named = boolean(self._task.args.get("each_named", False))
        if boolean(self._task.args.get("on_hosts", False)):
            fleet.well_named(self._task.args["bots"], each_named=each_named)
        else:
            fleet.chosen(self._task.args["bots"], hosts, each_named=each_named)

    def _mandate(self, name: str, inputs: set[str]) -> dict[str, str]:
        """Return incident, reason and actor of this run of a playbook; the incident that was given, where one is."""
        given_one = "reason" in inputs and "reason" in self.variables  # also an empty one, which is refused
        default = "" if given_one else name
        given = mandate.of_play(self.variables, name, default).to_json()
        if "incident" in inputs and self.variables.get("incident"):
            given["incident"] = copy_back.checked_id(self.variables["incident"])
        return given

    def _hosts(self) -> dict[str, list[str]]:
        play = [host for host in self.variables["ansible_play_hosts_all"] if host not in LOCALHOST]
        everything = [host for host in self.variables["groups"]["all"] if host not in LOCALHOST]
        if not everything:
            raise Refused("the inventory has no hosts; point inventories/current at yours with 'make use INVENTORY=…'")
        return fleet.bots_of(self.hostvars, play or everything)
