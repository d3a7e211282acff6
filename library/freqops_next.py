#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_next
short_description: Show the command that is due after a step of the way back to trading
description:
  - Runs on the control node and asks nobody. The command has the bot and the incident filled in.
  - A bot that the inventory does not declare, and an incident that is none, get into no command.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops.no_diff
attributes:
  check_mode:
    support: full
options:
  after:
    description: The step that was proven.
    type: str
    required: true
    choices: [flatten, reconcile]
  bot:
    description: The bot.
    type: str
    required: true
  incident:
    description: The incident under which the bot is held.
    type: str
    required: true
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Say what is due next
  freqops_next:
    after: flatten
    bot: gamma
    incident: 20260102T030405Z-halt3-9f3c21
"""

RETURN = r"""
next:
  description: The lines that were shown.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "after": {"type": "str", "required": True, "choices": ["flatten", "reconcile"]},
    "bot": {"type": "str", "required": True},
    "incident": {"type": "str", "required": True},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_next")


if __name__ == "__main__":
    main()
