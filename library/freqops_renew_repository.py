#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a new repository in the place of one that is lost for good."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_renew_repository
short_description: Make a new repository where one is lost for good, and prove it
description:
  - Runs C(freqops-host renew-repository) on the host. What went with the old repository is written down first. Then a
    new one is made under its name, seeded with the complete snapshots of another one, backed up into, and read whole.
  - Refused while the old one answers and is the one that it was, where anything else lies in its place, and where that
    place is not reached.
  - A renewal that was killed is taken up by the next one. One that was proven is not made again.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
attributes:
  check_mode:
    details: Says what is lost and what the new repository would get, and fails where it would be refused.
options:
  repository:
    description: The name of the repository that is lost.
    type: str
    required: true
  lost:
    description: Why it never comes back, in one line.
    type: str
    required: true
  from_repository:
    description:
      - The repository of the host that seeds the new one; V(none) lets it begin empty.
      - Where not given, the one with the most complete snapshots of the same parts.
    type: str
"""

EXAMPLES = r"""
---
- name: Make the repository on the host that burnt down anew, where vault-2 is now
  freqops_renew_repository:
    repository: vault
    lost: vault-1 burnt down, ticket 4711
    incident: 20260102T030405Z-renew-repository-9f3c21
    reason: a repository is lost for good
    actor: ann@control
"""

RETURN = r"""
repositories:
  description: A row for the repository, with what is lost, what was seeded, and what is not proven.
  returned: unless refused
  type: list
  elements: dict
lines:
  description: The same for a person.
  returned: unless refused
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.backup import answer
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "repository": {"type": "str", "required": True},
    "lost": {"type": "str", "required": True},
    "from_repository": {"type": "str"},
}


def main() -> None:
    """Run the command, and fail unless the result is proven."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    words = ["renew-repository", values["repository"], *host_command.options(values, "lost", "from_repository")]
    words += [*host_command.options(values), "--json", *(["--look"] if module.check_mode else [])]
    said = host_command.serve(module, words, "repositories", touches=not module.check_mode)
    try:
        found = answer.read(said)
    except Malformed as error:
        module.fail_json(
            msg=visible(f"freqops-host gave no answer that is understood: {error}"), changed=not module.check_mode
        )
    changed = any(row.changed for row in found.rows)
    done = {"repositories": [vars(row) for row in found.rows], "lines": found.lines()}
    if found.exit != 0:
        module.fail_json(msg="NOT PROVEN: " + "; ".join(found.wrong()), changed=changed, **done)
    module.exit_json(changed=changed, **done)


if __name__ == "__main__":
    main()
