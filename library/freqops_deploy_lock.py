#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the deploy lock of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_deploy_lock
short_description: Take the deploy lock of a host, or give it back
description:
  - Two deploys of one host would undo each other halfway; the second one is refused, with the name of who has the lock.
  - The action plugin of the same name says who asks, and takes over from a deploy of this control node that is dead.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.root
options:
  id:
    description: The deploy.
    type: str
    required: true
  state:
    description: Whether the lock must be had or be given back.
    type: str
    choices: [taken, given]
    default: taken
  actor:
    description: The actor of the deploy; given by the action plugin.
    type: str
  control:
    description: The name of the control node; given by the action plugin.
    type: str
  pid:
    description: The process of the deploy there; given by the action plugin.
    type: int
  started:
    description: When that process began; given by the action plugin.
    type: str
  pid_namespace:
    description: The boot and the process namespace of the control node; given by the action plugin.
    type: str
    default: ""
  instead_of:
    description: A deploy that is known to be dead; given by the action plugin.
    type: str
"""

EXAMPLES = r"""
---
- name: Take the deploy lock
  freqops_deploy_lock:
    id: 20260102T030405Z-deploy-9f3c21
"""

RETURN = r"""
holder:
  description: The deploy that has the lock, where it is another one.
  returned: when it cannot be had
  type: dict
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.clock import Clock
from ansible.module_utils.freqops.core.base.errors import Refused
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.deploy import deploy_lock

ARGUMENT_SPEC: dict[str, Any] = {
    "id": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["taken", "given"], "default": "taken"},
    "root": {"type": "path", "default": "/srv/freqops"},
    "actor": {"type": "str"},
    "control": {"type": "str"},
    "pid": {"type": "int"},
    "started": {"type": "str"},
    "pid_namespace": {"type": "str", "default": ""},
    "instead_of": {"type": "str"},
}


def main() -> None:
    """Take the lock or give it back."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values, clock = module.params, Clock()
    root = Path(values["root"])
    if module.check_mode:
        module.exit_json(changed=False)  # the lock is no part of what a deploy changes
    if values["state"] == "given":
        deploy_lock.give_back(root, values["id"], clock)
        module.exit_json(changed=False)
    named = {name: values[name] for name in ("id", "actor", "control", "pid", "started", "pid_namespace")}
    wanted = deploy_lock.DeployLock(**named)
    try:
        deploy_lock.take(root, wanted, clock, values["instead_of"])
    except deploy_lock.Taken as taken:
        module.fail_json(msg=visible(f"REFUSED, nothing was touched: {taken}"), holder=asdict(taken.holder))
    except Refused as refusal:
        module.fail_json(msg=visible(f"REFUSED, nothing was touched: {refusal}"))
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
