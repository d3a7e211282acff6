#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: whether a deploy would have anything to do; the action plugin of the same name does all of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_manifest
short_description: Find on all hosts at once whether a deploy would have anything to do there
description:
  - Compares what is wanted, and every file that a deploy writes, with what the last good deploy left behind, and reads
    back that services, containers and bots are at work.
  - Anything that it does not know, or cannot read, counts as different.
  - Fails where two hosts of the inventory turn out to be one machine.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  state:
    description: V(compared) asks; V(written) writes down how the host is now, at the end of a good deploy.
    type: str
    choices: [compared, written]
    default: compared
"""

EXAMPLES = r"""
---
- name: See whether anything differs
  freqops_manifest:
    state: compared
"""

RETURN = r"""
same:
  description: The hosts on which there is nothing to do.
  returned: when O(state=compared)
  type: list
  elements: str
host_same:
  description: The hosts that are themselves as they should be, whatever there is to do to their bots.
  returned: when O(state=compared)
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["compared", "written"], "default": "compared"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_manifest")


if __name__ == "__main__":
    main()
