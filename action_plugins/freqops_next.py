# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: what to type after a step of the way back to trading."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from freqops.core.halt import next_commands
from freqops.plays import fleet
from freqops.plays.output import show


class ActionModule(ActionBase):
    """See library/freqops_next.py."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Show the command that is due next."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables, words = task_vars or {}, self._task.args
        declared = fleet.bots_of(variables["hostvars"], [variables["inventory_hostname"]])
        known = [bot for bots in declared.values() for bot in bots]
        lines = next_commands.after_step(str(words["after"]), str(words["bot"]), str(words["incident"]), known)
        show(lines)
        return {**result, "changed": False, "next": lines}
