# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: refuse the removal of an unknown bot, and of one that several hosts have."""

from __future__ import annotations

from typing import Any

from freqops.core.takeover import removal
from freqops.plays.fleet_action import FleetAction


class ActionModule(FleetAction):
    """See library/freqops_removable.py."""

    def act(self) -> dict[str, Any]:
        """Judge the bots that were seen on the hosts of the play."""
        hosts = self.variables["ansible_play_hosts"]
        seen = {host: self.hostvars[host][self._task.args["seen"]] for host in hosts}
        declared = {bot for bots in self.declared().values() for bot in bots}
        known = declared | {bot for found in seen.values() for bot in found["known"]}
        present = {host: set(found["present"]) for host, found in seen.items()}
        removal.refuse_ambiguous(self._task.args["bots"], present, known)
        return {"changed": False}
