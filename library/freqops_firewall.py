#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: load the firewall's rules, with their end already set."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_firewall
short_description: Load the firewall of a host, to be confirmed
description:
  - Lets in SSH, answers, and what is declared; nothing else reaches the host or a port that a container publishes.
  - The rules are the table C(inet freqops). No other table is touched, so Docker's rules stay.
  - The port on which the present SSH connection arrived stays open, whatever is declared.
  - The rules take themselves back after O(seconds), unless M(freqops_confirm) confirms them over a new connection.
    M(freqops_guarded) does both.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  ssh_ports:
    description: Ports of the SSH server.
    type: list
    elements: int
    required: true
  open_ports:
    description:
      - Further ports that may be reached from outside, on the host or published by a container, as the host's port.
    type: list
    elements: dict
    default: []
    options:
      port:
        description: The port.
        type: int
        required: true
      protocol:
        description: Its protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      sources:
        description: Networks that may reach it, in CIDR notation; empty means all.
        type: list
        elements: str
        default: []
  seconds:
    description: How long a confirmation is waited for.
    type: int
    required: true
"""

EXAMPLES = r"""
---
- name: Load the rules
  freqops_firewall:
    ssh_ports: [22]
    open_ports:
      - port: 443
        sources: [192.0.2.0/24]
    seconds: 60
"""

RETURN = r"""
waits:
  description: Whether the change waits for its confirmation.
  returned: always
  type: bool
ssh_ports:
  description: The ports on which SSH is let in.
  returned: always
  type: list
  elements: int
"""

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import commands
from ansible.module_utils.freqops.core.base.errors import FreqopsError
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.hardening import firewall, nft, ssh_session
from ansible.module_utils.freqops.core.hardening.guard import Guard

OPEN_PORT: dict[str, Any] = {
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
    "sources": {"type": "list", "elements": "str", "default": []},
}
ARGUMENT_SPEC: dict[str, Any] = {
    "ssh_ports": {"type": "list", "elements": "int", "required": True},
    "open_ports": {"type": "list", "elements": "dict", "default": [], "options": OPEN_PORT},
    "seconds": {"type": "int", "required": True},
}


def main() -> None:
    """Compare with the kernel and the disk, and load where they differ."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        module.exit_json(**apply(module))
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=visible(str(error)))


def apply(module: AnsibleModule) -> dict[str, Any]:
    """Return the answer of the module, after the change."""
    session = ssh_session.find(os.getpid())
    wanted = firewall.openings(module.params["ssh_ports"], module.params["open_ports"], session.server_port)
    firewall.refuse_foreign_bridges(path.name for path in Path("/sys/class/net").iterdir())
    rules = firewall.render(wanted)
    ours = nft.Firewall(commands.run, Guard("firewall", commands.run))
    ours.refuse_foreign_unit()
    answer: dict[str, Any] = {"ssh_ports": list(wanted.ssh_ports), "waits": False}
    if module.check_mode and not ours.present():
        return {**answer, "changed": True, "diff": {"before": "", "after": rules}}
    live, normal = ours.live(), ours.normal(rules)
    changed = live != normal or not ours.stays(rules)
    if changed and not module.check_mode:
        ours.change(rules, live, module.params["seconds"], session.end)
        answer["waits"] = True
    return {**answer, "changed": changed, "diff": {"before": live, "after": normal}}


if __name__ == "__main__":
    main()
