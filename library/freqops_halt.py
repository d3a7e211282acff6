#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_halt
short_description: Halt bots on all hosts of the play at once and report every one of them
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each of them it runs C(freqops-host halt).
  - Shows a line for each bot when its host has answered, and at the end a table with a row for each bot, also for
    those whose host gave no answer. It fails unless every row is proven.
  - Copies the incident back from every host that answered when the table was shown, for 30 seconds at most; a host
    that does not give it spoils no halt.
  - A second halt at the same level opens no new incident and changes nothing in a bot that is still halted.
  - The reason is the variable C(reason) of the play, as it was given; nothing in it is a template.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: none
    details: Fails with NOTHING HALTED, so that a check is never mistaken for a halt.
options:
  level:
    description: V(1) stops entries, V(2) sells everything, V(3) stops Freqtrade.
    type: str
    required: true
    choices: ["1", "2", "3"]
  bots:
    description: Names of bots, separated by commas, or V(all).
    type: str
    required: true
  deadline:
    description:
      - Whole seconds that the proof may take.
      - Where not given, 120 for level 2, else the larger of 45 and four loops of the bot.
    type: str
"""

EXAMPLES = r"""
---
- name: Stop all entries
  freqops_halt:
    level: "1"
    bots: all
"""

RETURN = r"""
incident:
  description: The incident that this command made; a bot that was held before keeps the incident of its hold.
  returned: unless refused
  type: str
  sample: 20260102T030405Z-halt1-9f3c21
bots:
  description: A row for each bot, with what was acknowledged, what was proven, after how many seconds, and what is not.
  returned: unless refused
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "level": {"type": "str", "required": True, "choices": ["1", "2", "3"]},
    "bots": {"type": "str", "required": True},
    "deadline": {"type": "str"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC), "freqops_halt")


if __name__ == "__main__":
    main()
