"""What the engine is told about a container."""

from dataclasses import replace

import pytest

from lab.base.names import SPEC_LABEL
from lab.engine.container_spec import ContainerSpec

SPEC = ContainerSpec(
    name="freqops-x-registry",
    image="freqops-lab/registry:1",
    hostname="registry",
    network="freqops-x-net",
    address="10.20.30.2",
    ports={5000: 25000},
    volumes={"freqops-x-registry": "/var/lib/registry"},
    host_config={"Binds": ["/sys/fs/cgroup:/sys/fs/cgroup:rw"], "CapDrop": ["ALL"]},
)


def test_ports_are_published_on_loopback_only() -> None:
    assert SPEC.config()["HostConfig"]["PortBindings"] == {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "25000"}]}


def test_volumes_and_binds_add_up() -> None:
    binds = SPEC.config()["HostConfig"]["Binds"]
    assert binds == ["freqops-x-registry:/var/lib/registry", "/sys/fs/cgroup:/sys/fs/cgroup:rw"]


def test_the_address_is_fixed() -> None:
    endpoint = SPEC.config()["NetworkingConfig"]["EndpointsConfig"]["freqops-x-net"]
    assert endpoint == {"IPAMConfig": {"IPv4Address": "10.20.30.2"}}


@pytest.mark.parametrize(
    "other",
    [replace(SPEC, image="freqops-lab/registry:2"), replace(SPEC, ports={5000: 25001}), replace(SPEC, command=("x",))],
    ids=["image", "port", "command"],
)
def test_another_description_has_another_label(other: ContainerSpec) -> None:
    assert other.config()["Labels"][SPEC_LABEL] != SPEC.config()["Labels"][SPEC_LABEL]


def test_the_same_description_has_the_same_label() -> None:
    assert replace(SPEC).config() == SPEC.config()


def test_without_an_address_the_network_chooses_one() -> None:
    config = replace(SPEC, network="bridge", address="").config()
    assert config["NetworkingConfig"]["EndpointsConfig"] == {"bridge": {}}


def test_what_labs_share_is_not_labelled_as_a_part_of_one() -> None:
    assert replace(SPEC, lab="lab-live").config()["Labels"] != replace(SPEC, lab="lab").config()["Labels"]
