#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a secret of a bot that leaked, replaced and proven shut."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_lockout
short_description: Replace a secret of a bot that leaked, and prove that it opens nothing
description:
  - Halts the bot at level 1, replaces what leaked, makes its container anew, and tries what leaked.
  - With O(what=exchange) the new key must wait in the bot's staged secrets; see M(freqops_secrets).
  - Fails unless the bot is halted and nothing that leaked opens anything.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: partial
    details: Fails in check mode; what leaked is not shut before it was replaced.
  diff_mode:
    support: none
  platform:
    platforms: posix
options:
  bot:
    description: Name of the bot.
    type: str
    required: true
  what:
    description: What leaked, of its REST API or at its exchange.
    type: str
    choices: [api, exchange]
    required: true
  incident:
    description: The incident it belongs to.
    type: str
    required: true
  reason:
    description: Why, in one line.
    type: str
    required: true
  actor:
    description: Who.
    type: str
    required: true
author:
  - freqops (@freqops)
"""

EXAMPLES = r"""
---
- name: Replace what opens the API of alpha
  freqops_lockout:
    bot: alpha
    what: api
    incident: 20260101T000000Z-lockout-000001
    reason: its password stood in a chat
    actor: ann@control
"""

RETURN = r"""
halted:
  description: The verdict of its halt.
  returned: success
  type: str
detail:
  description: What was read back.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    "bot": {"type": "str", "required": True},
    "what": {"type": "str", "choices": ["api", "exchange"], "required": True},
    "incident": {"type": "str", "required": True},
    "reason": {"type": "str", "required": True},
    "actor": {"type": "str", "required": True},
}


def main() -> None:
    """Have it locked out, and pass on what the host says."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    if module.check_mode:
        module.fail_json(msg=f"{values['bot']}: NOT LOCKED OUT: this was a check")
    words = [f"--{name}={values[name]}" for name in ("what", "incident", "reason", "actor")]
    try:
        _, out, err = module.run_command([host_command.installed(), "lockout", values["bot"], *words])
        answer = host_command.understood(out, err, "replaced")
    except host_command.NoAnswer as error:
        module.fail_json(msg=f"{values['bot']}: NOT LOCKED OUT: {error}")
    if not answer["proven"]:
        lines = [f"{values['bot']}: NOT LOCKED OUT", f"halt: {answer['halted']}", *answer["detail"]]
        module.fail_json(msg="\n".join(lines), changed=answer["replaced"])
    module.exit_json(changed=answer["replaced"], halted=answer["halted"], detail=answer["detail"])


if __name__ == "__main__":
    main()
