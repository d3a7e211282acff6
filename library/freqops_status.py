#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_status
short_description: Show what every bot of the play's hosts is doing
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each of them it runs C(freqops-host status). It changes nothing on a host.
  - Fails where a host gave no answer, a bot could not be read, is not deployed or is not what it is declared to be,
    or where a Freqtrade process runs that belongs to no bot.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  output:
    description: A file on the control node that gets the whole answer as JSON; empty for none.
    type: path
  calendar:
    description: Whether the calendar is shown, too, of the hosts of group C(monitoring), or else of the control node.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Ask every host what its bots are doing
  freqops_status:
    output: status.json
"""

RETURN = r"""
hosts:
  description: The answer of each host, or C(error) for one that gave none.
  returned: unless refused
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "output": {"type": "path"},
    "calendar": {"type": "bool", "default": False},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_status")


if __name__ == "__main__":
    main()
