"""An action that runs the module of its own name, and gives it the actor of the command."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from . import mandate


class WithActor(ActionBase):
    """Runs the module of the same name with the argument ``actor``, unless the task names another one."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module on the host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = {"actor": mandate.actor(), **self._task.args}
        done = self._execute_module(module_name=self._task.action, module_args=arguments, task_vars=task_vars)
        return {**result, **done}
