#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: show that the answers of a bot's exchange are what freqops believes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_witness_contract
short_description: Show that the answers of a bot's exchange are what freqops believes
description:
  - Runs C(freqops-host witness-contract) on the host. The exchange witness, in the bot's own image and with its key,
    asks every question on which a proof of freqops rests, and each answer is judged.
  - Without O(allow_order=true) nothing is bought, sold or cancelled. With it the smallest order is placed far below
    the price and cancelled, and one at the market is bought and sold again; the bot must be held at level 3 then and
    have no process. Whatever happens, what was placed is taken away again.
  - Fails unless every claim is proven and nothing is left on the account.
  - Asks anew each time, and orders anew with O(allow_order=true).
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
    description: Name of the bot; its secrets have a key of the exchange.
    type: str
    required: true
  allow_order:
    description: Whether a person allows the smallest orders.
    type: bool
    default: false
  pair:
    description: With O(allow_order=true), the pair in which they are placed.
    type: str
  most:
    description: With O(allow_order=true), the most that one of them may cost, in stake.
    type: str
"""

EXAMPLES = r"""
---
- name: Ask the exchange of gamma
  freqops_witness_contract:
    bot: gamma
    incident: 20260102T030405Z-witness_contract-9f3c21
    reason: contract of the exchange witness
    actor: maria
"""

RETURN = r"""
claims:
  description: Each claim with its verdict, V(proven), V(not proven) or V(lied), and its evidence.
  returned: unless refused
  type: list
  elements: dict
left:
  description: What was placed or bought and could not be taken away; empty where nothing is left.
  returned: unless refused
  type: list
  elements: str
lines:
  description: The same as lines of a table, with the remarks below it.
  returned: unless refused
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.exchange import contract_answer

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "bot": {"type": "str", "required": True},
    "allow_order": {"type": "bool", "default": False},
    "pair": {"type": "str"},
    "most": {"type": "str"},
}
TITLE = "THE CONTRACT IS NOT PROVEN"


def main() -> None:
    """Run the command, and fail unless everything is proven."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    host_command.refuse_check(module, "NOTHING DONE")
    values = module.params
    words = ["witness-contract", values["bot"], *host_command.options(values), "--json"]
    words += [*(["--order"] if values["allow_order"] else []), *host_command.options(values, "pair", "most")]
    row = host_command.serve(module, words, "claims", f"{values['bot']}: ")
    lines = list(contract_answer.lines(row))
    answer: dict[str, Any] = {"changed": row["changed"], **{name: row[name] for name in ("claims", "left")}}
    answer["lines"] = lines
    if not row["proven"] or row["left"]:
        module.fail_json(msg="\n".join([f"{values['bot']}: {TITLE}", *lines]), **answer)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
