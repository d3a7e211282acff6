#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a user and a database for each bot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_databases
short_description: Make a user and a database for each bot in the host's Postgres
description:
  - Reads the passwords on the host, where they are made; they never leave it, and the server gets no more of them than
    what it keeps.
  - A user that exists keeps its password, for a running bot uses it.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
  - freqops.root
options:
  bots:
    description: The bots that use it, each with its mode.
    type: dict
    required: true
  connections:
    description: How many connections each of them may have at a time.
    type: int
    default: 20
"""

EXAMPLES = r"""
---
- name: Make the database of alpha
  freqops_databases:
    bots:
      alpha: paper
"""

RETURN = r"""
made:
  description: The users and databases that were made, and the limits of connections that were set.
  returned: always
  type: list
  elements: str
"""

import secrets
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import connections, postgres

ARGUMENT_SPEC: dict[str, Any] = {
    "bots": {"type": "dict", "required": True},
    "connections": {"type": "int", "default": connections.MOST},
    "root": {"type": "path", "default": "/srv/freqops"},
}


def _present(module: AnsibleModule) -> set[str]:
    """Return users, databases and limits; in check mode a host without Postgres has none."""
    if module.get_bin_path("docker") is None:
        status, out, err = 1, "", "there is no docker"
    else:
        status, out, err = module.run_command(list(postgres.PSQL), data=f"{postgres.PRESENT}\n{postgres.LIMITS}\n")
    if status != 0 and not module.check_mode:
        module.fail_json(msg=visible(f"Postgres does not answer: {err.strip()[-300:]}"))
    return set(out.splitlines()) if status == 0 else set()


def _password(module: AnsibleModule, home: Path) -> str:
    try:
        password: str = postgres.password_in_use(home)
    except postgres.NoPassword as error:
        module.fail_json(msg=visible(f"{error}; deploy.yml makes its secrets before"))
    return password


def main() -> None:
    """Make the missing users and databases, and limit the connections of each user."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    most = module.params["connections"]
    if wrong := connections.wrong_limit(most):
        module.fail_json(msg=wrong)
    root, present = Path(module.params["root"]), _present(module)
    statements: dict[str, str] = {}
    for bot, mode in module.params["bots"].items():
        name = postgres.database_name(bot, mode)
        if f"user {name}" not in present:
            statements[f"user {name}"] = ""
            if not module.check_mode:
                password = _password(module, root / "bots" / bot)
                verifier = postgres.scram_verifier(password, secrets.token_bytes(16))
                statements[f"user {name}"] = postgres.create_user(name, verifier)
        if f"database {name}" not in present:
            statements[f"database {name}"] = postgres.create_database(name)
        if f"limit {most} of {name}" not in present:
            statements[f"limit {most} of {name}"] = postgres.limit_connections(name, most)
    if statements and not module.check_mode:
        status, _, err = module.run_command(list(postgres.PSQL), data="\n".join(statements.values()) + "\n")
        if status != 0:
            module.fail_json(msg=visible(f"Postgres refuses: {err.strip()[-300:]}"))
    made = sorted(statements)
    diff = {"before": "", "after": "".join(f"{name}\n" for name in made)}
    module.exit_json(changed=bool(made), made=made, diff=diff)


if __name__ == "__main__":
    main()
