#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_restore_drill
short_description: Rehearse a restore of the newest snapshots, beside the bots that run
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time. On each of them it runs
    C(freqops-host restore-drill), which restores the newest snapshot that counts of each repository into a stack of its
    own, compares it, boots each bot on it, and takes the stack away again.
  - Shows a table with a row for each bot, writes a page and a record to C(drills/) on the control node, copies the
    incident back, and fails unless all of it passed.
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
  repository:
    description: The repository that is meant; all where not given.
    type: str
  bots:
    description: Names of bots, separated by commas; all of each snapshot where not given. Only a drill of all counts
      in C(status.yml).
    type: str
"""

EXAMPLES = r"""
---
- name: Rehearse a restore of everything that one repository has
  freqops_restore_drill:
    repository: vault
"""

RETURN = r"""
page:
  description: The page on the control node.
  returned: when anything ran
  type: str
record:
  description: The same for an auditor, as JSON without secrets.
  returned: when anything ran
  type: str
report:
  description: The report of the incident under which all of it is recorded.
  returned: when anything ran
  type: str
hosts:
  description: For each host that answered its rows for bots and repositories, and what is left of the stack.
  returned: when anything ran
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "repository": {"type": "str"},
    "bots": {"type": "str"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC), "freqops_restore_drill")


if __name__ == "__main__":
    main()
