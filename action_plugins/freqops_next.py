# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: the next command after a step on single bots, whether it was proven or refused."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from freqops.core.halt import next_commands, restart_checklist
from freqops.plays import fleet
from freqops.plays.output import show


class ActionModule(ActionBase):
    """See library/freqops_next.py."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Show the commands that are due next; after a resume its restart checklist before them."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables, words = task_vars or {}, self._task.args
        host = variables["inventory_hostname"]
        pairs = zip(words["bots"], words["results"], strict=False)  # a loop that ended early has fewer results
        results = [(str(bot), said) for bot, said in pairs if isinstance(said, dict)]
        modes = fleet.modes_of(variables["hostvars"], host)
        step, incident = str(words["after"]), str(words["incident"])
        lines = next_commands.after_step(step, incident, results, modes, str(host), str(words.get("more", "")))
        checklist = [line for bot, said in results for line in restart_checklist.shown(bot, said)]
        show([*checklist, *lines])
        return {**result, "changed": False, "next": lines, "checklist": checklist}
