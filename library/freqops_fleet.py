#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_fleet
short_description: Refuse the wrong fleet and the wrong words before anything runs
description:
  - Runs on the control node, once for the play, and connects to nothing. Each playbook begins with it.
  - Refuses an inventory without hosts, hosts without any bot, names of bots that the inventory does not have, and
    variables on the command line that neither the playbook nor a role declares.
  - Refuses a run that the callback plugin C(freqops_done) does not watch.
  - Says which inventory, which hosts and which bots the play is about.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  playbook:
    description: The playbook that was called; its inputs are read from the C(.meta.yml) beside it.
    type: path
    required: true
  bots:
    description: Names of bots, separated by commas, or V(all); where not given, the names of bots are not looked at.
    type: str
  each_named:
    description: Refuse V(all) and no names at all; for what is done to bots that somebody looked at, one by one.
    type: bool
    default: false
  on_hosts:
    description: Accept names of bots that the inventory does not have; the playbook looks for them on the hosts.
    type: bool
    default: false
  quiet:
    description: Say nothing unless something is refused.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Look at the fleet
  freqops_fleet:
    playbook: "{{ playbook_dir }}/status.yml"
    bots: alpha,beta
"""

RETURN = r"""
hosts:
  description: The bots that the inventory declares, for each host of the play.
  returned: unless refused
  type: dict
  sample: {"paper-1": ["alpha", "beta"]}
playbook:
  description: The name of the playbook, without its suffix.
  returned: unless refused
  type: str
meant:
  description: The hosts that have any of the bots named; none where the names of bots are not looked at.
  returned: unless refused
  type: list
  elements: str
incident:
  description: The incident of this run of the playbook; the one that was given, where the playbook takes one.
  returned: unless refused
  type: str
reason:
  description: The reason as it was given, never read as a template; the name of the playbook where it takes none.
  returned: unless refused
  type: str
actor:
  description: The user who runs Ansible, and the control node.
  returned: unless refused
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "playbook": {"type": "path", "required": True},
    "bots": {"type": "str"},
    "each_named": {"type": "bool", "default": False},
    "on_hosts": {"type": "bool", "default": False},
    "quiet": {"type": "bool", "default": False},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_fleet")


if __name__ == "__main__":
    main()
