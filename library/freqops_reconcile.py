#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: bring a dead bot's records up to what its exchange says."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_reconcile
short_description: Bring a dead bot's records up to what its exchange says, and compare both
description:
  - Runs C(freqops-host reconcile) on the host. Freqtrade itself, of the bot's own image and without ever entering its
    loop, takes in the orders that its exchange has and its records lack; then both are compared.
  - Fails unless they agree afterwards.
  - The module is idempotent; nothing is bought or sold.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.mandate
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Fails with NOTHING DONE, so that a check is never mistaken for the real run.
options:
  bot:
    description: Name of the bot; it trades live, is held at level 3, and no process of it lives.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: Have gamma's records agree with its exchange
  freqops_reconcile:
    bot: gamma
    incident: 20260102T030405Z-halt3-9f3c21
    reason: the bot does not come back
    actor: maria
"""

RETURN = r"""
trades:
  description: The trades that were open in the records, and the result of each.
  returned: success
  type: list
  elements: dict
detail:
  description: Remarks, dust for example.
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
}


def main() -> None:
    """Run the command, and fail unless the result is proven."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    host_command.refuse_check(module, "NOTHING DONE")
    bot, words = module.params["bot"], host_command.options(module.params)
    answer = host_command.serve(module, ["reconcile", bot, *words], "agrees", f"{bot}: ")
    found = {name: answer[name] for name in ("trades", "detail")}
    changed = any(not trade["open"] for trade in answer["trades"])
    if not answer["agrees"]:
        text = "; ".join(answer["disagreements"])
        module.fail_json(msg=f"{bot}: RECORDS AND EXCHANGE DISAGREE: {text}", changed=changed, **found)
    module.exit_json(changed=changed, **found)


if __name__ == "__main__":
    main()
