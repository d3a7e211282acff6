"""A connection that is really a new one: not a further session inside one that is already open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from freqops.core.base.errors import Refused

# ssh takes the first value that it meets, and Ansible puts these before the inventory's own.
ALONE = "-o ControlMaster=no -o ControlPath=none"
KEYS_ONLY = " -o PreferredAuthentications=publickey -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no"


def refuse_other_transports(connection: Any) -> None:
    """Refuse a host that is not reached by OpenSSH: there is then no connection that could prove anything.

    Raises:
        Refused: It is reached otherwise.
    """
    if connection.transport != "ssh":
        raise Refused(
            f"the host is reached by {connection.transport!r}, and a change that could lock you out is confirmed over "
            f"a new SSH connection; use ansible_connection: ssh, or set host_firewall: false and host_sshd: false"
        )


@contextmanager
def fresh_connection(connection: Any, *, keys_only: bool = False) -> Iterator[None]:
    """Make every command of the block open a TCP connection of its own.

    Args:
        connection: Ansible's connection to the host, of the plugin ``ssh``.
        keys_only: Whether nothing but a key may be tried.
    """
    before = connection.get_option("ssh_args")
    connection.set_option("ssh_args", f"{ALONE}{KEYS_ONLY if keys_only else ''} {before or ''}")
    try:
        yield
    finally:
        connection.set_option("ssh_args", before)
