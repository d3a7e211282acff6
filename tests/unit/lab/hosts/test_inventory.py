"""The generated inventory, as Ansible reads it."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.base.failure import LabError
from lab.base.paths import KNOWN_HOSTS
from lab.hosts.inventory import LabFacts, fleet_of, group_vars, host_groups, read_fleet
from lab.hosts.roster import GROUPS, HOSTS

FACTS = LabFacts(
    freqtrade_image="10.20.30.2:5000/freqtrade@sha256:" + "a" * 64,
    postgres_image="10.20.30.2:5000/postgres@sha256:" + "b" * 64,
    registry="10.20.30.2:5000",
    host_pool=IPv4Network("10.120.0.0/16"),
    exchange_url="http://10.20.30.3:8080",
    exchange_local_url="http://127.0.0.1:23456",
    halt_key="ssh-ed25519 AAAA halt",
)
PORTS = {host: 20000 + host.number for host in HOSTS}


def test_every_group_is_there_even_without_a_host() -> None:
    groups = host_groups(PORTS, {})
    assert groups.keys() >= set(GROUPS)
    assert groups["prod"]["hosts"] == {"prod-1": {"ansible_port": PORTS[HOSTS[1]]}}
    assert groups["research"] == {"hosts": {}}


def test_a_host_is_in_its_groups_with_its_port_and_its_bots() -> None:
    bots = [{"name": "alpha", "url": "{{ lab_exchange_url }}"}]
    groups = host_groups(PORTS, {"paper-1": {"freqtrade_bots": bots}})
    assert groups["paper"]["hosts"]["paper-1"] == {"ansible_port": 20001, "freqtrade_bots": bots}


def test_bots_for_an_unknown_host_are_refused() -> None:
    with pytest.raises(LabError, match="paper-9"):
        host_groups(PORTS, {"paper-9": {}})


def test_host_keys_are_checked() -> None:
    arguments = group_vars(FACTS)["ansible_ssh_common_args"]
    assert "StrictHostKeyChecking=yes" in arguments
    assert f'UserKnownHostsFile="{KNOWN_HOSTS}"' in arguments


def test_the_hosts_engines_learn_registry_and_pools() -> None:
    variables = group_vars(FACTS)
    assert variables["docker_insecure_registries"] == ["10.20.30.2:5000"]
    assert variables["docker_address_pools"] == [{"base": "10.120.0.0/16", "size": 24}]


def test_without_a_fleet_file_there_are_no_bots(tmp_path: Path) -> None:
    assert read_fleet(tmp_path / "fleet.yml") == {}


@pytest.mark.parametrize("text", ["- paper-1\n", "paper-1: [alpha]\n"])
def test_a_fleet_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "fleet.yml").write_text(text, encoding="utf-8")
    with pytest.raises(LabError, match="must map host names"):
        read_fleet(tmp_path / "fleet.yml")


def test_a_lab_with_fewer_hosts_has_fewer_bots() -> None:
    [paper] = [host for host in HOSTS if host.name == "paper-1"]
    assert fleet_of([paper]).keys() == {"paper-1"}
    groups = host_groups({paper: 20001}, read_fleet())
    assert groups["prod"] == {"hosts": {}}
