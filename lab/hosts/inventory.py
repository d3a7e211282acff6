"""The inventory of the lab, generated at every `lab up`."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml

from lab.base.atomic import write_atomically
from lab.base.failure import LabError
from lab.base.paths import FLEET, INVENTORY
from lab.engine.ports import LOOPBACK
from lab.hosts.roster import GROUPS, HOSTS, HostSpec
from lab.hosts.ssh import STRICT, USER

START_SECONDS = 600  # a start ends when it is proven; many bots may boot at once on a small machine
HEADER = "---\n# Written by `python -m lab up`; changes are lost. Bots come from lab/fleet.yml.\n"
KNOWN_HOSTS_OPTION = f"""-o 'UserKnownHostsFile="{INVENTORY}/.ssh/known_hosts"'"""

Variables = Mapping[str, Any]


@dataclass(frozen=True)
class LabFacts:
    """Facts that only the running lab has."""

    freqtrade_image: str
    postgres_image: str
    registry: str
    host_pool: IPv4Network
    exchange_url: str
    exchange_local_url: str
    halt_key: str


def group_vars(facts: LabFacts) -> dict[str, Any]:
    """Return the variables of all hosts."""
    return {
        "ansible_user": USER,
        "ansible_host": LOOPBACK,
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": f"{INVENTORY}/.ssh/id_ed25519",
        "ansible_ssh_common_args": " ".join((*STRICT, KNOWN_HOSTS_OPTION)),
        "freqtrade_image": facts.freqtrade_image,
        "freqtrade_start_deadline": START_SECONDS,
        "postgres_image": facts.postgres_image,
        "host_halt_keys": [facts.halt_key],
        "docker_insecure_registries": [facts.registry],
        "docker_address_pools": [{"base": str(facts.host_pool), "size": 24}],
        "lab_exchange_url": facts.exchange_url,
        "lab_exchange_local_url": facts.exchange_local_url,
    }


def host_groups(hosts: Mapping[HostSpec, int], fleet: Mapping[str, Variables]) -> dict[str, Any]:
    """Return all groups with their hosts; a group without a host is there and empty.

    Raises:
        LabError: the fleet names a host that no lab has.
    """
    unknown = fleet.keys() - {spec.name for spec in HOSTS}
    if unknown:
        raise LabError(f"{FLEET.name} names hosts that no lab has: {', '.join(sorted(unknown))}")
    # The variables belong to a group of the lab's own: those of "all" would reach the control node, too.
    groups: dict[str, Any] = {name: {"hosts": {}} for name in GROUPS}
    groups["lab"] = {"children": {name: {} for name in GROUPS}}
    for spec, port in hosts.items():
        for group in spec.groups:
            groups[group]["hosts"][spec.name] = {"ansible_port": port, **fleet.get(spec.name, {})}
    return groups


def moved(bot: str, old: str, new: str, target: Path) -> None:
    """Write a copy of the inventory in which a bot is declared on another host.

    Raises:
        LabError: the old host does not declare it.
    """
    shutil.copytree(INVENTORY, target, ignore=shutil.ignore_patterns("control-*"), dirs_exist_ok=True)
    groups = yaml.safe_load((INVENTORY / "hosts.yml").read_text())
    hosts = {name: host for group in groups.values() for name, host in (group.get("hosts") or {}).items()}
    declared = [each for each in hosts[old]["freqtrade_bots"] if each["name"] == bot]
    if not declared:
        raise LabError(f"{old} declares no {bot}")
    hosts[old]["freqtrade_bots"] = [each for each in hosts[old]["freqtrade_bots"] if each["name"] != bot]
    hosts[new]["freqtrade_bots"] = [*hosts[new]["freqtrade_bots"], *declared]
    write_atomically(target / "hosts.yml", HEADER + yaml.safe_dump(groups))


def read_fleet(path: Path = FLEET) -> dict[str, Variables]:
    """Return the variables that the fleet file gives to hosts, by host name; empty without the file.

    Raises:
        LabError: it is not a mapping of mappings.
    """
    if not path.exists():
        return {}
    fleet = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if not isinstance(fleet, dict) or not all(isinstance(values, dict) for values in fleet.values()):
        raise LabError(f"{path.name} must map host names to mappings of variables")
    return fleet


def fleet_of(hosts: Iterable[HostSpec]) -> dict[str, Variables]:
    """Return the variables that the fleet file gives to some hosts."""
    names = {spec.name for spec in hosts}
    return {name: variables for name, variables in read_fleet().items() if name in names}


def write(hosts: Mapping[HostSpec, int], facts: LabFacts) -> None:
    """Write the inventory where it changed."""
    _write(INVENTORY / "hosts.yml", host_groups(hosts, read_fleet()))
    _write(INVENTORY / "group_vars" / "lab.yml", group_vars(facts))


def _write(path: Path, content: dict[str, Any]) -> None:
    text = yaml.safe_dump(content, sort_keys=False, width=1000, default_flow_style=False)
    write_atomically(path, HEADER + text)
