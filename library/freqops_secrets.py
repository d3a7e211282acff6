#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the secrets of one bot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_secrets
short_description: Generate the secrets of one bot and keep them
description:
  - Generates the missing secrets in the file of a bot, and keeps the present ones.
  - The directories of both files are made; that of the one in use can be read by O(owner).
  - New secrets wait in O(staged) until a switch of the bot puts them into use, or takes them back.
  - No value is ever returned, logged or shown in a diff.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
attributes:
  check_mode:
    support: full
  diff_mode:
    support: partial
    details: Names the secrets that change, never their values.
options:
  path:
    description: The file of secrets in use.
    type: path
    required: true
  staged:
    description: Where new secrets wait.
    type: path
    required: true
  owner:
    description: Numeric user who alone may read it.
    type: int
    required: true
  database:
    description: Name of the bot's Postgres database and of its only user.
    type: str
  database_host:
    description: Where that database is reached from the container.
    type: str
    default: postgres
  database_url:
    description: A database URL without secrets, for SQLite; excludes O(database).
    type: str
  exchange:
    description:
      - Credentials at the exchange, V(key), V(secret), V(password) and V(uid), as far as it demands them.
      - Proxies that want a user and a password, below V(ccxt_config), V(ccxt_sync_config) and V(ccxt_async_config).
      - Those that were there go where it names none of them; credentials that were there are kept.
    type: dict
  notify:
    description:
      - Secrets of its own messengers, V(telegram), V(webhook) and V(discord), as far as the inventory has them; those
        that it does not name are kept.
    type: dict
  config:
    description:
      - The configuration of the bot; the module fails where it enables a messenger that has no secrets. Left out, no
        secrets of messengers are touched.
    type: dict
  live:
    description: Whether the bot places real orders; the module then fails where it has neither key nor secret.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Make sure that alpha has its secrets
  freqops_secrets:
    path: /srv/freqops/bots/alpha/conf/secrets.json
    staged: /srv/freqops/bots/alpha/staged/secrets.json
    owner: 1000
    database: alpha_paper
"""

RETURN = r"""
renewed:
  description: Whether new secrets wait for the next switch.
  returned: always
  type: bool
"""

import json
import os
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import durable
from ansible.module_utils.freqops.core.bot import bot_secrets, db_url, notify_secrets, proxies

ARGUMENT_SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "staged": {"type": "path", "required": True},
    "owner": {"type": "int", "required": True},
    "database": {"type": "str"},
    "database_host": {"type": "str", "default": db_url.HOST},
    "database_url": {"type": "str"},
    "exchange": {"type": "dict", "no_log": True},
    "notify": {"type": "dict", "no_log": True},
    "config": {"type": "dict"},
    "live": {"type": "bool", "default": False},
}
MODE = 0o400
DIRECTORY_MODE = 0o750


def _present(module: AnsibleModule, path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"{path} cannot be read ({type(error).__name__}); repair or remove it, then deploy again")
    if not isinstance(document, dict):
        module.fail_json(msg=f"{path} is not a JSON object; repair or remove it, then deploy again")
    return document


def _right_file(path: Path, owner: int) -> bool:
    status = path.stat()
    return (status.st_uid, status.st_gid, status.st_mode & 0o777) == (owner, owner, MODE)


def _directories(path: Path, owner: int) -> None:
    """Make the directories of the file in use: what root alone may change, the container may read."""
    home = path.parent.parent
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    os.chown(path.parent, -1, owner)
    path.parent.chmod(DIRECTORY_MODE)


def _stage(staged: Path, after: dict[str, Any], owner: int) -> None:
    """Write the new secrets beside those in use."""
    staged.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    durable.write_json(staged, after, MODE, (owner, owner))


def _with_messengers(module: AnsibleModule, after: dict[str, Any]) -> dict[str, Any]:
    """Return the secrets with those of the bot's messengers; fail where one is on and cannot work."""
    given, config = module.params["notify"] or {}, module.params["config"]
    unknown = ", ".join(notify_secrets.unknown(given))
    if unknown:
        module.fail_json(msg=f"secrets_notify has {unknown}; only what is secret of a messenger belongs there")
    after = notify_secrets.laid(after, given, config)
    missing = ", ".join(notify_secrets.missing(after, config))
    if missing:
        module.fail_json(msg=f"a messenger is enabled without {missing}: put it into secrets_notify in secrets.yml")
    return after


def main() -> None:
    """Complete the file of secrets."""
    module = AnsibleModule(
        ARGUMENT_SPEC,
        supports_check_mode=True,
        required_one_of=[("database", "database_url")],
        mutually_exclusive=[("database", "database_url")],
    )
    values = module.params
    path, staged, owner = Path(values["path"]), Path(values["staged"]), values["owner"]
    before, waiting = _present(module, path), _present(module, staged)
    base = before if path.exists() else waiting  # what a first deploy made before it failed is in use by the database
    after = bot_secrets.complete(base, values["database_url"], values["database"], values["database_host"])
    if values["config"] is not None:
        after = _with_messengers(module, after)
    if values["exchange"] is not None:
        foreign = bot_secrets.not_credentials(values["exchange"])
        if foreign:
            allowed = ", ".join(bot_secrets.CREDENTIALS)
            module.fail_json(
                msg=f"secrets_exchange has {', '.join(foreign)}, which is no credential; allowed: {allowed}, and "
                f"proxies with user and password in {', '.join(proxies.SECTIONS)}"
            )
        if values["live"] and any(True for _ in proxies.given(values["exchange"])):
            module.fail_json(
                msg="secrets_exchange has a proxy, and a live bot reaches its exchange by itself: take it out"
            )
        after["exchange"] = proxies.laid(after.get("exchange"), values["exchange"])
    if values["live"] and not bot_secrets.has_exchange_key(after):
        module.fail_json(
            msg="a live bot needs key and secret of its account at the exchange, each a text of at least "
            f"{bot_secrets.EXCHANGE_KEY_LENGTH} characters: put them into secrets_exchange, in the inventory's "
            "secrets.yml"
        )
    renewed, loose = after != before, path.exists() and not _right_file(path, owner)
    changed = loose or (renewed and after != waiting)
    if not module.check_mode:
        _directories(path, owner)
        if loose:
            durable.write_json(path, before, MODE, (owner, owner))
        _stage(staged, after, owner) if renewed else staged.unlink(missing_ok=True)
    names = {"before": sorted(before), "after": sorted(after)}
    diff = {k: "\n".join(v) + "\n" for k, v in names.items()}
    module.exit_json(changed=changed, renewed=renewed, diff=diff)


if __name__ == "__main__":
    main()
