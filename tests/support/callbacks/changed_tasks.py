"""Callback: write down which task changed what, one line each, for a test that compares two runs of a play."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Writes ``host<tab>task`` to the file that CHANGED_TASKS names."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "changed_tasks"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        """Note a task that changed something."""
        if result.result.get("changed"):
            with Path(os.environ["CHANGED_TASKS"]).open("a") as stream:
                stream.write(f"{result.host.get_name()}\t{result.task.get_name()}\n")
