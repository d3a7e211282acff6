#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a run slot of a host, held by the play."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freqops_slot
short_description: Take a run slot of a host for the play, or give it back
description:
  - A run slot is the right to run something of its kind now. A host has a number of them for each kind.
  - The holder is the run of Ansible. A process on the control node keeps the slot by heartbeats over the connection of
    the host, and dies with the run of Ansible, however that ends. Then the slot is free after O(ttl_seconds), and not
    before.
  - What is run by C(freqops-host slot run --token) ends when the heartbeat is late, at half of O(ttl_seconds). Any
    other command that a play starts goes on when the run of Ansible is killed, and nothing ends it.
  - A new slot is refused while the operator breaker of the host is active, missing or cannot be read, unless an
    override is in force. Slots of the kind V(maintenance) are given all the same. A slot that is held is kept and given
    back.
  - The module is idempotent. A run of Ansible has one slot for each O(kind) and O(cid).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - freqops
  - freqops.full
  - freqops.root
attributes:
  check_mode:
    details: Nothing is taken, so RV(token) is empty; with O(state=absent) an empty O(token) is nothing to do then.
options:
  state:
    description: Whether the slot must be had or be given back; V(kept) is a heartbeat, for the action plugin.
    type: str
    choices: [present, absent, kept]
    default: present
  kind:
    description: The kind of the run; required with O(state=present).
    type: str
    choices: [backtest, hyperopt, download, maintenance]
  limit:
    description:
      - Slots of the kind at most, from 1 to 1000. More than the host declares is refused.
      - Without it, what the host declares counts, and 1 where it declares nothing.
    type: int
  ttl_seconds:
    description:
      - Seconds of silence after which the slot may be stale, from 30 to 86400.
      - Without it, what the host declares counts, and 900 where it declares nothing.
    type: int
  cid:
    description: The correlation id of the run, at most 64 letters, digits and hyphens.
    type: str
    default: ""
  token:
    description: What RV(token) was when the slot was taken; required with O(state=absent).
    type: str
  actor:
    description: The person, or the machine, that gives the command; given by the action plugin.
    type: str
  control:
    description: The name of the control node; given by the action plugin.
    type: str
  machine:
    description: The boot and the process namespace of the control node; given by the action plugin.
    type: str
    default: ""
  pid:
    description: The process of the run of Ansible; given by the action plugin.
    type: int
  started:
    description: When that process began; given by the action plugin.
    type: str
    default: ""
"""

EXAMPLES = r"""
---
- name: Take a slot for a backtest, where at most two may run
  freqops_slot:
    kind: backtest
    limit: 2
  register: slot

- name: Give the slot back
  freqops_slot:
    state: absent
    token: "{{ slot.token }}"
"""

RETURN = r"""
token:
  description: What is needed to give the slot back, and to run a command under it.
  returned: with O(state=present)
  type: str
file:
  description: The name of the lock file; empty in check mode.
  returned: with O(state=present)
  type: str
active_before:
  description: The slots of the kind that others had.
  returned: with O(state=present)
  type: int
limit:
  description: The slots of the kind at most.
  returned: with O(state=present)
  type: int
ttl_seconds:
  description: Seconds of silence after which the slot may be stale; empty in check mode.
  returned: with O(state=present)
  type: int
remarks:
  description: That a new slot was given in spite of the operator breaker, and by whose override; a warning, too.
  returned: with O(state=present)
  type: list
  elements: str
lost:
  description: Whether the slot is not held any more, or its heartbeat is late.
  returned: when it is so
  type: bool
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.freqops.core.base import action_only
from ansible.module_utils.freqops.core.base.clock import Clock
from ansible.module_utils.freqops.core.base.errors import FreqopsError, Refused
from ansible.module_utils.freqops.core.base.visible import visible
from ansible.module_utils.freqops.core.runs.slot_directory import SlotDirectory
from ansible.module_utils.freqops.core.runs.slots import KINDS, LONGEST_TTL, Holder, Lost, Process, Wanted

SHORTEST_TTL = 30  # a heartbeat by way of Ansible takes seconds
ARGUMENT_SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent", "kept"], "default": "present"},
    "kind": {"type": "str", "choices": list(KINDS)},
    "limit": {"type": "int"},
    "ttl_seconds": {"type": "int"},
    "cid": {"type": "str", "default": ""},
    "token": {"type": "str"},
    "root": {"type": "path", "default": "/srv/freqops"},
    "actor": {"type": "str"},
    "control": {"type": "str"},
    "machine": {"type": "str", "default": ""},
    "pid": {"type": "int"},
    "started": {"type": "str", "default": ""},
}
REQUIRED_IF = [("state", "present", ["kind"]), ("state", "absent", ["token"]), ("state", "kept", ["token"])]


def _wanted(values: dict[str, Any], declared: int) -> Wanted:
    ttl = declared if values["ttl_seconds"] is None else values["ttl_seconds"]
    if ttl < SHORTEST_TTL:
        raise Refused(f"ttl_seconds is {ttl}; allowed here: whole numbers from {SHORTEST_TTL} to {LONGEST_TTL}")
    process = Process(values["pid"], values["started"], values["machine"])
    holder = Holder(process, values["control"] or "", values["actor"] or "")
    return Wanted(values["kind"], holder, values["cid"], values["limit"], ttl)


def _present(directory: SlotDirectory, wanted: Wanted, *, check: bool) -> dict[str, Any]:
    if check:
        seen = directory.look(wanted, again=True)
        others = len(seen.active) - (seen.own is not None)
        done = {"changed": seen.own is None, "token": "", "file": "", "ttl_seconds": None, "limit": seen.limit}
        done.update(remarks=list(seen.remarks))
    else:
        acquired = directory.acquire(wanted, again=True)
        others = acquired.active_before
        done = {"changed": acquired.is_new, "token": acquired.token, "file": acquired.file}
        done.update(ttl_seconds=acquired.slot.ttl, limit=acquired.slot.limit, remarks=list(acquired.remarks))
    before = others if done["changed"] else others + 1
    text = f"{wanted.kind} slots: {{}} of {done['limit']}\n"
    return {**done, "active_before": others, "diff": {"before": text.format(before), "after": text.format(others + 1)}}


def _absent(directory: SlotDirectory, token: str, *, check: bool) -> dict[str, Any]:
    if check and not token:
        return {"changed": False}
    changed = directory.is_held(token) if check else directory.release(token)
    file = token.rpartition(".")[0]
    return {"changed": changed, "diff": {"before": f"{file}\n" if changed else "", "after": ""}}


def main() -> None:
    """Take the slot, give it back, or let its holder be heard."""
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True, required_if=REQUIRED_IF)
    values, check = module.params, bool(module.check_mode)
    if values["state"] == "present" and values["pid"] is None:
        action_only.refuse(module, "freqops_slot")
    directory = SlotDirectory(Path(values["root"]), Clock())
    done: dict[str, Any] = {"changed": False}
    try:
        if values["state"] == "present":
            done = _present(directory, _wanted(values, directory.declared.ttl), check=check)
        elif values["state"] == "absent":
            done = _absent(directory, values["token"], check=check)
        elif not check:
            directory.keep(values["token"])
    except Lost as lost:
        module.fail_json(msg=visible(f"LOST: {lost}"), lost=True)
    except Refused as refusal:
        module.fail_json(msg=visible(f"REFUSED, nothing was changed: {refusal}"))
    except (FreqopsError, OSError) as error:
        module.fail_json(msg=visible(f"NOT PROVEN: {error}"))
    for remark in done.get("remarks", ()):
        module.warn(visible(remark))
    module.exit_json(**done)


if __name__ == "__main__":
    main()
