"""The lab's own bridge network; each lab of a checkout has another."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from docker import DockerClient
from docker.models.networks import Network
from docker.types import IPAMConfig, IPAMPool

from lab.base.failure import LabError
from lab.base.names import checkout_id, label_filter, labels, name_of
from lab.engine import routes, subnets

REGISTRY_ADDRESS, EXCHANGE_ADDRESS = 2, 3


def find(client: DockerClient) -> Network | None:
    """Return this lab's network, if it exists."""
    found = client.networks.list(filters=label_filter())
    return found[0] if found else None


def ensure(client: DockerClient) -> Network:
    """Return this lab's network, created in a free address range when it is missing."""
    network = find(client)
    if network is not None:
        return network
    taken = [subnet for network in client.networks.list() for subnet in _subnets_of(network)]
    subnet = subnets.choose(checkout_id(), [*routes.used_networks(), *taken])
    pool = IPAMPool(subnet=str(subnet), gateway=str(subnet[1]))
    return client.networks.create(
        name_of("net"), driver="bridge", labels=labels(), ipam=IPAMConfig(pool_configs=[pool]), check_duplicate=True
    )


def subnet_of(network: Network) -> IPv4Network:
    """Return the address range of a network.

    Raises:
        LabError: it has none.
    """
    for subnet in _subnets_of(network):
        return subnet
    raise LabError(f"the network {network.name} has no IPv4 subnet; run `python -m lab down`, then `up`")


def address(network: Network, number: int) -> IPv4Address:
    """Return the fixed address with this number."""
    return subnet_of(network)[number]


def _subnets_of(network: Network) -> Iterator[IPv4Network]:
    for pool in network.attrs["IPAM"]["Config"] or ():
        if ":" not in pool["Subnet"]:
            yield IPv4Network(pool["Subnet"])
