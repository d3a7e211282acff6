# SPDX-License-Identifier: GPL-3.0-or-later
"""Action: look at a host, and note between which two moments of the control node that was."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """See library/freqops_probe.py; the clock of a host can be judged by these two moments alone."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module of the same name on the host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        asked = time.time()
        found = self._execute_module(module_name="freqops_probe", task_vars=task_vars)
        return {**result, **found, "asked": asked, "answered": time.time()}
