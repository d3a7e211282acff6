#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: build the host command."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_zipapp
short_description: Build a command of hosts from its sources
description:
  - Packs the rules and the host command into one file that any Python from 3.9 on runs.
  - Equal sources give equal bytes, so the module is idempotent. It is meant to be delegated to the control node.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  source:
    description: Directory of the package freqops.
    type: path
    required: true
  path:
    description: The file to write; its directory is made where it is missing.
    type: path
    required: true
  command:
    description: Which command the file is.
    type: str
    choices: [freqops-host, freqops-operator]
    default: freqops-host
"""

EXAMPLES = r"""
---
- name: Build freqops-host
  freqops_zipapp:
    source: src/freqops
    path: .cache/freqops-host
  delegate_to: localhost
"""

RETURN = r"""
checksum:
  description: SHA-256 of the file.
  returned: always
  type: str
"""

import hashlib
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import durable
from ansible.module_utils.freqops.core.deploy import zipapp

ARGUMENT_SPEC: dict[str, Any] = {
    "source": {"type": "path", "required": True},
    "path": {"type": "path", "required": True},
    "command": {"type": "str", "choices": sorted(zipapp.ENTRIES), "default": "freqops-host"},
}


def main() -> None:
    """Build, compare, and write where it differs."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    source, path = Path(module.params["source"]), Path(module.params["path"])
    if not (source / "core").is_dir():
        module.fail_json(msg=f"{source} is not the package freqops")
    wanted = zipapp.build(source, module.params["command"])
    changed = not path.exists() or path.read_bytes() != wanted
    if changed and not module.check_mode:
        path.parent.mkdir(parents=True, exist_ok=True)
        durable.write_atomic(path, wanted, 0o755)
    module.exit_json(changed=changed, checksum=hashlib.sha256(wanted).hexdigest())


if __name__ == "__main__":
    main()
