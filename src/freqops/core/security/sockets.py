"""What listens on a host beyond loopback, as its kernel and its engine tell, and what may answer from outside."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..base import kinds
from ..base.errors import FreqopsError
from ..base.kinds import Malformed
from ..base.visible import visible

TCP, UDP = "tcp", "udp"
LISTENS, UNCONNECTED = "0A", "07"  # of tcp and udp in /proc/net
MOST = 1000
WIDTHS = (8, 32)  # hexadecimal digits of an address
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  the words for it


class Unknown(FreqopsError):
    """What listens cannot be read."""


@dataclass(frozen=True, order=True)
class Socket:
    """A place that listens.

    Attributes:
        protocol: ``tcp`` or ``udp``.
        address: The address of the host; one of `ANYWHERE` for all.
        port: The port.
    """

    protocol: str
    address: str
    port: int

    @property
    def everywhere(self) -> bool:
        """Whether it listens on each address of the host."""
        return self.address in ANYWHERE

    def to_json(self) -> dict[str, Any]:
        """Return it as `of` reads it."""
        return dict(vars(self))


def of(document: Any) -> Socket:
    """Return a socket that somebody else wrote down.

    Raises:
        Malformed: It is none.
    """
    row = kinds.checked(document, {"protocol": kinds.text, "address": kinds.text, "port": kinds.count},
                        ("protocol", "address", "port"))  # fmt: skip
    if row["protocol"] not in (TCP, UDP) or not 0 < row["port"] < 65536:
        raise Malformed("a socket is none")
    try:
        ipaddress.ip_address(row["address"])
    except ValueError:
        raise Malformed(f"an address is '{visible(row['address'], 60)}'") from None
    return Socket(**row)


def of_kernel(protocol: str, text: str) -> Iterator[Socket]:
    """Yield what listens beyond loopback by a table of the kernel.

    Args:
        protocol: ``tcp`` or ``udp``.
        text: ``/proc/net/tcp``, or one like it.

    Raises:
        Unknown: It is none.
    """
    wanted = LISTENS if protocol == TCP else UNCONNECTED
    lines = text.splitlines()
    if not lines or "local_address" not in lines[0]:
        raise Unknown("the kernel's table of sockets is none")
    for line in lines[1:]:
        fields = line.split()
        try:
            place, _, port = fields[1].partition(":")
            state, address, number = fields[3], _address(place), int(port, 16)
        except (IndexError, ValueError, struct.error):
            raise Unknown("a line of the kernel's table of sockets is none") from None
        if state == wanted and number and not address.is_loopback:
            yield Socket(protocol, str(address), number)


def of_engine(document: Mapping[str, Any]) -> Iterator[Socket]:
    """Yield the ports that a container publishes beyond loopback, by its description."""
    settings = document.get("NetworkSettings")
    published = settings.get("Ports") if isinstance(settings, Mapping) else None
    for name, places in (published if isinstance(published, Mapping) else {}).items():
        protocol = str(name).rpartition("/")[2]
        for place in places if isinstance(places, list) else ():
            made = _published(protocol, place)
            if made is not None:
                yield made


def allowed(ssh: Iterable[object], opened: Iterable[object]) -> dict[int, str]:
    """Return the ports of TCP that may answer from outside, each with why.

    Args:
        ssh: The ports of SSH.
        opened: The value of ``host_open_ports``.
    """
    found: dict[int, str] = {}
    for each in opened:
        number = _number(each.get("port")) if isinstance(each, Mapping) and each.get("protocol", TCP) == TCP else None
        if number is not None:
            found[number] = "host_open_ports"
    numbers = [number for port in ssh for number in [_number(port)] if number is not None]
    return {**found, **dict.fromkeys(numbers, "SSH")}


def targets(sockets: Sequence[Socket], address: str) -> list[tuple[str, int]]:
    """Return the places that are asked from outside: each port where it listens, and at the host's own address."""
    found = {(address, each.port) for each in sockets if each.protocol == TCP}
    found |= {(each.address, each.port) for each in sockets if each.protocol == TCP and not each.everywhere}
    return sorted(found)


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _published(protocol: str, place: Any) -> Socket | None:
    port = _number(place.get("HostPort")) if isinstance(place, Mapping) else None
    if protocol not in (TCP, UDP) or not isinstance(port, int) or not 0 < port < 65536:
        return None
    try:
        address = ipaddress.ip_address(place.get("HostIp") or ANYWHERE[0])
    except ValueError:
        return None
    return None if address.is_loopback else Socket(protocol, str(address), port)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address of the kernel's tables: words of 32 bits in the order of this machine."""
    if len(text) not in WIDTHS:
        raise ValueError("an address of another length")
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    if len(words) == 1:
        return ipaddress.IPv4Address(struct.pack("=I", words[0]))
    made = ipaddress.IPv6Address(struct.pack("=4I", *words))
    return made.ipv4_mapped or made
