# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback: refuse a run in which tasks are left out, and say in its last line whether the playbook did its work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.playbook import Playbook
from ansible.plugins.callback import CallbackBase

from freqops.core.base.exit_status import NOT_PROVEN, REFUSED
from freqops.plays import run_guard

DOCUMENTATION = r"""
name: freqops_done
type: notification
short_description: Refuse a run in which tasks are left out, and say at its end whether the playbook did its work
description:
  - Is loaded with every playbook of this directory.
  - Refuses C(--tags), C(--skip-tags), C(--start-at-task), another strategy than V(linear) and local
    connections, wherever they were asked for.
  - Prints C(<playbook>: done, n of m hosts) when the playbook did its work, and ends the run with 2 when it did not.
author:
  - freqops (@freqops)
"""


class CallbackModule(CallbackBase):
    """The guard of each run of a playbook."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "freqops_done"

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[run_guard.Run] = []

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        """Refuse a run in which tasks would be left out."""
        run_guard.Guard.watches = True
        name = Path(str(playbook._file_name)).stem
        self._runs = [run_guard.Run(name)] if name in run_guard.DEEDS else []
        found = list(run_guard.left_out(context.CLIARGS, constants.config.get_config_value("DEFAULT_STRATEGY")))
        if found:
            self._display.display(
                "\n".join(f"REFUSED, nothing ran: {line}" for line in found), color="red", stderr=True
            )
            sys.exit(REFUSED)

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Take in a task that ended well."""
        module, arguments, found = result.task.action, result.task.args, result.result
        if module == run_guard.FLEET and found.get("playbook") not in (None, *(run.name for run in self._runs[-1:])):
            self._runs.append(run_guard.Run(found["playbook"]))  # imported by a playbook of somebody else
        if self._runs:
            self._runs[-1].note(result.host.get_name(), module, arguments, found)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        """Say whether the deed was done; where it was not, the run ends with 2 whatever Ansible says."""
        check: Any = context.CLIARGS["check"]
        well = not (stats.failures or stats.dark)
        for run in self._runs:
            done = well and run.is_done
            self._display.display(run.line(check=check, well=well), color="green" if done else "bright red")
        if well and not check and not all(run.is_done for run in self._runs):
            sys.exit(NOT_PROVEN)
