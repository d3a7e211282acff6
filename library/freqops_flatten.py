#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: close the positions that a dead bot left on its exchange."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_flatten
short_description: Close on the exchange what a dead bot left there, and prove it
description:
  - Runs C(freqops-host flatten) on the host. The bot's orders are cancelled and its coins are sold at the market, with
    its own key, through the ccxt of its own image; each order is written down before it is sent.
  - Fails unless the exchange says afterwards that nothing of the bot's is left.
  - The module is idempotent; on a flat account it does nothing.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.mandate
  - freqops.no_diff
attributes:
  check_mode:
    support: partial
    details: Fails with NOTHING SOLD, so that a check is never mistaken for the real run.
options:
  bot:
    description: Name of the bot; it trades live, is held at level 3, and no process of it lives.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: Sell what gamma left on its account
  freqops_flatten:
    bot: gamma
    incident: 20260102T030405Z-halt3-9f3c21
    reason: the bot does not come back
    actor: maria
"""

RETURN = r"""
sold:
  description: The orders that were placed, as the exchange confirmed them.
  returned: success
  type: list
  elements: dict
cancelled:
  description: The orders that were taken away.
  returned: success
  type: list
  elements: str
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
    host_command.refuse_check(module, "NOTHING SOLD")
    bot, words = module.params["bot"], host_command.options(module.params)
    answer = host_command.serve(module, ["flatten", bot, *words], "flat", f"{bot}: ")
    found = {name: answer[name] for name in ("sold", "cancelled", "detail")}
    changed = bool(answer["sold"] or answer["cancelled"])
    if not answer["flat"]:
        module.fail_json(msg=f"{bot} is NOT FLAT: {'; '.join(answer['left'])}", changed=changed, **found)
    module.exit_json(changed=changed, **found)


if __name__ == "__main__":
    main()
