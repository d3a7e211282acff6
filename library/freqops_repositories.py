#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: proof that repositories on other hosts are reached by one side and kept by the other."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_repositories
short_description: Prove that repositories on other hosts are reached, and kept where they lie
description:
  - With O(state=reached), has the host open its repositories on other hosts, and list what is in them.
  - With O(state=kept), has the account of each repository that lies here open, check and prune it, where it never did.
  - Fails unless all of it was done. A host with neither has nothing to prove.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full_without_diff
attributes:
  check_mode:
    details: Nothing is proven, and what would be kept for the first time is a change.
options:
  state:
    description: What is proven.
    type: str
    choices: [reached, kept]
    required: true
  repositories:
    description: The names of the repositories that this host has on others, with O(state=reached).
    type: list
    elements: str
    default: []
  accounts:
    description: The accounts of the repositories that lie on this host, with O(state=kept).
    type: list
    elements: str
    default: []
  deploy_lock:
    description:
      - The deploy that has the lock of this host and is heard of while one is kept for the first time, which may take
        hours. The module fails where that deploy has lost the lock.
    type: str
"""

EXAMPLES = r"""
---
- name: Prove that the repository on another host can be reached
  freqops_repositories:
    state: reached
    repositories: [vault]
"""

RETURN = r"""
proven:
  description: The repositories, or accounts, of which it was proven.
  returned: always
  type: list
  elements: str
"""

from contextlib import nullcontext
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.backup import answer, elsewhere, successes
from ansible.module_utils.freqops.core.base.clock import Clock
from ansible.module_utils.freqops.core.base.errors import FreqopsError
from ansible.module_utils.freqops.core.base.kinds import Malformed
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import host_command, layout
from ansible.module_utils.freqops.core.deploy import deploy_lock

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["reached", "kept"], "required": True},
    "repositories": {"type": "list", "elements": "str", "default": []},
    "accounts": {"type": "list", "elements": "str", "default": []},
    "deploy_lock": {"type": "str"},
}
LINES = "8"


def _reach(module: AnsibleModule, name: str) -> None:
    """Have the host list what is in a repository; the module fails where it cannot."""
    said = host_command.serve(module, ["backup", "list", "--json", f"--repository={name}"], "repositories")
    try:
        found = answer.read(said)
    except Malformed as error:
        module.fail_json(msg=visible(f"freqops-host gave no answer that is understood: {error}"))
    if found.exit != 0:
        module.fail_json(msg="NOT PROVEN: " + "; ".join(found.wrong()))


def _was_kept(account: str) -> bool:
    """Return whether a repository was pruned here once."""
    return any(successes.PRUNE in known.done for known in successes.load(elsewhere.home(account)).values())


def _keep(module: AnsibleModule, account: str) -> None:
    """Have an account keep its repository; the module fails where it does not."""
    unit = f"freqops-{account}.service"
    status, _, errors = module.run_command(["systemctl", "start", unit])
    if status == 0 and _was_kept(account):
        return
    said = module.run_command(["journalctl", "--unit", unit, "--lines", LINES, "--output", "cat"])[1]
    why = "; ".join(line for line in (errors + said).splitlines() if line.strip())
    module.fail_json(msg=visible(f"NOT PROVEN: {unit} did not keep its repository: {why}"), changed=True)


def main() -> None:
    """Prove the repositories, or fail."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    names, accounts, lock = (module.params[name] for name in ("repositories", "accounts", "deploy_lock"))
    if module.params["state"] == "reached":
        for name in () if module.check_mode else names:
            _reach(module, name)
        module.exit_json(changed=False, proven=[] if module.check_mode else names)
    try:
        new = [account for account in accounts if not _was_kept(account)]
        for account in () if module.check_mode else new:
            with deploy_lock.heard_of(layout.ROOT, lock, Clock()) if lock else nullcontext():
                _keep(module, account)
    except FreqopsError as error:
        module.fail_json(msg=visible(f"NOT PROVEN: {error}"))
    module.exit_json(changed=bool(new), proven=[] if module.check_mode else accounts)


if __name__ == "__main__":
    main()
