"""Loopback ports: promised ones and busy ones are passed over."""

import socket

from lab.engine.ports import LOOPBACK, candidates, choose, is_free


def test_a_promised_port_is_not_given_away() -> None:
    first, second = candidates("00", "registry")[:2]
    assert choose("00", "registry", {first}) != first
    assert choose("00", "registry", {first, second}) not in {first, second}


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_the_parts_of_a_lab_start_at_different_ports() -> None:
    firsts = {candidates("1234abcd", part)[0] for part in ("registry", "exchange", "paper-1")}
    assert len(firsts) == 3
