#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: another major version of a host's Postgres, or back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_upgrade_postgres
short_description: Bring a host's Postgres to another major version, or back, and prove it
description:
  - Runs C(freqops-host upgrade-postgres) on the host. A cluster of the new version is made beside the old one, with all
    roles and databases, and takes its place when both are proven to hold the same. The old one is kept.
  - The bots on it are stopped before and started after it, each through the one door; a hold holds.
  - Whatever fails before the new cluster is proven leads back to the old one, with its bots.
  - With O(state=undone) the cluster that was kept takes its place again. That is refused where bots have traded since,
    unless O(overwrite=true).
  - The module is idempotent with O(state=upgraded); a host whose bots use no Postgres is left alone.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
attributes:
  check_mode:
    details: Says versions, sizes, room and which bots would be stopped, and fails where it would be refused.
options:
  image:
    description: The image of the new version, by digest; needed with O(state=upgraded).
    type: str
    default: ""
  state:
    description: Whether the new version is to stand, or the cluster that was kept.
    type: str
    choices: [upgraded, undone]
    default: upgraded
  overwrite:
    description: With O(state=undone), whether what was traded since may be lost.
    type: bool
    default: false
  used:
    description: Whether a bot of the host uses Postgres; where none does, nothing is done.
    type: bool
    default: true
  host:
    description: The name of the host in the inventory, for the way back that is printed.
    type: str
    default: ""
"""

EXAMPLES = r"""
---
- name: Bring Postgres to the version of this image
  freqops_upgrade_postgres:
    image: "{{ postgres_image }}"
    incident: 20260102T030405Z-upgrade_postgres-9f3c21
    reason: another major version of Postgres
    actor: ann@control
"""

RETURN = r"""
outcome:
  description: >-
    V(upgraded), V(not needed), V(undone), V(would upgrade), V(would undo), or V(no bot uses it).
  returned: unless refused
  type: str
kept:
  description: Where the other cluster is kept; empty where none is.
  returned: unless refused
  type: str
way_back:
  description: The command that brings it back.
  returned: unless refused
  type: str
lines:
  description: All of it as lines of tables, with the remarks below them.
  returned: unless refused
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.bot import host_command
from ansible.module_utils.freqops.core.maintenance import upgrade_answer

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "image": {"type": "str", "default": ""},
    "state": {"type": "str", "choices": ["upgraded", "undone"], "default": "upgraded"},
    "overwrite": {"type": "bool", "default": False},
    "used": {"type": "bool", "default": True},
    "host": {"type": "str", "default": ""},
}
NOT_USED = "no bot uses it"


def main() -> None:
    """Run the command, and pass on its answer."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    if not values["used"]:
        lines = ["no bot of this host uses Postgres; nothing was done"]
        module.exit_json(changed=False, outcome=NOT_USED, kept="", way_back="", lines=lines)
    if values["overwrite"] and values["state"] != "undone":
        module.fail_json(msg="overwrite=true is for action=undo: an upgrade loses nothing")
    what = ["--undo"] if values["state"] == "undone" else [f"--image={values['image']}"]
    words = ["upgrade-postgres", *what, *host_command.options(values), *host_command.options(values, "host"), "--json"]
    words += ["--overwrite"] if values["overwrite"] else []
    words += ["--look"] if module.check_mode else []
    told = host_command.serve(module, words, "outcome", touches=not module.check_mode)
    lines = list(upgrade_answer.lines(told))
    answer = {"changed": told["changed"], **{name: told[name] for name in ("outcome", "kept", "way_back")}}
    if not told["proven"]:
        module.fail_json(msg="\n".join(["NOT PROVEN", *lines]), lines=lines, **answer)
    module.exit_json(lines=lines, **answer)


if __name__ == "__main__":
    main()
