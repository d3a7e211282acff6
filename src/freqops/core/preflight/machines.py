"""Whether two names of the inventory lead to one machine: it would be halted, counted and deployed twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from .fleet import Fleet, Way
from .refusal import Refusal

CURE = "one machine has one name: take one of both out of the inventory"


def addresses(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the hosts whose address is that, or the name, of another host."""
    for (first, way), (host, other) in combinations(fleet.ways.items(), 2):
        if way.beside == other.beside and _meet(first, way, host, other):
            wrong = f"its address {other.address}, port {other.port}, is that of {first}, too"
            yield Refusal(host, wrong, CURE, paths=(("ansible_host",), ("ansible_port",)))


def _meet(first: str, way: Way, host: str, other: Way) -> bool:
    """Return whether one of two hosts has the address, or the name, of the other as its address."""
    return way.address == other.address or way.address == host.lower() or other.address == first.lower()


def identities(found: Mapping[str, str]) -> list[Refusal]:
    """Return a refusal for each host that is the machine of another one, or that does not tell which it is.

    Args:
        found: For each host what `freqops.core.base.machine.identity` says there.
    """
    owners: dict[str, str] = {}
    refusals = []
    for host, machine in found.items():
        first = owners.setdefault(machine, host)
        if not machine:
            refusals.append(Refusal(host, "its machine cannot be identified", "look at /proc there"))
        elif first != host:
            refusals.append(Refusal(host, f"it is the same machine as {first}", CURE))
    return refusals
