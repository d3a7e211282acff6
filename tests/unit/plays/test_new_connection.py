"""A new connection is a new one, whatever the inventory says, and only of OpenSSH."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.plays.new_connection import fresh_connection, refuse_other_transports


class Connection:
    """Has the one option that matters."""

    def __init__(self, transport: str = "ssh", ssh_args: str | None = "-o ControlMaster=auto -J jump") -> None:
        self.transport, self.ssh_args = transport, ssh_args

    def get_option(self, name: str) -> Any:
        return getattr(self, name)

    def set_option(self, name: str, value: Any) -> None:
        setattr(self, name, value)


def test_it_shares_nothing_and_keeps_the_way_there() -> None:
    connection = Connection()
    with fresh_connection(connection):
        words = (connection.ssh_args or "").split()
        assert words[:4] == ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
        assert words[-2:] == ["-J", "jump"]
    assert connection.ssh_args == "-o ControlMaster=auto -J jump"


def test_only_keys_are_tried_where_passwords_are_about_to_end() -> None:
    connection = Connection(ssh_args=None)
    with fresh_connection(connection, keys_only=True):
        assert "PreferredAuthentications=publickey" in (connection.ssh_args or "").split()
        assert "PasswordAuthentication=no" in (connection.ssh_args or "").split()
    assert connection.ssh_args is None


def test_it_is_put_back_after_a_failure() -> None:
    connection = Connection()
    with pytest.raises(OSError, match="lost"), fresh_connection(connection):
        raise OSError("lost")
    assert connection.ssh_args == "-o ControlMaster=auto -J jump"


def test_another_transport_is_refused() -> None:
    refuse_other_transports(Connection())
    with pytest.raises(Refused, match="reached by 'local'"):
        refuse_other_transports(Connection("local"))
