#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: bring parts of a snapshot other than databases back in place."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_restore_parts
short_description: Bring parts of a snapshot other than databases back in place, and prove it
description:
  - Runs C(freqops-host restore-parts) on the host. Everything is taken out of the repository, compared with the
    manifest and judged before anything is touched; each file then changes by one act, and is read back.
  - The state is merged upward; no hold is lifted, lowered or removed. No secret is in its answer.
  - The module is idempotent; where everything is there already, nothing changes.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
  - freqops.mandate
attributes:
  check_mode:
    details: Warns of each file that would be replaced, and of each reason for which a restore would be refused.
options:
  only:
    description: Parts separated by commas; V(registry), V(state), V(releases), V(runs), V(logs), V(secrets).
    type: str
    required: true
  repository:
    description: The repository of the host out of which they come; for V(secrets) one of secrets.
    type: str
    required: true
  snapshot:
    description: V(latest), the id of a snapshot or at least 8 digits of its beginning, or a moment; then the newest at
      or before it.
    type: str
    required: true
  bots:
    description: The bots whose files are meant, besides what belongs to no bot; all where none is named.
    type: list
    elements: str
    default: []
  overwrite:
    description: Whether what is there may be replaced, where a part replaces anything; state and releases never do.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Bring holds, breakers and incidents back
  freqops_restore_parts:
    only: state
    repository: vault
    snapshot: latest
    incident: 20260102T030405Z-restore-9f3c21
    reason: the disk was lost
    actor: maria
"""

RETURN = r"""
outcome:
  description: V(restored), V(nothing to do), or V(may be restored) in check mode.
  returned: success
  type: str
snapshot:
  description: The id of the snapshot.
  returned: success
  type: str
moment:
  description: When the first of it was read.
  returned: success
  type: str
rows:
  description: Part, path, the act and its reason, for each file that is not there already.
  returned: success
  type: list
  elements: dict
in_the_way:
  description: The reasons for which a restore would be refused now; empty but in check mode.
  returned: success
  type: list
  elements: str
detail:
  description: Remarks.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.backup import parts_answer
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command

ARGUMENT_SPEC: dict[str, Any] = {
    **host_command.MANDATE,
    "only": {"type": "str", "required": True},
    "repository": {"type": "str", "required": True},
    "snapshot": {"type": "str", "required": True},
    "bots": {"type": "list", "elements": "str", "default": []},
    "overwrite": {"type": "bool", "default": False},
}
GIVEN = ("only", "repository", "snapshot")
NAMES = ("outcome", "snapshot", "moment", "rows", "in_the_way", "detail")


def main() -> None:
    """Restore, or look, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values = module.params
    words = ["restore-parts", *host_command.options(values), *host_command.options(values, *GIVEN)]
    words += [f"--bots={','.join(values['bots'])}"] if values["bots"] else []
    words += ["--overwrite"] if values["overwrite"] else []
    words += ["--check"] if module.check_mode else []
    said = host_command.serve(module, words, "rows", "NOT RESTORED: ", touches=not module.check_mode)
    try:
        answer = parts_answer.read(said)
    except Malformed as error:
        module.fail_json(msg=visible(f"NOT RESTORED: freqops-host gave no answer that is understood: {error}"))
    found = {name: getattr(answer, name) for name in NAMES}
    for line in answer.lines():
        module.warn(line)
    if not answer.proven:
        module.fail_json(msg=f"NOT RESTORED: {'; '.join(answer.detail)}", changed=answer.changed, **found)
    module.exit_json(changed=answer.changed, **found)


if __name__ == "__main__":
    main()
