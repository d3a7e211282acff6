#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the lines of sudo, with their end already set."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_sudoers
short_description: Say who may run freqops' commands as root, to be confirmed
description:
  - Writes C(/etc/sudoers.d/freqops), which C(visudo) judges before.
  - The account that is logged in may run C(freqops-host); the group C(freqops-operators) may run C(freqops-operator).
  - The lines take themselves back after O(seconds), unless M(freqops_confirm) confirms them over a new connection.
    M(freqops_guarded) does both, and runs C(freqops-host) over the new connection before.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  seconds:
    description: How long a confirmation is waited for; with 0 the lines stay at once.
    type: int
    required: true
"""

EXAMPLES = r"""
---
- name: Say who may run freqops' commands
  freqops_sudoers:
    seconds: 60
"""

RETURN = r"""
waits:
  description: Whether the change waits for its confirmation.
  returned: always
  type: bool
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import commands
from ansible.module_utils.freqops.core.base.errors import FreqopsError
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.hardening import ssh_session, sudoers
from ansible.module_utils.freqops.core.hardening.guard import Guard

ARGUMENT_SPEC: dict[str, Any] = {"seconds": {"type": "int", "required": True}}


def main() -> None:
    """Compare with the file, and change it where it differs."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        module.exit_json(**apply(module))
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=visible(str(error)))


def apply(module: AnsibleModule) -> dict[str, Any]:
    """Return the answer of the module, after the change."""
    seconds = module.params["seconds"]
    session = ssh_session.find(os.getpid()) if seconds else None
    uid = session.uid if session else int(os.environ.get("SUDO_UID", os.getuid()))
    lines = sudoers.Sudoers(commands.run, Guard("sudoers", commands.run))
    before, after = lines.current(), lines.wanted(uid)
    changed = before != after
    if changed and not module.check_mode:
        lines.change(after, seconds, session.end if session else "")
    waits = changed and not module.check_mode and bool(seconds)
    return {"changed": changed, "waits": waits, "diff": {"before": before, "after": after}}


if __name__ == "__main__":
    main()
