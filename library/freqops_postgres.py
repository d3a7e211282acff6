#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: bring the host's Postgres to its staged description."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_postgres
short_description: Bring the host's Postgres to its staged description, never under a running bot
description:
  - Runs C(freqops-host postgres) on the host. Where Postgres has to be made again, its bots are stopped before and
    started after it, and the former Postgres comes back where the new one does not come up.
  - Before it is made again, the database of each bot on it is brought into a dump.
  - With O(judge) it only refuses an image of another major version than the cluster on the disk, and brings that image
    to the host where there is a cluster. C(upgrade_postgres.yml) is the way to another major version.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.root
attributes:
  check_mode:
    support: partial
    details: >-
      Foretells by O(stale), the disk, the processes and the engine whether Postgres would be made again and which bots
      would be stopped for it, and fails where a container of somebody else is in the way.
  diff_mode:
    support: partial
    details: Shows the settings of a container that is not as it was made.
options:
  stale:
    description: Whether its description changes; check mode predicts from it.
    type: bool
    default: false
  reread:
    description: Whether a Postgres that runs on must read again who may connect.
    type: bool
    default: false
  judge:
    description: An image that is only judged; nothing else is done then. In check mode nothing is asked.
    type: str
    default: ""
  accept_stale_dump:
    description: Whether it may be made again although the database of a bot could not be dumped before.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Bring Postgres up
  freqops_postgres:
    stale: false
"""

RETURN = r"""
foretold:
  description: What would be done.
  returned: in check mode
  type: list
  elements: str
bots:
  description: The bots that were stopped for it and started again.
  returned: when not in check mode
  type: list
  elements: dict
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.backup import recovery_points
from ansible.module_utils.freqops.core.base.clock import Clock
from ansible.module_utils.freqops.core.base.errors import NotProven
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command, postgres
from ansible.module_utils.freqops.core.deploy import foretelling

ARGUMENT_SPEC: dict[str, Any] = {
    "stale": {"type": "bool", "default": False},
    "reread": {"type": "bool", "default": False},
    "judge": {"type": "str", "default": ""},
    "accept_stale_dump": {"type": "bool", "default": False},
    "root": {"type": "path", "default": "/srv/freqops"},
}
FLAGS = ("reread", "accept_stale_dump")


def _foretell(module: AnsibleModule) -> None:
    """Foretell the act, and end the module."""
    try:
        present = foretelling.containers([postgres.CONTAINER]).get(postgres.CONTAINER)
    except NotProven as error:
        module.fail_json(msg=visible(f"the effect on Postgres cannot be foretold: {error}"))
        raise
    foretold = foretelling.of_postgres(Path(module.params["root"]), present, stale=module.params["stale"])
    first = recovery_points.foretold_of(foretold.dumped_first, Clock())
    foretold.changes += [f"{bot}: {text}" for bot, text in first]
    answer = {"changed": bool(foretold.changes), "foretold": foretold.changes, "diff": foretold.diff}
    if foretold.refused:
        module.fail_json(msg=visible(f"WOULD BE REFUSED: {foretold.refused}"), **answer)
    for text in foretold.changes:
        module.warn(visible(f"Postgres: {text}"))
    module.exit_json(**answer)


def main() -> None:
    """Bring Postgres up, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    image = module.params["judge"]
    if image:
        if not module.check_mode:
            host_command.serve(module, ["postgres", f"--judge={image}"], "changed")
        module.exit_json(changed=False)
    if module.check_mode:
        _foretell(module)
    words = ["postgres", *(f"--{name.replace('_', '-')}" for name in FLAGS if module.params[name])]
    answer = host_command.serve(module, words, "changed")
    for line in answer["detail"]:
        module.warn(line)
    for row in answer["bots"]:
        module.warn(f"{row['bot']}: stopped for a change of Postgres, and {row['outcome']} again")
    module.exit_json(changed=answer["changed"], bots=answer["bots"])


if __name__ == "__main__":
    main()
