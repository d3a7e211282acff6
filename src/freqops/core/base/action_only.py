"""Modules that document an action plugin of the same name, and do nothing themselves."""

from __future__ import annotations

from typing import Any


def refuse(module: Any, name: str) -> None:
    """End a module whose work is an action's: it was run without the action plugin, so Ansible found none.

    Args:
        module: The ``AnsibleModule``.
        name: Its name.
    """
    module.fail_json(msg=f"{name} is an action of the control node; see action_plugins in ansible.cfg")
