#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a secret of a bot that leaked, replaced and proven shut."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_lockout
short_description: Replace a secret of a bot that leaked, and prove that it opens nothing
description:
  - Halts the bot at level 1, replaces the leaked secret, makes its container again, and tries the old one.
  - With anything but O(what=api) the new one must wait in the bot's staged secrets; see M(freqops_secrets).
  - Fails unless the bot is halted and nothing that leaked opens anything. Of a messenger it is not asked what the old
    secret opens; the bot must run with another one.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.mandate
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Fails in check mode; the leaked secret is not shut before it was replaced.
options:
  bot:
    description: Name of the bot.
    type: str
    required: true
  what:
    description: The secrets that leaked, of its REST API, at its exchange, or of a messenger.
    type: str
    choices: [api, exchange, telegram, webhook, discord]
    required: true
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
incident:
  description: The incident that holds it, which a resume names; empty where the host is too old to say it.
  returned: success
  type: str
level:
  description: The level at which it is held.
  returned: success
  type: int
detail:
  description: The proofs, as they were read back.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "bot": {"type": "str", "required": True},
    "what": {"type": "str", "choices": ["api", "exchange", "telegram", "webhook", "discord"], "required": True},
}


def main() -> None:
    """Run the lockout, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    bot = module.params["bot"]
    host_command.refuse_check(module, f"{bot}: NOT LOCKED OUT")
    words = host_command.options(module.params, "what", *host_command.MANDATE)
    answer = host_command.serve(module, ["lockout", bot, *words], "replaced", f"{bot}: NOT LOCKED OUT: ")
    if not answer["proven"]:
        lines = [f"{bot}: NOT LOCKED OUT", f"halt: {answer['halted']}", *answer["detail"]]
        module.fail_json(msg="\n".join(lines), changed=answer["replaced"])
    held = {"incident": answer.get("incident", ""), "level": answer["level"]}
    module.exit_json(changed=answer["replaced"], halted=answer["halted"], detail=answer["detail"], **held)


if __name__ == "__main__":
    main()
