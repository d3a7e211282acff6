#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: remove what is old on a host, and needed by nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_retention
short_description: Remove what is old on a host by its policy, and look whether it is gone
description:
  - Runs C(freqops-host retention) on the host. Each thing that goes is named with its reason and its size, and each
    that stays although it is old with what needs it.
  - Fails unless all that was to go is gone, and all could be looked at. What is gone then stays gone.
  - The module is idempotent; where nothing is old, nothing changes.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
attributes:
  check_mode:
    details: Says what would go, and what stays.
options:
  only:
    description: Kinds separated by commas; V(logs), V(runs), V(dumps), V(releases), V(incidents). All where not given,
      and with O(bots) those that belong to a bot.
    type: str
  bots:
    description: The bots to which it is limited; the whole host where none is named.
    type: list
    elements: str
    default: []
  accept_clock:
    description: Whether the time of the host is right although more than 60 days seem to have passed since the last
      retention.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Remove what is old by the policy of the host
  freqops_retention:
    incident: 20260102T030405Z-retention-9f3c21
    reason: the disk is nearly full
    actor: maria
"""

RETURN = r"""
rows:
  description: A row for each thing; its kind, name, bytes, verdict (goes, gone, not removed, stays), and why.
  returned: when the command came to its end
  type: list
  elements: dict
lines:
  description: The same for a person.
  returned: when the command came to its end
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.retention import answer

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "only": {"type": "str"},
    "bots": {"type": "list", "elements": "str", "default": []},
    "accept_clock": {"type": "bool", "default": False},
}


def main() -> None:
    """Run the command, and fail unless the result is proven."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    words = ["retention", "--json", *host_command.options(values), *host_command.options(values, "only")]
    words += [f"--bots={','.join(values['bots'])}"] if values["bots"] else []
    words += ["--accept-clock"] if values["accept_clock"] else []
    words += ["--look"] if module.check_mode else []
    said = host_command.serve(module, words, "rows", touches=not module.check_mode)
    try:
        found = answer.read(said)
    except Malformed as error:
        module.fail_json(msg=visible(f"freqops-host gave no answer that is understood: {error}"))
    if found.looked is not module.check_mode:
        module.fail_json(msg="freqops-host did not do what it was asked for: to look, or to remove")
    done = {"rows": found.rows, "lines": list(found.lines())}
    if found.exit != 0:
        module.fail_json(msg="NOT PROVEN: " + "; ".join(found.wrong()), changed=found.changed, **done)
    module.exit_json(changed=found.changed, **done)


if __name__ == "__main__":
    main()
