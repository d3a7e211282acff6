#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_preflight
short_description: Refuse what deploy must refuse, all of it at once, before anything is touched
description:
  - Runs on the control node, once for the play, and changes nothing.
  - Without O(probes) it judges the whole inventory, hosts outside of C(--limit) too. Bots of one host must not share
    names, ports and databases, nor live bots of the whole inventory accounts; live bots must be allowed to trade, with
    a stop on the exchange; images must be named by digest; secrets must be strong and in their place; and nothing may
    be written that Freqtrade or a role would ignore. Repositories must be what a host would take.
  - Reads C(secrets.yml) beside the inventory by itself, unless C(secrets_exchange) or C(secrets_notify) is set already.
  - With O(probes) it judges what M(freqops_probe) found on each host of the play.
  - Shows one line for each refusal, with host, bot, value, cure, and file and line of the inventory where they are
    known. The value of a secret is never shown.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  probes:
    description: Name of the variable in which each host has the answer of M(freqops_probe).
    type: str
  repositories_alone:
    description: Whether it judges the variables of all hosts that are about backups, and nothing else.
    type: bool
"""

EXAMPLES = r"""
---
- name: Judge the whole inventory
  freqops_preflight: {}

- name: Judge the hosts
  freqops_preflight:
    probes: what_was_found
"""

RETURN = r"""# """

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only

ARGUMENT_SPEC: dict[str, Any] = {
    "probes": {"type": "str"},
    "repositories_alone": {"type": "bool"},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True), "freqops_preflight")


if __name__ == "__main__":
    main()
