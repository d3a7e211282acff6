#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: start one bot through the one door."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_start
short_description: Start one bot unless a hold forbids it, and prove that it is what it should be
description:
  - Runs C(freqops-host start) on the host.
  - A bot held at level 1 is started and stays paused; one held at level 3 is not started. Both end well and say so.
  - The module is idempotent; a bot that runs as declared is read, not touched.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: partial
    details: Predicts from O(stale) whether the bot would be started anew; starts and reads nothing.
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  bot:
    description: Name of the bot.
    type: str
    required: true
  deadline:
    description: Seconds until it must be at work.
    type: int
    default: 120
  stale:
    description: Whether something that it runs from was changed since it was started; check mode predicts from it.
    type: bool
    default: false
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Start alpha
  freqops_start:
    bot: alpha
"""

RETURN = r"""
outcome:
  description: V(running), V(stopped), V(paused) under a hold, or V(held) where a hold of level 3 forbids the start.
  returned: when not in check mode
  type: str
level:
  description: The level in force.
  returned: when not in check mode
  type: int
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    "bot": {"type": "str", "required": True},
    "deadline": {"type": "int", "default": 120},
    "stale": {"type": "bool", "default": False},
}


def main() -> None:
    """Start, and pass on what the host says."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    bot = module.params["bot"]
    if module.check_mode:
        module.exit_json(changed=module.params["stale"])
    try:
        words = ["start", bot, "--deadline", str(module.params["deadline"])]
        _, out, err = module.run_command([host_command.installed(), *words])
        answer = host_command.understood(out, err, "outcome")
    except host_command.NoAnswer as error:
        module.fail_json(msg=str(error))
    for line in answer["detail"]:
        module.warn(f"{bot}: {line}")
    module.exit_json(changed=answer["changed"], outcome=answer["outcome"], level=answer["level"])


if __name__ == "__main__":
    main()
