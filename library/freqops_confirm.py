#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: confirm a change that would take itself back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_confirm
short_description: Confirm a change over a new connection
description:
  - Makes a change of M(freqops_firewall), M(freqops_sshd) or M(freqops_sudoers) stay. It must run over another
    connection than the change itself did; M(freqops_guarded) sees to that.
  - Fails when the change was taken back before.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.no_diff
attributes:
  check_mode:
    support: none
options:
  change:
    description: Which change.
    type: str
    choices: [firewall, sshd, sudoers]
    required: true
"""

EXAMPLES = r"""
---
- name: Confirm the firewall
  freqops_confirm:
    change: firewall
"""

RETURN = r"""
connection:
  description: The far end of the connection that confirmed.
  returned: success
  type: str
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import commands
from ansible.module_utils.freqops.core.base.errors import FreqopsError
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.hardening import nft, ssh_session, sshd, sudoers
from ansible.module_utils.freqops.core.hardening.guard import Guard

ARGUMENT_SPEC: dict[str, Any] = {
    "change": {"type": "str", "choices": ["firewall", "sshd", "sudoers"], "required": True}
}


def main() -> None:
    """Confirm, or say why that is not possible."""
    module = AnsibleModule(ARGUMENT_SPEC)
    name = module.params["change"]
    guard = Guard(name, commands.run)
    changes = {"firewall": nft.Firewall, "sshd": sshd.SshServer, "sudoers": sudoers.Sudoers}
    try:
        end = ssh_session.find(os.getpid()).end
        changes[name](commands.run, guard).confirm(end)
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=visible(str(error)))
    module.exit_json(changed=True, connection=end)


if __name__ == "__main__":
    main()
