#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the kernel's settings."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_sysctl
short_description: Set the kernel's settings and read them back
description:
  - Writes C(/etc/sysctl.d/60-freqops.conf), sets what differs, and reads every value back.
  - What the host cannot set is named in RV(not_settable), with the reason, and is not written; a host that is a
    container has only C(net.) to itself.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
options:
  settings:
    description: Whole numbers, by the name that C(sysctl) has for them.
    type: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Set the kernel
  freqops_sysctl:
    settings:
      net.ipv4.tcp_syncookies: 1
"""

RETURN = r"""
not_settable:
  description: The settings that this host cannot set, with the wanted value, and why.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import commands
from ansible.module_utils.freqops.core.base.errors import FreqopsError
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.hardening import sysctl

ARGUMENT_SPEC: dict[str, Any] = {"settings": {"type": "dict", "required": True}}


def main() -> None:
    """Compare with the kernel and the file, and set the differences."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        module.exit_json(**apply(module))
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=visible(str(error)))


def apply(module: AnsibleModule) -> dict[str, Any]:
    """Return the answer of the module, after the change."""
    wanted = sysctl.check(module.params["settings"])
    container = commands.run(["systemd-detect-virt", "--container", "--quiet"]).returncode == 0
    kernel = sysctl.Kernel(container=container)
    found = kernel.compare(wanted)
    sysctl.refuse_overruled(found.settable)
    before, after = kernel.written(), sysctl.render(found.settable)
    changed = before != after or bool(found.differing)
    if changed and not module.check_mode:
        kernel.apply(found)
    shown = {
        "before": before + "".join(f"in force: {name} = {has}\n" for name, has in found.differing.items()),
        "after": after + "".join(f"in force: {name} = {found.settable[name]}\n" for name in found.differing),
    }
    return {"changed": changed, "not_settable": found.not_settable, "diff": shown}


if __name__ == "__main__":
    main()
