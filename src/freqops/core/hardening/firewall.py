"""The firewall's rules: a table of our own, which drops everything that is not named."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.errors import Refused

TABLE = "inet freqops"
# Makes the file replace the table, in one transaction, whether it is there or not.
REPLACE = f"table {TABLE}\ndelete table {TABLE}\n"
PROTOCOLS = ("tcp", "udp")
KEYS = ("port", "protocol", "sources")
# Docker names the bridges of its networks like this; the rules trust what begins so.
DOCKER_BRIDGE = re.compile(r"^br-[0-9a-f]{12}$")
# Errors, and what IPv6 cannot live without. A ping is answered.
ICMP = ("destination-unreachable", "time-exceeded", "parameter-problem", "echo-request")
NEIGHBOURS = ("nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit", "nd-neighbor-advert")
LISTENERS = ("mld-listener-query", "mld-listener-report", "mld-listener-done", "mld2-listener-report")
ICMPV6 = ("destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem", "echo-request")


@dataclass(frozen=True)
class OpenPort:
    """One port that may be reached from outside: from everywhere, or from some networks."""

    port: int
    protocol: str = "tcp"
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()

    def matches(self) -> list[str]:
        """Return the conditions on where the packet comes from; one empty one where it does not matter."""
        if not self.ipv4 and not self.ipv6:
            return [""]
        families = (("ip", self.ipv4), ("ip6", self.ipv6))
        return [f"{family} saddr {_one_of(sources)} " for family, sources in families if sources]


@dataclass(frozen=True)
class Openings:
    """Everything that the firewall lets in."""

    ssh_ports: tuple[int, ...]
    ports: tuple[OpenPort, ...] = field(default=())


def openings(ssh_ports: Iterable[object], open_ports: Iterable[Mapping[str, Any]], current: int) -> Openings:
    """Return the openings, checked and in a fixed order.

    Args:
        ssh_ports: The ports that are declared for SSH.
        open_ports: Further ports, each with ``port``, and perhaps ``protocol`` and ``sources``.
        current: The port on which the present SSH connection arrived; it stays open, whatever is declared.

    Raises:
        Refused: A port, protocol or source makes no sense; the text names it.
    """
    ssh = {_port(port, "host_ssh_ports") for port in ssh_ports} | {_port(current, "the present connection")}
    ports = {_open_port(declared) for declared in open_ports}
    ordered = sorted(ports, key=lambda entry: (entry.protocol, entry.port, entry.ipv4, entry.ipv6))
    return Openings(tuple(sorted(ssh)), tuple(ordered))


def refuse_foreign_bridges(interfaces: Iterable[str]) -> None:
    """Refuse a host on which a bridge that is not Docker's is called like one of Docker's: it would be trusted."""
    foreign = sorted(name for name in interfaces if name.startswith("br-") and not DOCKER_BRIDGE.match(name))
    if foreign:
        raise Refused(
            f"the interface {', '.join(foreign)} is called like a bridge of Docker's and would be trusted as one; "
            f"rename it, or set host_firewall: false and keep a firewall of your own"
        )


def render(wanted: Openings) -> str:
    """Return the rules as a file for ``nft -f``, which replaces our table and touches no other."""
    lines = [
        *_chain("input", "type filter hook input priority filter; policy drop;", _input(wanted)),
        "",
        "\t# A published port is rewritten before it meets the chain above, and goes through this one instead.",
        *_chain("forward", "type filter hook forward priority filter - 10; policy accept;", _forward()),
        "",
        *_chain("to_containers", "", _to_containers(wanted)),
    ]
    return "# Managed by Ansible\n" + REPLACE + f"table {TABLE} {{\n" + "\n".join(lines) + "\n}\n"


def taking_back(listing: str) -> str:
    """Return a file for ``nft -f`` that brings ``listing`` back, or takes our table away where that is empty."""
    return REPLACE + listing


def _input(wanted: Openings) -> list[str]:
    rules = [
        "ct state established,related accept",
        "ct state invalid drop",
        'iifname "lo" accept',
        f"icmp type {_one_of(ICMP)} accept",
        f"icmpv6 type {_one_of((*ICMPV6, *NEIGHBOURS, *LISTENERS))} accept",
        # Answers to a request that was sent to a group of servers belong to no known connection.
        "udp sport 67 udp dport 68 accept",
        "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
        f"tcp dport {_one_of(wanted.ssh_ports)} accept",
    ]
    for entry in wanted.ports:
        rules += [f"{source}{entry.protocol} dport {entry.port} accept" for source in entry.matches()]
    return rules


def _forward() -> list[str]:
    return [
        "ct state established,related accept",
        'iifname "docker0" accept',
        'iifname "br-*" accept',
        "ct status dnat jump to_containers",
        'oifname "docker0" jump to_containers',
        'oifname "br-*" jump to_containers',
    ]


def _to_containers(wanted: Openings) -> list[str]:
    rules = []
    for entry in wanted.ports:
        published = f"ct status dnat meta l4proto {entry.protocol} ct original proto-dst {entry.port}"
        rules += [f"{source}{published} accept" for source in entry.matches()]
    return [*rules, "drop"]


def _chain(name: str, hook: str, rules: list[str]) -> list[str]:
    return [f"\tchain {name} {{", *[f"\t\t{line}" for line in (hook, *rules) if line], "\t}"]


def _one_of(values: Iterable[object]) -> str:
    return "{ " + ", ".join(map(str, values)) + " }"


def _port(value: object, where: str) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[1-9][0-9]{0,4}", text) or int(text) > 65535:
        raise Refused(f"{where}: {value!r} is no port; allowed: whole numbers from 1 to 65535")
    return int(text)


def _open_port(declared: Mapping[str, Any]) -> OpenPort:
    unknown = sorted(set(declared) - set(KEYS))
    if unknown:
        raise Refused(f"host_open_ports: unknown key {', '.join(unknown)}; known are {', '.join(KEYS)}")
    protocol = declared.get("protocol") or "tcp"
    if protocol not in PROTOCOLS:
        raise Refused(f"host_open_ports: {protocol!r} is no protocol; allowed: {' or '.join(PROTOCOLS)}")
    networks = [_network(source) for source in declared.get("sources") or ()]
    by_version = {
        version: tuple(str(net) for net in sorted(set(networks), key=str) if net.version == version)
        for version in (4, 6)
    }
    return OpenPort(_port(declared.get("port"), "host_open_ports"), protocol, by_version[4], by_version[6])


def _network(text: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError as error:
        raise Refused(f"host_open_ports: {text!r} is no network: {error}; write it like 192.0.2.0/24") from None
