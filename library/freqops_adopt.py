#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: take over a Freqtrade that somebody set up with docker compose."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_adopt
short_description: Take over a Freqtrade of a docker compose project as a bot, its open trades with it
description:
  - V(looked) reads the project through its own Freqtrade, says what will change, and refuses what may not be adopted.
  - V(prepared) lays the account's credentials of a live bot, and what opens its messengers, out from its old
    configuration, where neither the inventory nor the host has them, and never shows them.
  - V(adopted) runs C(freqops-host adopt), which stops the old one, brings its trades over, and brings the bot up held
    at level 1; what does not succeed is taken back.
  - V(undone) gives it back, as long as the hold stands and nothing was traded since.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.root
attributes:
  check_mode:
    support: partial
    details: V(looked) does all that it does; the others fail, so that a check is never mistaken for the real run.
  diff_mode:
    support: partial
    details: V(looked) shows both configurations, without what looks like a secret.
options:
  state:
    description: The step to do.
    type: str
    choices: [looked, prepared, adopted, undone]
    required: true
  bot:
    description: The bot as the inventory declares it.
    type: dict
    required: true
  shared:
    description: Configuration that all bots of the host share; for V(looked) and V(prepared).
    type: dict
    default: {}
  image:
    description: Its image, by digest; for V(looked).
    type: str
    default: ""
  project:
    description: The Compose file of the old one, or its directory; for all but V(undone).
    type: path
  service:
    description: Its service there; may be left out where only one trades.
    type: str
  other_strategy:
    description: Whether another strategy may go on with its trades.
    type: bool
    default: false
  accept_dropped:
    description:
      - Names of settings, files of the strategy and tables that may stay behind, separated by commas; a section stands
        for all in it.
    type: str
    default: ""
  strategies:
    description: The files of its strategy, by name; for V(looked).
    type: dict
    default: {}
  given:
    description: The secrets that the inventory has, V(exchange) or the name of a messenger; for V(prepared).
    type: list
    elements: str
    default: []
  release:
    description: The fingerprint of the release that was staged for the bot; for V(adopted).
    type: str
  owner:
    description: Numeric user of the container.
    type: int
    default: 1000
  deploy_lock:
    description: Id of the deploy that must have the lock.
    type: str
  incident:
    description: Under which everything is written down; for V(adopted) and V(undone).
    type: str
  reason:
    description: Why.
    type: str
  actor:
    description: The actor.
    type: str
"""

EXAMPLES = r"""
---
- name: See what an adoption would change
  freqops_adopt:
    state: looked
    bot: "{{ freqtrade_bots[0] }}"
    image: "{{ freqtrade_image }}"
    project: /opt/ft/docker-compose.yml
"""

RETURN = r"""
changes:
  description: The changes; of each its name, and the values before and after.
  returned: for C(looked)
  type: list
  elements: list
trades:
  description: The open trades.
  returned: unless refused
  type: list
  elements: str
incident:
  description: The incident of the hold, which a resume names.
  returned: for C(adopted) and C(undone)
  type: str
detail:
  description: Remarks.
  returned: for C(adopted) and C(undone)
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import durable, errors, next_step
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.bot import bot_secrets, configuration, host_command, notify_secrets
from ansible.module_utils.freqops.core.bot.database_contents import POSTGRES
from ansible.module_utils.freqops.core.takeover import adoption, dropped, foreign

ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["looked", "prepared", "adopted", "undone"], "required": True},
    "bot": {"type": "dict", "required": True},
    "shared": {"type": "dict", "default": {}},
    "image": {"type": "str", "default": ""},
    "project": {"type": "path"},
    "service": {"type": "str"},
    "other_strategy": {"type": "bool", "default": False},
    "accept_dropped": {"type": "str", "default": ""},
    "strategies": {"type": "dict", "default": {}},
    "given": {"type": "list", "elements": "str", "default": []},
    "release": {"type": "str"},
    "root": {"type": "path", "default": "/srv/freqops"},
    "owner": {"type": "int", "default": 1000},
    "deploy_lock": {"type": "str"},
    "incident": {"type": "str"},
    "reason": {"type": "str"},
    "actor": {"type": "str"},
}
MODE = 0o400


def _wanted(values: dict[str, Any]) -> adoption.Wanted:
    bot, image = values["bot"], values["image"]
    try:
        version = foreign.version_of(image)
    except errors.Refused:
        version = ""  # not on the host yet; freqops-host judges it again before anything is touched
    config = configuration.effective(values["shared"], bot)
    kind = bot.get("database", POSTGRES)
    port, files = int(bot["api_port"]), values["strategies"]
    return adoption.Wanted(bot["name"], bot["mode"], config, image, version, kind, port, files)


def _looked(values: dict[str, Any], home: Path) -> dict[str, Any]:
    adoption.refuse_unless_new(home)
    found, wanted = foreign.look(Path(values["project"]), values["service"]), _wanted(values)
    accepted = dropped.names(values["accept_dropped"])
    wrong = adoption.objections(found, wanted, other_strategy=values["other_strategy"], accepted=accepted)
    if wrong:
        raise errors.Refused("; ".join(wrong))
    trades = [f"{number} {pair} {amount}" for number, (pair, amount) in found.traded.open_trades.items()]
    changes = [list(row) for row in adoption.changes(found, wanted)]
    return {"changed": False, "changes": changes, "trades": trades, "diff": adoption.diff(found, wanted)}


def _wanting(values: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Return which secrets the bot needs, and has neither in the inventory nor on the host."""
    bot, given = values["bot"], values["given"]
    config = configuration.effective(values["shared"], bot)
    needed = [name for name in notify_secrets.enabled(config) if notify_secrets.wanting(config, name)]
    wanted = [name for name in needed if not notify_secrets.has(document, name)]
    if bot["mode"] == "live" and not bot_secrets.has_exchange_key(document):
        wanted.append("exchange")
    return [name for name in wanted if name not in given]


def _prepared(values: dict[str, Any], home: Path) -> dict[str, Any]:
    """Lay what opens account and messengers where the secrets are completed, as far as neither side has it."""
    staged = home / "staged" / "secrets.json"
    document: dict[str, Any] = {}
    for path in (home / "conf" / "secrets.json", staged):
        present = durable.read_json(path)
        document = present if isinstance(present, dict) else document
    wanted = _wanting(values, document)
    if not wanted:
        return {"changed": False}
    old = foreign.look(Path(values["project"]), values["service"])
    found: dict[str, Any] = adoption.messengers(old, [name for name in wanted if name != "exchange"])
    credentials = adoption.credentials(old)
    if "exchange" in wanted and bot_secrets.has_exchange_key({"exchange": credentials}):
        found["exchange"] = credentials
    if not found:
        return {"changed": False}  # the role that completes them says what is missing
    for directory, mode in ((home, 0o755), (staged.parent, 0o700)):
        directory.mkdir(mode=mode, parents=True, exist_ok=True)
    owner = values["owner"]
    durable.write_json(staged, {**document, **found}, MODE, (owner, owner))
    return {"changed": True}


def _commanded(module: AnsibleModule) -> dict[str, Any]:
    values = module.params
    words = ["adopt", values["bot"]["name"], *host_command.options(values, *host_command.MANDATE, "deploy_lock")]
    if values["state"] == "undone":
        words.append("--undo")
    else:
        words += host_command.options(values, "project", "release", "service", "accept_dropped")
        words += ["--other-strategy"] if values["other_strategy"] else []
    answer = host_command.ask(module.run_command, words, "outcome")
    return {"changed": True, **{name: answer[name] for name in ("incident", "trades", "detail")}}


def main() -> None:
    """Look, prepare, adopt or undo."""
    module = AnsibleModule(
        ARGUMENT_SPEC,
        supports_check_mode=True,
        required_if=[
            ("state", "looked", ["project"]),
            ("state", "prepared", ["project"]),
            ("state", "adopted", ["project", "release", "incident", "reason", "actor"]),
            ("state", "undone", ["incident", "reason", "actor"]),
        ],
    )
    values = module.params
    home = Path(values["root"]) / "bots" / str(values["bot"]["name"])
    if module.check_mode and values["state"] != "looked":
        module.fail_json(msg="NOTHING ADOPTED: this was a check")
    try:
        if values["state"] in ("adopted", "undone"):
            answer = _commanded(module)
        else:
            answer = (_looked if values["state"] == "looked" else _prepared)(values, home)
    except (errors.Refused, host_command.NoAnswer) as error:
        what = "NOT UNDONE" if values["state"] == "undone" else "NOT ADOPTED"
        steps = error.steps if isinstance(error, (next_step.RefusedUntil, host_command.NoAnswer)) else ()
        named = host_command.next_steps_in_a_result(steps)
        module.fail_json(msg=visible(f"{what} {values['bot']['name']}: {error}"), **named)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
