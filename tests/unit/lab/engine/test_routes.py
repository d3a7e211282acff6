"""What the machine already uses."""

from ipaddress import IPv4Network

from lab.engine.routes import parse_nameservers, parse_routes

TABLE = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0102000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


def test_every_route_but_the_default_one_counts() -> None:
    assert parse_routes(TABLE) == [IPv4Network("10.0.2.0/24"), IPv4Network("172.17.0.0/16")]


def test_a_machine_without_routes_uses_nothing() -> None:
    assert parse_routes("Iface\tDestination\n") == []


def test_name_servers_count_and_ipv6_ones_do_not() -> None:
    text = "# nameserver 10.9.9.9\nnameserver 10.1.2.3\nnameserver fe80::1%eth0\nsearch example.com\n"
    assert parse_nameservers(text) == [IPv4Network("10.1.2.3/32")]
