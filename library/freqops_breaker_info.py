#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: how the operator breaker of a host stands."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_breaker_info
short_description: Show the operator breaker of a host, and its effect on the bots
description:
  - Runs C(freqops-host breaker status) on the host. It changes nothing, and fails only where the host gives no answer.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  bots:
    description: Bots to show; without any, all of the host.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
---
- name: See how the breaker stands
  freqops_breaker_info:
    bots: [alpha]
  register: breaker
"""

RETURN = r"""
active:
  description: Whether the breaker of the host, or of one of the bots, is active, or cannot be read, which is the same.
  returned: success
  type: bool
readable:
  description: Whether every file can be read.
  returned: success
  type: bool
proven:
  description: Whether every bot is proven to be as its files demand.
  returned: success
  type: bool
bots:
  description: A row for each bot, with what its files say, the incident of its hold, and whether it is proven.
  returned: success
  type: list
  elements: dict
detail:
  description: What each file says, and who set it.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.exit_status import BREAKER_ACTIVE, BREAKER_UNREADABLE
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.breaker.answer import Answer

ARGUMENT_SPEC: dict[str, Any] = {"bots": {"type": "list", "elements": "str", "default": []}}


def main() -> None:
    """Ask the host's command, and pass on what it says."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    words = ["breaker", "status", "--json", f"--bots={','.join(module.params['bots']) or 'all'}"]
    document = host_command.serve(module, words, "bots", touches=False)
    answer = Answer.from_json(document)
    module.exit_json(
        changed=False,
        active=document.get("exit") in (BREAKER_ACTIVE, BREAKER_UNREADABLE),
        readable=document.get("exit") != BREAKER_UNREADABLE,
        proven=all(row.proven for row in answer.rows),
        bots=document["bots"],
        detail=answer.detail,
    )


if __name__ == "__main__":
    main()
