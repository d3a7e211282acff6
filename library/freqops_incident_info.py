#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the incidents of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_incident_info
short_description: Tell the incidents of a host
description:
  - Runs C(freqops-host incidents list) on the host. It changes nothing, and fails only where the host gives no answer.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  bot:
    description: Tell of what is about this bot.
    type: str
  kind:
    description: Tell of what is of this kind.
    type: str
    choices: [halt, breaker, lockout, drill, restore_drill, deploy, gate, status, manual, runbook]
  severity:
    description: Tell of what is as grave at least.
    type: str
    choices: [info, warning, error, critical]
  state:
    description: Tell of what is in this state.
    type: str
    choices: [open, acknowledged, closed]
  since:
    description: Tell of what was opened since then, like V(2026-01-31T18:00:00Z).
    type: str
  up_to:
    description: Tell of what was opened until then.
    type: str
  limit:
    description: Tell of so many at most, the newest.
    type: int
    default: 100
"""

EXAMPLES = r"""
---
- name: See what is critical and not closed
  freqops_incident_info:
    severity: critical
    state: open
  register: critical
"""

RETURN = r"""
incidents:
  description: A row for each incident, the newest first.
  returned: success
  type: list
  elements: dict
head:
  description: The head of the chain of the incidents of this host; C(freqops-host incidents check --head) takes it.
  returned: success
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.incident import answer, life

ARGUMENT_SPEC: dict[str, Any] = {
    "bot": {"type": "str"},
    "kind": {"type": "str", "choices": list(life.KINDS)},
    "severity": {"type": "str", "choices": list(life.SEVERITIES)},
    "state": {"type": "str", "choices": list(life.STATES)},
    "since": {"type": "str"},
    "up_to": {"type": "str"},
    "limit": {"type": "int", "default": 100},
}
WORDS = ("bot", "kind", "severity", "state", "since", "until", "limit")


def main() -> None:
    """Ask the host's command, and pass on what it says."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    words = [
        "incidents",
        "list",
        "--json",
        *host_command.options({**module.params, "until": module.params["up_to"]}, *WORDS),
    ]
    document = host_command.serve(module, words, "incidents", touches=False)
    try:
        rows = answer.of_list(document)
    except Malformed as error:
        module.fail_json(msg=f"its incidents cannot be understood: {visible(str(error))}")
        raise
    module.exit_json(changed=False, incidents=rows, head=document.get("head"))


if __name__ == "__main__":
    main()
