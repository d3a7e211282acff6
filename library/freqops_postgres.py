#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: bring the host's Postgres to what is staged for it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_postgres
short_description: Bring the host's Postgres to its staged description, never under a running bot
description:
  - Runs C(freqops-host postgres) on the host. Where Postgres has to be made again, its bots are stopped before and
    started after it, and the former Postgres comes back where the new one does not come up.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Predicts from O(stale); starts and reads nothing.
options:
  stale:
    description: Whether its description changes; check mode predicts from it.
    type: bool
    default: false
  reread:
    description: Whether a Postgres that runs on must read again who may connect.
    type: bool
    default: false
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Bring Postgres up
  freqops_postgres:
    stale: false
"""

RETURN = r"""
bots:
  description: The bots that were stopped for it and started again.
  returned: when not in check mode
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    "stale": {"type": "bool", "default": False},
    "reread": {"type": "bool", "default": False},
}


def main() -> None:
    """Bring it up, and pass on what the host says."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=module.params["stale"])
    words = ["postgres", *(["--reread"] if module.params["reread"] else [])]
    answer = host_command.serve(module, words, "changed")
    for row in answer["bots"]:
        module.warn(f"{row['bot']}: stopped for a change of Postgres, and {row['outcome']} again")
    module.exit_json(changed=answer["changed"], bots=answer["bots"])


if __name__ == "__main__":
    main()
