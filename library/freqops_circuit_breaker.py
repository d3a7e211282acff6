#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_circuit_breaker
short_description: Switch the operator breaker on all hosts of the play at once and report every bot
description:
  - Runs on the control node, once for the play, and reaches all hosts at the same time over the connections that the
    inventory describes. On each of them it runs C(freqops-host breaker).
  - Shows a table with a row for each host and each bot, also for those whose host gave no answer, and for bots that the
    fleet has lost. It fails unless the command succeeded on every host, every bot is proven to be as its breaker files
    demand, and every file can be read and says what was asked for.
  - With O(bots=all), every host of the play is asked, also one without bots.
  - The reason is the variable C(reason) of the play, as it was given; nothing in it is a template.
  - To switch the breaker of a single host in a playbook of your own, use M(freqops_breaker).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Looks with O(action=status); else it fails with NOTHING SWITCHED, so that a check is never mistaken for
      the deed.
options:
  action:
    description: V(status) looks, V(enable) and V(disable) switch, V(override) lets runs start in spite of it, and
      V(withdraw) takes that away.
    type: str
    required: true
    choices: [status, enable, disable, override, withdraw]
  scope:
    description: Which breaker is meant; V(risk) is refused as not there yet.
    type: str
    default: operator
    choices: [operator, risk]
  bots:
    description: Names of bots, separated by commas, or V(all) for the breaker of the host; O(action=override) and
      O(action=withdraw) take V(all) alone.
    type: str
    required: true
  minutes:
    description: Whole minutes after which it ends by itself.
    type: str
  ends_at:
    description: The moment at which it ends by itself; it wins over O(minutes).
    type: str
  deadline:
    description: Whole seconds that the proof may take; 90 where not given.
    type: str
"""

EXAMPLES = r"""
---
- name: Keep every bot from entering for an hour
  freqops_circuit_breaker:
    action: enable
    bots: all
    minutes: "60"
"""

RETURN = r"""
action:
  description: What was done.
  returned: unless refused
  type: str
hosts:
  description: A row for each host, with what its files say, the exit status of its command, whether it is proven, and
    why not.
  returned: unless refused
  type: list
  elements: dict
bots:
  description: A row for each bot, with what its files say, the incident of its hold, and whether it is proven.
  returned: unless refused
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "action": {"type": "str", "required": True, "choices": ["status", "enable", "disable", "override", "withdraw"]},
    "scope": {"type": "str", "default": "operator", "choices": ["operator", "risk"]},
    "bots": {"type": "str", "required": True},
    "minutes": {"type": "str"},
    "ends_at": {"type": "str"},
    "deadline": {"type": "str"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_circuit_breaker")


if __name__ == "__main__":
    main()
