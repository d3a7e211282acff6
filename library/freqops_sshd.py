#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the SSH server's baseline, with its end already set."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_sshd
short_description: Harden the SSH server of a host, to be confirmed
description:
  - Writes C(/etc/ssh/sshd_config.d/10-freqops.conf), has C(sshd) validate it, reads the settings in effect back, and
    has the server reload.
  - Passwords are refused, root may log in only where the present login is root's, and forwarding is limited to what
    C(ssh -L) needs.
  - The settings take themselves back after O(seconds), unless M(freqops_confirm) confirms them over a new connection.
    M(freqops_guarded) does both, and refuses before where a key does not get in.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  seconds:
    description: How long a confirmation is waited for.
    type: int
    required: true
"""

EXAMPLES = r"""
---
- name: Harden the SSH server
  freqops_sshd:
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
from ansible.module_utils.freqops.core.hardening import ssh_session, sshd
from ansible.module_utils.freqops.core.hardening.guard import Guard

ARGUMENT_SPEC: dict[str, Any] = {"seconds": {"type": "int", "required": True}}


def main() -> None:
    """Compare with the file and the settings in effect, and change where they differ."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        module.exit_json(**apply(module))
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=visible(str(error)))


def apply(module: AnsibleModule) -> dict[str, Any]:
    """Return the answer of the module, after the change."""
    session = ssh_session.find(os.getpid())
    server = sshd.SshServer(commands.run, Guard("sshd", commands.run))
    server.refuse_without_drop_ins()
    wanted = sshd.settings(session.uid)
    before, after = server.current(), sshd.render(wanted)
    changed = before != after or bool(sshd.differences(server.effective(session), wanted))
    waits = changed and not module.check_mode
    if waits:
        server.change(wanted, module.params["seconds"], session)
    return {"changed": changed, "waits": waits, "diff": {"before": before, "after": after}}


if __name__ == "__main__":
    main()
