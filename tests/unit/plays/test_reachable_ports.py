"""Ports that answer: real sockets on loopback, asked as those of a host are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from freqops.core.security.row import OK, RED, UNKNOWN
from freqops.core.security.sockets import ANYWHERE, Socket
from freqops.plays import reachable_ports

HOST = "127.0.0.1"


@pytest.fixture
def ports() -> Iterator[list[int]]:
    """Two ports that listen, and one that does not."""
    with ExitStack() as stack:
        made = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(2)]
        closed = socket.create_server((HOST, 0))
        number = closed.getsockname()[1]
        closed.close()
        yield [*(each.getsockname()[1] for each in made), number]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let loopback count as another machine, for there is no other one."""
    monkeypatch.setattr(reachable_ports, "is_here", lambda _address: False)


def listens(*ports: int, protocol: str = "tcp") -> list[Socket]:
    return [Socket(protocol, ANYWHERE[0], port) for port in ports]


def test_only_ssh_answers_is_ok(ports: list[int]) -> None:
    ssh, _, closed = ports
    row = reachable_ports.judged(listens(ssh, closed), HOST, {ssh: "SSH"})
    assert (row.verdict, row.evidence) == (OK, f"of 2 places from here answer: {ssh} (SSH)")


def test_a_port_that_answers_and_is_not_opened_is_red(ports: list[int]) -> None:
    ssh, other, _ = ports
    row = reachable_ports.judged(listens(ssh, other), HOST, {ssh: "SSH"})
    assert (row.verdict, row.evidence) == (RED, f"answers from here: {other} at {HOST}")
    assert reachable_ports.judged(listens(ssh, other), HOST, {ssh: "SSH", other: "host_open_ports"}).verdict == OK


def test_a_port_is_asked_at_the_address_where_it_listens(ports: list[int]) -> None:
    ssh, other, _ = ports
    listening = [*listens(ssh), Socket("tcp", HOST, other)]
    assert reachable_ports.judged(listening, "localhost", {ssh: "SSH"}).verdict == RED


def test_where_not_even_ssh_answers_nothing_is_known(ports: list[int]) -> None:
    *_, closed = ports
    row = reachable_ports.judged(listens(closed), HOST, {closed: "SSH"})
    assert (row.verdict, "not even SSH" in row.evidence) == (UNKNOWN, True)
    assert reachable_ports.judged([], "nobody.invalid", {22: "SSH"}).verdict == UNKNOWN


def test_udp_is_named_and_not_asked(ports: list[int]) -> None:
    ssh, *_ = ports
    row = reachable_ports.judged([*listens(ssh), *listens(68, protocol="udp")], HOST, {ssh: "SSH"})
    assert (row.verdict, row.evidence.endswith("not asked, for UDP need not answer: 68")) == (OK, True)


def test_what_is_not_known_or_too_much_is_not_ok(ports: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    ssh, *_ = ports
    assert reachable_ports.judged(None, HOST, {ssh: "SSH"}).verdict == UNKNOWN
    monkeypatch.setattr(reachable_ports, "MOST", 2)
    assert reachable_ports.judged(listens(ssh, 1, 2), HOST, {ssh: "SSH"}).verdict == UNKNOWN


def test_a_host_at_loopback_says_nothing_of_another_network(monkeypatch: pytest.MonkeyPatch, ports: list[int]) -> None:
    monkeypatch.undo()
    for address in ("127.0.0.1", "::1", "localhost"):
        assert reachable_ports.judged(listens(ports[0]), address, {ports[0]: "SSH"}).verdict == UNKNOWN
    assert not reachable_ports.is_here("192.0.2.1")
