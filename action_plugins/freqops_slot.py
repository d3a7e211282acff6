# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: take a run slot for this run of Ansible, and keep it by heartbeats over the connection of the host."""

from __future__ import annotations

import os
import socket
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from freqops.core.base import machine, process_table
from freqops.core.base.errors import Refused
from freqops.core.runs import slots
from freqops.plays import heartbeat, mandate

MODULE = "freqops_slot"
TRANSPORTS = ("local", "ssh")  # of which each command is a process of its own, whoever begins it


class ActionModule(ActionBase):
    """See library/freqops_slot.py."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module; where it took a slot, begin to keep it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        takes = self._task.args.get("state", "present") == "present"
        play = os.getppid()  # the worker's parent: the run of Ansible
        try:
            holder = self._holder(play) if takes else {}
        except Refused as refusal:
            return {**result, "failed": True, "msg": f"REFUSED, nothing was changed: {refusal}"}
        done = self._module({**holder, **self._task.args}, task_vars)
        if takes and done.get("changed") and not done.get("failed") and not self._task.check_mode:
            return {**result, **done, **self._kept(play, done, task_vars)}
        return {**result, **done}

    def _holder(self, play: int) -> dict[str, Any]:
        if self._connection.transport not in TRANSPORTS:
            ways = " or ".join(TRANSPORTS)
            raise Refused(f"the host is reached by {self._connection.transport!r}; a slot is kept over {ways}")
        return {
            "actor": mandate.actor(),
            "control": socket.gethostname(),
            "machine": machine.identity(),
            "pid": play,
            "started": process_table.started(play),
        }

    def _module(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        done: dict[str, Any] = self._execute_module(MODULE, module_args=arguments, task_vars=task_vars)
        return done

    def _kept(self, play: int, taken: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Begin to keep a slot; one that cannot be kept is given back."""
        here = {name: self._task.args[name] for name in ("root",) if name in self._task.args}

        def beat() -> bool:
            self._connection._shell.tmpdir = None  # that of the task went with the task
            try:
                done = self._module({**here, "state": "kept", "token": taken["token"]}, task_vars)
            except AnsibleError:
                return False
            finally:
                self.cleanup(force=True)  # type: ignore[no-untyped-call]  # Ansible's own
            if done.get("lost"):
                raise heartbeat.Over(str(done.get("msg")))
            return not done.get("failed")

        try:
            heartbeat.begin(play, slots.seconds_between_beats(taken["ttl_seconds"]), beat)
        except (Refused, OSError) as error:
            self._module({**here, "state": "absent", "token": taken["token"]}, task_vars)
            return {"failed": True, "changed": False, "msg": f"the slot cannot be kept, and was given back: {error}"}
        return {}
