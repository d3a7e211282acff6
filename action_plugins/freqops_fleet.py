# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: refuse the wrong fleet and the wrong words before anything runs, and say which fleet it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from freqops.core.base.errors import Refused
from freqops.core.preflight.variables import check_names
from freqops.plays import fleet

LOCALHOST = ("localhost", "127.0.0.1", "::1")


class ActionModule(ActionBase):
    """See library/freqops_fleet.py."""

    BYPASS_HOST_LOOP = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Look at inventory and ``-e`` names; connect to nothing."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        known = task_vars or {}
        playbook = Path(self._task.args["playbook"])
        try:
            hosts = self._hosts(known)
            roles = fleet.role_inputs(playbook.parent.parent / "roles")
            check_names(fleet.extra_names(), fleet.declared_inputs(playbook) | roles)
            if "bots" in self._task.args:
                each_named = boolean(self._task.args.get("each_named", False))
                if boolean(self._task.args.get("on_hosts", False)):
                    fleet.well_named(self._task.args["bots"], each_named=each_named)
                else:
                    fleet.chosen(self._task.args["bots"], hosts, each_named=each_named)
        except Refused as refusal:
            return {**result, "failed": True, "msg": f"REFUSED, nothing ran: {refusal}"}
        if not self._task.args.get("quiet"):
            Display().display(fleet.describe(hosts), color="bright blue")
        return {**result, "changed": False, "hosts": hosts}

    def _hosts(self, variables: dict[str, Any]) -> dict[str, list[str]]:
        play = [host for host in variables["ansible_play_hosts_all"] if host not in LOCALHOST]
        everything = [host for host in variables["groups"]["all"] if host not in LOCALHOST]
        if not everything:
            raise Refused("the inventory has no hosts; point inventories/current at yours with 'make use INVENTORY=…'")
        return fleet.bots_of(variables["hostvars"], play or everything)
