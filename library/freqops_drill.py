#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_drill
short_description: Rehearse the halt on paper bots, with faults, and report every exercise
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time. On each of them it runs
    C(freqops-host drill), one bot after the other.
  - Shows a table with a row for each exercise, writes a report to C(drills/) on the control node, and fails unless all
    passed and every bot is back at work.
  - Refuses bots that trade live, and on the host those that are held or do not run.
  - The reason is the variable C(reason) of the play, as it was given; nothing in it is a template.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: none
    details: Fails with NOTHING REHEARSED, so that a check is never mistaken for a drill.
options:
  bots:
    description: Names of paper bots, separated by commas; each must be named.
    type: str
    required: true
  levels:
    description: Levels, separated by commas. Only a drill of all three counts in C(status.yml).
    type: str
    default: "1,2,3"
"""

EXAMPLES = r"""
---
- name: Rehearse the halt on alpha
  freqops_drill:
    bots: alpha
"""

RETURN = r"""
incident:
  description: The incident under which it was done.
  returned: when anything ran
  type: str
report:
  description: The page on the control node.
  returned: when anything ran
  type: str
bots:
  description: For each bot its host, its exercises, whether it passed, and remarks.
  returned: when anything ran
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "bots": {"type": "str", "required": True},
    "levels": {"type": "str", "default": "1,2,3"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC), "freqops_drill")


if __name__ == "__main__":
    main()
