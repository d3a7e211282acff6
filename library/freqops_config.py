#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_config
short_description: Show the configuration by which bots run, and where each value comes from
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each of them it runs C(freqops-host config), which starts nothing and changes nothing.
  - Shows every value as a line of YAML, with where it comes from, and whether the inventory says something else now.
    Secrets leave no host.
  - Fails where a host gave no answer, or the configuration of a bot could not be read.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
attributes:
  check_mode:
    details: Shows it all, and writes no file.
options:
  bots:
    description: Names of bots, separated by commas, or V(all).
    type: str
    required: true
  to:
    description: A file on the control node that gets the lines; empty for none.
    type: path
"""

EXAMPLES = r"""
---
- name: Show by what alpha trades
  freqops_config:
    bots: alpha
"""

RETURN = r"""
lines:
  description: The lines that were shown.
  returned: unless refused
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "bots": {"type": "str", "required": True},
    "to": {"type": "path"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_config")


if __name__ == "__main__":
    main()
