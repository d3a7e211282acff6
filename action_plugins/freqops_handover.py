# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: what a bot needs from its old host, brought to the new one by way of the control node."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from freqops.core.base import durable, kinds
from freqops.core.base.errors import FreqopsError, NotProven
from freqops.core.base.visible import visible
from freqops.core.bot import host_command
from freqops.core.migration import handover
from freqops.core.migration.handover import Handover
from freqops.plays import connections
from freqops.plays.output import show

SHOWN_EVERY = 16  # pieces
LONGEST = 2000


class ActionModule(ActionBase):
    """See library/freqops_handover.py."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Bring everything over, and fail unless the new host has every byte of it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables, words = task_vars or {}, self._task.args
        if self._task.check_mode:
            return {**result, "failed": True, "msg": "NOTHING HANDED OVER: this was a check"}
        self._hostvars, self._bot = variables["hostvars"], str(words["bot"])
        self._given = [f"--{name}={words[name]}" for name in host_command.MANDATE]
        try:
            done = self._brought(str(words["host"]), str(variables["inventory_hostname"]))
        except FreqopsError as error:
            done = {"failed": True, "msg": f"{self._bot}: NOT HANDED OVER: {visible(str(error), LONGEST)}"}
        return {**result, **done}

    def _brought(self, old: str, new: str) -> dict[str, Any]:
        packed = self._step(old, "pack")
        given = Handover.read(packed.get("handover"))
        for number, (offset, _) in enumerate(handover.pieces(given.size)):
            piece = self._step(old, "read", f"--stamp={given.stamp}", f"--offset={offset}")
            data = kinds.value(piece, "data", kinds.text)
            self._step(new, "write", f"--offset={offset}", f"--size={given.size}", data=data.encode())
            if number and number % SHOWN_EVERY == 0:
                show([f"{self._bot}: {offset} of {given.size} bytes are handed over"])
        taken = self._step(new, "take", data=durable.as_json(given.to_json()))
        said = [line for each in (packed, taken) for line in kinds.value(each, "detail", kinds.list_of(kinds.text))]
        show([f"{self._bot}: {visible(line)}" for line in said])
        incident = kinds.value(taken, "incident", kinds.text)
        return {"changed": True, "incident": incident, "stamp": given.stamp, "size": given.size}

    def _step(self, host: str, step: str, *words: str, data: bytes | None = None) -> dict[str, Any]:
        """Take one step on a host and return its answer.

        Raises:
            NotProven: It was refused, or is not proven, or the host was not reached.
        """
        line = ["move", step, self._bot, *self._given, *words]
        answer, why = connections.one(self, self._hostvars, host, line, data)
        why = why or host_command.refusal(answer or {})
        if answer is None or why is not None or answer.get("proven") is not True:
            raise NotProven(f"{host}, {step}: {why or 'it is not proven'}")
        return answer
