#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_handover
short_description: Bring what a bot needs from its old host to the new one
description:
  - Runs on the control node. The old host, which the bot left, makes a last dump of its database; the bytes of that
    come here piece by piece and go on to the host of the task, which compares all of them with the manifest and merges
    the holds of the bot and the orders that were sold behind its back. Nothing of it is written on the control node.
  - The restore that follows has the database of the bot out of that.
  - The module is not idempotent; each call makes a dump.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
  - freqops.mandate
attributes:
  check_mode:
    support: none
    details: Fails with NOTHING HANDED OVER, so that a check is never mistaken for the real run.
options:
  bot:
    description: Name of the bot; it left its old host, and is held at level 3 on both.
    type: str
    required: true
  host:
    description: The old host, as the inventory calls it.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: Bring over what alpha has on paper-1
  freqops_handover:
    bot: alpha
    host: paper-1
    incident: 20260102T030405Z-migrate_host-9f3c21
    reason: a larger host
    actor: maria
"""

RETURN = r"""
incident:
  description: The incident under which the bot is held on the new host by holder V(restore).
  returned: success
  type: str
stamp:
  description: The name of the dump.
  returned: success
  type: str
size:
  description: Its bytes.
  returned: success
  type: int
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "bot": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
}


def main() -> None:
    """Refuse: the work is the action plugin's."""
    action_only.refuse(AnsibleModule(ARGUMENT_SPEC), "freqops_handover")


if __name__ == "__main__":
    main()
