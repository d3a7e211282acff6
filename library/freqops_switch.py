#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: bring bots to their staged releases."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_switch
short_description: Bring bots to their staged releases, one after the other, and prove each before the next
description:
  - Runs C(freqops-host switch) on the host, which restarts exactly the bots concerned.
  - A bot that does not come up is rolled back as one; image, configuration, strategy, secrets and database. The module
    then fails, and its message ends with the bot's last log lines.
  - A switch that began is finished on the host, even when the connection is lost.
  - A bot with open trades that would go on by another stop, timeframe or the like is refused, with both values, unless
    O(accept_effective).
  - Before image or database of a bot change, all of its database is brought into a dump. Where that fails the bot is
    refused, unless O(accept_stale_dump).
  - A bot held at level 1 is started and stays paused; one held at level 3 is not started. Both succeed, and the
    result says so.
  - The module is idempotent.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.root
attributes:
  check_mode:
    support: partial
    details: >-
      Foretells by the disk, the processes and the engine what would be done with each bot and its container, and fails
      where a container of somebody else is in the way; does not know whether a bot would come up healthy.
  diff_mode:
    support: partial
    details: >-
      Shows installed files that would be replaced although the release stays the same, and the settings of a container
      that is not as it was made. M(freqops_stage) shows another release.
options:
  releases:
    description: The fingerprint of the staged release of each bot, in the order in which they are switched.
    type: dict
    required: true
  installs:
    description: The files that would be installed for each bot, by name, as M(freqops_stage) returns them.
    type: dict
    default: {}
  renewed:
    description: Bots that got new secrets; check mode predicts from it.
    type: list
    elements: str
    default: []
  deadline:
    description: Seconds until a started bot must be at work.
    type: int
    default: 120
  accept_effective:
    description: Whether bots with open trades may go on by other effective values than those of their present release.
    type: bool
    default: false
  accept_stale_dump:
    description: Whether image or database of a bot may change although the database could not be dumped before.
    type: bool
    default: false
  deploy_lock:
    description: Id of the deploy that must have the lock.
    type: str
  actor:
    description: The person, or the machine, that gives the command; given by the action plugin.
    type: str
"""

EXAMPLES = r"""
---
- name: Bring alpha to its release
  freqops_switch:
    releases:
      alpha: 0123456789abcdef
"""

RETURN = r"""
foretold:
  description: What would be done with each bot.
  returned: in check mode
  type: dict
bots:
  description: The result for each bot.
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
from ansible.module_utils.freqops.core.bot import host_command, layout
from ansible.module_utils.freqops.core.deploy import foretelling, switching

ARGUMENT_SPEC: dict[str, Any] = {
    "releases": {"type": "dict", "required": True},
    "installs": {"type": "dict", "default": {}},
    "renewed": {"type": "list", "elements": "str", "default": []},
    "root": {"type": "path", "default": "/srv/freqops"},
    "deadline": {"type": "int", "default": 120},
    "accept_effective": {"type": "bool", "default": False},
    "accept_stale_dump": {"type": "bool", "default": False},
    "deploy_lock": {"type": "str"},
    "actor": {"type": "str"},
}


def _foretell(module: AnsibleModule) -> None:
    """Foretell the act on each bot, and end the module."""
    values, releases = module.params, module.params["releases"]
    try:
        present = foretelling.containers([layout.container_of(bot) for bot in releases])
    except NotProven as error:
        module.fail_json(msg=visible(f"the effect on the containers cannot be foretold: {error}"))
        raise
    foretold = {}
    for bot, release in releases.items():
        installs, container = values["installs"].get(bot, {}), present.get(layout.container_of(bot))
        foretold[bot] = foretelling.of_bot(Path(values["root"]) / "bots" / bot, release, installs, container)
        if bot in values["renewed"]:
            foretold[bot].changes.append("it would get new secrets")
        for _, text in recovery_points.foretold_of(foretold[bot].dumped_first, Clock()):
            foretold[bot].changes.append(text)
    changes = {bot: each.changes for bot, each in foretold.items()}
    answer: dict[str, Any] = {"changed": any(changes.values()), "bots": [], "foretold": changes}
    answer["diff"] = [shown for each in foretold.values() for shown in each.diff]
    refused = [switching.refusal(bot, visible(each.refused)) for bot, each in foretold.items() if each.refused]
    if refused:
        module.fail_json(msg="WOULD BE REFUSED\n" + "\n".join(refused), **answer)
    for bot, texts in changes.items():
        for text in texts:
            module.warn(visible(f"{bot}: {text}"))
    module.exit_json(**answer)


def main() -> None:
    """Switch, and pass on the answer of the host."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    values, releases = module.params, module.params["releases"]
    if not releases:
        module.exit_json(changed=False, bots=[])
    if module.check_mode:
        _foretell(module)
    pairs = ",".join(f"{bot}={release}" for bot, release in releases.items())
    words = ["switch", pairs, *host_command.options(values, "deadline", "actor")]
    if values["accept_effective"]:
        words.append("--accept-effective")
    if values["accept_stale_dump"]:
        words.append("--accept-stale-dump")
    if values["deploy_lock"]:
        words += [f"--deploy-lock={values['deploy_lock']}", f"--incident={values['deploy_lock']}"]
    rows = host_command.serve(module, words, "bots")["bots"]
    changed = any(row["changed"] for row in rows)
    failed = [switching.failure(row) for row in rows if not row["well"]]
    if failed:
        module.fail_json(msg="NOT ALL DEPLOYED\n" + "\n".join(failed), changed=changed, bots=rows)
    for row in rows:
        for line in row["detail"]:
            module.warn(f"{row['bot']}: {line}")
    module.exit_json(changed=changed, bots=rows)


if __name__ == "__main__":
    main()
