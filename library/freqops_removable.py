#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_removable
short_description: Refuse the removal of an unknown bot, and of one that several hosts have
description:
  - Runs on the control node, once for the play, and connects to nothing.
  - Refuses a bot that no host of the play has, had or declares, and one that several hosts have.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  bots:
    description: Names of the bots that are to be removed.
    type: list
    elements: str
    required: true
  seen:
    description: The name of the variable in which M(freqops_remove) said of each host what is there.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: Refuse an unknown bot
  freqops_removable:
    bots: [alpha]
    seen: remove_seen
"""

RETURN = r"""# """

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "bots": {"type": "list", "elements": "str", "required": True},
    "seen": {"type": "str", "required": True},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_removable")


if __name__ == "__main__":
    main()
