#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_next
short_description: Show the commands that are due after a step on single bots
description:
  - Runs on the control node and asks nobody. The commands have the bots and the incident filled in.
  - After a step that was proven it is the next one on the way back to trading; after one that the host refused, the way
    out that the host named, or the status where it named none.
  - After a resume the restart checklist of each bot stands before them, a line for each item, whatever became of it.
  - A bot that the inventory does not declare, and an incident that is none, get into no command.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  after:
    description: The step, by the name of its playbook.
    type: str
    required: true
    choices: [adopt, bots, deploy, flatten, lockout, reconcile, remove, restore, resume, rollback]
  bots:
    description: The bots that it was about.
    type: list
    elements: str
    required: true
  results:
    description: What its module returned for each of them, in the same order.
    type: list
    elements: dict
    required: true
  incident:
    description: The incident under which it acted.
    type: str
    required: true
  more:
    description: Further words with which the step is repeated.
    type: str
    default: ""
"""

EXAMPLES = r"""
---
- name: Say what is due next
  freqops_next:
    after: flatten
    bots: [gamma]
    results: "{{ flattened.results }}"
    incident: 20260102T030405Z-halt3-9f3c21
"""

RETURN = r"""
next:
  description: The commands that were shown.
  returned: always
  type: list
  elements: str
checklist:
  description: The lines of restart checklists that were shown.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "after": {
        "type": "str",
        "required": True,
        "choices": [
            "adopt",
            "bots",
            "deploy",
            "flatten",
            "lockout",
            "reconcile",
            "remove",
            "restore",
            "resume",
            "rollback",
        ],
    },
    "bots": {"type": "list", "elements": "str", "required": True},
    "results": {"type": "list", "elements": "dict", "required": True},
    "incident": {"type": "str", "required": True},
    "more": {"type": "str", "default": ""},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_next")


if __name__ == "__main__":
    main()
