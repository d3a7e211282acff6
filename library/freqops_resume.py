#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: resume the hold of one incident."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_resume
short_description: Take the hold of one incident one step down and prove the result
description:
  - Runs C(freqops-host resume) on the host.
  - From level 3 the process comes up, paused; from level 1 the hold and its pair lock go, and the bot runs if nothing
    else holds it.
  - The module is not idempotent, since each call is one step; a step too many is refused.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.mandate
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Fails with NOTHING RESUMED, so that a check is never mistaken for the real run.
options:
  bot:
    description: Name of the bot.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: Resume alpha
  freqops_resume:
    bot: alpha
    incident: 20260102T030405Z-halt1-9f3c21
    reason: the feed is back and was checked
    actor: maria
"""

RETURN = r"""
outcome:
  description: V(running), V(stopped), V(paused), V(held) or V(no process).
  returned: always
  type: str
level:
  description: The level in force afterwards.
  returned: always
  type: int
detail:
  description: Remarks.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "bot": {"type": "str", "required": True},
}


def main() -> None:
    """Resume, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    host_command.refuse_check(module, "NOTHING RESUMED")
    bot, words = module.params["bot"], host_command.options(module.params)
    answer = host_command.serve(module, ["resume", bot, *words], "outcome", f"{bot}: ")
    module.exit_json(changed=True, outcome=answer["outcome"], level=answer["level"], detail=answer["detail"])


if __name__ == "__main__":
    main()
