#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the facts of a host, before it is deployed to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_probe
short_description: Look at a host before it is deployed to
description:
  - Returns memory, free disk, clock, listening TCP ports with their owners, engine, Compose, distribution, which of
    some images are there, and which bots have credentials of an account; no secret itself.
  - Only reads. It works as root on a bare host.
  - M(freqops_preflight) judges the result.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
options:
  images:
    description: Images of which it is asked whether they are there.
    type: list
    elements: str
    default: []
  left_alone:
    description: The Freqtrade of others that is left alone there, C(host_left_alone).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
---
- name: Look at the host
  freqops_probe:
    images: ["{{ freqtrade_image }}"]
    left_alone: "{{ host_left_alone | default([]) }}"
  register: what_was_found
"""

RETURN = r"""
ansible_facts:
  description: Its architecture as C(machine), so that no role has to ask for it.
  returned: success
  type: dict
asked:
  description: When the host was asked, by the clock of the control node.
  returned: success
  type: float
answered:
  description: When it had answered, by the clock of the control node.
  returned: success
  type: float
clock:
  description: The time by its own clock in between.
  returned: success
  type: float
machine:
  description: The identity of the machine; no two running machines share it.
  returned: success
  type: str
memory:
  description: Its memory, in bytes.
  returned: success
  type: int
disks:
  description: Path, free bytes and device of the file systems of /srv/freqops and of Docker.
  returned: success
  type: dict
ports:
  description: The TCP ports that something listens on, each with its owner, empty where that cannot be seen.
  returned: success
  type: dict
  sample: {"22": "process 41 (sshd)", "8081": "container freqops-alpha"}
engine:
  description: Program, version and peculiarities of engine and Compose; program is null where there is no engine.
  returned: success
  type: dict
distribution:
  description: C(name), C(version), and both as C(shown) to people.
  returned: success
  type: dict
images:
  description: For each image whether it is there.
  returned: success
  type: dict
postgres:
  description: >-
    The major version of the cluster of Postgres on the disk as C(cluster), null where there is none, and that of each
    image that names one as C(images).
  returned: success
  type: dict
exchange_keys:
  description: Names of the bots whose file of secrets on the host has key and secret of an account.
  returned: success
  type: list
  elements: str
notify_secrets:
  description: For each bot the messengers, like V(telegram), whose secrets its file on the host has.
  returned: success
  type: dict
telegram_tokens:
  description: >-
    For each bot with a Telegram token in its file the SHA-256 of that as C(mark), and whether the file leaves Telegram
    on as C(enabled); no token can be found out from it.
  returned: success
  type: dict
bots:
  description: Names of the bots that are there.
  returned: success
  type: list
  elements: str
undeclared:
  description: C(pid) and C(command) of each Freqtrade process that belongs to no bot and is not left alone.
  returned: success
  type: list
  elements: dict
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.preflight import host_probe

ARGUMENT_SPEC: dict[str, Any] = {
    "images": {"type": "list", "elements": "str", "default": []},
    "left_alone": {"type": "list", "elements": "dict", "default": []},
}


def main() -> None:
    """Look, and return the findings."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values, facts = module.params, {"ansible_machine": os.uname().machine}
    module.exit_json(changed=False, ansible_facts=facts, **host_probe.look(values["images"], values["left_alone"]))


if __name__ == "__main__":
    main()
