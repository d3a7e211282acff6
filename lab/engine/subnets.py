"""Pick address ranges that nothing else uses."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network

from lab.base.failure import LabError

# Docker's own default pools start here; both engines fall back to them.
DOCKER_DEFAULTS = (IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
FIRST_OCTET, OCTETS = 16, 200


def candidates(seed: str) -> Iterator[IPv4Network]:
    """Yield /24 networks below 10.0.0.0/8, beginning at a place that depends on `seed`."""
    start = int(seed, 16)
    for turn in range(OCTETS):
        yield IPv4Network(f"10.{FIRST_OCTET + (start + turn) % OCTETS}.{(start // OCTETS) % 256}.0/24")


def choose(seed: str, used: Iterable[IPv4Network]) -> IPv4Network:
    """Return the first candidate that overlaps none of `used`.

    Raises:
        LabError: all of them do.
    """
    taken = (*DOCKER_DEFAULTS, *used)
    for candidate in candidates(seed):
        if not any(candidate.overlaps(network) for network in taken):
            return candidate
    raise LabError("every candidate network of the lab overlaps a route or a Docker network of this machine")


def host_pool(lab: IPv4Network) -> IPv4Network:
    """Return the range out of which the engines *inside* the hosts cut their networks: never the lab's own /16."""
    second = int(lab.network_address) >> 16 & 0xFF
    other = FIRST_OCTET + (second - FIRST_OCTET + OCTETS // 2) % OCTETS
    return IPv4Network(f"10.{other}.0.0/16")
