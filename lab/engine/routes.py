"""The address ranges that this machine already uses."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path

ROUTE_TABLE = Path("/proc/net/route")
RESOLVER = Path("/etc/resolv.conf")


def parse_routes(table: str) -> list[IPv4Network]:
    """Return the networks in a Linux route table, without the default route."""
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        destination, mask = (int.from_bytes(bytes.fromhex(fields[column]), "little") for column in (1, 7))
        if mask:
            found.append(IPv4Network((destination, mask.bit_count())))
    return found


def parse_nameservers(text: str) -> list[IPv4Network]:
    """Return the IPv4 name servers of a resolv.conf, each as a network of one."""
    found = []
    for address in re.findall(r"^nameserver\s+(\S+)", text, flags=re.MULTILINE):
        try:
            found.append(IPv4Network(IPv4Address(address)))
        except AddressValueError:
            continue
    return found


def used_networks() -> list[IPv4Network]:
    """Return what this machine routes to and resolves names at; nothing where the system does not say (macOS)."""
    routes = parse_routes(ROUTE_TABLE.read_text(encoding="ascii")) if ROUTE_TABLE.exists() else []
    servers = parse_nameservers(RESOLVER.read_text(encoding="utf-8")) if RESOLVER.exists() else []
    return routes + servers
