"""The inventory as deploy's preflight judges it: read through Ansible, refusals with the lines they stand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.inventory.helpers import sort_groups
from ansible.parsing.vault import EncryptedString

from freqops.core.preflight.fleet import BOTS, Fleet, Way
from freqops.core.preflight.refusal import Refusal, VariablePath
from freqops.core.preflight.renamed import PREFIXES
from freqops.plays.inventory_lines import Lines

NAMES = ("localhost", "127.0.0.1", "::1")
SECRETS, NOTIFY = "secrets_exchange", "secrets_notify"
UNREAD = (SECRETS, NOTIFY, "backup_environments")  # they have secrets, which no refusal may show
SSH_ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
PORT = "22"


def declared(roles: Path) -> dict[str, dict[str, Any]]:
    """Return the inputs of our roles, each with its entry in ``argument_specs.yml``."""
    known: dict[str, dict[str, Any]] = {}
    for path in sorted(roles.glob("*/meta/argument_specs.yml")):
        for spec in yaml.safe_load(path.read_text())["argument_specs"].values():
            known.update(spec.get("options", {}))
    return known


def read(
    hostvars: Any, roles: Path, loaded: Mapping[str, Any], only: Sequence[str] | None = None
) -> tuple[Fleet, list[Refusal]]:
    """Return the whole inventory, and what cannot even be read of it.

    Args:
        hostvars: Ansible's variables of all hosts.
        roles: The directory of our roles.
        loaded: ``secrets_exchange`` and ``secrets_notify``, as far as they were loaded.
        only: The hosts to read; None for the whole inventory.
    """
    hosts: dict[str, dict[str, Any]] = {}
    ways: dict[str, Way] = {}
    unread = [] if only else list(_left_out(hostvars))
    for host in (name for name in only or hostvars if name not in NAMES):
        hosts[host] = {}
        raw = hostvars.raw_get(host)
        for name in (name for name in raw if name.startswith(PREFIXES) and name not in UNREAD):
            encrypted = _encrypted(host, name, raw[name])
            unread += encrypted
            try:
                hosts[host][name] = plain(hostvars[host][name])
            except AnsibleError as error:
                why = " ".join(str(error.message).split())
                broken = Refusal(host, f"{name} cannot be read: {why}", "repair it", paths=((name,),))
                unread += [] if encrypted else [broken]
        try:
            ways[host] = _way(host, hostvars[host])
        except AnsibleError as error:
            why = " ".join(str(error.message).split())
            unread.append(Refusal(host, f"its address cannot be read: {why}", "correct it", paths=(("ansible_host",),)))
    secrets, notify = loaded.get(SECRETS, {}), loaded.get(NOTIFY, {})
    return Fleet(hosts, secrets, declared(roles), ways, notify), unread


def _left_out(hostvars: Any) -> Iterator[Refusal]:
    """Yield the hosts that Ansible takes for the control node itself, and that have bots."""
    for host in (name for name in hostvars if name in NAMES):
        if hostvars.raw_get(host).get(BOTS):
            wrong = f"freqops halts and deploys no host that is called {host}, and it has bots"
            yield Refusal(host, wrong, "give it a name of its own, and its address as ansible_host", paths=((BOTS,),))


def _way(host: str, variables: Any) -> Way:
    """Return how Ansible reaches a host by its variables."""
    address = variables.get("ansible_host") or variables.get("ansible_ssh_host") or host
    port = variables.get("ansible_port") or variables.get("ansible_ssh_port") or PORT
    through = [str(variables.get(name, "")) for name in ("ansible_connection", *SSH_ARGUMENTS)]
    return Way(str(address).lower(), str(port), tuple(through))


def plain(value: Any) -> Any:
    """Return a value without anything of Ansible's: names of mappings are texts, as they are in JSON."""
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in value}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def _encrypted(host: str, name: str, value: Any) -> list[Refusal]:
    """Return a refusal for each encrypted value in a variable of a host."""
    cure = "move it into secrets.yml, which no halt loads: none may need the password of a vault"
    return [
        Refusal(host, f"{'.'.join(map(str, path))} is encrypted with !vault", cure, paths=(path,))
        for path in _vaulted(value, (name,))
    ]


def _vaulted(value: Any, path: VariablePath) -> Iterator[VariablePath]:
    if isinstance(value, EncryptedString):
        yield path
    elif isinstance(value, Mapping):
        for key in value:
            yield from _vaulted(dict.__getitem__(value, key) if isinstance(value, dict) else value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from _vaulted(list.__getitem__(value, index), (*path, index))


def located(refusals: list[Refusal], lines: Lines, hostvars: Any) -> list[Refusal]:
    """Return refusals with file and line, as far as they stand in a file of the inventory."""
    return [
        refusal.at(lines.find(refusal.host, groups(hostvars, refusal.host), refusal.paths))
        if refusal.host and refusal.paths and not refusal.place
        else refusal
        for refusal in refusals
    ]


def groups(hostvars: Any, host: str) -> list[str]:
    """Return the groups of a host, those that win over others first."""
    found = hostvars._inventory.get_host(host).get_groups()
    return [group.name for group in reversed(sort_groups(found))]
