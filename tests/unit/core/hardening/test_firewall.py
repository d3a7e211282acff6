"""The rules of the firewall, and what must not become one."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.hardening import firewall
from freqops.core.hardening.firewall import OpenPort, openings, render


def chain(rules: str, name: str) -> list[str]:
    """Return the lines of one chain."""
    return [line.strip() for line in rules.split(f"chain {name} {{\n")[1].split("\n\t}", maxsplit=1)[0].splitlines()]


def test_the_port_of_the_present_connection_is_open_whatever_is_declared() -> None:
    assert openings([22], [], 2222).ssh_ports == (22, 2222)
    assert openings([], [], 2222).ssh_ports == (2222,)
    assert "tcp dport { 22, 2222 } accept" in chain(render(openings([22], [], 2222)), "input")


def test_nothing_else_is_let_in() -> None:
    rules = chain(render(openings([22], [], 22)), "input")
    assert rules[0] == "type filter hook input priority filter; policy drop;"
    accepting = [rule for rule in rules if rule.endswith(" accept")]
    assert [rule for rule in accepting if "icmp" not in rule] == [
        "ct state established,related accept",
        'iifname "lo" accept',
        "udp sport 67 udp dport 68 accept",
        "ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept",
        "tcp dport { 22 } accept",
    ]


def test_published_ports_are_shut_in_the_chain_that_they_go_through() -> None:
    rules = render(openings([22], [], 22))
    forward = chain(rules, "forward")
    assert forward[0] == "type filter hook forward priority filter - 10; policy accept;"
    assert forward.index("ct status dnat jump to_containers") > forward.index('iifname "br-*" accept')
    assert chain(rules, "to_containers") == ["drop"]


def test_a_declared_port_is_open_on_the_host_and_for_containers() -> None:
    rules = render(openings([22], [{"port": 443}, {"port": 53, "protocol": "udp"}], 22))
    assert {"tcp dport 443 accept", "udp dport 53 accept"} <= set(chain(rules, "input"))
    assert chain(rules, "to_containers") == [
        "ct status dnat meta l4proto tcp ct original proto-dst 443 accept",
        "ct status dnat meta l4proto udp ct original proto-dst 53 accept",
        "drop",
    ]


def test_sources_narrow_a_port_for_both_families() -> None:
    declared = {"port": 9100, "sources": ["2001:db8::/32", "192.0.2.7"]}
    rules = render(openings([22], [declared], 22))
    for name in ("input", "to_containers"):
        concerned = [rule for rule in chain(rules, name) if "9100" in rule]
        assert [rule.split(" saddr ")[0] for rule in concerned] == ["ip", "ip6"]
    assert "ip saddr { 192.0.2.7/32 } tcp dport 9100 accept" in chain(rules, "input")


def test_equal_declarations_give_equal_rules() -> None:
    ports: list[dict[str, Any]] = [
        {"port": 80},
        {"port": 443, "sources": ["192.0.2.0/24", "198.51.100.0/24"]},
        {"port": 443, "sources": ["198.51.100.0/24", "192.0.2.0/24"], "protocol": "tcp"},
    ]
    assert render(openings([22, 2222], ports, 22)) == render(openings(["2222", 22], ports[::-1], 22))
    assert openings([22], ports, 22).ports[0] == OpenPort(80)


def test_only_our_table_is_touched() -> None:
    rules = render(openings([22], [], 22))
    assert "flush" not in rules
    assert [line for line in rules.splitlines() if line.startswith(("table", "delete"))] == [
        "table inet freqops",
        "delete table inet freqops",
        "table inet freqops {",
    ]
    assert firewall.taking_back("") == "table inet freqops\ndelete table inet freqops\n"


@pytest.mark.parametrize(
    ("ssh", "open_ports", "named"),
    [
        ([0], [], "host_ssh_ports: 0"),
        ([True], [], "host_ssh_ports: True"),
        (["22 accept"], [], "host_ssh_ports: '22 accept'"),
        ([22], [{"port": 65536}], "65536"),
        ([22], [{"protocol": "tcp"}], "None is no port"),
        ([22], [{"port": 53, "protocol": "icmp"}], "'icmp' is no protocol; allowed: tcp or udp"),
        ([22], [{"port": 53, "source": ["192.0.2.1"]}], "unknown key source"),
        ([22], [{"port": 53, "sources": ["192.0.2.1/24"]}], "host bits set"),
        ([22], [{"port": 53, "sources": ["somewhere"]}], "'somewhere' is no network"),
    ],
)
def test_what_makes_no_sense_is_refused_and_named(ssh: list[object], open_ports: list[Any], named: str) -> None:
    with pytest.raises(Refused, match=named):
        openings(ssh, open_ports, 22)


def test_a_foreign_bridge_that_would_be_trusted_is_refused() -> None:
    firewall.refuse_foreign_bridges(["lo", "eth0", "docker0", "br0", "br-0123456789ab"])
    with pytest.raises(Refused, match="br-lan"):
        firewall.refuse_foreign_bridges(["br-lan", "br-0123456789ab"])
