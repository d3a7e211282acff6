# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: make a change that could lock the operator out, and confirm it over a new connection."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible
from freqops.core.bot import host_command
from freqops.plays.new_connection import fresh_connection, refuse_other_transports

GRACE = 45.0  # beyond the take-back: the host is to be heard again
PAUSE = 0.5
SUDOERS = "sudoers"
CUT_OFF = (
    "NOT PROVEN: with the new lines of sudo, freqops-host did not run over a new connection; they are taken back, and "
    "the old ones stay"
)
FIREWALL_ONLY = ("ssh_ports", "open_ports")


class ActionModule(ActionBase):
    """See library/freqops_guarded.py."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make the change, and confirm it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        change, seconds = self._task.args["change"], int(self._task.args["seconds"])
        if change == SUDOERS and self._connection.transport != "ssh":
            seconds = 0
        try:
            if seconds:
                refuse_other_transports(self._connection)
            if change == "sshd":
                self._refuse_without_key()
        except Refused as refusal:
            return {**result, "failed": True, "msg": f"REFUSED, nothing was changed: {refusal}"}
        begun = time.monotonic()
        try:
            changed = self._change(change, seconds, task_vars)
        except AnsibleConnectionFailure as failure:
            changed = {"waits": True, "changed": True, "lost": _said(failure)}
        if changed.get("failed") or not changed.get("waits"):
            return {**result, **changed}
        return {**result, **changed, **self._confirmed(change, begun + seconds + GRACE, task_vars)}

    def _change(self, change: str, seconds: int, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        arguments: dict[str, Any] = {"seconds": seconds}
        if change == "firewall":
            arguments.update({key: self._task.args[key] for key in FIREWALL_ONLY if key in self._task.args})
        done: dict[str, Any] = self._execute_module(f"freqops_{change}", module_args=arguments, task_vars=task_vars)
        return done

    def _refuse_without_key(self) -> None:
        try:
            with fresh_connection(self._connection, keys_only=True):
                self._low_level_execute_command("true", sudoable=False)
        except AnsibleConnectionFailure as failure:
            raise Refused(
                f"a login with a key alone does not succeed, and passwords are about to be refused: "
                f"{_said(failure)}; install your key (ssh-copy-id), or set host_sshd: false"
            ) from failure

    def _may_halt(self) -> bool:
        """Whether the account that is logged in runs freqops-host as a halt does."""
        done = self._low_level_execute_command(host_command.as_root(["status", "--json"]), sudoable=False)
        return host_command.last_object(done["stdout"]) is not None

    def _confirmed(self, change: str, give_up: float, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Try until a new connection was made: it confirms, or learns that all was taken back."""
        while True:
            try:
                with fresh_connection(self._connection, keys_only=change == "sshd"):
                    if change == SUDOERS and not self._may_halt():
                        return {"failed": True, "msg": CUT_OFF}
                    done = self._execute_module("freqops_confirm", module_args={"change": change}, task_vars=task_vars)
            except AnsibleConnectionFailure as failure:
                if time.monotonic() > give_up:
                    return {"failed": True, "msg": _silent(change, failure)}
                time.sleep(PAUSE)
            else:
                return {key: done[key] for key in ("failed", "msg", "connection") if key in done}


def _silent(change: str, failure: AnsibleConnectionFailure) -> str:
    return (
        f"NOT PROVEN: after the change of {change} no new connection could be made, and none after the time at which "
        f"the host takes it back by itself: {_said(failure)}; look at the host's console"
    )


def _said(failure: AnsibleConnectionFailure) -> str:
    return visible(" ".join(str(failure.message).split()))
