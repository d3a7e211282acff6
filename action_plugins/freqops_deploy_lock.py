# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: take the deploy lock, in the name of this run of Ansible; take over from one that is dead."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from freqops.core.base.process_table import started


class ActionModule(ActionBase):
    """See library/freqops_deploy_lock.py."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask for the lock, once more where its holder was a process of this control node that is gone."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        play = os.getppid()  # the worker's parent: the run of Ansible, which lives as long as the deploy
        who = {
            "actor": f"{getpass.getuser()}@{socket.gethostname()}",
            "control": socket.gethostname(),
            "pid": play,
            "started": started(play),
            "pid_namespace": pid_namespace(),
        }
        arguments: dict[str, Any] = {**who, **self._task.args}
        done: dict[str, Any] = self._execute_module("freqops_deploy_lock", module_args=arguments, task_vars=task_vars)
        holder = done.get("holder")
        if done.get("failed") and holder and dead(holder):
            arguments["instead_of"] = holder["id"]
            done = self._execute_module("freqops_deploy_lock", module_args=arguments, task_vars=task_vars)
        return {**result, **done}


def pid_namespace(proc: Path = Path("/proc")) -> str:
    """Return the boot of this machine's kernel and the process namespace in it.

    Two machines, or two containers, never have both in common, whatever their names are. The text is empty where this
    machine does not tell, or hides the processes of others: a process that is not seen may live then.
    """
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        namespace = (proc / "self/ns/pid").readlink()
    except OSError:
        return ""
    return f"{boot} {namespace}" if boot and (proc / "1" / "stat").exists() else ""


def dead(holder: dict[str, Any]) -> bool:
    """Return whether the lock is that of a process of this control node that is gone."""
    here = pid_namespace()
    is_ours = bool(here) and str(holder.get("pid_namespace", "")) == here
    return is_ours and started(int(holder["pid"])) != holder["started"]
