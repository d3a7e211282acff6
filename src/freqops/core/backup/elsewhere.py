"""Repositories on another host: how a host reaches its own, and where those of others lie on the host that keeps them.

Each lies in the home of an account of its own. The host whose backups it has reaches it by a key that can do nothing
but serve that one repository, and adds to it alone. The host that keeps it forgets and prunes, as that account.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from ..base import kinds
from ..base.kinds import Malformed
from ..base.visible import visible

TREE = Path("/srv/freqops-repositories")  # on the host that keeps them: a directory for each account, its home
SERVED = "repository"  # in that home: what the key can reach
CALLED = "called"  # in that home, root's: what people call it, like "vault of paper-1"
ACCOUNTS = "fqr-*"
ACCOUNT = re.compile(r"^fqr-[0-9a-f]{12}$", re.ASCII)
HOST = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?$", re.ASCII)
HIGHEST_PORT = 65535
SHOWN = 60
SECONDS = 20  # after which a host that does not answer is not there
FIELDS: dict[str, kinds.Kind] = {
    "host": kinds.text,
    "address": kinds.text,
    "port": kinds.count,
    "account": kinds.text,
}


@dataclass(frozen=True)
class Place:
    """Where a repository on another host is reached.

    Attributes:
        host: The host, as the inventory calls it; its key is known by that name.
        address: Its address, or its name.
        port: The port of its SSH server.
        account: The account there that has this one repository.
    """

    host: str
    address: str
    port: int
    account: str

    def options(self, key: Path, known_hosts: Path) -> list[str]:
        """Return the options that have restic reach it.

        Args:
            key: The private key.
            known_hosts: The file with the key of the host, and with no other.
        """
        said = {
            "IdentityFile": key, "IdentitiesOnly": "yes", "IdentityAgent": "none", "BatchMode": "yes",
            "UserKnownHostsFile": known_hosts, "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "yes",
            "HostKeyAlias": self.host, "PreferredAuthentications": "publickey", "ForwardAgent": "no",
            "ConnectTimeout": SECONDS, "ServerAliveInterval": SECONDS, "ServerAliveCountMax": 3, "Port": self.port,
        }  # fmt: skip
        words = ["/usr/bin/ssh", "-F", "none", *(word for name, value in said.items() for word in
                                                ("-o", f"{name}={value}"))]  # fmt: skip
        return ["-o", f"rclone.program={shlex.join([*words, '--', f'{self.account}@{self.address}'])}"]


def read(row: object) -> Place:
    """Return the place that a declaration names.

    Raises:
        Malformed: It names none, or one of which ssh would understand something else.
    """
    found = Place(**kinds.checked(row, FIELDS, tuple(FIELDS)))
    for text in (found.host, found.address):
        if not HOST.fullmatch(text) and not _is_address(text):
            raise Malformed(f"{visible(text, SHOWN)} is no name or address of a host")
    if not 1 <= found.port <= HIGHEST_PORT:
        raise Malformed(f"{found.port} is no port")
    if not ACCOUNT.fullmatch(found.account):
        raise Malformed(f"{visible(found.account, SHOWN)} is no account of a repository")
    return found


def home(account: str, tree: Path = TREE) -> Path:
    """Return the home of an account that has a repository, on the host that keeps it.

    Raises:
        Malformed: It is no such account.
    """
    if not ACCOUNT.fullmatch(account):
        raise Malformed(f"{visible(account, SHOWN)} is no account of a repository")
    return tree / account


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
