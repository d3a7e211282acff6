#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action freqops_guarded, which runs on the control node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_guarded
short_description: Change what could lock the operator out, and take it back if it did
description:
  - Runs M(freqops_firewall), M(freqops_sshd) or M(freqops_sudoers), then opens a new SSH connection to the host, and
    confirms the change over it. While no new connection can be made, the host takes the change back by itself; the task
    then fails and says so.
  - Before the SSH server is changed, a connection that may use keys only must succeed; otherwise nothing is changed.
  - After the lines of sudo were changed, C(freqops-host) must run over the new connection as it does in a halt. A host
    that is not reached by SSH gets them at once.
  - This is an action; it runs on the control node, for each host.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  change:
    description: The part of the host that is changed.
    type: str
    choices: [firewall, sshd, sudoers]
    required: true
  seconds:
    description: How long a confirmation is waited for.
    type: int
    required: true
  ssh_ports:
    description: Ports of the SSH server, for the firewall.
    type: list
    elements: int
  open_ports:
    description: Further ports that may be reached from outside, for the firewall; see M(freqops_firewall).
    type: list
    elements: dict
"""

EXAMPLES = r"""
---
- name: Load the firewall and confirm it
  freqops_guarded:
    change: firewall
    ssh_ports: [22]
    open_ports: []
    seconds: 60
"""

RETURN = r"""
connection:
  description: The far end of the connection that confirmed.
  returned: when something was changed
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "change": {"type": "str", "choices": ["firewall", "sshd", "sudoers"], "required": True},
    "seconds": {"type": "int", "required": True},
    "ssh_ports": {"type": "list", "elements": "int"},
    "open_ports": {"type": "list", "elements": "dict"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_guarded")


if __name__ == "__main__":
    main()
